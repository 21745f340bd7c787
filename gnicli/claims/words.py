"""Verdicts in words and tables."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from gnicli.claims import signs
from gnicli.claims.claim import ABOVE, BELOW, FOLLOWS, SAME, TRENDS, Claim
from gnicli.claims.judging import Judged, Judgement
from gnicli.claims.verdict import BLANKED, CONTRADICTED, INCONCLUSIVE, NOT_RUN, NOT_SUPPORTED, SUPPORTED, Estimate
from gnicli.contracts import number_text
from gnicli.contracts.results import Table

MEANINGS: Mapping[str, str] = {
    SUPPORTED: "the runs show the effect, on the claimed side, and at least as large as declared to be of interest.",
    CONTRADICTED: "the runs show the opposite: an effect on the other side, or for same and follows a difference "
    "beyond the margin.",
    NOT_SUPPORTED: "the runs show that there is no effect of the size declared to be of interest; a smaller one may be "
    "there.",
    INCONCLUSIVE: "the runs do not tell. It does not mean that there is no effect. The number of seeds says about how "
    "many would settle it.",
    NOT_RUN: "the runs that the claim asks for are not there.",
    BLANKED: "something that must come out right did not, so that nothing in this family can be trusted.",
}
HEADER = ("claim", "verdict", "effect", "interval", "p", "seeds", "finished", "diverged", "failed", "control")
NO_CONTROL = "none"


def table(judged: Sequence[Judged]) -> Table:
    """One row for each claim and control of a family, the most important columns first."""
    controls = [each for each in judged if each.claim.control]
    n_right = sum(bool(each.passed) for each in controls)
    state = f"{n_right} of {len(controls)} right" if controls else NO_CONTROL
    return Table(HEADER, tuple(_row(each, state) for each in judged))


def _row(judged: Judged, controls: str) -> tuple[str, ...]:
    claim, ends = judged.claim, judged.measurement.ends.values()
    own = controls if not claim.control else f"{claim.control}: {'right' if judged.passed else 'WRONG'}"
    has_effect = judged.n_pairs > 0
    return (
        claim.id,
        verdict(judged),
        amount(claim, judged.effect.value) if has_effect else "–",
        interval(claim, judged.effect) if has_effect else "–",
        f"{judged.p:.2g}" if has_effect else "–",
        f"{judged.n_pairs} of {len(claim.seeds)}",
        f"{sum(each.finished for each in ends)} of {sum(each.started for each in ends)}",
        str(sum(each.diverged for each in ends)),
        str(sum(each.failed for each in ends)),
        own,
    )


def verdict(judged: Judged) -> str:
    """The verdict with its marks, and the number of seeds that would settle it."""
    text = judged.verdict
    if judged.verdict == INCONCLUSIVE:
        text += f" (needs {'more than 10,000' if judged.needed is None else f'about {judged.needed:,}'} seeds)"
    marks = list(judged.marks)
    return f"{text} ({', '.join(marks)})" if marks else text


def amount(claim: Claim, value: float) -> str:
    """An effect as text: on a logarithmic scale the relative difference, of trends per unit of the axis."""
    if math.isnan(value):
        return "?"
    if not math.isfinite(value):
        return "+inf" if value > 0 else "-inf"
    if claim.is_log and abs(value) < 30:
        return f"{_signed(100 * math.expm1(value))}\N{NO-BREAK SPACE}%"
    return _signed(value)


def _signed(value: float) -> str:
    return ("" if value < 0 else "+") + number_text.plain(value, 3)


def interval(claim: Claim, effect: Estimate) -> str:
    """The interval of an effect; a narrow table may break it between its ends."""
    return f"[{amount(claim, effect.low)}, {amount(claim, effect.high)}]"


def what(claim: Claim) -> str:
    """What the effect of a claim is, in words."""
    if claim.kind in TRENDS:
        unit = {"log2": "doubling", "log": "factor e", "rank": "level"}.get(claim.spacing, "unit")
        slope = f"slope of {'log ' if claim.is_log else ''}{claim.metric} per {unit} of {claim.along or 'the levels'}"
        return f"{slope}, one for each seed" + (f", against {claim.reference:g}" if claim.reference else "")
    scale = "relative difference" if claim.is_log else "difference"
    return f"{scale} in {claim.metric} of {claim.a} and {claim.b}, paired by seed"


def wanted(claim: Claim) -> str:
    """What the effect must be for the claim to be supported."""
    least, other = amount(claim, claim.smallest).lstrip("+"), _side(claim.b)
    if claim.kind in (BELOW, ABOVE):
        return f"{claim.a} {claim.kind} {other} by {least} or more"
    if claim.kind == SAME:
        return f"{claim.a} within {least} of {other}"
    if claim.kind == FOLLOWS:
        first, second = claim.gap or (claim.c, claim.b)
        return (
            f"{first} above {second} by {least} or more; {claim.a} within {claim.within:.0%} of that gap of {claim.b}; "
            f"{claim.c} not"
        )
    if claim.direction == "same":
        return f"slope within {least} of {claim.reference:g}"
    return f"{claim.metric} {claim.direction} by {least} or more" + (
        f" beyond {claim.reference:g}" if claim.reference else ""
    )


def _side(side: str | float) -> str:
    """A side of a claim; an exact truth, which is a number, to five digits."""
    return number_text.plain(side, 5) if isinstance(side, float) else side


def notes(judged: Judged) -> list[str]:
    """Sentences on one verdict: why it is what it is, what was counted, what is unlike."""
    said = [part for part in judged.measurement.remarks if part not in judged.reason]  # of "not run" they are all in it
    return [f"{judged.claim.id}: {part}." for part in dict.fromkeys([judged.reason, *said]) if part]


def family_notes(name: str, judged: Sequence[Judged]) -> list[str]:
    """Sentences on how the claims of a family are judged."""
    claims = [each for each in judged if not each.claim.control]
    n = len(claims)
    level, of_same = (f"{100 * (1 - rest / n):.4g} %" for rest in (0.05, 0.1))
    counted = "one claim" if n == 1 else f"{n} claims"
    found = [
        f"{name}: {counted}, so intervals cover {level}, those of same and follows {of_same} (Bonferroni). p is "
        f"adjusted (Holm), and {signs.fewest_pairs(n)} seeds are needed."
    ]
    if claims and claims[0].by_signs:
        found.append(
            f"{name}: a run diverged or failed. Such a run ranks worst and has no size, so this family is judged by "
            "the exact sign test alone, and effects are medians."
        )
    return found


def warnings(judgement: Judgement) -> list[str]:
    """What limits the verdicts: families without a control, and controls that did not come out right."""
    found = []
    for name, members in judgement.families().items():
        controls = [each for each in members if each.claim.control]
        if not controls:
            found.append(f"{name}: no control is declared; nothing shows that a known effect would be found.")
        found += [
            f"{name}: control {each.claim.id} did not come out right ({verdict(each)}), so its family has no verdict."
            for each in controls
            if not each.passed and any(each.n_pairs for each in members)  # where nothing was run nothing is limited
        ]
    return found


def parts_table(judged: Sequence[Judged]) -> Table:
    """The parts of the claims that have several, each with its bounds and p."""
    rows = [
        (
            claim.claim.id,
            each.part.name,
            each.verdict,
            _signed(each.bounds.value),
            _signed(each.bounds.low),
            f"{each.p:.2g}",
        )
        for claim in judged
        if len(claim.parts) > 1 and claim.n_pairs
        for each in claim.parts
    ]
    return Table(("claim", "part", "by its bounds", "estimate", "lower bound", "p"), tuple(rows))


def counts(judged: Judged) -> Table:
    """How the runs of each setting of a claim ended."""
    rows = [
        (name, str(ends.started), str(ends.finished), str(ends.diverged), str(ends.failed))
        for name, ends in judged.measurement.ends.items()
    ]
    return Table(("setting", "started", "finished", "diverged", "failed"), tuple(rows))
