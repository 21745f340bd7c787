"""The tail of a batch mean's gradient noise, against the Gaussian, one heavy term, and the bound of Theorem 3.2."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.special import erfc

from gnicli.contracts.components import Bench
from gnicli.contracts.number_text import plain
from gnicli.contracts.observer import Observer
from gnicli.contracts.results import Curve, FigureData, NamedArray, Panel, Results, Table, Value
from gnicli.measure.averages import batch_means, tail_bound
from gnicli.measure.moments import Moment, estimate, log_abs
from gnicli.measure.one_neuron import exact
from gnicli.measure.one_neuron.centers import center
from gnicli.measure.one_neuron.network import OneNeuronNetwork, asymptotic_exponent, words
from gnicli.measure.weight_draws import network_means

_X = np.linspace(0.25, 14.0, 56)  # distances in standard deviations of the mean
_LEAST_ESS = 100.0
_HEADER = ("B", "std", "skewness", "excess kurtosis", "stderr", "B × kurtosis", "exact kurtosis", "slope m=4", "ess")


class Average(NamedTuple):
    """The mean over `size` points: draws less their mean reduced to shape, growth at m = 4, exceedances at `_X` std."""

    size: int
    n: int
    shape: tail_bound.Shape
    growth: Moment
    curve: np.ndarray
    exact_kurtosis: float  # NaN where not known


def reduce(draws: np.ndarray, size: int, exact_kurtosis: float = math.nan) -> Average:
    """The summary of `draws` (n,) of a mean over `size` points."""
    noise = draws - draws.mean()
    found = tail_bound.shape(noise)
    growth = estimate(0.0, log_abs(noise), 4.0)
    return Average(size, len(draws), found, growth, tail_bound.exceedances(noise, _X * found.std), exact_kurtosis)


def of_one_neuron(
    network: OneNeuronNetwork, layer: int, sizes: list[int], n_draws: int, seed: int, step: int, observer: Observer
) -> Results:
    """Independent copies of the network's data point: the kurtosis of the mean is that of one over B."""
    quantity = next(each for each in center(network, n_draws, seed, step) if each.name == f"gradient/layer{layer}")
    drawn = batch_means.one_neuron_means(network, quantity, sizes, n_draws, seed, step, observer)
    law = exact.points(network, quantity, 8.0) if exact.is_known(network) else None
    kurtosis = _kurtosis(*law) if law else math.nan
    averages = [reduce(draws, size, kurtosis / size) for draws, size in zip(drawn, sizes, strict=True)]
    p = asymptotic_exponent(network, quantity)
    bound = None
    if p >= 1 and law is not None:
        norm = tail_bound.orlicz_norm(*law, p)
        stds = [each.shape.std for each in averages]
        distances = [_X * std for std in stds]
        bound = tail_bound.fit_bound(p, norm, sizes, stds, [each.curve for each in averages], distances)
    panels = tuple(_panel(each, f"B = {each.size}", law, bound) for each in averages)
    told = (
        _bound_sentence(bound)
        if bound
        else ("No bound is drawn: it needs a tail exponent of at least 1 and an exact law for its norm.")
    )
    note = f"{words(network)} Gradient noise of weight {layer}. {_sentence(averages)} {told}"
    return _results({"": averages}, {"tails": _figure(panels, note)}, (note,))


def of_network(bench: Bench, sizes: list[int], n_draws: int, observer: Observer) -> Results:
    """One weight of each layer, over the first B examples of the bench."""
    drawn, picked = network_means(bench, sizes, n_draws, observer)
    groups, notes, figures = {}, [], {}
    for layer, weight in enumerate(picked, 1):
        averages = [reduce(drawn[place, layer - 1], size) for place, size in enumerate(sizes)]
        groups[f"/layer{layer}"] = averages
        note = f"Layer {layer}, weight {weight}. {_sentence(averages)}"
        panels = tuple(_panel(each, f"B = {each.size}", None, None) for each in averages)
        figures[f"tails/layer{layer}"] = _figure(panels, note, f", layer {layer}")
        notes.append(note)
    return _results(groups, figures, tuple(notes))


