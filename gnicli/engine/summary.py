"""The settings of a sweep: their runs, means over seeds with their intervals, and curves of these."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np

from gnicli import intervals
from gnicli.contracts.results import Curve, Panel, RunRecord, Value

CONFIDENCE = 0.95
_SEED = "seed"
_LOG_RANGE = 10.0  # a positive quantity that spans more than this factor is drawn on a logarithmic axis


class Group(NamedTuple):
    """The jobs of one setting, all overrides but the seed being equal."""

    label: str
    records: list[RunRecord]


def varying(records: Sequence[RunRecord]) -> list[str]:
    """The overridden keys that are not the same in all jobs whose overrides are known."""
    known = [record.overrides for record in records if record.overrides]
    keys = dict.fromkeys(key for overrides in known for key in overrides)
    return [key for key in keys if len({overrides.get(key) for overrides in known}) > 1]


def labels_of(records: Sequence[RunRecord], keys: Sequence[str]) -> list[str]:
    """Each job's setting in words: `M=4 seed=1`."""
    return [" ".join(f"{key}={r.overrides[key]}" for key in keys if key in r.overrides) for r in records]


def groups(records: Sequence[RunRecord]) -> list[Group]:
    """Jobs by setting, in the order of their first job, named by what varies; jobs never started are left out."""
    started = [record for record in records if record.status != "not started"]
    keys = [key for key in varying(records) if key != _SEED]
    found: dict[str, list[RunRecord]] = {}  # not by pandas: what is grouped are runs, which are no rows of a table
    for record, label in zip(started, labels_of(started, keys), strict=True):
        found.setdefault(label, []).append(record)
    return [Group(label, members) for label, members in found.items()]


def half_width(values: np.ndarray, confidence: float = CONFIDENCE) -> np.ndarray:
    """Half of Student's interval (95 %) of the mean over axis 0, which has n >= 2 entries."""
    n = values.shape[0]
    half: np.ndarray = intervals.half_width(values.std(axis=0, ddof=1) / math.sqrt(n), n, (1 - confidence) / 2)
    return half


def mean_value(values: np.ndarray, unit: str = "") -> Value:
    """The mean of values (n,) with its standard error and, where n >= 2, Student's 95 % interval."""
    mean, n = float(values.mean()), int(values.size)
    if n < 2:
        return Value(mean, n=n, unit=unit)
    half = float(half_width(values))
    return Value(mean, float(values.std(ddof=1) / math.sqrt(n)), n, unit, (mean - half, mean + half))


