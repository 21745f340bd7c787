"""What a module must have for noise to be injected into it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import torch

from gnicli.errors import UsageError


def stages_of(module: torch.nn.Module) -> list[torch.nn.Module]:
    """The stages of a module (see `contracts.components.Network.build`); raises `UsageError` where it has none."""
    stages = list(cast(Iterable[torch.nn.Module], getattr(module, "stages", ())))
    if not stages:
        raise UsageError(
            f"{type(module).__name__} has no stages: build() of a network must return a module with stages"
        )
    return stages


def require_forward(module: torch.nn.Module) -> None:
    """Refuse a module that cannot be called, which the evaluation of a run needs."""
    if type(module).forward is torch.nn.Module.forward:  # torch's own raises as soon as it is called
        raise UsageError(
            f"{type(module).__name__} has no forward: build() of a network must return a module "
            "whose forward(x) applies its stages in order"
        )


def weight_tensors(tensors: Iterable[torch.Tensor]) -> list[torch.Tensor]:
    """Those of a module's parameters, or of their gradients, that are weights of a layer: not the biases.

    A layer is a tensor of two dimensions or more; its number is its position here, from 1.
    """
    return [tensor for tensor in tensors if tensor.dim() > 1]


def learned(module: torch.nn.Module) -> list[torch.nn.Parameter]:
    """The parameters of a module that learn; raises `UsageError` where none does."""
    parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
    if not parameters:
        raise UsageError(f"{type(module).__name__} has no parameters that learn")
    return parameters
