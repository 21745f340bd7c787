"""Densities as a figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from gnicli.contracts.results import Curve, FigureData, Panel
from gnicli.kde.estimation import Density

CAPTION = (
    "The estimated stationary density with the pointwise 95 % band of the smoothed density over groups of chains "
    "(Student's t; what the kernel smooths away is not in it), the exact one of (4.3) where there is one, and the "
    "Gibbs density ∝ exp(−f/ε^α)."
)


class Law(Protocol):
    """A law with a density."""

    def pdf(self, x: np.ndarray) -> np.ndarray:
        """The density at `x`."""
        ...


def densities(
    estimates: Sequence[Density],
    laws: Sequence[Sequence[Law | None]],
    beside: Sequence[Density] | None = None,
    beside_label: str = "",
) -> FigureData:
    """A panel per coordinate: the estimate, its exact and Gibbs laws, and what a second simulation gave."""
    panels = []
    for i, (own, (exact, gibbs)) in enumerate(zip(estimates, laws, strict=True)):
        curves = [curve("estimate", own.x, own.pdf, own.band)]
        if exact is not None:
            curves.append(Curve("exact", own.x, exact.pdf(own.x), style="dashed"))
        if gibbs is not None:
            curves.append(Curve("Gibbs", own.x, gibbs.pdf(own.x)))
        if beside is not None:
            curves.append(curve(beside_label, beside[i].x, beside[i].pdf, beside[i].band))
        panels.append(Panel(tuple(curves), "w" if len(laws) == 1 else f"w{i + 1}", "density"))
    return FigureData("Stationary density", tuple(panels), CAPTION)


def curve(label: str, x: np.ndarray, pdf: np.ndarray, band: tuple[np.ndarray, np.ndarray] | None) -> Curve:
    """A density with its band (low, high), where it has one."""
    if band is None:
        return Curve(label, x, pdf)
    return Curve(label, x, pdf, *band)
