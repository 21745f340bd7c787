"""The figure of the models beside training: loss, distance, tails of one-step increments, and divergence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gnicli.contracts.results import Curve, FigureData, Panel
from gnicli.model.measured.paths import Path, Records
from gnicli.model.measured.words import AGAIN, ARMS, DESCENT, TRAINING

_SHARES = (0.05, 0.5, 0.95)
_TAIL_POINTS = 60


def figure(paths: Mapping[str, Path], records: Records, traced: np.ndarray) -> FigureData:
    """Of the paths by arm; `traced` are the layers of the weights whose increments are kept."""
    shown = {name: path for name, path in paths.items() if name != AGAIN}
    panels = [
        _along(shown, records, "loss", "loss f"),
        _along(shown, records, "distance", "distance from the start", first=1),
        _tails(shown, traced),
    ]
    if any((path.diverged_by >= 0).any() for path in shown.values()):
        panels.append(_survival(shown, records.n_steps))
    caption = (
        "Medians over all chains, those that diverged counted as larger than any other; a line ends where half of them "
        "have. Increments are those of single steps, in units of the median size of training's in their layer."
    )
    return FigureData(
        "Models beside training", tuple(panels), caption, "5 to 95 % of the chains of training", spread=True
    )


def _along(paths: Mapping[str, Path], records: Records, name: str, label: str, first: int = 0) -> Panel:
    """A quantity of the paths along the steps, from row `first` on."""
    curves = []
    for arm, path in paths.items():
        values = np.where(np.isnan(getattr(path, name)), np.inf, getattr(path, name))
        low, middle, high = np.quantile(values, _SHARES, axis=1, method="inverted_cdf")
        seen = np.isfinite(middle) & (np.arange(len(middle)) >= first)
        ends = (low[seen], high[seen]) if arm == TRAINING and np.isfinite(high[seen]).all() else (None, None)
        curves.append(Curve(ARMS[arm], records.steps[seen], middle[seen], *ends, key=arm))
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
    for arm, path in paths.items():
        if arm == DESCENT:
            continue
        sizes = np.abs(path.increments) / units[None, :, None]
        sizes = np.sort(sizes[np.isfinite(sizes)])
        if not sizes.size or sizes[-1] <= 0.1:
            continue
        x = np.geomspace(0.1, sizes[-1], _TAIL_POINTS)
        share = 1 - np.searchsorted(sizes, x, "left") / sizes.size
        curves.append(Curve(ARMS[arm], x, share, key=arm))
    return Panel(tuple(curves), "size x of an increment", "share of increments ≥ x", x_scale="log", y_scale="log")


def _survival(paths: Mapping[str, Path], n_steps: int) -> Panel:
    """The share of chains that have not diverged; all chains are followed to the end, so it is their plain share."""
    curves = []
    for arm, path in paths.items():
        lost = np.sort(path.diverged_by[path.diverged_by >= 0])
        n = len(path.diverged_by)
        x = np.concatenate([[1], np.repeat(lost, 2), [n_steps]])
        left = 1 - np.arange(len(lost) + 1) / n
        y = np.repeat(left, 2)
        curves.append(Curve(ARMS[arm], x.astype(float), y, key=arm))
    label = "share of chains that have not diverged"
    return Panel(tuple(curves), "step", label, x_scale="log", y_range=(0.0, 1.0))
