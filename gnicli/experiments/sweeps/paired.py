"""Runs of a sweep that differ in one key alone, compared pair by pair: same setting, same seed.

The effect in a pair is the mean, over the last tenth of the recorded steps, of log L − log L' of the two losses. Runs
that diverged or failed rank worst: their pair has a sign and no size, and then signs alone are judged.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from gnicli.claims import signs
from gnicli.contracts.results import Curve, RunRecord, Table, Value
from gnicli.engine.summary import aligned, half_width, labels_of, mean_value, varying

_SEED = "seed"
_WORST = ("diverged", "failed")
_LEVEL = 0.05
WINDOW = 0.1
Partner = tuple[tuple[str, str], ...]


class Effect(NamedTuple):
    """An arm against the reference in one setting.

    `gaps` (pairs,) are the effects: +inf where the arm's run alone is worst, −inf where the reference's is, 0 where
    both are. `ends` and `other_ends` count the arm's and the reference's runs by status.
    """

    arm: str
    setting: str
    gaps: np.ndarray
    ends: Mapping[str, int]
    other_ends: Mapping[str, int]

    @property
    def has_size(self) -> bool:
        """Whether every pair has a size, so that means have a meaning."""
        return bool(np.isfinite(self.gaps).all()) and not self._worst(self.ends) and not self._worst(self.other_ends)

    @staticmethod
    def _worst(ends: Mapping[str, int]) -> bool:
        return any(ends.get(status) for status in _WORST)


def settings(records: Sequence[RunRecord], key: str) -> dict[str, list[RunRecord]]:
    """The runs by what varies besides `key` and the seed, in words; "" where nothing does."""
    found: dict[str, list[RunRecord]] = {}
    keys = [name for name in varying(records) if name not in (key, _SEED)]
    for record, label in zip(records, labels_of(records, keys), strict=True):
        found.setdefault(label, []).append(record)
    return found


def _partner(record: RunRecord, key: str) -> Partner:
    """What a run has in common with its partner."""
    return tuple(sorted((name, value) for name, value in record.overrides.items() if name != key))


def counts(records: Sequence[RunRecord], key: str, setting: str = "") -> dict[str, Value]:
    """For each value of `key` how many runs were completed and how many diverged, of how many (n) there are."""
    found = {}
    for arm in dict.fromkeys(record.overrides[key] for record in records):
        ends = [record.status for record in records if record.overrides[key] == arm]
        for status in ("completed", "diverged"):
            name = f"{status} [{f'{setting} {key}={arm}'.strip()}]"
            found[name] = Value(float(ends.count(status)), n=len(ends), unit="run")
    return found


def effects(
    records: Sequence[RunRecord], metric: str, key: str, reference: str, setting: str = "", only: str | None = None
) -> list[Effect]:
    """Each arm (or `only` one) against the reference; pairs of which a run is unfinished or missing are left out."""
    arms: dict[str, dict[Partner, RunRecord]] = {}
    for record in records:
        arms.setdefault(record.overrides[key], {})[_partner(record, key)] = record
    others = arms.get(reference, {})
    found = []
    for arm, runs in arms.items():
        if arm == reference or not others or only not in (None, arm):
            continue
        pairs = [_gap(run, others[rest], metric) for rest, run in runs.items() if rest in others]
        gaps = np.array([gap for gap in pairs if gap is not None], float)
        found.append(Effect(arm, setting, gaps, _ends(runs.values()), _ends(others.values())))
    return found


def _ends(records: object) -> dict[str, int]:
    statuses = [record.status for record in records]  # type: ignore[attr-defined]
    return {status: statuses.count(status) for status in statuses}


def _gap(run: RunRecord, other: RunRecord, metric: str) -> float | None:
    """The effect in one pair; None where one of the two has not come to an end."""
    worst = [_is_worst(each, metric) for each in (run, other)]
    if None in worst:
        return None
    if any(worst):
        return 0.0 if all(worst) else math.inf if worst[0] else -math.inf
    _, gaps = log_gaps(run, other, metric, WINDOW)
    if not gaps.size:
        return None
    gap = float(gaps.mean())
    return 0.0 if math.isnan(gap) else gap  # losses of exactly 0 in both


def _is_worst(run: RunRecord, metric: str) -> bool | None:
    if run.status in _WORST:
        return True
    if run.status != "completed" or metric not in run.metrics:
        return None
    return not math.isfinite(run.metrics[metric][1][-1])


def log_gaps(run: RunRecord, other: RunRecord, metric: str, window: float) -> tuple[np.ndarray, np.ndarray]:
    """Steps and differences of log loss at the recorded steps that two runs share, from 1 − `window` of the last on."""
    steps, losses = aligned([each.metrics[metric] for each in (run, other)])
    kept = steps >= (1 - window) * steps.max(initial=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        one, two = np.log(losses[:, kept])
        return steps[kept], one - two


def p_value(effect: Effect) -> float:
    """Two-sided, by sign flips where every pair has a size, elsewhere by signs alone; ties count for neither side."""
    gaps = effect.gaps
    if effect.has_size:
        return signs.two_sided_flips(gaps)
    return signs.two_sided_signs(int((gaps > 0).sum()), int((gaps < 0).sum()))


def verdict(effect: Effect, key: str, reference: str) -> str:
    """The verdict on an arm: lower or higher where interval and sign flips agree; a rank where a run diverged."""
    gaps = effect.gaps
    if not gaps.size:
        return "no pair"
    p = p_value(effect)
    if effect.has_size:
        interval = mean_value(gaps).ci95
        if interval is not None and interval[0] * interval[1] > 0 and p <= _LEVEL:
            return f"{'higher' if gaps.mean() > 0 else 'lower'} (sign flips p = {p:.2g})"
        return f"undecided (sign flips p = {p:.2g})"
    lost = [_lost(effect.ends, ""), _lost(effect.other_ends, f" of {key}={reference}")]
    reasons = ", ".join(part for part in lost if part)
    decision = "decided" if p <= _LEVEL else "undecided"
    return f"{_rank(gaps)} ({reasons}); {decision} by signs, p = {p:.2g}"


def _lost(ends: Mapping[str, int], words: str) -> str:
    return ", ".join(f"{ends[s]} of {sum(ends.values())}{words} {s}" for s in _WORST if ends.get(s))


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
    if n and effect.has_size:
        found[f"log {metric} {above}"] = mean_value(effect.gaps, "nat")
    if n:
        found[f"p of {metric} {above}"] = Value(p_value(effect), n=n)
    found[f"{metric} against {key}={reference} {label}"] = Value(verdict(effect, key, reference), n=n)
    return found


def table(found: Sequence[Effect], key: str, reference: str) -> Table:
    """A row for each arm: the counts of runs and pairs, effect and interval, p, and the verdict."""
    rows = []
    for each in found:
        mean = mean_value(each.gaps) if each.gaps.size and each.has_size else None
        interval = mean.ci95 if mean is not None else None
        n_done, n_lost = each.ends.get("completed", 0), each.ends.get("diverged", 0)
        rows.append(
            (
                f"{each.setting} {key}={each.arm}".strip(),
                str(sum(each.ends.values())),
                str(n_done),
                str(n_lost),
                str(each.gaps.size),
                "–" if mean is None else f"{mean.number:+.4g}",
                "–" if interval is None else f"{interval[0]:+.4g} … {interval[1]:+.4g}",
                f"{p_value(each):.2g}" if each.gaps.size else "–",
                verdict(each, key, reference),
            )
        )
    header = ("arm", "runs", "completed", "diverged", "pairs", "effect", "95 % interval", "p", "against the reference")
    return Table(header, tuple(rows))


def gap_curves(records: Sequence[RunRecord], metric: str, key: str, reference: str) -> list[Curve]:
    """For each arm all of whose pairs have a size, the mean over seeds of its log loss minus the reference's."""
    arms: dict[str, dict[Partner, RunRecord]] = {}
    for record in records:
        arms.setdefault(record.overrides[key], {})[_partner(record, key)] = record
    curves = []
    for effect in effects(records, metric, key, reference):
        if not effect.has_size or not effect.gaps.size:
            continue
        others = arms[reference]
        pairs = [(run, others[rest]) for rest, run in arms[effect.arm].items() if rest in others]
        whole = [pair for pair in pairs if all(each.status == "completed" and metric in each.metrics for each in pair)]
        x, y = aligned([log_gaps(*pair, metric, 1.0) for pair in whole])
        mean = y.mean(axis=0)
        half = half_width(y) if len(y) > 1 else np.zeros_like(mean)
        curves.append(Curve(f"{key}={effect.arm}", x.astype(float), mean, mean - half, mean + half))
    return curves
