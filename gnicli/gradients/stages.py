"""The contract of a module with stages, its weights, and the modules that mix examples."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch.nn.modules.batchnorm import _BatchNorm

from gnicli.errors import UsageError


def has_stages(module: torch.nn.Module) -> bool:
    """Whether a module keeps the contract of stages: `module.stages` are modules, and no other one has parameters.

    Networks of other packages have attributes of that name with another meaning, with a stem before them and a head
    after them; the two differ in where parameters lie.
    """
    stages = _stages(module)
    held = {id(parameter) for stage in stages for parameter in stage.parameters()}
    inside = [parameter for child in module.children() for parameter in child.parameters()]
    return bool(stages) and all(id(parameter) in held for parameter in inside)


def stages_of(module: torch.nn.Module, needed_by: str) -> list[torch.nn.Module]:
    """The stages of a module (see `contracts.components.Network.build`).

    Raises `UsageError` where it has none: `needed_by` names what cannot do without.
    """
    if not has_stages(module):
        raise UsageError(
            f"{needed_by} needs a network with stages, the modules that its forward applies in order and no parameters "
            f"beside them; {type(module).__name__} has none: give its module an attribute stages"
        )
    return _stages(module)


def _stages(module: torch.nn.Module) -> list[torch.nn.Module]:
    """The modules in `module.stages`, or none where the attribute is anything else."""
    found = getattr(module, "stages", None)
    stages = list(found) if isinstance(found, Iterable) else []
    return stages if all(isinstance(stage, torch.nn.Module) for stage in stages) else []


def require_forward(module: torch.nn.Module) -> None:
    """Refuse a module that cannot be called, which the evaluation of a run needs."""
    if type(module).forward is torch.nn.Module.forward:  # torch's own raises as soon as it is called
        raise UsageError(
            f"{type(module).__name__} has no forward: build() of a network must return a module that can be called"
        )


def weight_tensors(tensors: Iterable[torch.Tensor]) -> list[torch.Tensor]:
    """Those of a module's parameters, or of their gradients, that are weights of a layer: not the biases.

    A layer is a tensor of two dimensions or more; its number is its position here, from 1.
    """
    return [tensor for tensor in tensors if tensor.dim() > 1]


def mixing(module: torch.nn.Module) -> torch.nn.Module | None:
    """The batch normalization in a module that makes the output of an example depend on the others, or None."""
    for part in module.modules():
        if isinstance(part, _BatchNorm) and (part.training or part.running_mean is None):
            return part
    return None


def require_several(module: torch.nn.Module, n_examples: int) -> None:
    """Refuse a single example where a module normalizes over the batch."""
    if n_examples == 1 and (part := mixing(module)) is not None:
        raise UsageError(
            f"{type(module).__name__} normalizes over the batch ({type(part).__name__}), and this takes a single "
            "example; use a network that treats examples independently, with LayerNorm or GroupNorm"
        )


def learned(module: torch.nn.Module) -> list[torch.nn.Parameter]:
    """The parameters of a module that learn; raises `UsageError` where none does."""
    parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
    if not parameters:
        raise UsageError(f"{type(module).__name__} has no parameters that learn")
    return parameters
