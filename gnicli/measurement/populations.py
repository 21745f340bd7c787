"""The populations of `measure=layers` and their statistics, layer by layer."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from gnicli.contracts import Bench, Observer
from gnicli.gradients.forward_noise import ForwardNoise
from gnicli.gradients.layer_noise import LayerNoise
from gnicli.gradients.noisy import NoisyGradient
from gnicli.measurement import pooling
from gnicli.measurement.control import Control, controls
from gnicli.measurement.streaming import Moments, Population, over_draws
from gnicli.noise.none import NoNoise
from gnicli.seeding import numpy_stream

_SHUFFLE, _BLOCKS = 2_000_002, 2_000_003  # streams of purpose "sample"

MEANINGS = {
    "across_weights": "the noise of one draw of the gradient, across the weights of a layer",
    "clean": "the gradient without noise, across the weights of a layer (control: nothing random)",
    "over_draws": "one weight over draws, the whole batch",
    "over_draws_point": "one weight over draws, a single data point",
    "shuffled": "as over_draws, each draw permuted among the traced weights (control: no covariance)",
    "forward": "accumulated noise of one forward pass, across the units of a layer and the batch",
    "forward_point": "accumulated noise of one unit over draws, a single data point",
}
ACROSS = ("across_weights", "clean", "forward")


class Found(NamedTuple):
    """`statistics` by population and layer, `samples` that figures are drawn from, the controls, and the moments."""

    statistics: dict[str, dict[int, dict[str, float]]]
    samples: dict[str, dict[int, np.ndarray]]
    controls: list[Control]
    populations: dict[str, Population]


def measure(bench: Bench, n_draws: int, n_traced: int, observer: Observer) -> Found:
    """Every population of the network on the bench."""
    observer.stage("one draw")
    samples = _across(bench)
    populations = over_draws(bench, n_draws, n_traced, observer)
    observer.stage("fitting")
    statistics: dict[str, dict[int, dict[str, float]]] = {}
    for index, (name, layers) in enumerate(samples.items()):
        rngs = {layer: numpy_stream(bench.seed, "sample", _BLOCKS, 10 + index, layer) for layer in layers}
        statistics[name] = {layer: _of_sample(values, rngs[layer]) for layer, values in layers.items()}
    for layer, moments in enumerate(populations["over_draws"].moments, 1):
        statistics["across_weights"][layer] |= _rescaled(samples["across_weights"][layer], moments)
    for index, (name, population) in enumerate(populations.items()):
        first = 0 if name.startswith("forward") else 1
        statistics[name] = {
            layer: _of_draws(moments, trace, numpy_stream(bench.seed, "sample", _BLOCKS, index, layer))
            for layer, (moments, trace) in enumerate(zip(population.moments, population.traces, strict=True), first)
        }
    statistics["shuffled"] = {
        layer: _of_shuffled(trace, numpy_stream(bench.seed, "sample", _SHUFFLE, layer))
        for layer, trace in enumerate(populations["over_draws"].traces, 1)
    }
    ordered = {name: statistics[name] for name in MEANINGS}
    return Found(ordered, samples, controls(n_draws, bench.seed), populations)


def _across(bench: Bench) -> dict[str, dict[int, np.ndarray]]:
    """The samples whose members are weights or units, by layer."""
    noise = LayerNoise(
        bench.module,
        bench.loss,
        bench.noise,
        bench.M,
        bench.seed,
        n_averaged=bench.M,
        n_mean=bench.n_mean,
        key="measure=layers",
    )
    across = dict(enumerate(noise(bench.step, bench.inputs, bench.targets), 1))
    NoisyGradient(bench.module, bench.loss, NoNoise(), 1, bench.seed)(bench.step, bench.inputs, bench.targets)
    gradients = [weight.grad for weight in noise.weights if weight.grad is not None]
    clean = {layer: gradient.reshape(-1).double().cpu().numpy() for layer, gradient in enumerate(gradients, 1)}
    accumulated = ForwardNoise(bench.module, bench.noise, bench.seed)(bench.step, 0, bench.inputs)
    forward = {layer: noise.reshape(-1).double().cpu().numpy() for layer, noise in enumerate(accumulated)}
    return {"across_weights": across, "clean": clean, "forward": forward}


def _of_sample(values: np.ndarray, rng: np.random.Generator) -> dict[str, float]:
    found = pooling.describe(values)
    if "alpha" in found:
        found["alpha_sum16"] = pooling.block_alpha(values, rng)
    return {name: value for name, value in found.items() if math.isfinite(value)}


def _rescaled(noise: np.ndarray, moments: Moments) -> dict[str, float]:
    """alpha and excess kurtosis of one draw's noise, each weight's in its own standard deviations over draws."""
    std = np.sqrt(moments.variance)
    described = pooling.describe(noise[std > 0] / std[std > 0])
    kept = {"alpha": "alpha_scaled", "alpha_stderr": "alpha_scaled_stderr", "kurtosis": "kurtosis_scaled"}
    return {new: described[old] for old, new in kept.items() if old in described}


def _of_draws(moments: Moments, trace: np.ndarray, rng: np.random.Generator) -> dict[str, float]:
    """Of one population over draws: moments of all coordinates, fits of the traced ones pooled."""
    found: dict[str, float] = {"n": float(trace.size)}
    moving = np.isfinite(moments.kurtosis)
    if not moving.any():
        return found
    found["n_moving"] = float(moving.sum())
    found["skewness"] = float(np.median(np.abs(moments.skewness[moving])))
    found["kurtosis"] = float(np.median(moments.kurtosis[moving]))
    found["kurtosis_95"] = float(np.quantile(moments.kurtosis[moving], 0.95))
    found["std"] = math.sqrt(float(moments.variance[moving].mean()))
    centered = trace - trace.mean(axis=0, dtype=np.float64)
    return found | _of_pooled(centered, rng) | {"effective_rank": pooling.effective_rank(trace)}


def _of_shuffled(trace: np.ndarray, rng: np.random.Generator) -> dict[str, float]:
    """The same of the traced weights with every draw permuted."""
    mixed = pooling.shuffled(trace - trace.mean(axis=0, dtype=np.float64), rng)
    skewness, kurtosis = pooling.column_shape(mixed)
    found = {"n": float(trace.size), "skewness": skewness, "kurtosis": kurtosis}
    return found | _of_pooled(mixed, rng) | {"effective_rank": pooling.effective_rank(mixed)}


def _of_pooled(columns: np.ndarray, rng: np.random.Generator) -> dict[str, float]:
    """alpha of columns pooled as they are, scaled, of each alone (median), and of sums of 16 scaled ones; laws of the
    positive part.
    """
    found: dict[str, float] = {}
    moving = columns[:, columns.std(axis=0) > 0]
    scaled = pooling.scaled(moving) if moving.size else moving
    for name, sample in (("alpha", moving), ("alpha_scaled", scaled)):
        value, stderr = pooling.alpha(sample.reshape(-1))
        found[name] = value
        if stderr is not None:
            found[f"{name}_stderr"] = stderr
    described = pooling.describe(scaled)
    found["alpha_each"] = pooling.alpha_each(moving)
    found["alpha_sum16"] = pooling.block_alpha(scaled.reshape(-1), rng)
    found |= {name: described[name] for name in ("cauchy_gain", "exceedance") if name in described}
    return {name: value for name, value in found.items() if math.isfinite(value)}
