"""The default summary of a sweep: one line per setting, averaged over seeds, with its interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from gnicli.contracts.results import Curve, FigureData, Panel, Results, RunRecord, Value

CONFIDENCE = 0.95
MOST_CURVES = 30  # in a figure: nobody tells more apart, and a legend of hundreds takes minutes
_MOST_PANELS = 6  # of the figure of all other metrics
_CAPTION = "Mean over seeds of completed runs; bands are 95 % intervals of the mean (Student's t) where n >= 2."
_MOST_ABSENT = 10  # settings without a curve that a figure names; the notes name all
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
    found: dict[str, list[RunRecord]] = {}  # not by pandas: what is grouped are runs, which are no rows of a table
    for record, label in zip(started, labels_of(started, keys), strict=True):
        found.setdefault(label, []).append(record)
    return [Group(label, members) for label, members in found.items()]


def half_width(values: np.ndarray, confidence: float = CONFIDENCE) -> np.ndarray:
    """Half of Student's interval (95 %) of the mean over axis 0, which has n >= 2 entries."""
    from scipy.special import stdtrit

    n = values.shape[0]
    return stdtrit(n - 1, (1 + confidence) / 2) * values.std(axis=0, ddof=1) / math.sqrt(n)


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


def _headline(records: Sequence[RunRecord], wanted: str) -> str | None:
    names = dict.fromkeys(name for record in records for name in record.metrics)
    if wanted in names:
        return wanted
    named = [name for record in records for name in record.values if name in names]
    return next(iter(named or names), None)


def summary(records: Sequence[RunRecord], headline: str = "train_loss") -> Results:
    """Figures of the metrics against the step, the headline first, and each setting's mean of the values over seeds.

    Settings are compared with the first one, paired by seed, where they share seeds.
    """
    from gnicli.engine import differences  # which builds on this module

    name = _headline(records, headline)
    settings = groups(records)
    notes = [note for group in settings for note in _notes(group)]
    compared = differences.compared(settings)
    values = means_by_label(settings) | differences.values(compared)
    if name is None:
        return Results(values, notes=tuple(notes))
    curves, sentences = _drawn(settings, name)
    notes += [f"{sentence}, so no curve" for sentence in sentences]
    if not curves:
        return Results(values, notes=tuple(notes))
    kept, left_out = _lowest(curves)
    settings = [group for group in settings if (group.label or name) not in left_out]
    curves = kept
    words = name.replace("_", " ")
    panels = [Panel(tuple(curves), "step", words, y_scale=y_scale(curves))]
    caption = _CAPTION
    gaps = [curve for curve in differences.curves(compared, name) if curve.key not in left_out]
    if gaps:
        panels.append(Panel(tuple(gaps), "step", f"{words} − that of {compared[0].reference}"))
        caption += " Differences are paired by seed, of settings of which no run diverged or failed."
    if left_out:
        caption += f" Of {len(kept) + len(left_out)} settings the {len(kept)} whose curves end lowest are drawn."
    if any(curve.style == "faint" for curve in curves):
        caption += " Pale: settings without a completed run, up to the last step that all their runs reached."
    if sentences:
        more = [f"{len(sentences) - _MOST_ABSENT} more settings"] if len(sentences) > _MOST_ABSENT else []
        caption += f" Not drawn: {'; '.join([*sentences[:_MOST_ABSENT], *more])}."
    lost = absent(settings, curves, name)[:_MOST_ABSENT]
    figure = FigureData(mean_title(name), tuple(panels), caption, bands_of([*curves, *gaps]), absent=lost)
    others = _beside(settings, name)
    return Results(values, figures={name: figure, **others, **_rest(settings, (name, *others))}, notes=tuple(notes))


def _lowest(curves: Sequence[Curve]) -> tuple[list[Curve], set[str]]:
    """Those `MOST_CURVES` of the curves that end lowest, in their order, and the keys of the others."""
    ends = [curve.y[-1] if np.isfinite(curve.y[-1]) else math.inf for curve in curves]
    chosen = set(sorted(range(len(curves)), key=ends.__getitem__)[:MOST_CURVES])
    return (
        [curve for number, curve in enumerate(curves) if number in chosen],
        {curve.key for number, curve in enumerate(curves) if number not in chosen},
    )


