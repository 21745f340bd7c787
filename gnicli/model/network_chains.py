"""Chains of (4.3) on the loss of a small network, (4.4) with scheme=euler: `gni simulate-sde potential=network`."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch

from gnicli import registry
from gnicli.contracts.components import NoisyNetwork
from gnicli.contracts.data import Data
from gnicli.contracts.observer import Observer
from gnicli.contracts.results import Curve, FigureData, NamedArray, Panel, Results, Value
from gnicli.errors import UsageError
from gnicli.gradients.landscape import Landscape, weights_of
from gnicli.model import explosions
from gnicli.model.build import dynamics
from gnicli.model.keys import ModelConfig
from gnicli.network.mlp import Mlp
from gnicli.noise.none import NoNoise
from gnicli.potential.network import NetworkLoss
from gnicli.sde import loop, mixing, start_positions
from gnicli.sde.increments import CHAIN_BLOCK
from gnicli.sde.sinks.trace import Along
from gnicli.seeding import torch_stream

_ROWS = 200  # records of the loss along the way
_MOST = 4_000_000  # coordinates of all chains of a block: their noise and records then take 2 GB
_SHARES = (0.05, 0.5, 0.95)
INIT = "init"


class Problem(NamedTuple):
    """A loss to run on, where chains start (d, n), and the loss without noise, which is the same if there is none.

    `network` is what the loss is made of, at the first chain's start; `inputs` and `targets` are its data.
    """

    landscape: Landscape
    clean: Landscape
    start: np.ndarray
    network: NoisyNetwork
    inputs: torch.Tensor
    targets: torch.Tensor


def run(config: ModelConfig, problem: Problem, observer: Observer) -> Results:
    """Simulate as `config` says. Raises `UsageError` where keys do not go together."""
    increments, scheme, plan = dynamics(config, problem.landscape)
    every = -(-plan.n_recorded // _ROWS)
    along = Along(
        {
            "loss": lambda w, _: problem.landscape.value(w),
            "distance": lambda w, numbers: _norm(w - problem.start[:, numbers]),
            "norm": lambda w, _: _norm(w),
        },
        plan.n_recorded // every * every,
        plan.n_chains,
        every,
    )
    found = loop.run(scheme, increments, plan, problem.start, [along], observer)
    times, _ = plan.times(along.values.shape[1], every)
    arrays = {
        "times": NamedArray(times, "time of each record"),
        **{
            name: NamedArray(values, f"{_MEANINGS[name]}: record × chain, NaN from an explosion on")
            for name, values in zip(along.functions, along.values, strict=True)
        },
        "start": NamedArray(problem.start, "where each chain started: weight × chain"),
        "positions": NamedArray(found.positions, "where each chain ended, NaN for the exploded: weight × chain"),
        "exploded_by": NamedArray(found.exploded_by, "step by which each chain had exploded, else −1"),
    }
    values = _values(problem, found, along)
    rhat = values["split_rhat/loss"].number if "split_rhat/loss" in values else math.nan
    # Quantiles over chains have no standard errors that an effective sample size would be for.
    judged = mixing.Mixing(rhat, math.inf, math.inf)
    sentences = mixing.sentences(judged, "quantiles describe the simulated time, not a stationary law")
    return Results(values, arrays, {"way": _figure(times, along)}, warnings=tuple(sentences))


_MEANINGS = {"loss": "loss f", "distance": "distance from the start", "norm": "norm of the weights"}


def build(config: ModelConfig, observer: Observer, check: Callable[[int], None] | None = None) -> Problem:
    """Load the data, build the network, and put its loss and the starts together.

    `check` is called with the number of weights before any is made.
    """
    _check(config)
    keys = config.potential
    assert isinstance(keys, NetworkLoss)
    dataset = registry.build("dataset", keys.dataset, "potential.dataset")
    noise = registry.build("noise", keys.noise, "potential.noise")
    data = dataset.load(config.seed, observer)
    loss = _loss(keys, data.task)
    dimension = _count(keys, data)
    _check_size(dimension, config.n_chains)
    if check is not None:
        check(dimension)
    network = Mlp("mlp", keys.depth, keys.width, keys.activation, keys.bias, keys.init)

    def module(*counters: int) -> torch.nn.Module:
        generator = torch_stream(config.seed, "init", *counters)
        return network.build(data.train.inputs.shape[1:], data.n_outputs, generator, torch.float64)

    first = module()
    examples = [torch.from_numpy(part) for part in data.train]
    inputs, targets = (part.double() if part.is_floating_point() else part for part in examples)
    noisy = NoisyNetwork(first, loss, noise, keys.M, config.seed)
    made = Landscape(noisy, inputs, targets)
    clean = made if noise.operation == "none" else Landscape(noisy._replace(noise=NoNoise(), M=1), inputs, targets)
    if config.start in (None, INIT):
        # The first chain starts as `gni train` does with this seed.
        modules = [first, *(module(chain) for chain in range(1, config.n_chains))]
        start = np.stack([weights_of(each) for each in modules], axis=1)
    else:
        start = start_positions.draw(config.start, made, config.n_chains, config.seed)
    return Problem(made, clean, start, noisy, inputs, targets)


def _check(config: ModelConfig) -> None:
    """Refuse keys that speak of one coordinate and its density."""
    if config.drift != "gradient":
        raise UsageError(f"potential=network takes drift=gradient, got drift={config.drift}")
    for name in ("low", "high"):
        if getattr(config, name) is not None:
            raise UsageError(f"{name} is a key of one-dimensional potentials; leave it out with potential=network")


def _loss(keys: NetworkLoss, task: str) -> str:
    if keys.loss == "auto":
        return "mse" if task == "regression" else "cross_entropy"
    if keys.loss == "cross_entropy" and task == "regression":
        raise UsageError("potential.loss=cross_entropy needs classes, and this dataset has none; use mse")
    return keys.loss


def _count(keys: NetworkLoss, data: Data) -> int:
    """The number of weights, before any is made."""
    sizes = [math.prod(data.train.inputs.shape[1:]), *[keys.width] * keys.depth, data.n_outputs]
    return sum((n_in + keys.bias) * n_out for n_in, n_out in itertools.pairwise(sizes))


def _check_size(dimension: int, n_chains: int) -> None:
    if dimension < 2:
        raise UsageError("potential=network needs two weights or more; for one, take potential=polynomial")
    most = _MOST // dimension
    if min(n_chains, CHAIN_BLOCK) > most:
        raise UsageError(
            f"a network of {dimension} weights with n_chains={n_chains} takes too much memory; "
            + (f"take n_chains={most} or a smaller network" if most else "take a smaller network")
        )


def _norm(w: np.ndarray) -> np.ndarray:
    return np.sqrt(np.einsum("dn,dn->n", w, w))


def _values(problem: Problem, found: loop.Run, along: Along) -> dict[str, Value]:
    """Quantiles over the chains that have not exploded (losses, distance, norm), and split-R̂ of the loss."""
    alive = found.exploded_by < 0
    ends = found.positions[:, alive]
    measured = {
        "start_loss": problem.landscape.value(problem.start),
        "loss": problem.landscape.value(ends),
        "distance": _norm(ends - problem.start[:, alive]),
        "norm": _norm(ends),
    }
    if problem.clean is not problem.landscape:
        measured["clean_loss"] = problem.clean.value(ends)
    values = {"n_weights": Value(float(problem.landscape.dimension)), **explosions.seen(found)}
    for name, each in measured.items():
        for share, quantile in zip(_SHARES, np.quantile(each, _SHARES).tolist(), strict=True):
            values[f"{name}/q{share:g}"] = Value(quantile, n=len(each))
    losses = along.values[0][:, alive]
    if len(losses) >= 4:
        values["split_rhat/loss"] = Value(mixing.split_rhat(losses), n=losses.shape[1])
    return values


def _figure(times: np.ndarray, along: Along) -> FigureData:
    """Loss, distance and norm along time: median and 5 to 95 % band of the chains not exploded by then."""
    panels = []
    for name, values in zip(along.functions, along.values, strict=True):
        seen = np.isfinite(values).any(axis=1)
        low, middle, high = np.nanquantile(values[seen], _SHARES, axis=1)
        scale: Any = "log" if name == "loss" and (low > 0).all() else "linear"
        curve = Curve("median and 5–95 % of the chains", times[seen], middle, low, high, words="median of the chains")
        panels.append(Panel((curve,), "time", _MEANINGS[name], y_scale=scale))
    caption = "Over the chains that have not exploded by each time. The distance is from each chain's own start."
    return FigureData("Chains on the loss of a network", tuple(panels), caption, "5 to 95 % of the chains", spread=True)
