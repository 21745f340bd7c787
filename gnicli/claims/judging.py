"""The verdicts on a set of claims, family by family: adjusted for the number of claims, and blanked by controls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gnicli.claims import signs
from gnicli.claims.adjustment import holm
from gnicli.claims.claim import Claim, ClaimSet
from gnicli.claims.effects import Measurement, measure
from gnicli.claims.measured import MeasuredRun, tabled
from gnicli.claims.verdict import (
    BLANKED,
    CONTRADICTED,
    INCONCLUSIVE,
    LEVEL,
    NOT_RUN,
    SUPPORTED,
    Estimate,
    Tested,
    decided,
    estimate,
    p_of,
    seeds_needed,
    tested,
)

_MOST_NAMED = 8


class Judged(NamedTuple):
    """A claim with its verdict.

    `reason` says why it is inconclusive, not run or blanked; `needed` is about how many seeds would settle it (None:
    not to be had, or not asked). `effect` is the effect that is reported, with the interval that its family's number of
    claims asks for, and `p` the adjusted p of the exact test. `by_signs` says that a run of the family diverged or
    failed. `passed` is whether a control came out right (None for a claim). `marks` come from earlier looks.
    """

    measurement: Measurement
    verdict: str
    reason: str
    effect: Estimate
    p: float
    parts: tuple[Tested, ...]
    n_claims: int
    by_signs: bool
    needed: int | None = None
    passed: bool | None = None
    marks: tuple[str, ...] = ()

    @property
    def claim(self) -> Claim:
        """What was claimed."""
        return self.measurement.claim

    @property
    def n_pairs(self) -> int:
        """The number of seeds that have an effect."""
        return len(self.measurement.seeds)

    @property
    def level(self) -> float:
        """The coverage of the interval of `effect`: 0.95 where a family has one claim of a difference."""
        return 1 - 2 * self.measurement.shown_tail / self.n_claims


class Judgement(NamedTuple):
    """Claims and controls with their verdicts, in the order of the set, and the set's sha256."""

    sha256: str
    judged: tuple[Judged, ...]

    def families(self) -> dict[str, list[Judged]]:
        """The members of each family."""
        found: dict[str, list[Judged]] = {}
        for each in self.judged:
            found.setdefault(each.claim.family, []).append(each)
        return found


def judge(claims: ClaimSet, runs: Sequence[MeasuredRun]) -> Judgement:
    """Judge every claim of a set by the runs. The order of runs and of claims changes no verdict.

    Raises `UsageError` where two runs are of one setting and seed, or a metric has no logarithm.
    """
    found: dict[str, Judged] = {}
    for members in claims.families().values():
        measured = [measure(claim, tabled(claim, runs)) for claim in members]
        found |= {each.claim.id: _with_need(each) for each in family(measured)}
    return Judgement(claims.sha256, tuple(found[claim.id] for claim in claims.claims))


def _with_need(judged: Judged) -> Judged:
    if judged.verdict != INCONCLUSIVE:
        return judged
    return judged._replace(needed=seeds_needed(judged.measurement, judged.n_claims, by_signs=judged.by_signs))


def family(members: Sequence[Measurement]) -> list[Judged]:
    """The verdicts on the claims of one family, and whether its controls passed; without the seeds needed."""
    claims = [each for each in members if not each.claim.control]
    by_signs = any(each.has_lost for each in members)
    judged = _claims(claims, by_signs=by_signs)
    controls = [_control(each, by_signs=by_signs) for each in members if each.claim.control]
    failed = [each.claim.id for each in controls if not each.passed]
    if failed:
        reason = f"of this family's controls {', '.join(failed)} did not come out right"
        judged = [each if each.verdict == NOT_RUN else each._replace(verdict=BLANKED, reason=reason) for each in judged]
    by_id = {each.claim.id: each for each in (*judged, *controls)}
    return [by_id[each.claim.id] for each in members]


def _claims(members: Sequence[Measurement], *, by_signs: bool) -> list[Judged]:
    """The verdicts on claims of one family, before its controls."""
    n = len(members)
    parts = [[tested(part, n, by_signs=by_signs) for part in each.parts] for each in members]
    lacking = [_lacking(each, n) for each in members]
    p_values = [p_of(each) for each in parts]
    suffice = [k for k in range(n) if not lacking[k]]
    adjusted = {k: min(1.0, n * p_values[k]) for k in range(n)}
    # What cannot be decided yet counts in the size of the family, and takes no place in the order.
    adjusted |= dict(zip(suffice, holm([p_values[k] for k in suffice], n), strict=True))
    found = []
    for k, member in enumerate(members):
        verdict, reason = lacking[k] or decided(parts[k], adjusted[k], n)
        found.append(_judged(member, verdict, reason, adjusted[k], parts[k], n, by_signs=by_signs))
    return found


def _judged(
    member: Measurement, verdict: str, reason: str, p: float, parts: Sequence[Tested], n: int, *, by_signs: bool
) -> Judged:
    effect = estimate(member.shown, member.shown_tail / n, by_signs=by_signs)
    return Judged(member, verdict, reason, effect, p, tuple(parts), n, by_signs)


def _lacking(member: Measurement, n_claims: int) -> tuple[str, str] | None:
    """The verdict on a claim that cannot be decided by the runs that are there, with the reason; None for others."""
    if not member.seeds:
        return NOT_RUN, "; ".join(member.remarks) or "no seed has all of its runs at their end"
    if member.missing:
        n = len(member.claim.seeds)
        named = ", ".join(member.missing[:_MOST_NAMED]) + (", …" if len(member.missing) > _MOST_NAMED else "")
        reason = f"{len(member.missing)} of {n} declared seeds have not come to an end: {named}"
        return INCONCLUSIVE, reason
    least = signs.fewest_pairs(n_claims, LEVEL)
    if len(member.seeds) < least:
        claims = f"{n_claims} claim{'s' if n_claims > 1 else ''}"
        return INCONCLUSIVE, f"{len(member.seeds)} seeds; a family of {claims} needs {least}"
    return None


def _control(member: Measurement, *, by_signs: bool) -> Judged:
    """A control, judged at the level of a single claim: positive ones must be supported, negative ones show nothing."""
    (judged,) = _claims([member], by_signs=by_signs)
    if member.claim.control == "positive":
        return judged._replace(passed=judged.verdict == SUPPORTED)
    reversed_ = judged.verdict == CONTRADICTED and judged.parts[0].bounds.value <= -member.claim.smallest
    has_effect = judged.verdict == SUPPORTED or reversed_
    return judged._replace(passed=not has_effect and _lacking(member, 1) is None)
