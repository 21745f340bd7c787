"""torch's optimizers, and their state as plain arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    import torch

_PREFIX = "optimizer"


class OptimizerOptions(Protocol):
    """The fields of `optimizer.*`."""

    name: str
    momentum: float
    nesterov: bool
    beta1: float
    beta2: float
    weight_decay: float


def build_optimizer(
    options: OptimizerOptions, parameters: Iterable[torch.nn.Parameter], lr: float
) -> torch.optim.Optimizer:
    """The optimizer that `options` describe. Weight decay is L2 (added to the gradient), for Adam as well."""
    import torch

    if options.name == "adam":
        betas = (options.beta1, options.beta2)
        return torch.optim.Adam(parameters, lr=lr, betas=betas, weight_decay=options.weight_decay)
    return torch.optim.SGD(
        parameters,
        lr=lr,
        momentum=options.momentum,
        nesterov=options.nesterov,
        weight_decay=options.weight_decay,
    )


def take_step(
    optimizer: torch.optim.Optimizer, parameters: Iterable[torch.nn.Parameter], gradients: Iterable[torch.Tensor]
) -> None:
    """Let the optimizer take a step along `gradients`, one for each of the `parameters`; they are not copied."""
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient
    optimizer.step()


def optimizer_arrays(optimizer: torch.optim.Optimizer) -> dict[str, np.ndarray]:
    """The optimizer's memory (momentum, moments, step counts) as arrays named `optimizer/<parameter>/<what>`."""
    state = optimizer.state_dict()["state"]
    return {
        f"{_PREFIX}/{index}/{what}": tensor.detach().cpu().numpy()
        for index, memory in state.items()
        for what, tensor in memory.items()
        if tensor is not None
    }


def restore_optimizer(optimizer: torch.optim.Optimizer, arrays: Mapping[str, np.ndarray]) -> None:
    """Put back what `optimizer_arrays` gave; the learning rate is not part of it (the schedule decides it)."""
    import torch

    memory: dict[int, dict[str, torch.Tensor]] = {}
    for name, array in arrays.items():
        prefix, _, rest = name.partition("/")
        if prefix == _PREFIX:
            index, _, what = rest.partition("/")
            memory.setdefault(int(index), {})[what] = torch.from_numpy(np.array(array))
    if memory:
        optimizer.load_state_dict({**optimizer.state_dict(), "state": memory})
