"""From effects to a verdict: one rule for all kinds of claims.

A part of a claim holds where its lower bound is above 0 and its estimate reaches the smallest effect of interest. It is
reversed where its upper bound is below 0, and too small where the upper bound is below the smallest effect. Bounds are
those of the mean (Student's t), and exact tests must say the same. Where a run of the family diverged or failed they
are those of the median by the exact sign test alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gnicli.claims import intervals, power, signs
from gnicli.claims.effects import ONE_SIDED, Effects, Measurement, Part

LEVEL = 0.05
SUPPORTED, CONTRADICTED, NOT_SUPPORTED = "supported", "contradicted", "not supported"
INCONCLUSIVE, NOT_RUN, BLANKED = "inconclusive", "not run", "control failed"
VERDICTS = (SUPPORTED, CONTRADICTED, NOT_SUPPORTED, INCONCLUSIVE, NOT_RUN, BLANKED)
DISAGREE = "the t interval and the exact test disagree"


class Estimate(NamedTuple):
    """An effect with its interval: of the mean, or of the median where some effects have no size."""

    value: float
    low: float
    high: float


class Tested(NamedTuple):
    """A part of a claim, tested. `verdict` is what it comes to by its bounds alone.

    `p` is scaled so that 5 % is its level: two-sided for one-sided tests at 2.5 %. `p_against` is the one-sided p of
    the reverse, and `p_small` that of an effect below the smallest one.
    """

    part: Part
    bounds: Estimate
    verdict: str
    p: float
    p_against: float
    p_small: float


def estimate(effects: Effects, tail: float, *, by_signs: bool, other_tail: float | None = None) -> Estimate:
    """The estimate with its bounds, `tail` beyond the lower one and `other_tail` (default: as much) beyond the upper.

    By signs it is the median: where an effect is not even known in sign it counts against either bound.
    """
    upper = tail if other_tail is None else other_tail
    if by_signs:
        middle = (intervals.median(effects.low), intervals.median(effects.high))
        value = middle[0] if middle[0] == middle[1] else math.nan
        return Estimate(value, intervals.median_low(effects.low, tail), intervals.median_high(effects.high, upper))
    mean = float(effects.low.mean()) if effects.low.size else math.nan
    return Estimate(mean, mean - intervals.t_bound(effects.low, tail), mean + intervals.t_bound(effects.high, upper))


def tested(part: Part, n_claims: int, *, by_signs: bool) -> Tested:
    """A part tested at the level that a family of so many claims leaves it."""
    bounds = estimate(part.effects, part.tail / n_claims, by_signs=by_signs, other_tail=ONE_SIDED / n_claims)
    p_for, p_against = _tail(part.effects, by_signs=by_signs), _tail(part.effects.turned(), by_signs=by_signs)
    if part.trend is not None:
        p_for, p_against = max(p_for, part.trend[0]), max(p_against, part.trend[1])
    lacking = Effects(part.smallest - part.effects.high, part.smallest - part.effects.low)
    p_small = _tail(lacking, by_signs=by_signs)
    p = min(1.0, LEVEL / part.tail * (min(p_for, p_against) if part.tail == ONE_SIDED else p_for))
    return Tested(part, bounds, _by_bounds(part, bounds, by_signs=by_signs), p, p_against, p_small)


def _tail(effects: Effects, *, by_signs: bool) -> float:
    """The one-sided p of effects that are above 0."""
    if by_signs:
        return signs.sign_tail(int((effects.low > 0).sum()), effects.low.size)
    return signs.flip_tail(effects.low)


def _by_bounds(part: Part, bounds: Estimate, *, by_signs: bool) -> str:
    value = intervals.median(part.effects.low) if by_signs else bounds.value
    if bounds.low > 0 and value >= part.smallest:
        return SUPPORTED
    if bounds.high < 0:
        return CONTRADICTED
    return NOT_SUPPORTED if bounds.high < part.smallest else INCONCLUSIVE


def p_of(parts: Sequence[Tested]) -> float:
    """The p of a claim all of whose parts must hold: the largest of theirs."""
    alternatives = [each.p for each in parts if each.part.either]
    return max([each.p for each in parts if not each.part.either] + ([min(alternatives)] if alternatives else []))


def decided(parts: Sequence[Tested], adjusted_p: float, n_claims: int) -> tuple[str, str]:
    """The verdict on a claim whose pairs suffice, and why it is inconclusive where more than numbers say so."""
    verdict, deciding = _combined(parts)
    level = ONE_SIDED / n_claims
    agreed = {
        SUPPORTED: adjusted_p <= LEVEL,
        CONTRADICTED: all(each.p_against <= level for each in deciding),
        NOT_SUPPORTED: all(each.p_small <= level or each.p_against <= level for each in deciding),
    }
    if not agreed.get(verdict, True):
        return INCONCLUSIVE, DISAGREE
    return verdict, ""


def _combined(parts: Sequence[Tested]) -> tuple[str, list[Tested]]:
    """The verdict by the bounds of all parts, and the parts that it rests on."""
    needed = [each for each in parts if not each.part.either]
    alternatives = [each for each in parts if each.part.either]
    first = needed[0]
    if first.part.smallest and len(parts) > 1 and first.verdict != SUPPORTED:  # nothing to follow, or not seen
        lacks = first.verdict in (CONTRADICTED, NOT_SUPPORTED)
        return (NOT_SUPPORTED if lacks else INCONCLUSIVE), [first]
    if len(parts) == 1:
        return first.verdict, [first]
    reversed_ = [each for each in needed if each.verdict == CONTRADICTED]
    if reversed_:
        return CONTRADICTED, reversed_[:1]
    if alternatives and all(each.verdict == CONTRADICTED for each in alternatives):
        return CONTRADICTED, alternatives
    holds = all(each.verdict == SUPPORTED for each in needed)
    if holds and (not alternatives or any(each.verdict == SUPPORTED for each in alternatives)):
        return SUPPORTED, list(parts)
    return INCONCLUSIVE, list(parts)


def seeds_needed(measurement: Measurement, n_claims: int, *, by_signs: bool) -> int | None:
    """About how many seeds would settle a claim: 80 % of such samples decide, if things stay as they are.

    None where 10,000 are not enough.
    """
    least = max(signs.fewest_pairs(n_claims), len(measurement.claim.seeds))
    if len(measurement.seeds) < 2:
        return least
    if by_signs and any(not part.effects.have_sizes for part in measurement.parts):
        found = [_by_sign(part, n_claims, least) for part in _undecided(measurement.parts)]
    else:
        found = [
            power.seeds_by_size(
                part.effects.low,
                smallest=part.smallest,
                tail=part.tail / n_claims,
                other_tail=ONE_SIDED / n_claims,
                least=least,
            )
            for part in _undecided(measurement.parts)
        ]
    return None if None in found else max(n for n in found if n is not None)


def _undecided(parts: Sequence[Part]) -> list[Part]:
    """The parts that must hold; of alternatives the one that is nearer to it."""
    either = [part for part in parts if part.either]
    nearer = max(either, key=lambda part: float(np.nan_to_num(intervals.median(part.effects.low))), default=None)
    return [part for part in parts if not part.either] + ([nearer] if nearer is not None else [])


def _by_sign(part: Part, n_claims: int, least: int) -> int | None:
    n = part.effects.low.size
    return power.seeds_by_sign(int((part.effects.low > 0).sum()), n, tail=ONE_SIDED / n_claims, least=least)
