"""The accumulated noise of the forward pass, E_i(x; w, ε) = h̃_i(x) − h_i(x) (section 2 of the paper)."""

from __future__ import annotations

import torch

from gnicli.contracts.components import NoisyNetwork
from gnicli.errors import UsageError
from gnicli.gradients.calls import called, n_examples
from gnicli.gradients.hooks import Injection
from gnicli.gradients.layer_hooks import LayerHooks
from gnicli.gradients.noise_layers import noise_layers
from gnicli.gradients.stages import require_several


class ForwardNoise:
    """E_i of every noise layer i = 0 … L − 1 in any draw: the same ε as in the gradient of that draw."""

    def __init__(self, network: NoisyNetwork) -> None:
        self._module, self._layers = network.module, noise_layers(network.module, network.layers)
        self._injection = Injection(network.module, network.noise, self._layers, network.seed)

    @torch.no_grad()
    def __call__(self, step: int, draw: int, inputs: torch.Tensor) -> list[torch.Tensor]:
        """One tensor (n, *features of the layer) per noise layer; the calls of one called again lie side by side."""
        require_several(self._module, n_examples(inputs))
        clean = self._entering(inputs)
        with self._injection.at(step, draw):
            noised = self._entering(inputs)
        return [after - before for after, before in zip(noised, clean, strict=True)]

    def _entering(self, inputs: torch.Tensor) -> list[torch.Tensor]:
        """What enters each layer in a pass, noise included."""
        found: dict[int, list[torch.Tensor]] = {}

        def keep(layer: int, values: torch.Tensor) -> torch.Tensor:
            found.setdefault(layer, []).append(values)
            return values

        with LayerHooks(self._module, dict(enumerate(self._layers)), keep):
            called(self._module, inputs)
        for layer, (name, *_) in enumerate(self._layers):
            if layer not in found:
                raise UsageError(f"the forward pass of {type(self._module).__name__} never calls {name}, a noise layer")
        return [
            torch.cat([each.flatten(1) for each in parts], dim=1) if len(parts) > 1 else parts[0]
            for _, parts in sorted(found.items())
        ]
