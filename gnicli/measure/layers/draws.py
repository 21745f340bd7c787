"""Many draws of one network, reduced as they pass by: the populations over draws."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch.utils._pytree import tree_map

from gnicli.contracts.components import Bench
from gnicli.contracts.observer import Observer, State, arrays_of, joined_arrays
from gnicli.errors import UsageError
from gnicli.gradients.calls import examples, n_examples
from gnicli.gradients.forward_noise import ForwardNoise
from gnicli.gradients.injected import first_fresh, gradient_noise_source
from gnicli.gradients.noisy import NoisyGradient
from gnicli.gradients.stages import weight_tensors
from gnicli.measure.layers.power_sums import BLOCK, Moments, PowerSums, Trace
from gnicli.noise.none import NoNoise
from gnicli.seeding import numpy_stream

_POINT, _TRACED, _BATCH = 2_000_000, 2_000_001, 2_000_004  # streams of purpose "sample"
WATCHED = 1024  # coordinates of a layer that errors of medians over coordinates are taken from
Draw = Callable[[int], list[torch.Tensor]]


class Population(NamedTuple):
    """What came of one population: a `Moments` of every coordinate and a trace (n_draws, n_traced) for each layer.

    `without` has for each layer the `Moments` of some coordinates without each group of draws (`jackknife`).
    """

    moments: list[Moments]
    traces: list[np.ndarray]
    chosen: list[np.ndarray]
    without: list[list[Moments]]


def point_of(bench: Bench) -> int:
    """The position in the batch of the data point that is looked at alone: at random, and the same for every seed.

    So are the traced weights: seeds of one network differ in the draws alone, which standard errors are about.
    """
    return int(numpy_stream(0, "sample", _POINT).integers(n_examples(bench.inputs)))


def over_draws(
    bench: Bench, n_draws: int, n_traced: int, observer: Observer, minibatch: int | None = None
) -> dict[str, Population]:
    """Draw after draw of: the gradient of the batch, that of one data point, the accumulated forward noise there.

    With `minibatch` also the gradient without injected noise of so many random ones of the batch's examples.

    The draws follow those of the mean of (3.2), so they are independent of it and of draws 0 … M − 1. The mean of the
    draws themselves is taken off, which the factor n/(n − 1) of the variance makes good. After every 32 draws a
    checkpoint may be kept; the result does not depend on it.
    """
    streams = {
        name: _Stream(draw, bench, n_draws, n_traced, index)
        for index, (name, draw) in enumerate(_draws(bench, minibatch))
    }
    state = observer.restore()
    done = 0
    if state is not None:
        done = state.step
        for name, stream in streams.items():
            stream.load(arrays_of(name, state.arrays))

    def make_state() -> State:
        return State(done, joined_arrays({name: stream.arrays() for name, stream in streams.items()}))

    while done < n_draws:
        last = min(done + BLOCK, n_draws)
        for stream in streams.values():
            for number in range(done, last):
                stream.add(number)
        done = last
        observer.step_done(done, n_draws, make_state)
    return {name: stream.population() for name, stream in streams.items()}


def whole_draws(bench: Bench, n_draws: int) -> Iterator[dict[str, list[np.ndarray]]]:
    """The first draws of `over_draws` once more, every weight of every layer, float64; `forward` of the whole batch."""
    draw = dict(_draws(bench))["over_draws"]
    forward = ForwardNoise(bench.network)
    first = first_fresh(bench.network.M) + bench.n_mean
    for number in range(n_draws):
        noised = forward(bench.step, first + number, bench.inputs)
        found = {"across_weights": draw(number), "forward": [layer.reshape(-1) for layer in noised]}
        yield {name: [each.double().cpu().numpy().copy() for each in layers] for name, layers in found.items()}


def _draws(bench: Bench, minibatch: int | None = None) -> list[tuple[str, Draw]]:
    """The populations by name, each with the function that gives draw number k, flat, layer by layer; −1: a mean."""
    source = gradient_noise_source(bench.network, "measure=layers")
    pilot = range(first_fresh(bench.network.M), first_fresh(bench.network.M) + bench.n_mean)
    first = pilot.stop + pilot.stop % 2
    at = point_of(bench)
    point = examples(bench.inputs, at, at + 1), examples(bench.targets, at, at + 1)
    forward_noise = ForwardNoise(bench.network)

    def gradient(inputs: torch.Tensor, targets: torch.Tensor) -> Draw:
        def draw(number: int) -> list[torch.Tensor]:
            draws = (
                range(first + number * bench.network.M, first + (number + 1) * bench.network.M)
                if number >= 0
                else pilot
            )
            _, gradients = source.over(bench.step, draws, inputs, targets)
            return [gradient.reshape(-1) for gradient in weight_tensors(gradients)]

        return draw

    def forward(number: int) -> list[torch.Tensor]:
        if number < 0:
            each = [forward_noise(bench.step, draw, point[0]) for draw in pilot]
            return [torch.stack(layer).mean(dim=0).reshape(-1) for layer in zip(*each, strict=True)]
        return [layer.reshape(-1) for layer in forward_noise(bench.step, first + number * bench.network.M, point[0])]

    found = [
        ("over_draws", gradient(bench.inputs, bench.targets)),
        ("over_draws_point", gradient(*point)),
        ("forward_point", forward),
    ]
    return found if minibatch is None else [*found, ("over_batches", _over_batches(bench, minibatch))]


def _over_batches(bench: Bench, size: int) -> Draw:
    """∇L(B) for random B of `size` of the examples, without replacement and injected noise; −1: ∇L of all of them.

    So its law about the mean is that of U = ∇L(D) − ∇L(B), equation (2.4), turned around. Raises `UsageError` where B
    would be all examples.
    """
    n = n_examples(bench.inputs)
    if size >= n:
        raise UsageError(
            f"measure.minibatch={size} must be below the {n} examples of the gradient: a minibatch of all has no noise"
        )
    source = NoisyGradient(bench.network._replace(noise=NoNoise(), M=1))

    def draw(number: int) -> list[torch.Tensor]:
        inputs, targets = bench.inputs, bench.targets
        if number >= 0:
            chosen = numpy_stream(bench.network.seed, "sample", _BATCH, bench.step, number).choice(n, size, False)
            inputs, targets = tree_map(lambda each: each[torch.from_numpy(chosen).to(each.device)], (inputs, targets))
        _, gradients = source(bench.step, inputs, targets)
        return [gradient.reshape(-1) for gradient in weight_tensors(gradients)]

    return draw


class _Stream:
    """One population: its draws and the sums that they go into, layer by layer."""

    def __init__(self, draw: Draw, bench: Bench, n_draws: int, n_traced: int, index: int) -> None:
        self._draw = draw
        centers = [center.clone() for center in draw(-1)]
        probes = [probe.clone() for probe in draw(0)]
        self._sums: list[PowerSums] = []
        self._traces: list[Trace] = []
        for layer, (center, probe) in enumerate(zip(centers, probes, strict=True)):
            spread = probe - center
            unit = math.sqrt(float(spread.double().square().mean())) or 1.0
            rng = numpy_stream(0, "sample", _TRACED, index, layer)
            moved = spread.cpu().numpy()
            chosen = _choose(moved, n_traced, rng)
            self._sums.append(PowerSums(center, unit, n_draws, _choose(moved, WATCHED, rng)))
            self._traces.append(Trace(chosen, n_draws))

    def add(self, number: int) -> None:
        for values, sums, trace in zip(self._draw(number), self._sums, self._traces, strict=True):
            sums.add(values)
            trace.add(values)

    def population(self) -> Population:
        moments = [sums.moments() for sums in self._sums]
        without = [sums.without_groups() for sums in self._sums]
        return Population(moments, [t.values[: t.n] for t in self._traces], [t.chosen for t in self._traces], without)

    def arrays(self) -> dict[str, np.ndarray]:
        return joined_arrays({name: part.arrays() for name, part in self._parts()})

    def load(self, arrays: Mapping[str, np.ndarray]) -> None:
        for name, part in self._parts():
            part.load(arrays_of(name, arrays))

    def _parts(self) -> list[tuple[str, PowerSums | Trace]]:
        sums = [(f"sums/{layer}", each) for layer, each in enumerate(self._sums)]
        traces = [(f"trace/{layer}", each) for layer, each in enumerate(self._traces)]
        return [*sums, *traces]


def _choose(spread: np.ndarray, n_traced: int, rng: np.random.Generator) -> np.ndarray:
    """Positions to be traced, ascending: at random among those that moved in a draw; others only for want of these."""
    order = rng.permutation(spread.size)
    moving = spread[order] != 0
    return np.sort(np.concatenate([order[moving], order[~moving]])[:n_traced])