def _kurtosis(logs: np.ndarray, values: np.ndarray) -> float:
    probabilities = np.exp(logs)
    second, fourth = (float(probabilities @ values**power) for power in (2, 4))
    return fourth / second**2 - 3.0


def _results(groups: dict[str, list[Average]], figures: dict[str, FigureData], notes: tuple[str, ...]) -> Results:
    values: dict[str, Value] = {}
    tables: dict[str, Table] = {}
    arrays = {"distances": NamedArray(_X, "distances x in standard deviations of the mean")}
    for group, averages in groups.items():
        title = f"mean gradient over B points{group.replace('/layer', ', layer ')}"
        tables[title] = Table(_HEADER, tuple(_row(each) for each in averages))
        for each in averages:
            values[f"kurtosis/B{each.size}{group}"] = Value(each.shape.kurtosis, each.shape.kurtosis_stderr, each.n)
            values[f"std/B{each.size}{group}"] = Value(each.shape.std, None, each.n)
        curves = np.array([each.curve for each in averages])
        meaning = "P(|mean| >= x std) for each batch size (rows) and distance; NaN below 10 exceedances"
        arrays[f"exceedances{group}"] = NamedArray(curves, meaning)
    return Results(values, arrays, figures, notes=notes, tables=tables)


def _row(each: Average) -> tuple[str, ...]:
    mark = "" if each.growth.ess >= _LEAST_ESS else " (not enough)"
    known = plain(each.exact_kurtosis, 3) if math.isfinite(each.exact_kurtosis) else "–"
    return (
        str(each.size),
        plain(each.shape.std, 4),
        plain(each.shape.skewness, 3),
        plain(each.shape.kurtosis, 3),
        plain(each.shape.kurtosis_stderr, 2),
        plain(each.size * each.shape.kurtosis, 3),
        known,
        f"{each.growth.slope:.3f}{mark}",
        f"{each.growth.ess:.0f}",
    )


def _panel(each: Average, title: str, law: exact.Points | None, bound: tail_bound.Bound | None) -> Panel:
    x, std = _X, each.shape.std
    floor = 0.3 / each.n  # nothing is drawn far below what the draws can show
    curves = [
        Curve("measured", x, each.curve, style="dots"),
        Curve("Gaussian", x, _above(erfc(x / 2**0.5), floor), style="dashed"),
    ]
    if law is not None:
        one = each.size * tail_bound.law_exceedances(*law, each.size * x * std)
        curves.append(Curve("one point alone", x, _above(np.minimum(one, 1.0), floor), style="dashed"))
    if bound is not None:
        curves.append(Curve("bound", x, _above(np.minimum(bound(each.size, x * std), 1.0), floor), style="dashed"))
    return Panel(tuple(curves), "x / std", "P(|mean| ≥ x)", title, "linear", "log")


def _above(y: np.ndarray, floor: float) -> np.ndarray:
    return np.where(y >= floor, y, np.nan)


def _figure(panels: tuple[Panel, ...], note: str, where: str = "") -> FigureData:
    return FigureData(f"Tail of the mean gradient over B points{where}", panels, note, share="xy")


def _sentence(averages: list[Average]) -> str:
    """The excess kurtosis of each batch size, and how often the largest exceeds the farthest distance seen."""
    last = averages[-1]
    known = np.isfinite(last.curve)
    if not known.any():
        return "The gradient noise has no spread."
    far = int(np.flatnonzero(known)[-1])
    times = last.curve[far] / float(erfc(_X[far] / 2**0.5))
    kurtosis = ", ".join(f"{plain(each.shape.kurtosis, 3)} (B = {each.size})" for each in averages)
    return (
        f"Excess kurtosis {kurtosis}. At B = {last.size} the mean exceeds {_X[far]:g} standard deviations "
        f"{plain(times, 2)} times as often as a Gaussian does."
    )


def _bound_sentence(bound: tail_bound.Bound) -> str:
    far = f"K = {bound.K:.3g}" if bound.K > 0 else "and no second term is needed"
    return (
        f"Corrected bound of Theorem 3.2 with p = {bound.p:g} and norm {bound.norm:.4g}; constants fitted to all "
        f"batch sizes: C = {bound.C:.3g}, {far}."
    )