def aligned(series: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """The steps that all of several (steps, values) have, sorted, (k,), and the values there, (n, k).

    Of a step that one of them has twice the later value counts.
    """
    import pandas

    columns = [pandas.Series(values, steps) for steps, values in series]
    columns = [column[~column.index.duplicated(keep="last")] for column in columns]
    table = pandas.concat(columns, axis=1, join="inner").sort_index()
    # Contiguous, so that sums over runs are added up in their order.
    return table.index.to_numpy(), np.ascontiguousarray(table.to_numpy().T)


def mean_curve(group: Group, name: str) -> Curve | None:
    """The mean of a metric over a setting's completed runs, at the steps they share, and its interval over seeds.

    Other runs count in the label. None where no run was completed or none has the metric.
    """
    return _curve(group, name, [r for r in group.records if r.status == "completed" and name in r.metrics], "line")


def unfinished_curve(group: Group, name: str, diverged: bool) -> Curve | None:
    """The same, faint, of a setting without a completed run: its runs that diverged, or its other ones.

    Their ends are their own, so only the steps at which all are still finite are kept.
    """
    used = [r for r in group.records if (r.status == "diverged") is diverged and name in r.metrics]
    return _curve(group, name, used, "faint")


def _curve(group: Group, name: str, used: list[RunRecord], style: Literal["line", "faint"]) -> Curve | None:
    if not used:
        return None
    x, values = aligned([r.metrics[name] for r in used])
    if style == "faint":
        finite = np.isfinite(values).all(axis=0)
        x, values = x[finite], np.ascontiguousarray(values[:, finite])
    if not x.size:
        return None
    mean = values.mean(axis=0)
    if len(used) < 2:
        low = high = None
    else:
        half = half_width(values)
        low, high = mean - half, mean + half
    words = _label(group, name.replace("_", " "))
    return Curve(_label(group, name), x, mean, low, high, style, words, group.label or name)


def ends(records: Sequence[RunRecord]) -> str:
    """What became of the runs that are not completed, in words: `1 diverged at step 8, 1 failed`; "" where all are."""
    parts = []
    for status in sorted({r.status for r in records} - {"completed"}):
        mine = [r for r in records if r.status == status]
        steps = sorted(int(r.values["diverged_at"].number) for r in mine if "diverged_at" in r.values)
        at = f" at step {', '.join(map(str, steps))}" if status == "diverged" and steps else ""
        parts.append(f"{len(mine)} {status}{at}")
    return ", ".join(parts)


def _label(group: Group, name: str) -> str:
    n = len(group.records)
    seeds = f"{n} seed{'s' if n != 1 else ''}"
    ends = {status: sum(r.status == status for r in group.records) for status in {r.status for r in group.records}}
    others = [f"{count} {status}" for status, count in sorted(ends.items()) if status != "completed"]
    return f"{group.label or name} ({', '.join([seeds, *others])})"


def mean_title(name: str) -> str:
    """The title of a metric's means: `train_loss` is "Train loss, mean over seeds"."""
    words = name.replace("_", " ")
    return f"{words[:1].upper()}{words[1:]}, mean over seeds"


def bands_of(curves: Sequence[Curve]) -> str:
    """What the bands of means are, where there are any."""
    return "95 % interval of the mean" if any(curve.low is not None for curve in curves) else ""


def y_scale(curves: Sequence[Curve], y_range: tuple[float, float] | None = None) -> Literal["linear", "log"]:
    """Logarithmic where the curves are positive and span more than a factor of 10, and the quantity has no upper end.

    Of what cannot exceed 1, such as an accuracy, it counts how far from there it is, which a logarithm hides.
    """
    if y_range is not None and math.isfinite(y_range[1]):
        return "linear"
    drawn = np.concatenate([curve.y for curve in curves]) if curves else np.empty(0)
    drawn = drawn[np.isfinite(drawn)]
    return "log" if drawn.size > 0 and drawn.min() > 0 and drawn.max() > _LOG_RANGE * drawn.min() else "linear"


# What a metric can be, by a word of its name; the first that fits counts. Others have the unit of a value of that name.
_RANGES = (
    ("stderr", (0.0, math.inf)),
    ("accuracy", (0.0, 1.0)),
    ("loss", (0.0, math.inf)),
    ("alpha", (0.0, 2.0)),
    ("beta", (-1.0, 1.0)),
)
_OF_UNITS = {"fraction": (-math.inf, 1.0)}  # a fraction that is explained may be negative


def _range_of(name: str, unit: str) -> tuple[float, float] | None:
    words = name.replace("_", " ").replace("/", " ").split()
    return next((ends for word, ends in _RANGES if word in words), _OF_UNITS.get(unit))


def unit_of(name: str, runs: Iterable[Mapping[str, Value]]) -> str:
    """The unit that the first of these runs to have a value of this name gives it, "" where none has."""
    return next((values[name].unit for values in runs if name in values), "")


def metric_panel(curves: Sequence[Curve], name: str, title: str = "", *, unit: str = "") -> Panel:
    """A panel of curves of a metric along the steps; bands are cut to what the metric can be, where that is known."""
    ends = _range_of(name, unit)
    return Panel(tuple(curves), "step", name.replace("_", " "), title, y_scale=y_scale(curves, ends), y_range=ends)


def means_of(group: Group) -> dict[str, Value]:
    """Each value's mean over the completed runs; of a single run its own value, with the error that it has."""
    complete = [r for r in group.records if r.status == "completed"]
    means = {}
    for name in dict.fromkeys(name for r in complete for name in r.values):
        found = [r.values[name] for r in complete if name in r.values]
        if len(found) == 1:
            means[name] = found[0]
        elif all(isinstance(value.value, float) for value in found):
            mean = mean_value(np.array([value.value for value in found], float), found[0].unit)
            caveats = dict.fromkeys(value.caveat for value in found if value.caveat)
            means[name] = mean._replace(caveat=", ".join(caveats))
    return means


def means_by_label(settings: Sequence[Group]) -> dict[str, Value]:
    """The means of every setting by `value [setting]`, or by the value's own name where nothing varies."""
    return {
        f"{name} [{group.label}]" if group.label else name: value
        for group in settings
        for name, value in means_of(group).items()
    }
