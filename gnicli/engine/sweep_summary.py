"""The default summary of a sweep: one line per setting, averaged over seeds, with its interval."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from gnicli.contracts.results import Curve, FigureData, Panel, Results, RunRecord
from gnicli.engine import differences, figures
from gnicli.engine import records as records_of_runs
from gnicli.engine.summary import (
    Group,
    bands_of,
    ends,
    groups,
    mean_curve,
    mean_title,
    means_by_label,
    metric_panel,
    unfinished_curve,
    unit_of,
)
from gnicli.engine.sweep_records import NOT_STARTED
from gnicli.errors import DataError

MOST_CURVES = 30  # in a figure: nobody tells more apart, and a legend of hundreds takes minutes
_MOST_PANELS = 6  # of the figure of all other metrics
_CAPTION = "Mean over seeds of completed runs; bands are 95 % intervals of the mean (Student's t) where n >= 2."
_MOST_ABSENT = 10  # settings without a curve that a figure names; the notes name all


def _headline(records: Sequence[RunRecord], wanted: str) -> str | None:
    names = dict.fromkeys(name for record in records for name in record.metrics)
    if wanted in names:
        return wanted
    named = [name for record in records for name in record.values if name in names]
    return next(iter(named or names), None)


def kinds_of_pictures(records: Sequence[RunRecord]) -> tuple[str, ...]:
    """The kinds of pictures of a sweep's own figures: all that `run.pictures` of its jobs asks of a run by itself.

    What is not typed stands in files. Which files a job has depends on the choices that it names, so that of the jobs
    with equal choices one configuration is read: reading thousands takes seconds.
    """
    told = [record.overrides["run.pictures"] for record in records if "run.pictures" in record.overrides]
    examples: dict[tuple[tuple[str, str], ...], RunRecord] = {}
    for record in records:
        if "run.pictures" not in record.overrides and record.status != NOT_STARTED:
            choices = tuple((key, value) for key, value in record.overrides.items() if _may_choose(key, value))
            examples.setdefault(choices, record)
    asked: list[object] = [*told, *map(_configured_pictures, examples.values())] or ["auto"]
    kinds = {kind for pictures in asked for kind in figures.kinds_of(pictures, in_sweep=False)}
    return tuple(kind for kind in figures.FORMATS if kind in kinds)


def _may_choose(key: str, value: str) -> bool:
    """Whether an override may choose a file: a group has no dot in its name, and a choice is no number."""
    try:
        float(value)
    except ValueError:
        return "." not in key
    return False


def _configured_pictures(record: RunRecord) -> object:
    try:
        settings = records_of_runs.read_config(record.folder).get("run")
    except DataError:
        return "auto"
    return settings.get("pictures") if isinstance(settings, dict) else "auto"


def summary(records: Sequence[RunRecord], headline: str = "train_loss") -> Results:
    """Figures of the metrics against the step, the headline first, and each setting's mean of the values over seeds.

    Settings are compared with the first one, paired by seed, where they share seeds.
    """
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
    panels = [_panel(settings, curves, name)]
    caption = _CAPTION
    called = {curve.key: curve.words or curve.label for curve in curves}  # one entry of the legend for both panels
    gaps = [curve._replace(words=called.get(curve.key, "")) for curve in differences.curves(compared, name)]
    gaps = [curve for curve in gaps if curve.key not in left_out]
    if gaps:
        panels.append(differences.panel(gaps, f"{words} − that of {compared[0].reference}"))
        caption += " Differences are paired by seed, of settings of which no run diverged or failed."
    if left_out:
        caption += f" Of {len(kept) + len(left_out)} settings the {len(kept)} whose curves end lowest are drawn."
    if any(curve.style == "faint" for curve in curves):
        caption += " Pale: settings without a completed run, up to the last step that all their runs reached."
    if sentences:
        more = [f"{len(sentences) - _MOST_ABSENT} more settings"] if len(sentences) > _MOST_ABSENT else []
        caption += f" Not drawn: {'; '.join([*sentences[:_MOST_ABSENT], *more])}."
    lost = absent(settings, curves, name)[:_MOST_ABSENT]
    bands, order = bands_of([*curves, *gaps]), tuple(group.label for group in settings)
    figure = FigureData(mean_title(name), tuple(panels), caption, bands, absent=lost, order=order)
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
    return {other: FigureData(mean_title(other), (_panel(settings, curves, other),), _CAPTION, bands_of(curves))}


def _panel(settings: Sequence[Group], curves: Sequence[Curve], name: str) -> Panel:
    runs = (record.values for group in settings for record in group.records)
    return metric_panel(curves, name, unit=unit_of(name, runs))


def _rest(settings: Sequence[Group], drawn: Sequence[str]) -> dict[str, FigureData]:
    """The other metrics of completed runs in one figure, a panel each; those of parts, such as layers, come last."""
    metrics = dict.fromkeys(name for group in settings for record in group.records for name in record.metrics)
    names = sorted((name for name in metrics if name not in drawn), key=lambda name: "/" in name)
    panels = []
    for name in names[:_MOST_PANELS]:
        curves = [curve for group in settings if (curve := mean_curve(group, name)) is not None]
        if any(curve.x.size > 1 for curve in curves):
            panels.append(_panel(settings, curves, name))
    if not panels:
        return {}
    caption = _CAPTION
    if len(names) > _MOST_PANELS:
        caption += f" {len(names) - _MOST_PANELS} more metrics are not drawn here; gni plot draws any of them."
    bands = bands_of([curve for panel in panels for curve in panel.curves])
    return {"metrics": FigureData("Other metrics, mean over seeds", tuple(panels), caption, bands)}


def absent(settings: Sequence[Group], curves: Sequence[Curve], name: str) -> tuple[tuple[str, str], ...]:
    """The settings without a curve, with what became of their runs, for the legend."""
    drawn = {curve.key for curve in curves}
    keys = {group.label or name: ends(group.records) or "no common step" for group in settings}
    return tuple((key, why) for key, why in keys.items() if key not in drawn)


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
