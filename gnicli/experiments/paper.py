"""What a sweep of `gni train experiment=…` tells: the arms' curves over seeds, and how they differ, seed by seed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gnicli.contracts import Curve, FigureData, Panel, Results, RunRecord, Value


class Figure(NamedTuple):
    """A figure of the paper: what is drawn, the arm that others are compared with, and how the paper made it."""

    metric: str
    key: str
    reference: str
    paper: str


DEFAULTS = {"protocol": "learnable", "budget": "quick"}
SKIPPED = 0.1
FIGURES = {
    "fig4": Figure("train_loss", "arm", "M1", "60,000 steps, 5 seeds"),
    "fig5": Figure("train_loss", "M", "1", "60,000 steps, 5 seeds"),
}


def summarise(records: Sequence[RunRecord]) -> Results:
    """The default summary; for an experiment of the paper with paired differences and what the budget was.

    Runs that diverged take part in no mean: they are counted, in the label of their curve and as a value.
    """
    from gnicli.engine.summary import summary

    names = {record.overrides.get("experiment") for record in records if record.overrides}
    name = names.pop() if len(names) == 1 else None
    if name not in FIGURES:
        return summary(records)
    figure = FIGURES[name]
    found = summary(records, figure.metric)
    started = [record for record in records if figure.key in record.overrides]
    values = dict(found.values) | _diverged(started, figure) | _differences(started, figure)
    notes = (_budget(name, started, figure), *found.notes)
    figures = dict(found.figures)
    if figure.metric in figures:
        figures[figure.metric] = _picture(found.figures[figure.metric], started, figure)
    return found._replace(values=values, notes=notes, figures=figures)


def _picture(drawn: FigureData, records: Sequence[RunRecord], figure: Figure) -> FigureData:
    """The default figure after the first steps, whose leaps would hide the rest, and the paired differences."""
    (panel,) = drawn.panels
    first = max(float(curve.x[-1]) for curve in panel.curves) * SKIPPED
    late = [_after(curve, first) for curve in panel.curves]
    curves = tuple(curve for curve in late if curve.x.size)
    labels = {curve.label.partition(" (")[0]: curve.label for curve in curves}  # equal labels have equal colors
    gaps = [_after(curve, first) for curve in _gap_curves(records, figure)]
    gaps = [curve._replace(label=labels.get(curve.label, curve.label)) for curve in gaps]
    what = figure.metric.replace("_", " ")
    panels = [panel._replace(curves=curves, y_scale="linear")]
    if gaps:
        panels.append(Panel(tuple(gaps), "step", f"{what} − that of {figure.key}={figure.reference}"))
    lost = [f"{name[10:-1]} {v.value:g} of {v.n}" for name, v in _diverged(records, figure).items() if v.value]
    caption = (
        f"{drawn.caption} Differences are paired by seed. The first {SKIPPED:.0%} of the steps are not shown, nor are "
        f"runs that diverged: {', '.join(lost) or 'none'}."
    )
    return FigureData(drawn.title, tuple(panels), caption)


def _after(curve: Curve, first: float) -> Curve:
    """A curve from a step on."""
    kept = curve.x >= first
    low, high = (None if band is None else band[kept] for band in (curve.low, curve.high))
    return curve._replace(x=curve.x[kept], y=curve.y[kept], low=low, high=high)


def _gap_curves(records: Sequence[RunRecord], figure: Figure) -> list[Curve]:
    """For each arm the mean over seeds of its metric minus the reference's, over pairs that were completed."""
    from gnicli.engine.summary import half_width

    series: dict[str, dict[tuple[tuple[str, str], ...], np.ndarray]] = {}
    x = np.empty(0)
    for record in records:
        if record.status == "completed" and figure.metric in record.metrics:
            x, y = record.metrics[figure.metric]
            series.setdefault(record.overrides[figure.key], {})[_rest(record, figure)] = y
    reference = series.get(figure.reference, {})
    curves = []
    for arm, runs in series.items():
        gaps = [y - reference[rest] for rest, y in runs.items() if rest in reference and y.size == x.size]
        if arm == figure.reference or not gaps:
            continue
        mean = np.mean(gaps, axis=0)
        half = half_width(np.array(gaps)) if len(gaps) > 1 else np.zeros_like(mean)
        curves.append(Curve(f"{figure.key}={arm}", x, mean, mean - half, mean + half))
    return curves


def _rest(record: RunRecord, figure: Figure) -> tuple[tuple[str, str], ...]:
    """What a run has in common with its partner of another arm."""
    return tuple(sorted((k, v) for k, v in record.overrides.items() if k != figure.key))


def _arms(records: Sequence[RunRecord], figure: Figure) -> list[str]:
    return list(dict.fromkeys(record.overrides[figure.key] for record in records))


def _diverged(records: Sequence[RunRecord], figure: Figure) -> dict[str, Value]:
    """How many runs of each arm diverged."""
    found = {}
    for arm in _arms(records, figure):
        ends = [record.status == "diverged" for record in records if record.overrides[figure.key] == arm]
        found[f"diverged [{figure.key}={arm}]"] = Value(float(sum(ends)), n=len(ends), unit="run")
    return found


def _differences(records: Sequence[RunRecord], figure: Figure) -> dict[str, Value]:
    """Each arm's last value minus that of the reference with the same seed, over the pairs that were completed."""
    lasts: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for record in records:
        if record.status == "completed" and figure.metric in record.values:
            last = record.values[figure.metric].number
            lasts.setdefault(record.overrides[figure.key], {})[_rest(record, figure)] = last
    reference = lasts.get(figure.reference, {})
    found = {}
    for arm, values in lasts.items():
        pairs = np.array([value - reference[rest] for rest, value in values.items() if rest in reference])
        if arm != figure.reference and pairs.size:
            stderr = float(pairs.std(ddof=1) / math.sqrt(pairs.size)) if pairs.size > 1 else None
            label = f"{figure.metric} above {figure.key}={figure.reference} [{figure.key}={arm}]"
            found[label] = Value(float(pairs.mean()), stderr, pairs.size)
    return found


def _budget(name: str, records: Sequence[RunRecord], figure: Figure) -> str:
    """What this run is, beside what the paper's was."""
    chosen = {key: records[0].overrides.get(key, default) for key, default in DEFAULTS.items()} if records else DEFAULTS
    steps = max((int(r.metrics[figure.metric][0][-1]) for r in records if figure.metric in r.metrics), default=0)
    seeds = len({record.overrides.get("seed") for record in records})
    settings = " ".join(f"{key}={value}" for key, value in chosen.items())
    return (
        f"{name} with {settings}: {steps:,} steps, {seeds} seed{'s' if seeds != 1 else ''} for each "
        f"{figure.key}; the paper: {figure.paper}"
    )
