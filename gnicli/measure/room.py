"""The least memory that a measurement takes, which is checked before it begins."""

from __future__ import annotations

import torch

from gnicli import memory
from gnicli.contracts.components import Bench
from gnicli.gradients import room
from gnicli.gradients.calls import n_examples
from gnicli.gradients.dense import is_dense
from gnicli.gradients.stages import weight_tensors
from gnicli.measure.averages.batch_means import CHUNK

_DOUBLE = 8
_KEPT_IN_OWN, _KEPT_IN_DOUBLE = (
    7,
    4,
)  # of a coordinate in `power_sums.PowerSums`: center, two scratch rows, four of a block
_TRACED = 4  # bytes of a traced value


def of_layers(bench: Bench, n_draws: int, n_traced: int, n_of_weights: int = 2) -> int:
    """Bytes of `measure=layers`: its samples of one draw, the sums and traces of its populations, the gradient.

    `n_of_weights` populations are of weights, one of units.
    """
    shape, itemsize = _shape(bench.inputs), _itemsize(bench)
    weights = [weight.numel() for weight in weight_tensors(bench.network.module.parameters())]
    units = [stage.n_in for stage in room.known_stages(bench.network.module, shape)]
    of_one_draw = _DOUBLE * (2 * sum(weights) + n_examples(bench.inputs) * sum(units))
    coordinates = [*weights * n_of_weights, *units]
    sums = (_KEPT_IN_OWN * itemsize + _KEPT_IN_DOUBLE * _DOUBLE) * sum(coordinates)
    traces = _TRACED * n_draws * sum(min(n_traced, size) for size in coordinates)
    return of_one_draw + sums + traces + _of_gradient(bench)


def of_network(bench: Bench, n_sizes: int, n_draws: int) -> int:
    """Bytes of draws of one weight of each layer, for so many batch sizes."""
    layers = len(weight_tensors(bench.network.module.parameters()))
    return _DOUBLE * n_sizes * layers * n_draws + _itemsize(bench) * room.n_weights(bench.network.module)


def of_one_neuron_means(n_layers: int, sizes: list[int], n_draws: int) -> int:
    """Bytes of `averages.batch_means.one_neuron_means`: all means, and the noise of the largest chunk."""
    noise = max(min(n_draws, max(1, CHUNK // size)) * size for size in sizes)
    return _DOUBLE * (len(sizes) * n_draws + noise * n_layers)


def of_one_neuron(n_layers: int, n_samples: int) -> int:
    """Bytes of the noise of one quantity's draws on a one-neuron network."""
    return _DOUBLE * n_layers * n_samples


def _of_gradient(bench: Bench) -> int:
    """The gradient and the buffers it is made in by hand; what autograd keeps is gone after each draw."""
    shape, itemsize = _shape(bench.inputs), _itemsize(bench)
    buffers = (
        room.of_activations(bench.network.module, shape, n_examples(bench.inputs), itemsize)
        if is_dense(bench.network.module)
        else 0
    )
    return itemsize * room.n_weights(bench.network.module) + buffers


def _shape(inputs: object) -> tuple[int, ...]:
    """The shape of one example; () where the inputs are more than one tensor."""
    return tuple(inputs.shape[1:]) if isinstance(inputs, torch.Tensor) else ()


def _itemsize(bench: Bench) -> int:
    return next(bench.network.module.parameters()).element_size()


def require(n_bytes: int, keys: str, device: torch.device | None = None) -> None:
    """Raise `ResourceError` where memory has less; on a GPU nothing is asked."""
    if device is None or device.type == "cpu":
        memory.require(n_bytes, keys, "take fewer or smaller ones")


def described(bench: Bench) -> str:
    """The network and the batch, for an error message."""
    return f"a network of {room.n_weights(bench.network.module):,} weights with {n_examples(bench.inputs):,} examples"
