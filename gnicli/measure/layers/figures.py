"""Figures of `measure=layers`: figures 2 and A.1 to A.4 of the paper, and alpha of every population."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from gnicli import intervals
from gnicli.contracts.number_text import with_error
from gnicli.contracts.results import Curve, FigureData, Panel
from gnicli.errors import GniError
from gnicli.evidence.families import OTHERS, stable_family
from gnicli.evidence.figures import density_panel
from gnicli.evidence.shape import shape
from gnicli.measure.layers import jackknife
from gnicli.stable import fit

# Edges in units of the median, logarithmic: from where next to nothing lies to far out in the tail.
EDGES = np.geomspace(1e-2, 1e3, 61)
CENTERS = np.sqrt(EDGES[:-1] * EDGES[1:])
NOISE, HALF_NORMAL, HALF_CAUCHY = "positive part", "half-normal", "half-Cauchy"
ALPHAS = {"alpha": "pooled as they are", "alpha_scaled": "each in its own scale", "alpha_each": "each alone"}
_HEADINGS = {  # of populations, whose meanings the report tells at length
    "across_weights": "across weights",
    "clean": "gradient without noise",
    "over_draws": "over draws",
    "over_draws_point": "over draws, one point",
    "shuffled": "draws shuffled",
    "forward": "forward, across units",
    "forward_point": "forward, over draws",
}
_FEWEST = 20
_BINS = (15, 120)


def positive_density(x: np.ndarray) -> np.ndarray:
    """Density of the positive part of `x` in units of its median, at CENTERS; NaN where nothing fell or for too few."""
    positive = x[x > 0]
    if positive.size < _FEWEST:
        return np.full(CENTERS.size, np.nan)
    counts, _ = np.histogram(positive / np.median(positive), EDGES)
    return np.where(counts > 0, counts / (positive.size * np.diff(EDGES)), np.nan)


def half_laws(least: float) -> tuple[Curve, Curve]:
    """Half-normal and half-Cauchy of median 1 at CENTERS, where they are above `least`."""
    scale = 1.0 / 0.6744897501960817
    normal = math.sqrt(2 / math.pi) / scale * np.exp(-0.5 * (CENTERS / scale) ** 2)
    cauchy = 2 / (math.pi * (1 + CENTERS**2))
    curves = [np.where(density >= least, density, np.nan) for density in (normal, cauchy)]
    return (
        Curve(HALF_NORMAL, CENTERS, curves[0], style="dashed"),
        Curve(HALF_CAUCHY, CENTERS, curves[1], style="dashed"),
    )


def positive_panel(curve: Curve, title: str) -> Panel:
    """A positive part's density beside those of the two laws with the same median, where there is one to compare."""
    known = curve.y[np.isfinite(curve.y)]
    laws = half_laws(0.5 * float(known.min())) if known.size else ()
    heading = "" if known.size else f"{title}: fewer than {_FEWEST} positive values"
    return Panel((curve, *laws), "value / median", "density", title, "log", "log", heading)


def positive_part(samples: Mapping[int, np.ndarray]) -> FigureData:
    """Figures 2 and A.3: the positive part of one draw's noise across weights."""
    panels = [
        positive_panel(Curve(NOISE, CENTERS, positive_density(values), style="dots"), f"layer {layer}")
        for layer, values in samples.items()
    ]
    return FigureData(
        "Gradient noise across the weights of a layer: positive part",
        tuple(panels),
        "Density of the positive part of one draw's gradient noise, in units of its median, beside a half-normal and a "
        "half-Cauchy law of the same median. Weights of unequal scale are pooled as they are.",
        share="xy",
    )


def stable_fit(samples: Mapping[int, np.ndarray]) -> FigureData:
    """Figure A.4: stable and Gaussian laws fitted to one draw's noise across weights."""
    panels = []
    for layer, values in samples.items():
        x = values[values != 0]
        try:
            found = fit(x, exact=False)
        except GniError:
            continue
        family, normal = stable_family(), OTHERS["normal"]
        laws = {"stable": (family, found.law), "normal": (normal, normal.fit(x))}
        words = {name: each.words for name, (each, _) in laws.items()}
        title = f"layer {layer}: alpha = {found.alpha:.2f}, beta = {found.beta:.2f}"
        alpha, beta = (
            with_error(getattr(found, each), getattr(found, f"{each}_stderr"), digits=3) for each in ("alpha", "beta")
        )
        heading = f"layer {layer}: alpha = {alpha}, beta = {beta}, n = {x.size:,}"
        panel = density_panel(shape(x, laws), words, title)
        panels.append(panel._replace(x_label="gradient noise", heading=heading))
    return FigureData(
        "Stable laws fitted to the gradient noise across the weights of a layer",
        tuple(panels),
        "Histogram of the central 99 % (at most 12 interquartile ranges from the median) of one draw's gradient noise, "
        "and the fitted densities.",
    )


