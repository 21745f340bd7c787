"""The two factors of the gradient of one weight of each layer of a dense network, for one data point."""

from __future__ import annotations

from typing import NamedTuple, cast

import numpy as np
import torch
from torch.nn import functional

from gnicli.contracts.components import Bench
from gnicli.contracts.observer import Observer
from gnicli.errors import UsageError
from gnicli.gradients import losses
from gnicli.gradients.dense import is_dense
from gnicli.gradients.stages import stages_of
from gnicli.network.stages import APPLY, DenseStage
from gnicli.seeding import numpy_stream, torch_stream

_CHUNK = 1000  # rows that go through the network at once
_STREAM = 1 << 21  # apart from the streams of `growth.network`
_PICK = 1 << 22


class Drawn(NamedTuple):
    """Draws of both factors, `backward` and `forward` (n_layers, n_draws), and the (unit, input) of each weight."""

    backward: np.ndarray
    forward: np.ndarray
    weights: list[tuple[int, int]]


def draw(bench: Bench, n_draws: int, observer: Observer) -> Drawn:
    """Draws of X = ∂L̃/∂h̃_i and Y = ∂h̃_i/∂W_i of one random weight of each layer, i = 1 … L.

    Every draw has noise of its own; the data point is a random one of the batch. A weight is picked among those whose
    gradient is not 0 in the first draw, where there are any. Raises `UsageError` where the network is no stack of dense
    layers (only there is a gradient one product) or nothing is noisy.
    """
    module = bench.network.module
    if not is_dense(module):
        raise UsageError(
            "measure=factors needs a network of dense layers, network=mlp: elsewhere a gradient is no single product"
        )
    stages = cast(list[DenseStage], stages_of(module, "measure=factors"))
    stds = bench.network.noise.stds(len(stages))
    if bench.network.noise.operation == "none" or not any(std > 0 for std in stds):
        raise UsageError("measure=factors needs noise in the activations; choose noise=add or noise=mult")
    point = int(numpy_stream(bench.network.seed, "sample", bench.step).permutation(len(bench.inputs))[0])
    found: list[list[np.ndarray]] = []
    weights: list[tuple[int, int]] = []
    generators = [
        torch_stream(bench.network.seed, "sample", bench.step, _STREAM + layer,
                     generator=torch.Generator(bench.inputs.device))
        for layer in range(len(stages))
    ]  # fmt: skip
    for start in range(0, n_draws, _CHUNK):
        n = min(_CHUNK, n_draws - start)
        passed = _pass(bench, stages, stds, point, n, generators)
        weights = weights or [_pick(bench, layer, *each) for layer, each in enumerate(passed)]
        found.append([_of_weight(*each, *weight) for each, weight in zip(passed, weights, strict=True)])
        observer.progress("factors", start + n, n_draws, "draw")
    both = np.concatenate([np.array(chunk) for chunk in found], axis=2)
    return Drawn(both[:, 0], both[:, 1], weights)


def _pass(
    bench: Bench,
    stages: list[DenseStage],
    stds: tuple[float, ...],
    point: int,
    n: int,
    generators: list[torch.Generator],
) -> list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    """Of each layer i: X, ∂L̃/∂h̃_i (n, n_i), ∂L̃/∂a_i (n, n_i) and h̃_{i−1} (n, n_{i−1}), with a_i before κ."""
    noise = bench.network.noise
    before, noised = [], []
    h = bench.inputs[point : point + 1].expand(n, *bench.inputs.shape[1:]).flatten(1)
    for stage, std, generator in zip(stages, stds, generators, strict=True):
        if std > 0:
            epsilon = noise.fill(torch.empty(h.shape, dtype=h.dtype, device=h.device), std, generator)
            h = h + epsilon if noise.operation == "add" else h * epsilon
        h = h.requires_grad_()
        noised.append(h)
        before.append(functional.linear(h, stage.weight, stage.bias))
        h = APPLY[stage.activation](before[-1])
    loss = losses.get(bench.network.loss)
    targets = bench.targets[point : point + 1].expand(n, *bench.targets.shape[1:])
    total = loss.mean(h, loss.prepare(targets, h.shape[1], h.dtype)) * n  # each row has a loss of its own
    gradients = torch.autograd.grad(total, [*noised[1:], *before])
    of_noised = [*gradients[: len(stages) - 1], gradients[-1]]  # the last layer's h̃ is the output, which is a_L
    of_before = gradients[len(stages) - 1 :]
    return [(x, a, y.detach()) for x, a, y in zip(of_noised, of_before, noised, strict=True)]


def _pick(bench: Bench, layer: int, x: torch.Tensor, a: torch.Tensor, y: torch.Tensor) -> tuple[int, int]:
    """A random weight of a layer among those that the first draw reaches; (0, 0) where it reaches none."""
    alive = np.argwhere((a[0, :, None] * y[0, None, :] != 0).cpu().numpy())
    if not len(alive):
        return 0, 0
    unit, source = alive[numpy_stream(bench.network.seed, "sample", bench.step, _PICK, layer).integers(len(alive))]
    return int(unit), int(source)


def _of_weight(x: torch.Tensor, a: torch.Tensor, y: torch.Tensor, unit: int, source: int) -> np.ndarray:
    """X and Y of a weight, (2, n): Y is h̃ times ∂h̃_i/∂a_i, which is ∂L̃/∂a_i over X; 0 where X is 0."""
    backward, inner = (each[:, unit].double().cpu().numpy() for each in (x, a))
    slope = np.divide(inner, backward, out=np.zeros_like(inner), where=backward != 0)
    return np.stack([backward, slope * y[:, source].double().cpu().numpy()])
