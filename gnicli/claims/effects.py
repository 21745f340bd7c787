"""The effects that a claim is judged by: one number per seed, or a sign where a run diverged.

Each claim is a list of parts, all of which must hold. The effects of a part are contrasts of the settings' values, and
are positive where the part holds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from gnicli.claims.claim import ABOVE, BELOW, FOLLOWS, ORDERING, SAME, TRENDS, Claim
from gnicli.claims.measured import Ends, Table
from gnicli.claims.trend import page_tail

ONE_SIDED = 0.025  # the chance beyond the bound of a one-sided test
EQUIVALENCE = 0.05  # of each of the two one-sided tests of "same as"


class Effects(NamedTuple):
    """One number per seed between `low` and `high` (n,): equal where the number is known.

    Both are +inf or both −inf where only the sign is known, and −inf and +inf where not even that is.
    """

    low: np.ndarray
    high: np.ndarray

    @property
    def have_sizes(self) -> bool:
        """Whether every effect is a number."""
        return bool(np.isfinite(self.low).all() and np.isfinite(self.high).all())

    def turned(self) -> Effects:
        """The effects with the other sign."""
        return Effects(-self.high, -self.low)


class Part(NamedTuple):
    """A hypothesis that a claim needs: its effects are above 0, and their mean reaches `smallest`.

    `tail` is the level of its one-sided test. `trend` are the one-sided p of Page's test for and against it.
    Of parts with one `either` name only one must hold.
    """

    name: str
    effects: Effects
    tail: float
    smallest: float = 0.0
    trend: tuple[float, float] | None = None
    either: str = ""


class Measurement(NamedTuple):
    """What is measured of a claim.

    `shown` is the effect as it is reported, by seed (`seeds`, (n,)), with the chance `shown_tail` beyond each end of
    its interval; `parts` decide. `missing` are declared seeds that have not come to their end, `added` seeds that are
    not declared. `ends` says by setting how the runs ended, and `seen` how each run ended, with its window mean, by
    setting and seed.
    """

    claim: Claim
    seeds: tuple[str, ...]
    shown: Effects
    parts: tuple[Part, ...]
    shown_tail: float = ONE_SIDED
    missing: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    ends: Mapping[str, Ends] = {}
    seen: Mapping[str, Mapping[str, tuple[str, float]]] = {}
    remarks: tuple[str, ...] = ()

    @property
    def has_lost(self) -> bool:
        """Whether a run of it diverged or failed, so that its family is judged by signs alone."""
        lost = any(ends.diverged or ends.failed for ends in self.ends.values())
        return lost or not all(part.effects.have_sizes for part in self.parts)


def measure(claim: Claim, table: Table) -> Measurement:
    """The effects of a claim, of the seeds all of whose runs have come to an end."""
    whole = table.whole
    seeds = tuple(seed for seed, is_whole in zip(table.seeds, whole, strict=True) if is_whole)
    shown, parts, tail = of_values(claim, table.names, table.values[whole])
    missing = tuple(seed for seed in claim.seeds if seed not in seeds)
    begun = [seed for seed, row in zip(table.seeds, table.runs, strict=True) if any(run is not None for run in row)]
    added = tuple(seed for seed in begun if seed not in claim.seeds)
    return Measurement(claim, seeds, shown, parts, tail, missing, added, table.ends(), table.seen(), table.remarks)


def of_values(claim: Claim, names: tuple[str, ...], values: np.ndarray) -> tuple[Effects, tuple[Part, ...], float]:
    """The effect that is reported, the parts that decide, and the chance beyond each end of the reported interval.

    `values` (n seeds, settings) are window means of the settings `names`, ±inf for runs that rank worst.
    """
    if claim.kind in TRENDS:
        return _trend(claim, values)
    sides = {"a": _unit(names, claim.a), "c": _unit(names, claim.c)}
    if isinstance(claim.b, int | float):
        sides["b"], offset = np.zeros(len(names)), -(math.log(claim.b) if claim.is_log else float(claim.b))
    else:
        sides["b"], offset = _unit(names, claim.b), 0.0
    shown = contrast(values, sides["a"] - sides["b"], offset)
    if claim.kind in (BELOW, ABOVE):
        effects = shown if claim.kind == ABOVE else shown.turned()
        return shown, (Part(claim.kind, effects, ONE_SIDED, claim.smallest),), ONE_SIDED
    if claim.kind == SAME:
        return shown, _within(shown, claim.smallest), EQUIVALENCE
    assert claim.kind == FOLLOWS
    return shown, _follows(claim, names, sides, values), EQUIVALENCE


def _unit(names: tuple[str, ...], side: object) -> np.ndarray:
    return np.array([name == " ".join(str(side).split()) for name in names], float)


def contrast(values: np.ndarray, weights: np.ndarray, offset: float = 0.0) -> Effects:
    """The sums of values (n, settings) with some weights (settings,), plus an offset.

    Infinite values give a sign without a size, and nothing where they pull to both sides.
    """
    used = weights != 0
    kept, own = values[:, used], weights[used]
    lost = np.isinf(kept)
    up = (lost & (np.sign(kept) * own > 0)).any(axis=1)
    down = (lost & (np.sign(kept) * own < 0)).any(axis=1)
    sizes = np.where(lost, 0.0, kept) @ own + offset
    low = np.where(down, -np.inf, np.where(up, np.inf, sizes))
    high = np.where(up, np.inf, np.where(down, -np.inf, sizes))
    return Effects(low, high)


def _within(shown: Effects, margin: float) -> tuple[Part, Part]:
    """The two one-sided tests of effects that lie within a margin of 0."""
    below = Effects(margin - shown.high, margin - shown.low)
    above = Effects(margin + shown.low, margin + shown.high)
    return Part("not above the margin", below, EQUIVALENCE), Part("not below the margin", above, EQUIVALENCE)


def _follows(
    claim: Claim, names: tuple[str, ...], sides: Mapping[str, np.ndarray], values: np.ndarray
) -> tuple[Part, ...]:
    """The gap is there, a lies within a share of it of b, and c does not."""
    first, second = claim.gap or (claim.c, str(claim.b))
    gap = _unit(names, first) - _unit(names, second)
    share, near, far = claim.within * gap, sides["a"] - sides["b"], sides["c"] - sides["b"]
    return (
        Part("the gap", contrast(values, gap), ONE_SIDED, claim.smallest),
        Part("a is not above b", contrast(values, share - near), EQUIVALENCE),
        Part("a is not below b", contrast(values, share + near), EQUIVALENCE),
        Part("c is above b", contrast(values, far - share), ONE_SIDED, either="c"),
        Part("c is below b", contrast(values, -far - share), ONE_SIDED, either="c"),
    )


def _trend(claim: Claim, values: np.ndarray) -> tuple[Effects, tuple[Part, ...], float]:
    places = np.array(claim.places())
    centered = places - places.mean()
    weights = centered / (centered**2).sum()
    weights[np.abs(centered) < 1e-12 * np.abs(centered).max()] = 0.0  # the middle level, whose weight is rounding
    slopes = contrast(values, weights)
    shown = contrast(values, weights, -claim.reference)
    if claim.direction == "same":
        return slopes, _within(shown, claim.smallest), EQUIVALENCE
    rises = claim.direction == "rises"
    page = None
    if claim.kind == ORDERING:
        page = page_tail(values), page_tail(-values)
        page = page if rises else page[::-1]
    effects = shown if rises else shown.turned()
    return slopes, (Part(claim.direction, effects, ONE_SIDED, claim.smallest, page),), ONE_SIDED