def _beside(settings: Sequence[Group], name: str) -> dict[str, FigureData]:
    """The test loss of completed runs beside the training loss: of what was learned it is the other half."""
    other = name.replace("train_", "test_", 1)
    curves = [curve for group in settings if other != name and (curve := mean_curve(group, other)) is not None]
    if not curves:
        return {}
    panel = Panel(tuple(curves), "step", other.replace("_", " "), y_scale=y_scale(curves))
    return {other: FigureData(mean_title(other), (panel,), _CAPTION, bands_of(curves))}


def _rest(settings: Sequence[Group], drawn: Sequence[str]) -> dict[str, FigureData]:
    """The other metrics of completed runs in one figure, a panel each; those of parts, such as layers, come last."""
    metrics = dict.fromkeys(name for group in settings for record in group.records for name in record.metrics)
    names = sorted((name for name in metrics if name not in drawn), key=lambda name: "/" in name)
    panels = []
    for name in names[:_MOST_PANELS]:
        curves = [curve for group in settings if (curve := mean_curve(group, name)) is not None]
        if any(curve.x.size > 1 for curve in curves):
            panels.append(Panel(tuple(curves), "step", name.replace("_", " "), y_scale=y_scale(curves)))
    if not panels:
        return {}
    caption = _CAPTION
    if len(names) > _MOST_PANELS:
        caption += f" {len(names) - _MOST_PANELS} more metrics are not drawn here; gni plot draws any of them."
    bands = bands_of([curve for panel in panels for curve in panel.curves])
    return {"metrics": FigureData("Other metrics, mean over seeds", tuple(panels), caption, bands)}


def mean_title(name: str) -> str:
    """The title of a metric's means: `train_loss` is "Train loss, mean over seeds"."""
    words = name.replace("_", " ")
    return f"{words[:1].upper()}{words[1:]}, mean over seeds"


def bands_of(curves: Sequence[Curve]) -> str:
    """What the bands of means are, where there are any."""
    return "95 % interval of the mean" if any(curve.low is not None for curve in curves) else ""


def absent(settings: Sequence[Group], curves: Sequence[Curve], name: str) -> tuple[tuple[str, str], ...]:
    """The settings without a curve, with what became of their runs, for the legend."""
    drawn = {curve.key for curve in curves}
    keys = {group.label or name: ends(group.records) or "no common step" for group in settings}
    return tuple((key, why) for key, why in keys.items() if key not in drawn)


def y_scale(curves: Sequence[Curve]) -> Literal["linear", "log"]:
    """Logarithmic where the curves are positive and span more than a factor of 10."""
    drawn = np.concatenate([curve.y for curve in curves]) if curves else np.empty(0)
    drawn = drawn[np.isfinite(drawn)]
    return "log" if drawn.size > 0 and drawn.min() > 0 and drawn.max() > _LOG_RANGE * drawn.min() else "linear"


def _drawn(settings: Sequence[Group], name: str) -> tuple[list[Curve], list[str]]:
    """A curve for each setting that has one, and sentences on the others.

    A setting whose runs all diverged would hide the rest, so it is drawn only where there is nothing else.
    """
    found = {group.label: mean_curve(group, name) or unfinished_curve(group, name, False) for group in settings}
    if not any(found.values()):
        found = {group.label: unfinished_curve(group, name, True) for group in settings}
    sentences = []
    for group in settings:
        if found[group.label] is None:
            why = ends(group.records) or "they share no step"
            sentences.append(f"{group.label or 'the runs'}: no finite {name} of completed runs ({why})")
    return [curve for curve in found.values() if curve is not None], sentences


def _notes(group: Group) -> list[str]:
    bad = [r for r in group.records if r.status != "completed"]
    name = group.label or "the runs"
    n = len(group.records) - len(bad)
    sentences = [f"{name}: means are those of the {n} completed of {len(group.records)} runs"] if bad and n else []
    return [f"{name}: job {r.job} {r.status}{': ' if r.message else ''}{r.message}" for r in bad] + sentences


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
