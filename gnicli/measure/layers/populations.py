"""The populations of `measure=layers` and their statistics, layer by layer."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from gnicli.contracts.components import Bench
from gnicli.contracts.observer import Observer
from gnicli.gradients.forward_noise import ForwardNoise
from gnicli.gradients.layer_noise import LayerNoise, scaled
from gnicli.gradients.noisy import NoisyGradient
from gnicli.gradients.stages import weight_tensors
from gnicli.measure.layers import dependence, jackknife, pooling
from gnicli.measure.layers.controls import Control, controls
from gnicli.measure.layers.draws import Moments, Population, over_draws, whole_draws
from gnicli.noise.none import NoNoise
from gnicli.seeding import numpy_stream
from gnicli.stable.fitting.search_problem import ALPHA_RANGE, NODES_FROM

_SHUFFLE, _BLOCKS = 2_000_002, 2_000_003  # streams of purpose "sample"
REDRAWN = 16  # draws that the errors of one draw are taken over
STABLE_ENDS = (ALPHA_RANGE[0], 2.0)  # alphas at which the family of the fits ends
AT_BOUND = (*STABLE_ENDS, NODES_FROM)  # where it ends for samples of which many are equal

MEANINGS = {
    "across_weights": "the noise of one draw of the gradient, across the weights of a layer",
    "clean": "the gradient without noise, across the weights of a layer (control: nothing random)",
    "over_draws": "one weight over draws, the whole batch",
    "over_draws_point": "one weight over draws, a single data point",
    "over_batches": "one weight over random minibatches, without injected noise (equation (2.4))",
    "shuffled": "as over_draws, each draw permuted among the traced weights (control: no covariance)",
    "forward": "accumulated noise of one forward pass, across the units of a layer and the batch",
    "forward_point": "accumulated noise of one unit over draws, a single data point",
}
ACROSS = ("across_weights", "clean", "forward")


class Found(NamedTuple):
    """`statistics` by population and layer, `samples` that figures are drawn from, the controls, and the moments.

    `joint` is what the draws of a layer's weights are together, by population and layer.
    """

    statistics: dict[str, dict[int, dict[str, float]]]
    samples: dict[str, dict[int, np.ndarray]]
    controls: list[Control]
    populations: dict[str, Population]
    joint: Mapping[str, Mapping[int, dependence.Dependence]] = {}


def measure(bench: Bench, n_draws: int, n_traced: int, observer: Observer, minibatch: int | None = None) -> Found:
    """Every population of the network on the bench; that over batches where `minibatch` says their size."""
    observer.stage("one draw")
    samples = _across(bench)
    populations = over_draws(bench, n_draws, n_traced, observer, minibatch)
    observer.stage("fitting")
    statistics: dict[str, dict[int, dict[str, float]]] = {}
    for index, (name, layers) in enumerate(samples.items()):
        rngs = {layer: numpy_stream(bench.network.seed, "sample", _BLOCKS, 10 + index, layer) for layer in layers}
        statistics[name] = {layer: _of_sample(values, rngs[layer]) for layer, values in layers.items()}
    for layer, moments in enumerate(populations["over_draws"].moments, 1):
        statistics["across_weights"][layer] |= _rescaled(samples["across_weights"][layer], moments)
    _set_errors_of_one_draw(statistics, populations["over_draws"].moments, bench)
    for index, (name, population) in enumerate(populations.items()):
        first = 0 if name.startswith("forward") else 1
        statistics[name] = {
            layer: _of_draws(*parts, numpy_stream(bench.network.seed, "sample", _BLOCKS, index, layer))
            for layer, parts in enumerate(
                zip(population.moments, population.without, population.traces, strict=True), first
            )
        }
    statistics["shuffled"] = {
        layer: _of_shuffled(trace, numpy_stream(bench.network.seed, "sample", _SHUFFLE, layer))
        for layer, trace in enumerate(populations["over_draws"].traces, 1)
    }
    ordered = {name: statistics[name] for name in MEANINGS if name in statistics}
    joint = {
        name: {
            layer: dependence.of_trace(trace, bench.network.seed, index, layer)
            for layer, trace in enumerate(populations[name].traces, 1)
        }
        for index, name in enumerate(dependence.POPULATIONS)
        if name in populations
    }
    return Found(ordered, samples, controls(n_draws, bench.network.seed), populations, joint)


def _across(bench: Bench) -> dict[str, dict[int, np.ndarray]]:
    """The samples whose members are weights or units, by layer."""
    network = bench.network
    noise = LayerNoise(network, n_averaged=network.M, n_mean=bench.n_mean, key="measure=layers")
    across = dict(enumerate(noise(bench.step, bench.inputs, bench.targets), 1))
    _, gradients = NoisyGradient(network._replace(noise=NoNoise(), M=1))(bench.step, bench.inputs, bench.targets)
    clean = {k: each.reshape(-1).double().cpu().numpy() for k, each in enumerate(weight_tensors(gradients), 1)}
    accumulated = ForwardNoise(network)(bench.step, 0, bench.inputs)
    forward = {layer: noise.reshape(-1).double().cpu().numpy() for layer, noise in enumerate(accumulated)}
    return {"across_weights": across, "clean": clean, "forward": forward}


def _of_sample(values: np.ndarray, rng: np.random.Generator) -> dict[str, float]:
    found = pooling.describe(values)
    if "alpha" in found:
        found["alpha_sum16"] = pooling.block_alpha(values, rng)
        found["alpha_mohammadi"] = pooling.sum_alpha(values, rng)
    return {name: value for name, value in found.items() if math.isfinite(value)}


def _rescaled(noise: np.ndarray, moments: Moments) -> dict[str, float]:
    """alpha and excess kurtosis of one draw's noise, each weight's in its own standard deviations over draws."""
    std = np.sqrt(moments.variance)
    described = pooling.describe(noise[std > 0] / std[std > 0])
    kept = {"alpha": "alpha_scaled", "alpha_stderr": "alpha_scaled_stderr", "kurtosis": "kurtosis_scaled"}
    return {new: described[old] for old, new in kept.items() if old in described}


def _set_errors_of_one_draw(
    statistics: dict[str, dict[int, dict[str, float]]], moments: list[Moments], bench: Bench
) -> None:
    """The standard error of what is seen in one draw: its standard deviation over 16 other draws, network held.

    The weights of a layer, and its units, move together in a draw: errors of fits that take them for independent are
    too small and are dropped. Nothing is random in the clean gradient, so it has no error; nor has an alpha at its
    bound, where draws err to one side.
    """
    for layers in statistics.values():
        for found in layers.values():
            for name in [name for name in found if name.endswith("_stderr")]:
                del found[name]
    again: dict[tuple[str, int], list[dict[str, float]]] = {}
    for draw in whole_draws(bench, REDRAWN):
        for layer, (gradient, each) in enumerate(zip(draw["across_weights"], moments, strict=True), 1):
            noise = gradient - each.mean
            described = pooling.describe(noise) | _rescaled(noise, each)
            again.setdefault(("across_weights", layer), []).append(described)
        for layer, noise in enumerate(draw["forward"]):
            again.setdefault(("forward", layer), []).append(pooling.describe(noise))
    for (name, layer), each_draw in again.items():
        errors = jackknife.of_dicts(each_draw, lambda values: values.std(ddof=1))
        own = statistics[name][layer]
        own |= {
            key: error
            for key, error in errors.items()
            if (of := key.removesuffix("_stderr")) in own and not (of.startswith("alpha") and own[of] in AT_BOUND)
        }


def _of_draws(
    moments: Moments, without: list[Moments], trace: np.ndarray, rng: np.random.Generator
) -> dict[str, float]:
    """Of one population over draws: moments of all coordinates, fits of the traced ones pooled, errors over draws."""
    found: dict[str, float] = {"n": float(len(trace))}
    shapes = _of_moments(moments)
    if not shapes:
        return found
    found["n_moving"] = float(np.isfinite(moments.kurtosis).sum())
    errors = [_of_moments(each) for each in without]
    if len(errors) >= jackknife.FEWEST and all(errors):
        found |= jackknife.of_dicts(errors, jackknife.stderr)
        found |= _errors_of_medians(np.array([np.abs(m.skewness) for m in without]), [m.kurtosis for m in without])
    return found | shapes | _of_pooled(trace, rng, pooling.centered)


def _errors_of_medians(skewness: np.ndarray, kurtosis: Sequence[np.ndarray]) -> dict[str, float]:
    errors = {"skewness": jackknife.of_median(skewness), "kurtosis": jackknife.of_median(np.array(kurtosis))}
    return {f"{name}_stderr": error for name, error in errors.items() if math.isfinite(error)}


def _of_moments(moments: Moments) -> dict[str, float]:
    """Medians and quantiles over the coordinates that move; nothing where none does."""
    moving = np.isfinite(moments.kurtosis)
    if not moving.any():
        return {}
    return {
        "skewness": float(np.median(np.abs(moments.skewness[moving]))),
        "kurtosis": float(np.median(moments.kurtosis[moving])),
        "kurtosis_95": float(np.quantile(moments.kurtosis[moving], 0.95)),
        "std": math.sqrt(float(moments.variance[moving].mean())),
    }


def _of_shuffled(trace: np.ndarray, rng: np.random.Generator) -> dict[str, float]:
    """The same of the traced weights with every draw permuted."""
    mixed = pooling.shuffled(trace - trace.mean(axis=0, dtype=np.float64), rng)
    skewness, kurtosis = pooling.column_shape(mixed)
    found = {"n": float(len(trace))}
    if skewness.size:
        without = [pooling.column_shape(rows) for rows in jackknife.without_groups(mixed)]
        found |= {"skewness": float(np.median(skewness)), "kurtosis": float(np.median(kurtosis))}
        if len({len(each) for each, _ in without}) == 1:
            found |= _errors_of_medians(np.array([each for each, _ in without]), [each for _, each in without])
    return found | _of_pooled(mixed, rng, _as_they_are)


def _of_pooled(
    columns: np.ndarray, rng: np.random.Generator, again: Callable[[np.ndarray], np.ndarray]
) -> dict[str, float]:
    """alpha of columns (draws, weights) pooled as they are, scaled, of each alone (median), of sums of 16 scaled
    ones, and by the growth of sums (not scaled); laws of the positive part; how many move. `again`: what is done to
    draws before, anew without each group. Errors are over draws, and none for an alpha at its bound.
    """
    moving = columns[:, columns.max(axis=0) > columns.min(axis=0)]  # squares may leave the range of float32
    whole = again(moving)
    (found,) = pooling.of_draws([whole])
    errors = jackknife.of_rows(moving, lambda rows: pooling.of_draws([again(each) for each in rows]))
    bounds = {f"{name}_stderr" for name in ("alpha", "alpha_scaled") if found.get(name) in AT_BOUND}
    own = scaled(whole) if whole.size else whole
    found |= pooling.of_positive(own)
    found["alpha_each"], found["alpha_each_stderr"] = pooling.alpha_each(whole)
    found["alpha_sum16"] = pooling.block_alpha(own.reshape(-1), rng)
    found["alpha_mohammadi"] = pooling.sum_alpha(whole.reshape(-1).astype(np.float64), rng)
    found |= {name: error for name, error in errors.items() if name not in bounds}
    return {name: value for name, value in found.items() if math.isfinite(value)}


def _as_they_are(rows: np.ndarray) -> np.ndarray:
    return rows
