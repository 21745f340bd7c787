"""What `gni gradient-noise -m` makes of its runs: densities and tail indices over seeds, with their intervals."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from gnicli.contracts.results import Curve, FigureData, Panel, Results, RunRecord, Value
from gnicli.engine.summary import bands_of, groups, half_width
from gnicli.engine.sweep_summary import summary
from gnicli.engine.tables import read_arrays
from gnicli.experiments.sweeps import arms
from gnicli.measure.layers.figures import ALPHAS, CENTERS, NOISE, alpha_figure, half_width_over_draws, positive_panel

_DENSITIES = {
    "across_weights": "Gradient noise across the weights of a layer: positive part",
    "forward": "Accumulated noise of the forward pass: positive part",
}
_ALPHAS = {
    "alpha": "pooled as they are",
    "alpha_scaled": "each coordinate in its own scale",
    "alpha_each": "each alone",
}
_MOST_DRAWN = 12  # settings with figures of their own, which take a second each
_OVER_SEEDS = "mean over seeds; bands are 95 % intervals of the mean (Student's t) where there are two or more"


def summarize(records: Sequence[RunRecord]) -> Results:
    """The mean of every value over seeds, the paper's figures with intervals over seeds, and those of arms in one."""
    found = summary(records)
    settings = groups(records)
    figures = arms.figures(settings)
    for group in settings[:_MOST_DRAWN]:
        complete = [record for record in group.records if record.status == "completed"]
        suffix = f" {group.label}" if group.label else ""
        words = f", {group.label}" if group.label else ""
        runs = [read_arrays(r.folder / "arrays.npz") for r in complete if (r.folder / "arrays.npz").exists()]
        for population, title in _DENSITIES.items():
            panels = _density_panels(runs, population)
            if panels:
                caption = (
                    f"Density in units of the median, {_OVER_SEEDS} (n = {len(runs)}), beside a half-normal and a "
                    f"half-Cauchy law of the same median.{' Setting: ' + group.label if group.label else ''}"
                )
                figures[f"positive_{population}{suffix}"] = FigureData(
                    f"{title}{words}", panels, caption, bands_of([c for panel in panels for c in panel.curves]), "xy"
                )
        curves = _alpha_curves(complete)
        if curves:
            caption = (
                f"alpha of stable fits, {_OVER_SEEDS} (n = {len(complete)}), of one run its own errors; cut to 0 … 2. "
                "Forward noise counts layers from 0."
            )
            figures[f"alpha{suffix}"] = alpha_figure(curves, caption, "95 % interval", words)
    left_out = (
        f"figures over seeds are drawn of the first {_MOST_DRAWN} of {len(settings)} settings; each run has its own"
    )
    notes = (*found.notes, left_out) if len(settings) > _MOST_DRAWN else found.notes
    return found._replace(figures=figures or found.figures, notes=notes)


def _density_panels(runs: Sequence[Mapping[str, np.ndarray]], population: str) -> tuple[Panel, ...]:
    """A panel for each layer that all runs have."""
    if not runs:
        return ()
    prefix = f"positive/{population}/"
    names = [name for name in runs[0] if name.startswith(prefix) and all(name in run for run in runs)]
    panels = []
    for name in names:
        densities = np.array([run[name] for run in runs])
        if np.isfinite(densities).any():
            panels.append(positive_panel(_mean_curve(NOISE, densities), _words(name, population)))
    return tuple(panels)


def _words(name: str, population: str) -> str:
    layer = "noise layer" if population.startswith("forward") else "layer"
    return re.sub(r"layer(\d+)", rf"{layer} \1", name.removeprefix(f"positive/{population}/"))


def _mean_curve(label: str, densities: np.ndarray) -> Curve:
    """The mean over runs (n, n_bins), an empty bin counting as 0; NaN where it is empty in all."""
    filled = np.nan_to_num(densities)
    mean = filled.mean(axis=0)
    y = np.where(mean > 0, mean, np.nan)
    if len(filled) < 2:
        return Curve(label, CENTERS, y, style="dots")
    half = half_width(filled)
    low = np.where(mean > half, mean - half, y)  # a band that reaches 0 has no place on a logarithmic axis
    return Curve(label, CENTERS, y, low, np.where(mean > 0, mean + half, np.nan))


def _half(population: str, values: Sequence[Value]) -> float:
    """Half a 95 % interval over runs, or of a single run's value over draws."""
    if len(values) > 1:
        return float(half_width(np.array([value.number for value in values])))
    return half_width_over_draws(population, values[0].stderr or 0.0, values[0].n or 0)


def _alpha_curves(records: Sequence[RunRecord]) -> dict[str, list[Curve]]:
    """By population, the curves of `ALPHAS` over layers."""
    points: dict[tuple[str, str], dict[int, list[Value]]] = {}
    for record in records:
        for name, value in record.values.items():
            match = re.fullmatch(rf"({'|'.join(ALPHAS)})/(\w+)/layer(\d+)", name)
            if match:
                points.setdefault((match[2], match[1]), {}).setdefault(int(match[3]), []).append(value)
    curves: dict[str, list[Curve]] = {}
    for (population, statistic), layers in points.items():
        x = np.array(sorted(layers))
        each = [layers[int(layer)] for layer in x]
        y = np.array([np.mean([value.number for value in values]) for values in each])
        half = np.array([_half(population, values) for values in each])
        curve = Curve(ALPHAS[statistic], x, y, np.maximum(y - half, 0.0), np.minimum(y + half, 2.0), "points")
        curves.setdefault(population, []).append(curve)
    return curves
