"""`network=mlp`: dense layers of equal width."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gnicli import checks
from gnicli.checks import key
from gnicli.network import options

if TYPE_CHECKING:
    import torch


@dataclass
class Mlp:
    """`depth` hidden layers of `width` units each, then a linear output; images are flattened."""

    name: str = key("mlp", "dense layers of equal width")
    depth: int = key(4, "hidden layers; 0 makes a linear model")
    width: int = key(256, "units of each hidden layer")
    activation: str = key("relu", options.ACTIVATION_HELP, choices=options.ACTIVATIONS)
    bias: bool = key(True, options.BIAS_HELP)
    init: str = key("he", options.INIT_HELP, choices=options.INITS)

    def __post_init__(self) -> None:
        checks.integer("network.depth", self.depth, least=0)
        checks.at_most("network.depth", self.depth, checks.MOST_DEPTH)
        checks.integer("network.width", self.width, least=1)
        options.check_shared(self.activation, self.init)

    def build(
        self, input_shape: tuple[int, ...], n_outputs: int, generator: torch.Generator, dtype: torch.dtype
    ) -> torch.nn.Module:
        """See `contracts.components.Network.build`; the module has depth + 1 stages."""
        from gnicli.network import stages

        inner = max(0, self.depth - 1)
        options.require_room(
            f"network.width={self.width} network.depth={self.depth}",
            math.prod(input_shape) * self.width + inner * self.width**2 + self.width * n_outputs,
            dtype,
        )
        sizes = [math.prod(input_shape), *[self.width] * self.depth, n_outputs]
        activations = [self.activation] * self.depth + ["linear"]
        module = stages.Stack(
            stages.DenseStage(n_in, n_out, activation, self.bias, dtype)
            for n_in, n_out, activation in zip(sizes[:-1], sizes[1:], activations, strict=True)
        )
        stages.initialize(module, self.init, generator)
        return module


COMPONENT = Mlp
