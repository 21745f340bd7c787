"""The results of `measure=layers`: values, tables, arrays, figures and notes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from gnicli.contracts.components import Bench
from gnicli.contracts.number_text import plain
from gnicli.contracts.results import NamedArray, Results, Table, Value
from gnicli.gradients.calls import n_examples
from gnicli.measure.layers import dependence, figures, jackknife, sentences
from gnicli.measure.layers.controls import Control
from gnicli.measure.layers.draws import WATCHED, point_of
from gnicli.measure.layers.populations import ACROSS, AT_BOUND, MEANINGS, REDRAWN, STABLE_ENDS, Found
from gnicli.stable.fitting.search_problem import NODES_FROM

_COLUMNS = {  # in the order of their importance
    "alpha_scaled": "alpha scaled",
    "alpha_sum16": "alpha sums",
    "kurtosis": "excess kurtosis",
    "alpha": "alpha pooled",
    "alpha_mohammadi": "alpha Mohammadi",
    "alpha_each": "alpha each",
    "skewness": "skewness",
    "cauchy_gain": "half-Cauchy − half-normal",
    "exceedance": "beyond 4 sd / Gaussian",
    "n": "n",
}
_ABOUT = (
    "In populations over draws, skewness is the median over weights of |skewness|, and excess kurtosis the median "
    "over weights. Alpha pooled is that of a stable fit to all values as they are. Alpha scaled is that after each "
    "coordinate was divided by its own scale (over draws its interquartile range, across weights its standard "
    "deviation over draws). Alpha each is the median of fits to each traced weight. Alpha sums is that of sums of "
    "16 pooled values in random order, scaled where there is a scale. Alpha Mohammadi is of the pooled values as they "
    "are, by how fast sums of differences of pairs grow, in random order; it needs independent values of one law, and "
    "a mixture of scales fools it, as the Gaussian control shows. Half-Cauchy − half-normal: nats per sample by which "
    "a half-Cauchy law fits the positive part better than a half-normal law. Beyond 4 sd / Gaussian: the share of "
    "values there over that of a Gaussian of equal interquartile range.",
    "Standard errors are over draws of the same network, and n counts draws. In populations over draws they are "
    f"jackknives that leave out {jackknife.GROUPS} groups of draws in turn (of skewness and kurtosis: of at most "
    f"{WATCHED:,} weights). For one draw they are the standard deviation over {REDRAWN} other draws. Values differ "
    "more between networks: sweep over seeds to see it. The clean gradient has no standard error, because nothing "
    "in it is random.",
    "The joint law is of at most 16 traced weights of a layer whose draws are distinct. p elliptical: by the "
    "directions of the draws after Tyler's shape is taken out, with a simulated null. p independent: by permuting the "
    "draws of each weight. Both are tested at 1 % for each layer, whatever the scales and tails of the weights.",
)


def results(found: Found, bench: Bench, n_draws: int, chosen: Sequence[str], minibatch: int | None = None) -> Results:
    """Values `statistic/population/layerN`, tables by population, the traces, figures, and sentences."""
    drawn = {
        "positive_part": lambda: figures.positive_part(found.samples["across_weights"]),
        "stable_fit": lambda: figures.stable_fit(found.samples["across_weights"]),
        "forward": lambda: figures.forward(found.samples["forward"]),
        "alpha": lambda: figures.alphas(found.statistics),
    }
    tables = {
        f"{name}: {meaning}": _table(found.statistics[name])
        for name, meaning in MEANINGS.items()
        if name in found.statistics
    }
    if found.joint:
        tables["Joint law of the traced weights: elliptical, independent by weight, or neither"] = dependence.table(
            found.joint
        )
    tables["Controls: 256 made-up coordinates of known law, with log-normal scales"] = _control_table(found)
    said = [*sentences.sentences(found.statistics, found.controls), *dependence.sentences(found.joint)]
    # The first is about the controls. Where they failed it limits all that is said after it.
    n_warnings = 0 if all(control.passed for control in found.controls) else 1
    return Results(
        _values(found) | dependence.values(found.joint),
        _arrays(found),
        {name: drawn[name]() for name in chosen},
        notes=(*said[n_warnings:], protocol(bench, n_draws), *_of_batches(minibatch), *_ABOUT),
        tables=tables,
        warnings=(*said[:n_warnings], *_at_bound(found)),
    )


def _values(found: Found) -> dict[str, Value]:
    values = {}
    for population, layers in found.statistics.items():
        for layer, statistics in layers.items():
            n = int(statistics.get("n", 0))
            for name, value in statistics.items():
                if name != "n" and not name.endswith("_stderr") and math.isfinite(value):
                    error = statistics.get(f"{name}_stderr")
                    values[f"{name}/{population}/layer{layer}"] = Value(float(value), error, n)
    for control in found.controls:
        name = control.name.split()[0].lower()
        values[f"control/{name}/pooled"] = Value(control.pooled)
        values[f"control/{name}/scaled"] = Value(control.scaled)
        if math.isfinite(control.mohammadi):
            values[f"control/{name}/mohammadi"] = Value(control.mohammadi)
        values[f"control/{name}/passed"] = Value(float(control.passed))
    return values


def _table(layers: Mapping[int, Mapping[str, float]]) -> Table:
    names = [name for name in _COLUMNS if any(name in statistics for statistics in layers.values())]
    rows = [
        (str(layer), *(_cell(name, statistics.get(name)) for name in names)) for layer, statistics in layers.items()
    ]
    return Table(("layer", *(_COLUMNS[name] for name in names)), tuple(rows))


def _cell(name: str, value: float | None) -> str:
    if value is None:
        return ""
    return plain(value) if name == "n" else plain(value, 3)


def _control_table(found: Found) -> Table:
    rows = [
        (c.name, f"{c.pooled:.3f}", _sums_cell(c), f"{c.scaled:.3f}", c.expected, "yes" if c.passed else "no")
        for c in found.controls
    ]
    return Table(("coordinates", "alpha pooled", "alpha Mohammadi", "alpha scaled", "expected", "passed"), tuple(rows))


def _sums_cell(control: Control) -> str:
    return f"{control.mohammadi:.3f}" if math.isfinite(control.mohammadi) else ""


def _arrays(found: Found) -> dict[str, NamedArray]:
    arrays = {}
    for population in ACROSS:
        for layer, values in found.samples[population].items():
            density = figures.positive_density(values)
            meaning = "density of the positive part in units of its median, at the bins of positive/x"
            arrays[f"positive/{population}/layer{layer}"] = NamedArray(density, meaning)
    arrays["positive/x"] = NamedArray(figures.CENTERS, "centers of the bins, in units of the median")
    for name, each in found.populations.items():
        first = 0 if name.startswith("forward") else 1
        for layer, (trace, chosen) in enumerate(zip(each.traces, each.chosen, strict=True), first):
            arrays[f"trace/{name}/layer{layer}"] = NamedArray(trace, "(draw, traced coordinate), not centered")
            arrays[f"traced/{name}/layer{layer}"] = NamedArray(chosen, "flat positions of the traced coordinates")
    for layer, values in found.samples["across_weights"].items():
        arrays[f"grad_noise/layer{layer}"] = NamedArray(
            values.astype(np.float32), "gradient noise of one draw, across the weights (flat)"
        )
    return arrays


def protocol(bench: Bench, n_draws: int) -> str:
    """A sentence on how the noise was measured: batch, draws, centering."""
    network = bench.network
    loss, noise, M = network.loss, network.noise, network.M
    if not isinstance(loss, str):
        loss = getattr(loss, "__name__", type(loss).__name__)
    return (
        f"Gradients of {n_examples(bench.inputs)} examples (loss {loss}, noise={noise.name}, M={M}, step "
        f"{bench.step}); across_weights is the mean of draws 0 … M − 1 about the mean of {bench.n_mean} fresh draws, "
        f"divided by sqrt(1 + M/{bench.n_mean}); populations over draws hold {n_draws} draws about their own mean "
        f"(variance with n − 1); the single data point is number {point_of(bench)} of the batch, from 0."
    )


def _of_batches(minibatch: int | None) -> list[str]:
    if minibatch is None:
        return []
    return [
        f"over_batches: gradients without injected noise of random minibatches of {minibatch} of these examples, each "
        "drawn without replacement and apart from the others, about their own mean."
    ]


def _at_bound(found: Found) -> list[str]:
    """A sentence on the fits at the parameter bound, where there are any."""
    alphas = [
        statistics[name]
        for layers in found.statistics.values()
        for statistics in layers.values()
        for name in ("alpha", "alpha_scaled")
        if name in statistics
    ]
    n_bound = sum(alpha in AT_BOUND for alpha in alphas)
    if not n_bound:
        return []
    return [
        f"{n_bound} of {len(alphas)} alphas (pooled or scaled) are at the parameter bound (2 or {STABLE_ENDS[0]:g}; "
        f"{NODES_FROM:g} where many values are equal), where there are no standard errors."
    ]
