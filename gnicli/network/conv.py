"""`network=conv`: strided convolutions and a dense output (the CONV of the paper's figure 7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gnicli import checks
from gnicli.checks import Unchecked, key
from gnicli.errors import UsageError
from gnicli.network import options
from gnicli.network.options import Counts

if TYPE_CHECKING:
    import torch


@dataclass
class Conv:
    """Convolutions without padding, one per entry of `channels`, then a linear output."""

    name: str = key("conv", "strided convolutions and a dense output")
    channels: Unchecked[Counts] = key([32, 128], "filters of each convolution, a list")
    kernel: Unchecked[int | Counts] = key(
        4, "width of the square filters: a number, or a list with one per convolution"
    )
    stride: Unchecked[int | Counts] = key(
        2, "step between filter positions: a number, or a list with one per convolution"
    )
    activation: str = key("relu", options.ACTIVATION_HELP, choices=options.ACTIVATIONS)
    bias: bool = key(True, options.BIAS_HELP)
    init: str = key("he", options.INIT_HELP, choices=options.INITS)

    def __post_init__(self) -> None:
        checks.listed("network.channels", self.channels, "filter counts", "[32,128]")
        n_layers = len(self.channels)
        options.per_layer("network.channels", self.channels, n_layers)
        options.per_layer("network.kernel", self.kernel, n_layers)
        options.per_layer("network.stride", self.stride, n_layers)
        options.check_shared(self.activation, self.init)

    def build(
        self, input_shape: tuple[int, ...], n_outputs: int, generator: torch.Generator, dtype: torch.dtype
    ) -> torch.nn.Module:
        """See `components.Network.build`; inputs must be images (channels, height, width), else `UsageError`."""
        from gnicli.network import stages

        if len(input_shape) != 3:
            raise UsageError(
                f"network=conv needs images (channels, height, width), but this data set's inputs have shape "
                f"{tuple(input_shape)}; use network=mlp"
            )
        n_in, *size = input_shape
        n_layers = len(self.channels)
        kernels = options.per_layer("network.kernel", self.kernel, n_layers)
        strides = options.per_layer("network.stride", self.stride, n_layers)
        parts: list[torch.nn.Module] = []
        n_weights = 0
        for n_out, kernel, stride in zip(self.channels, kernels, strides, strict=True):
            if min(size) < kernel:
                raise UsageError(
                    f"network.kernel={kernel} does not fit the {size[0]}x{size[1]} input of convolution "
                    f"{len(parts) + 1}; use smaller kernels or strides, or fewer network.channels"
                )
            n_weights += n_in * n_out * kernel**2
            options.require_room(f"network.channels={list(self.channels)}", n_weights, dtype)
            parts.append(stages.ConvStage(n_in, n_out, kernel, stride, self.activation, self.bias, dtype))
            n_in, size = n_out, [(side - kernel) // stride + 1 for side in size]
        parts.append(stages.DenseStage(n_in * size[0] * size[1], n_outputs, "linear", self.bias, dtype))
        module = stages.Stack(parts)
        stages.initialize(module, self.init, generator)
        return module


COMPONENT = Conv
