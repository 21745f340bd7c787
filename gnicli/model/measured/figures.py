"""The figure of the models beside training: loss, distance, tails of one-step increments, and divergence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from gnicli import survival
from gnicli.contracts.results import Curve, FigureData, Panel
from gnicli.model.measured.paths import Path, Records
from gnicli.model.measured.words import AGAIN, ARMS, DESCENT, TRAINING

_SHARES = (0.05, 0.5, 0.95)
_POINTS = 60  # of a line that is no record
_MOST = 10.0  # times training's own largest: lines end there, or those of chains on their way out would be all there is
_MOST_INCREMENT = 1000.0


def figure(paths: Mapping[str, Path], records: Records, traced: np.ndarray) -> FigureData:
    """Of the paths by arm; `traced` are the layers of the weights whose increments are kept."""
    shown = {name: path for name, path in paths.items() if name != AGAIN}
    panels = [
        _along(shown, records, "loss", "clean loss"),
        _along(shown, records, "distance", "distance from the start", first=1),
        _tails(shown, traced),
    ]
    if any((path.diverged_by >= 0).any() for path in shown.values()):
        panels.append(_survival(shown, records.n_steps))
    caption = (
        "Medians over all chains, those that diverged counted as larger than any other. A line ends where half of them "
        "have, or where it leaves ten times the range of training. Increments are those of single steps, in units of "
        "the median size of training's in their layer."
    )
    return FigureData(
        "Models beside training", tuple(panels), caption, "5 to 95 % of the chains of training", spread=True
    )


def _along(paths: Mapping[str, Path], records: Records, name: str, label: str, first: int = 0) -> Panel:
    """A quantity of the paths along the steps, from row `first` on."""
    curves: list[Curve] = []
    most = math.inf
    for arm, path in paths.items():
        values = np.where(np.isnan(getattr(path, name)), np.inf, getattr(path, name))
        low, middle, high = np.quantile(values, _SHARES, axis=1, method="inverted_cdf")
        seen = (middle < most) & (np.arange(len(middle)) >= first)
        seen &= np.logical_and.accumulate(seen | (np.arange(len(middle)) < first))  # none comes back
        if arm == TRAINING:
            most = _MOST * float(middle[seen].max())
        bounded = arm == TRAINING and bool(np.isfinite(high[seen]).all())
        below, above = (low[seen], high[seen]) if bounded else (None, None)
        if seen.any():
            curves.append(Curve(ARMS[arm], records.steps[seen], middle[seen], below, above, key=arm))
    scale: Any = "log" if all((curve.y > 0).all() for curve in curves) else "linear"
    return Panel(tuple(curves), "step", label, y_scale=scale)


def _tails(paths: Mapping[str, Path], traced: np.ndarray) -> Panel:
    """The share of increments that are larger than x, for the sizes that training's own reach and some beyond."""
    units = np.ones(len(traced))
    for k in np.unique(traced):
        sizes = np.abs(paths[TRAINING].increments[:, traced == k])
        middle = float(np.nanmedian(sizes)) if np.isfinite(sizes).any() else 0.0
        units[traced == k] = middle or 1.0
    curves = []
    most = math.inf
    for arm, path in paths.items():
        if arm == DESCENT:
            continue
        sizes = np.abs(path.increments) / units[None, :, None]
        sizes = np.sort(sizes[np.isfinite(sizes)])
        if not sizes.size or sizes[-1] <= 0.1:
            continue
        if arm == TRAINING:
            most = _MOST_INCREMENT * float(sizes[-1])
        x = np.geomspace(0.1, min(sizes[-1], most), _POINTS)
        share = 1 - np.searchsorted(sizes, x, "left") / sizes.size
        curves.append(Curve(ARMS[arm], x, share, key=arm))
    return Panel(tuple(curves), "size x of an increment", "share of increments ≥ x", x_scale="log", y_scale="log")


def _survival(paths: Mapping[str, Path], n_steps: int) -> Panel:
    """The share of chains that have not diverged."""
    curves = []
    for arm, path in paths.items():
        diverged = path.diverged_by >= 0
        steps = np.where(diverged, path.diverged_by, n_steps).astype(float)
        curves.append(survival.curve(ARMS[arm], steps, diverged)._replace(key=arm, low=None, high=None))
    return survival.panel(curves, "chains")
