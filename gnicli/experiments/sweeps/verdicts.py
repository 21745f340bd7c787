"""What is told of paired effects: a word for each arm, its values, and the table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from gnicli.contracts.results import Table, Value
from gnicli.engine.summary import half_width, mean_value
from gnicli.experiments.sweeps.paired import WORST, Effect, p_value
from gnicli.experiments.sweeps.power import FEWEST_PAIRS, LEVEL, pairs_needed

SMALLEST = math.log(1.05)  # the smallest effect of interest


def verdict(effect: Effect, key: str, reference: str) -> str:
    """The verdict on an arm: lower or higher where interval and sign flips agree; a rank where a run diverged."""
    gaps = effect.gaps
    if not gaps.size:
        return "no pair"
    if not effect.is_of_learners:
        return f"no comparison: nothing was learned ({_shares(effect)})"
    p = p_value(effect)
    if effect.has_size:
        interval = mean_value(gaps).ci95
        if interval is not None and interval[0] * interval[1] > 0 and p <= LEVEL:
            small = ", by less than 5 %" if max(map(abs, interval)) < SMALLEST else ""
            return f"{'higher' if gaps.mean() > 0 else 'lower'}{small} (sign flips p = {p:.2g})"
        if _is_within(gaps):
            return f"within 5 % (90 % interval; sign flips p = {p:.2g})"
        return f"undecided (sign flips p = {p:.2g})"
    lost = [_lost(effect.ends, ""), _lost(effect.other_ends, f" of {key}={reference}")]
    reasons = ", ".join(part for part in lost if part)
    decision = "decided" if p <= LEVEL else "undecided"
    return f"{_rank(gaps)} ({reasons}); {decision} by signs, p = {p:.2g}"


def _is_within(gaps: np.ndarray) -> bool:
    """Two one-sided t-tests at 5 %: whether the 90 % interval of the mean lies within the smallest effect."""
    if gaps.size < FEWEST_PAIRS:
        return False
    half = float(half_width(gaps, 0.9))
    return bool(abs(gaps.mean()) + half < SMALLEST)


def open_pairs(effect: Effect) -> int | None:
    """The pairs that would settle an effect that is open; None where it is settled or has no size.

    Settled is what would be found if it were as large as it was seen, or of the smallest size of interest if it was
    seen smaller than that.
    """
    gaps = effect.gaps
    if gaps.size < 2 or not effect.has_size or not effect.is_of_learners:
        return None
    if not verdict(effect, "", "").startswith("undecided"):
        return None
    return pairs_needed(float(gaps.std(ddof=1)), max(abs(float(gaps.mean())), SMALLEST))


def _shares(effect: Effect) -> str:
    return f"{effect.learned:.0%}, reference {effect.other_learned:.0%}".replace("%", " %")


def _lost(ends: Mapping[str, int], words: str) -> str:
    return ", ".join(f"{ends[s]} of {sum(ends.values())}{words} {s}" for s in WORST if ends.get(s))


def _rank(gaps: np.ndarray) -> str:
    """By the median pair, diverged runs ranked worst; mixed where those and the median disagree."""
    ordered = np.sort(gaps)
    middle = ordered[[(gaps.size - 1) // 2, gaps.size // 2]]
    median = 0.0 if np.isinf(middle).all() and middle[0] != middle[1] else float(middle.sum())
    beyond = int((gaps == math.inf).sum()) - int((gaps == -math.inf).sum())
    if median * beyond < 0 or (median == 0 and not gaps.any()):
        return "mixed" if gaps.any() else "even"
    return "worse" if median > 0 else "better" if median < 0 else "even"


def values(effect: Effect, metric: str, key: str, reference: str) -> dict[str, Value]:
    """The mean effect where every pair has a size, the p, and the verdict."""
    label = f"[{f'{effect.setting} {key}={effect.arm}'.strip()}]"
    above = f"above {key}={reference} {label}"
    n = effect.gaps.size
    found = {}
    if not effect.is_of_learners:
        return {f"{metric} against {key}={reference} {label}": Value(verdict(effect, key, reference), n=n)}
    if n and effect.has_size:
        found[f"log {metric} {above}"] = mean_value(effect.gaps, "nat")
    if n:
        found[f"p of {metric} {above}"] = Value(p_value(effect), n=n)
    needed = open_pairs(effect)
    if needed is not None:
        found[f"pairs to settle {metric} {above}"] = Value(float(needed), n=n, unit="pair")
    found[f"{metric} against {key}={reference} {label}"] = Value(verdict(effect, key, reference), n=n)
    return found


def table(found: Sequence[Effect], key: str, reference: str) -> Table:
    """A row for each arm: the counts of runs and pairs, what was learned, effect and interval, p, and the verdict."""
    rows = []
    for each in found:
        compared = each.gaps.size > 0 and each.is_of_learners
        mean = mean_value(each.gaps) if compared and each.has_size else None
        interval = mean.ci95 if mean is not None else None
        n_done, n_lost = each.ends.get("completed", 0), each.ends.get("diverged", 0)
        rows.append(
            (
                f"{each.setting} {key}={each.arm}".strip(),
                str(sum(each.ends.values())),
                str(n_done),
                str(n_lost),
                str(each.gaps.size),
                "–" if math.isnan(each.learned + each.other_learned) else _shares(each),
                "–" if mean is None else f"{mean.number:+.4g}",
                "–" if interval is None else f"{interval[0]:+.4g} … {interval[1]:+.4g}",
                f"{p_value(each):.2g}" if compared else "–",
                verdict(each, key, reference),
            )
        )
    counted = ("arm", "runs", "completed", "diverged", "pairs", "learned")
    return Table((*counted, "effect", "95 % interval", "p", "against the reference"), tuple(rows))
