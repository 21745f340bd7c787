"""Figures of a training run, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gnicli.contracts.data import Data
from gnicli.contracts.results import Curve, FigureData, Panel, Scale

if TYPE_CHECKING:
    import torch

    from gnicli.training.loop import Trained

_GRID = 600
_FEW = 10  # records of the clean losses below which the objective is drawn beside them


def loss_figure(trained: Trained, loss: str) -> FigureData:
    """The clean losses, and for classes the accuracies, along training."""
    panels = [_panel(trained, "loss", (loss.upper() if loss == "mse" else loss.replace("_", "-")) + " loss", "log")]
    caption = ""
    if len(trained.history) < _FEW <= len(trained.objectives):
        drawn = Curve("objective of one batch", trained.objectives[:, 0], trained.objectives[:, 1], style="dots")
        panels[0] = panels[0]._replace(curves=(*panels[0].curves, drawn))
        caption = "Dots: the minimized objective of the batch of that step, with its noise."
    if any(name.endswith("accuracy") for name in trained.columns):
        panels.append(_panel(trained, "accuracy", "accuracy", "linear"))
    what = "Loss and accuracy" if len(panels) > 1 else "Loss"
    return FigureData(f"{what} without noise along training", tuple(panels), caption)


def divergence_figure(trained: Trained) -> FigureData:
    """The objective in the last steps of a run that diverged, which is not finite at step 0 of the figure."""
    before = trained.path[:, 0] - (trained.diverged_at or 0)
    kept = before < 0
    curve = Curve("objective of one batch", before[kept], trained.path[kept, 1], style="dots")
    scale: Scale = "log" if curve.y.size > 0 and curve.y.min() > 0 else "linear"
    panel = Panel((curve,), f"steps from divergence (step {trained.diverged_at:,})", "objective", y_scale=scale)
    return FigureData("Objective up to divergence", (panel,), "The objective of each step's batch, with its noise.")


def _panel(trained: Trained, what: str, label: str, scale: str) -> Panel:
    curves = tuple(
        Curve(
            name.removesuffix(f"_{what}"),
            trained.history[:, 0],
            trained.history[:, 1 + index],
        )
        for index, name in enumerate(trained.columns)
        if name.endswith(what)
    )
    # Of a run that diverged the last losses are infinite, or none.
    positive = all((curve.y[np.isfinite(curve.y)] > 0).all() for curve in curves)
    ends = (0.0, 1.0) if what == "accuracy" else None
    return Panel(curves, "step", label, y_scale="log" if scale == "log" and positive else "linear", y_range=ends)


def fit_figure(module: torch.nn.Module, data: Data, dtype: torch.dtype, device: torch.device) -> FigureData:
    """A function of one variable and what the network makes of it, without noise."""
    import torch

    x = data.train.inputs.reshape(-1)
    grid = np.linspace(x.min(), x.max(), _GRID)
    with torch.no_grad():
        inputs = torch.from_numpy(grid).to(device, dtype).reshape(-1, *data.train.inputs.shape[1:])
        learned = module(inputs).reshape(-1).double().cpu().numpy()
    curves = (
        Curve("training data", x.astype(float), data.train.targets.reshape(-1).astype(float), style="dots"),
        Curve("network", grid, learned),
    )
    return FigureData("Training data and network", (Panel(curves, "x", "y"),))
