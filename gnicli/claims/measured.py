"""What a claim takes of a run, and the runs that it asks for, by seed and setting."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from gnicli.claims import declared, setting
from gnicli.claims.claim import Claim
from gnicli.errors import UsageError

COMPLETED = "completed"
WORST = ("diverged", "failed")  # ranked worst; any other status but completed means that the run has not ended
_MOST_NAMED = 8
Series = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class MeasuredRun:
    """A run of one seed: its setting, how it ended, and its metrics by name, each as steps (n,) and values (n,).

    `status` is completed, diverged, failed, or any other word for a run that has not come to its end. A metric without
    steps has one value at step 0.
    """

    name: str
    seed: str
    setting: setting.Setting
    status: str = COMPLETED
    metrics: Mapping[str, Series] = field(default_factory=dict, repr=False)

    def series(self, metric: str) -> Series | None:
        """Its steps and values, sorted; of a step given twice the last. With a `*` the median over metrics; or None."""
        if "*" not in metric:
            return _clean(*self.metrics[metric]) if metric in self.metrics else None
        found = [_clean(*series) for name, series in self.metrics.items() if fnmatch.fnmatchcase(name, metric)]
        if not found:
            return None
        steps = _common([each[0] for each in found])
        return steps, np.median([_at(each, steps) for each in found], axis=0)


def _clean(steps: np.ndarray, values: np.ndarray) -> Series:
    last, places = np.unique(np.asarray(steps)[::-1], return_index=True)
    return last, np.asarray(values, float)[::-1][places]


def _common(steps: Sequence[np.ndarray]) -> np.ndarray:
    common = steps[0]
    for each in steps[1:]:
        common = np.intersect1d(common, each, assume_unique=True)
    return common


def _at(series: Series, steps: np.ndarray) -> np.ndarray:
    return series[1][np.searchsorted(series[0], steps)]


class Ends(NamedTuple):
    """How the runs of a setting ended: `started` runs, of which some finished, some diverged and some failed."""

    started: int
    finished: int
    diverged: int
    failed: int


class Table(NamedTuple):
    """The runs of a claim: `seeds` (n,) declared or found, and the runs by seed for each of the settings `names`.

    `values` (n, settings) are window means (of logarithms where the claim says so): ±inf for a run that ranks worst,
    NaN where a run is absent, has not ended or lacks the metric. `remarks` are sentences on what is unlike.
    """

    seeds: tuple[str, ...]
    names: tuple[str, ...]
    runs: tuple[tuple[MeasuredRun | None, ...], ...]
    values: np.ndarray
    remarks: tuple[str, ...]

    @property
    def whole(self) -> np.ndarray:
        """For each seed, whether all of its runs have come to an end with a value, (n,)."""
        return ~np.isnan(self.values).any(axis=1)

    def ends(self) -> dict[str, Ends]:
        """How the runs ended, by setting. A completed run whose metric is not finite diverged."""
        found = {}
        for k, name in enumerate(self.names):
            column = [(row[k], value) for row, value in zip(self.runs, self.values[:, k], strict=True)]
            states = [state(run, float(value)) for run, value in column if run is not None]
            found[name] = Ends(len(states), *(states.count(each) for each in (COMPLETED, *WORST)))
        return found

    def seen(self) -> dict[str, dict[str, tuple[str, float]]]:
        """Every run that is there: how it ended and its value, by setting and seed."""
        return {
            name: {
                seed: (state(row[k], float(values[k])), float(values[k]))
                for seed, row, values in zip(self.seeds, self.runs, self.values, strict=True)
                if row[k] is not None
            }
            for k, name in enumerate(self.names)
        }


def state(run: MeasuredRun | None, value: float) -> str:
    """How a run ended, in a word; `value` is its entry in a `Table`."""
    if run is None:
        return "absent"
    if run.status == COMPLETED and np.isinf(value):
        return WORST[0]
    return "without the metric" if run.status == COMPLETED and np.isnan(value) else run.status


def tabled(claim: Claim, runs: Sequence[MeasuredRun]) -> Table:
    """The runs that a claim asks for. Their order changes nothing.

    Raises `UsageError` where two runs are of one setting and seed, or a metric has no logarithm.
    """
    settings = claim.settings()
    chosen = {name: _by_seed(claim, name, wanted, runs) for name, wanted in settings.items()}
    found = {seed for column in chosen.values() for seed in column}
    seeds = tuple(sorted({*claim.seeds, *found}, key=declared.seed_order))
    rows = tuple(tuple(column.get(seed) for column in chosen.values()) for seed in seeds)
    values = np.array([_window_means(claim, row) for row in rows], float).reshape(len(seeds), len(settings))
    remarks = (*_absences(claim, chosen, settings, runs), *_differences(chosen, settings))
    return Table(seeds, tuple(settings), rows, values, remarks)


def _by_seed(claim: Claim, name: str, wanted: setting.Setting, runs: Sequence[MeasuredRun]) -> dict[str, MeasuredRun]:
    found: dict[str, MeasuredRun] = {}
    for run in runs:
        if not setting.matches(run.setting, wanted):
            continue
        other = found.setdefault(run.seed, run)
        if other is not run:
            keys = setting.differing([other.setting, run.setting])
            one = f"{keys[0]}={run.setting.get(keys[0], '')}" if keys else ""
            differ = f"they differ in {', '.join(keys[:_MOST_NAMED])}; say which, as in where: {one}"
            told = differ if keys else "give one of them"
            raise UsageError(
                f"claim {claim.id}: {other.name} and {run.name} are both {name} of seed {run.seed}; {told}"
            )
    return found


def _window_means(claim: Claim, row: Sequence[MeasuredRun | None]) -> list[float]:
    """The window means of the runs of one seed, at the steps that those with finite values share."""
    worst = np.inf if claim.better == "lower" else -np.inf
    means: list[float] = [worst if run is not None and run.status in WORST else np.nan for run in row]
    finite: dict[int, Series] = {}
    for k, run in enumerate(row):
        series = run.series(claim.metric) if run is not None and run.status == COMPLETED else None
        if series is None or not series[0].size:
            continue
        if np.isfinite(series[1][-1]) and np.isfinite(series[1][_window(claim, series[0])]).all():
            finite[k] = series
        else:
            means[k] = worst
    if not finite:
        return means
    steps = _common([series[0] for series in finite.values()])
    steps = steps[_window(claim, steps)]
    for k, series in finite.items():
        values = _at(series, steps)
        if claim.is_log and (values <= 0).any():
            run = row[k]
            name = run.name if run is not None else ""
            raise UsageError(
                f"claim {claim.id}: {claim.metric} of {name} is {values.min():.4g}, which has no logarithm; "
                "declare scale: linear"
            )
        if steps.size:
            means[k] = float((np.log(values) if claim.is_log else values).mean())
    return means


def _window(claim: Claim, steps: np.ndarray) -> np.ndarray:
    return declared.window(claim.window).inside(steps)


# ------------------------------------------------------------------------------------------------------------- remarks


def _absences(
    claim: Claim,
    chosen: Mapping[str, Mapping[str, MeasuredRun]],
    settings: Mapping[str, setting.Setting],
    runs: Sequence[MeasuredRun],
) -> list[str]:
    """What is not there, beside what is."""
    found = []
    for name, column in chosen.items():
        if not column:
            found.append(f"no run has {setting.written(settings[name])}{_near(settings[name], runs)}")
    ended = [run for column in chosen.values() for run in column.values() if run.status == COMPLETED]
    if ended and all(run.series(claim.metric) is None for run in ended):
        names = sorted({name for run in ended for name in run.metrics})
        told = ", ".join(names[:_MOST_NAMED]) + (", …" if len(names) > _MOST_NAMED else "")
        found.append(f"no run has the metric {claim.metric}; they have {told or 'none'}")
    return found


def _near(wanted: setting.Setting, runs: Sequence[MeasuredRun]) -> str:
    """The values that the runs have of the keys that are wanted."""
    told = []
    for key, value in wanted.items():
        there = sorted({run.setting[key] for run in runs if key in run.setting}, key=declared.seed_order)
        if not any(setting.same_value(each, value) for each in there):
            listed = ", ".join(there[:_MOST_NAMED]) + (", …" if len(there) > _MOST_NAMED else "")
            name = key or "settings"
            told.append(f"{name}: the runs have {listed}" if listed else f"no run has the key {key}" if key else "")
    return "".join(f"; {part}" for part in told if part)


def _differences(chosen: Mapping[str, Mapping[str, MeasuredRun]], settings: Mapping[str, setting.Setting]) -> list[str]:
    """The keys in which paired runs differ, besides those that the claim names."""
    named = {key for wanted in settings.values() for key in wanted}
    unlike: dict[str, None] = {}
    for seed in dict.fromkeys(seed for column in chosen.values() for seed in column):
        pair = [column[seed].setting for column in chosen.values() if seed in column]
        unlike |= {key: None for key in setting.differing(pair) if key not in named}
    keys = sorted(unlike)
    if not keys or setting.NAME in keys:
        return []
    told = ", ".join(keys[:_MOST_NAMED]) + (", …" if len(keys) > _MOST_NAMED else "")
    return [f"the runs that are paired also differ in {told}"]
