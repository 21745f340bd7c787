"""The least memory that training takes, which is checked before the first step."""

from __future__ import annotations

import torch

from gnicli import memory
from gnicli.gradients import room
from gnicli.gradients.dense import is_dense
from gnicli.training.optimizer import OptimizerOptions

EVALUATED = 1024  # examples that go through the network at once when the clean losses are recorded
_BY_HAND, _BY_AUTOGRAD = ("noisy", "clean"), ("explicit",)


def least(
    module: torch.nn.Module,
    input_shape: tuple[int, ...],
    batch: int,
    evaluated: int,
    objective: str,
    n_moments: int,
) -> int:
    """Bytes besides the weights: gradient, the optimizer's moments (0, 1 or 2 of a gradient's size), activations.

    `batch` examples are in a step and at most `evaluated` in a record of the clean losses. The buffers of a gradient by
    hand stay while the losses are recorded; what autograd keeps does not. Of objectives from other packages no
    activations are counted.
    """
    itemsize = next(module.parameters()).element_size()
    weights = itemsize * room.n_weights(module) * (1 + n_moments)
    forward = room.of_forward(module, input_shape, min(evaluated, EVALUATED), itemsize)
    if objective not in (*_BY_HAND, *_BY_AUTOGRAD):
        return weights + forward
    by_hand = objective in _BY_HAND
    kept = room.of_activations(module, input_shape, batch, itemsize, by_hand)
    return weights + (kept + forward if by_hand and is_dense(module) else max(kept, forward))


def require(
    module: torch.nn.Module,
    input_shape: tuple[int, ...],
    batch: int,
    evaluated: int,
    objective: str,
    optimizer: OptimizerOptions,
) -> None:
    """Raise `ResourceError` where training on the CPU needs more than is free; `optimizer` as in `build_optimizer`."""
    if next(module.parameters()).device.type != "cpu":
        return
    n_moments = 2 if optimizer.name == "adam" else int(optimizer.momentum > 0)
    memory.require(
        least(module, input_shape, batch, evaluated, objective, n_moments),
        f"training a network of {room.n_weights(module):,} weights on batches of {batch:,} examples",
        "take a smaller network or batch_size",
    )
