"""Densities as a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from gnicli.contracts.results import Curve, FigureData, Panel
from gnicli.kde.estimation import Density

CAPTION = (
    "The estimated stationary density with the pointwise 95 % band of the smoothed density over groups of chains "
    "(Student's t; what the kernel smooths away is not in it), the exact one of (4.3) where there is one, and the "
    "Gibbs density ∝ exp(−f/ε^α)."
)

DRIFT_WORDS = {"gradient": "plain drift", "fractional": "fractional drift"}
BANDS = "95 % interval over chains"
ORDER = ("estimate", "exact", "Gibbs", "beside")  # keys of curves: a law looks alike whether or not the other is known


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
    about: str = "",
    words: tuple[str, str] = ("", ""),
    caveats: tuple[str, str] = ("", ""),
) -> FigureData:
    """A panel per coordinate: the estimate, its exact and Gibbs laws, and what a second simulation gave.

    `about` is what the title says of the law, `words` what the legend calls the two simulations. `caveats` are for the
    exact and the Gibbs law: one that is not the law of the drift is grey.
    """
    panels = []
    for i, (own, (exact, gibbs)) in enumerate(zip(estimates, laws, strict=True)):
        curves = [curve("estimate", own.x, own.pdf, own.band)._replace(words=words[0])]
        if exact is not None:
            curves.append(Curve("exact", own.x, exact.pdf(own.x), style="dashed").greyed(caveats[0]))
        if gibbs is not None:
            curves.append(Curve("Gibbs", own.x, gibbs.pdf(own.x), style="dashed").greyed(caveats[1]))
        if beside is not None:
            more = curve(beside_label, beside[i].x, beside[i].pdf, beside[i].band)
            curves.append(more._replace(words=words[1], key="beside"))
        panels.append(Panel(tuple(curves), "w" if len(laws) == 1 else f"w{i + 1}", "density"))
    return FigureData(f"Stationary density{about}", tuple(panels), CAPTION, BANDS, "y", order=ORDER)


def curve(label: str, x: np.ndarray, pdf: np.ndarray, band: tuple[np.ndarray, np.ndarray] | None) -> Curve:
    """A density with its band (low, high), where it has one."""
    if band is None:
        return Curve(label, x, pdf)
    return Curve(label, x, pdf, *band)


def beside_words(keys: Mapping[str, object]) -> str:
    """What a second simulation does differently: "beside: 1 chain, 10,000 steps, eta = 0.001, euler scheme"."""
    parts = []
    for name, value in keys.items():
        if name in ("n_chains", "n_steps") and isinstance(value, int):
            parts.append(f"{value:,} {name[2:-1] if value == 1 else name[2:]}")
        elif name == "scheme":
            parts.append(f"{value} scheme")
        elif name == "drift":
            parts.append(DRIFT_WORDS.get(str(value), str(value)))
        elif name not in ("burn_in", "thin"):
            parts.append(f"{name} = {value}")
    return f"beside: {', '.join(parts)}"
