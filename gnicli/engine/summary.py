"""The default summary of a sweep: one line per setting, averaged over seeds, with its interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from gnicli.contracts import Curve, FigureData, Panel, Results, RunRecord, Value

CONFIDENCE = 0.95
_SEED = "seed"
_LOG_RANGE = 10.0  # a positive quantity that spans more than this factor is drawn on a logarithmic axis


class Group(NamedTuple):
    """The jobs of one setting, all overrides but the seed being equal."""

    label: str
    records: list[RunRecord]


def varying(records: Sequence[RunRecord]) -> list[str]:
    """The overridden keys that are not the same in all jobs that started."""
    started = [record.overrides for record in records if record.overrides]
    keys = dict.fromkeys(key for overrides in started for key in overrides)
    return [key for key in keys if len({overrides.get(key) for overrides in started}) > 1]


def labels_of(records: Sequence[RunRecord], keys: Sequence[str]) -> list[str]:
    """Each job's setting in words: `M=4 seed=1`."""
    return [" ".join(f"{key}={r.overrides[key]}" for key in keys if key in r.overrides) for r in records]


def groups(records: Sequence[RunRecord]) -> list[Group]:
    """Jobs by setting, in the order of their first job, named by what varies; jobs never started are left out."""
    started = [record for record in records if record.overrides or record.status != "not started"]
    keys = [key for key in varying(started) if key != _SEED]
    found: dict[str, list[RunRecord]] = {}
    for record, label in zip(started, labels_of(started, keys), strict=True):
        found.setdefault(label, []).append(record)
    return [Group(label, members) for label, members in found.items()]


def half_width(values: np.ndarray) -> np.ndarray:
    """Half of Student's 95 % interval of the mean over axis 0, which has n >= 2 entries."""
    from scipy.special import stdtrit

    n = values.shape[0]
    return stdtrit(n - 1, (1 + CONFIDENCE) / 2) * values.std(axis=0, ddof=1) / math.sqrt(n)


def mean_value(values: np.ndarray, unit: str = "") -> Value:
    """The mean of values (n,) with its standard error and, where n >= 2, Student's 95 % interval."""
    mean, n = float(values.mean()), int(values.size)
    if n < 2:
        return Value(mean, n=n, unit=unit)
    half = float(half_width(values))
    return Value(mean, float(values.std(ddof=1) / math.sqrt(n)), n, unit, (mean - half, mean + half))


def mean_curve(group: Group, name: str) -> Curve | None:
    """The mean of a metric over a setting's completed runs, at the steps they share, and its interval over seeds.

    Other runs count in the label. Where no run was completed, the runs that there are make the curve, dashed.
    """
    complete = [r for r in group.records if r.status == "completed" and name in r.metrics]
    used = complete or [r for r in group.records if name in r.metrics]
    if not used:
        return None
    tables = [dict(zip(r.metrics[name][0].tolist(), r.metrics[name][1].tolist(), strict=True)) for r in used]
    shared = set.intersection(*(set(table) for table in tables))
    if not complete:  # ends of their own: keep the steps at which all are still finite
        shared = {step for step in shared if all(math.isfinite(table[step]) for table in tables)}
    steps = sorted(shared)
    if not steps:
        return None
    values = np.array([[table[step] for step in steps] for table in tables])
    x, mean = np.array(steps), values.mean(axis=0)
    style: Literal["line", "dashed"] = "line" if complete else "dashed"
    if len(used) < 2:
        return Curve(_label(group, name), x, mean, style=style)
    half = half_width(values)
    return Curve(_label(group, name), x, mean, mean - half, mean + half, style)


def _label(group: Group, name: str) -> str:
    n = len(group.records)
    seeds = f"{n} seed{'s' if n != 1 else ''}"
    ends = {status: sum(r.status == status for r in group.records) for status in {r.status for r in group.records}}
    others = [f"{count} {status}" for status, count in sorted(ends.items()) if status != "completed"]
    return f"{group.label or name} ({', '.join([seeds, *others])})"


def _headline(records: Sequence[RunRecord], wanted: str) -> str | None:
    names = dict.fromkeys(name for record in records for name in record.metrics)
    if wanted in names:
        return wanted
    named = [name for record in records for name in record.values if name in names]
    return next(iter(named or names), None)


def summary(records: Sequence[RunRecord], headline: str = "train_loss") -> Results:
    """A figure of the headline metric against the step, and each setting's mean of the headline values over seeds."""
    name = _headline(records, headline)
    settings = groups(records)
    notes = [note for group in settings for note in _notes(group)]
    values = {key: value for group in settings for key, value in _means(group).items()}
    if name is None:
        return Results(values, notes=tuple(notes))
    curves = [curve for group in settings if (curve := mean_curve(group, name)) is not None]
    missing = [group.label for group in settings if mean_curve(group, name) is None]
    notes += [f"{label or 'the runs'}: no finite {name} that all its runs share, so no curve" for label in missing]
    if not curves:
        return Results(values, notes=tuple(notes))
    drawn = np.concatenate([curve.y for curve in curves])
    drawn = drawn[np.isfinite(drawn)]
    is_wide = drawn.size > 0 and drawn.min() > 0 and drawn.max() > _LOG_RANGE * drawn.min()
    panel = Panel(tuple(curves), "step", name.replace("_", " "), y_scale="log" if is_wide else "linear")
    caption = "Mean over seeds of completed runs; bands are 95 % intervals of the mean (Student's t) where n >= 2."
    return Results(values, figures={name: FigureData("", (panel,), caption)}, notes=tuple(notes))


def _notes(group: Group) -> list[str]:
    bad = [r for r in group.records if r.status != "completed"]
    name = group.label or "the runs"
    return [f"{name}: job {r.job} {r.status}{': ' if r.message else ''}{r.message}" for r in bad]


def _means(group: Group) -> dict[str, Value]:
    complete = [r for r in group.records if r.status == "completed"]
    means = {}
    for name in dict.fromkeys(name for r in complete for name in r.values):
        numbers = [r.values[name].value for r in complete if name in r.values]
        if any(not isinstance(number, float) for number in numbers):
            continue
        values = np.array(numbers, float)
        unit = next(r.values[name].unit for r in complete if name in r.values)
        means[f"{name} [{group.label}]" if group.label else name] = mean_value(values, unit)
    return means
