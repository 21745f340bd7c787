"""The stages that the networks of this package consist of, and how their weights are drawn.

A stage maps the noised activations h̃_i of a noise layer to the activations h_{i+1} of the next one, so it ends with the
activation function. `gradients.dense` knows `DenseStage` by its type and differentiates stacks of them by hand.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import torch
from torch import nn
from torch.nn import functional

LEAKY_SLOPE = 0.01  # torch's default


def _identity(values: torch.Tensor) -> torch.Tensor:
    return values


APPLY: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "relu": torch.relu,
    "elu": functional.elu,
    "leaky_relu": lambda values: functional.leaky_relu(values, LEAKY_SLOPE),
    "gelu": functional.gelu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "linear": _identity,
}


class DenseStage(nn.Module):
    """A dense layer and its activation: (n, …) is flattened to (n, n_in) and mapped to (n, n_out)."""

    def __init__(self, n_in: int, n_out: int, activation: str, bias: bool, dtype: torch.dtype) -> None:
        super().__init__()
        self.activation = activation
        # Empty tensors, not nn.Linear: its constructor would draw from the global generator.
        self.weight = nn.Parameter(torch.empty(n_out, n_in, dtype=dtype))
        self.bias = nn.Parameter(torch.empty(n_out, dtype=dtype)) if bias else None

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the activations of the next layer."""
        return APPLY[self.activation](functional.linear(inputs.flatten(1), self.weight, self.bias))

    def extra_repr(self) -> str:
        """What `print(module)` shows of this stage."""
        n_out, n_in = self.weight.shape
        return f"{n_in}, {n_out}, activation={self.activation}, bias={self.bias is not None}"


class ConvStage(nn.Module):
    """A square convolution without padding and its activation: (n, n_in, h, w) to (n, n_out, h', w')."""

    def __init__(
        self, n_in: int, n_out: int, kernel: int, stride: int, activation: str, bias: bool, dtype: torch.dtype
    ) -> None:
        super().__init__()
        self.activation, self.stride = activation, stride
        self.weight = nn.Parameter(torch.empty(n_out, n_in, kernel, kernel, dtype=dtype))
        self.bias = nn.Parameter(torch.empty(n_out, dtype=dtype)) if bias else None

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return the activations of the next layer."""
        return APPLY[self.activation](functional.conv2d(inputs, self.weight, self.bias, stride=self.stride))

    def extra_repr(self) -> str:
        """What `print(module)` shows of this stage."""
        n_out, n_in, kernel, _ = self.weight.shape
        return f"{n_in}, {n_out}, kernel={kernel}, stride={self.stride}, activation={self.activation}"


class Stack(nn.Module):
    """Stages applied in order: what `Network.build` returns."""

    def __init__(self, stages: Iterable[nn.Module]) -> None:
        super().__init__()
        self.stages = nn.ModuleList(stages)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """The network's output for inputs (n, *input_shape), without noise."""
        for stage in self.stages:
            inputs = stage(inputs)
        return inputs


def initialize(module: nn.Module, init: str, generator: torch.Generator) -> None:
    """Draw the weights of every stage, in order, from `generator`; `init` as in `options.INIT_HELP`."""
    for stage in module.modules():
        if isinstance(stage, DenseStage | ConvStage):
            _initialize_stage(stage, init, generator)


def _initialize_stage(stage: DenseStage | ConvStage, init: str, generator: torch.Generator) -> None:
    weight, bias = stage.weight, stage.bias
    if init == "default":
        bound = 1 / math.sqrt(weight[0].numel())
        nn.init.uniform_(weight, -bound, bound, generator=generator)
        if bias is not None:
            nn.init.uniform_(bias, -bound, bound, generator=generator)
        return
    if init == "he":
        nn.init.kaiming_normal_(weight, nonlinearity="relu", generator=generator)
    else:
        nn.init.xavier_normal_(weight, generator=generator)
    if bias is not None:
        nn.init.zeros_(bias)