def forward(samples: Mapping[int, np.ndarray]) -> FigureData:
    """Figures A.1 and A.2: the accumulated noise of each noise layer, and a Gaussian of equal mean and variance."""
    panels = []
    for layer, values in samples.items():
        x = values[values != 0]
        if x.size < _FEWEST or not x.min() < x.max():
            continue
        z = (x - x.mean()) / x.std()
        edges = np.linspace(z.min(), z.max(), int(np.clip(3 * z.size ** (1 / 3), *_BINS)) + 1)
        counts, _ = np.histogram(z, edges)
        centers = 0.5 * (edges[:-1] + edges[1:])
        density = np.where(counts > 0, counts / (z.size * np.diff(edges)), np.nan)
        normal = np.exp(-0.5 * centers**2) / math.sqrt(2 * math.pi)
        shown = np.where(normal >= 0.5 * np.nanmin(density), normal, np.nan)
        curves = (
            Curve("accumulated noise", centers, density, style="dots"),
            Curve("Gaussian", centers, shown, style="dashed"),
        )
        title = f"noise layer {layer}"
        panels.append(Panel(curves, "value / standard deviation", "density", title, y_scale="log"))
    return FigureData(
        "Accumulated noise of the forward pass",
        tuple(panels),
        "Density of E_i in one draw over units and examples, in standard deviations, and the Gaussian density. Noise "
        "layer 0 is the input. Units that the noise does not reach are left out.",
        share="xy",
    )


def alphas(statistics: Mapping[str, Mapping[int, Mapping[str, float]]]) -> FigureData:
    """alpha against the layer, a panel for each population."""
    curves: dict[str, list[Curve]] = {}
    for population, layers in statistics.items():
        for name, label in ALPHAS.items():
            known = {layer: found for layer, found in layers.items() if name in found}
            if known:
                x, y = np.array(list(known), float), np.array([found[name] for found in known.values()])
                errors = [(found.get(f"{name}_stderr", 0.0), int(found.get("n", 0))) for found in known.values()]
                half = np.array([half_width_over_draws(population, error, n) for error, n in errors])
                curve = Curve(label, x, y, np.maximum(y - half, 0), np.minimum(y + half, 2), "points")
                curves.setdefault(population, []).append(curve)
    caption = (
        "Bands: 95 % intervals over draws of the same network (Student's t; none where alpha is at its bound, where "
        "draws are too few, or where nothing is random). Forward noise counts layers from 0."
    )
    return alpha_figure(curves, caption, "95 % interval over draws")


def half_width_over_draws(population: str, stderr: float, n_draws: int) -> float:
    """Half a 95 % interval, by Student's t, from a standard error over draws: few groups of draws are behind it."""
    from gnicli.measure.layers.populations import ACROSS, REDRAWN

    n_groups = REDRAWN if population in ACROSS else min(jackknife.GROUPS, n_draws)
    return float(intervals.half_width(stderr, n_groups)) if stderr and n_groups > 1 else 0.0


def alpha_figure(curves: Mapping[str, Sequence[Curve]], caption: str, bars: str, about: str = "") -> FigureData:
    """Curves of alpha by population as panels; the labels are those of ALPHAS. `about` ends the title."""
    panels = [
        Panel(
            (*each, Curve("Gaussian", each[0].x, np.full(each[0].x.size, 2.0), style="dashed")),
            "noise layer" if name.startswith("forward") else "layer",
            "alpha (tail index)",
            name,
            heading=_HEADINGS.get(name, name.replace("_", " ")),
            y_range=(0.0, 2.0),
        )
        for name, each in curves.items()
    ]
    return FigureData(f"Tail index of stable fits by population{about}", tuple(panels), caption, bars, "xy")
