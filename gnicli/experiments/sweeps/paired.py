"""Runs of a sweep that differ in one key alone, compared pair by pair: same setting, same seed.

The effect in a pair is the mean, over the last tenth of the recorded steps, of log L − log L' of the two losses. Runs
that diverged or failed rank worst: their pair has a sign and no size, and then signs alone are judged.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from gnicli.claims import signs
from gnicli.contracts.results import Curve, RunRecord, Value
from gnicli.engine.summary import aligned, half_width, labels_of, varying
from gnicli.experiments.learned import OF_TRAINING

_SEED = "seed"
WORST = ("diverged", "failed")
WINDOW = 0.1
LEAST_LEARNED = 0.1  # the share below which an arm has learned nothing: its losses are those of a constant answer
Partner = tuple[tuple[str, str], ...]


class Effect(NamedTuple):
    """An arm against the reference in one setting.

    `gaps` (pairs,) are the effects: +inf where the arm's run alone is worst, −inf where the reference's is, 0 where
    both are. `ends` and `other_ends` count the arm's and the reference's runs by status. `learned` and `other_learned`
    are what their completed runs have learned of the training data, in the mean (see `experiments.learned`); NaN where
    that is not known.
    """

    arm: str
    setting: str
    gaps: np.ndarray
    ends: Mapping[str, int]
    other_ends: Mapping[str, int]
    learned: float = math.nan
    other_learned: float = math.nan

    @property
    def is_of_learners(self) -> bool:
        """Whether one of the two arms has learned something, or it is not known."""
        return not (self.learned < LEAST_LEARNED and self.other_learned < LEAST_LEARNED)

    @property
    def has_size(self) -> bool:
        """Whether every pair has a size, so that means have a meaning."""
        return bool(np.isfinite(self.gaps).all()) and not self._worst(self.ends) and not self._worst(self.other_ends)

    @staticmethod
    def _worst(ends: Mapping[str, int]) -> bool:
        return any(ends.get(status) for status in WORST)


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
        ends, learned = zip(*[(_ends(each.values()), _learned(each.values())) for each in (runs, others)], strict=True)
        found.append(Effect(arm, setting, gaps, *ends, *learned))
    return found


def _ends(records: Iterable[RunRecord]) -> dict[str, int]:
    statuses = [record.status for record in records]
    return {status: statuses.count(status) for status in statuses}


def _learned(records: Iterable[RunRecord]) -> float:
    """The mean over completed runs; NaN where one of them does not say it, or there is none."""
    done = [record.values.get(OF_TRAINING) for record in records if record.status == "completed"]
    return float(np.mean([math.nan if value is None else value.number for value in done])) if done else math.nan


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
    if run.status in WORST:
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
