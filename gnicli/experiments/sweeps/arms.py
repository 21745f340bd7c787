"""Figures of the runs of `gni gradient-noise -m` in one: the arms of a sweep side by side, or in the same axes.

Their data are those of the runs' own figures, which their folders keep.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gnicli.contracts.results import Curve, FigureData, Panel
from gnicli.engine import figure_data
from gnicli.engine.summary import Group, bands_of, half_width
from gnicli.errors import DataError
from gnicli.measure.growth.results import WORDS

_MOST_ARMS = 8  # more panels or curves than these are told apart by nobody
_MEASURED = "measured"  # the curve of an average's own draws
_NORMAL = "Gaussian"


def figures(groups: Sequence[Group]) -> dict[str, FigureData]:
    """By name, the figures over arms that the runs' figures allow: slopes of moments, tails of averages, stable fits.

    None where a sweep has one arm, whose runs draw it, or more than can be told apart.
    """
    if not 1 < len(groups) <= _MOST_ARMS:
        return {}
    found = {"slopes": _slopes(groups), "tails": _tails(groups), "stable_fit": _stable_fits(groups)}
    return {name: figure for name, figure in found.items() if figure is not None}


def _slopes(groups: Sequence[Group]) -> FigureData | None:
    """The growth of the moments of gradient noise: a panel for each arm."""
    arms = {group.label: _panels(_figures(group, "slopes"), WORDS["gradient"]) for group in groups}
    panels = [_mean(found, label) for label, found in arms.items() if found]
    if len(panels) < 2:
        return None
    has_seeds = any(len(found) > 1 for found in arms.values())
    return FigureData(
        "Slope of log ‖X‖ₘ against log m, gradient noise",
        tuple(panels),
        "Dots: importance sampling. Dashed: exact values, where they are known.",
        "95 % interval of the mean over seeds, of a single run 2 standard errors" if has_seeds else "2 standard errors",
        "xy",
    )


def _tails(groups: Sequence[Group]) -> FigureData | None:
    """The tails of averages over B points: a panel for each B, with the measured curve of every arm."""
    arms = {group.label: _figures(group, "tails") for group in groups}
    arms = {label: drawn for label, drawn in arms.items() if drawn}
    titles = [panel.title for panel in next(iter(arms.values()))[0].panels] if len(arms) > 1 else []
    panels = []
    for title in titles:
        curves: list[Curve] = []
        normal: Curve | None = None
        for label, drawn in arms.items():
            mine = _panels(drawn, title)
            if mine:
                mean = _mean(mine, title)
                curves += [c._replace(label=label, key=label) for c in mean.curves if c.label == _MEASURED]
                normal = normal or next((c for c in mean.curves if c.label == _NORMAL), None)
        if len(curves) > 1:
            panels.append(mean._replace(curves=(*curves, *([normal] if normal else []))))
    if not panels:
        return None
    return FigureData(
        "Tails of the mean gradient over B points",
        tuple(panels),
        "Share of the draws beyond x standard deviations of their mean, for every arm of the sweep (mean over seeds).",
        bands_of([curve for panel in panels for curve in panel.curves]),
        "xy",
    )


def _stable_fits(groups: Sequence[Group]) -> FigureData | None:
    """Figure A.4: the fits of one draw, a row of layers for each arm."""
    rows = [(group.label, drawn[0]) for group in groups if (drawn := _figures(group, "stable_fit"))]
    if len(rows) < 2:
        return None
    panels = tuple(
        panel._replace(title=f"{label}, {panel.title}", heading=f"{label}, {panel.heading or panel.title}")
        for label, figure in rows
        for panel in figure.panels
    )
    sizes = {len(figure.panels) for _, figure in rows}
    return FigureData(
        rows[0][1].title,
        panels,
        f"{rows[0][1].caption} Of each setting its first completed run is shown; the others have this figure too.",
        n_columns=sizes.pop() if len(sizes) == 1 else 0,
    )


def _figures(group: Group, name: str) -> list[FigureData]:
    """The figure of each completed run that has it; a damaged file is left out, as one that is absent."""
    found = []
    for record in group.records:
        if record.status == "completed":
            try:
                found.append(figure_data.read(record.folder / "figures" / f"{name}.json"))
            except (FileNotFoundError, DataError):
                continue
    return found


def _panels(figures: Sequence[FigureData], title: str) -> list[Panel]:
    """The panels of that title."""
    return [panel for figure in figures for panel in figure.panels if panel.title == title]


def _mean(panels: Sequence[Panel], title: str) -> Panel:
    """The panel of one run, or that of the mean over several with Student's intervals, named `title`."""
    first = panels[0]._replace(title=title, heading="")
    if len(panels) < 2:
        return first
    return first._replace(curves=tuple(_mean_curve(curve, panels) for curve in first.curves))


def _mean_curve(curve: Curve, panels: Sequence[Panel]) -> Curve:
    same = [c for panel in panels for c in panel.curves if c.label == curve.label and np.array_equal(c.x, curve.x)]
    values = np.array([c.y for c in same])
    if len(same) < 2 or np.array_equal(values, values[:1].repeat(len(same), 0), equal_nan=True):
        return curve
    mean, half = values.mean(axis=0), half_width(values)
    return curve._replace(y=mean, low=mean - half, high=mean + half)
