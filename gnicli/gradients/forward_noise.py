"""The accumulated noise of the forward pass, E_i(x; w, ε) = h̃_i(x) − h_i(x) (section 2 of the paper)."""

from __future__ import annotations

import torch

from gnicli.contracts.components import NoisyNetwork
from gnicli.gradients.stages import stages_of
from gnicli.gradients.streams import NoiseStream, Piece


class ForwardNoise:
    """E_i of every noise layer i = 0 … L − 1 in any draw: the same ε as in the gradient of that draw."""

    def __init__(self, network: NoisyNetwork) -> None:
        self._stages = stages_of(network.module)
        self._multiply = network.noise.operation == "multiply"
        device = next(network.module.parameters()).device
        self._stream = NoiseStream(network.noise, network.noise.stds(len(self._stages)), network.seed, device)

    @torch.no_grad()
    def __call__(self, step: int, draw: int, inputs: torch.Tensor) -> list[torch.Tensor]:
        """One tensor (n, *features of the layer) per noise layer."""
        self._stream.open(step, range(draw, draw + 1))
        whole = [Piece(draw, 0, len(inputs))]
        clean = noised = inputs
        found = []
        for layer, stage in enumerate(self._stages):
            if self._stream.stds[layer] > 0:
                noise = self._stream.fill(whole, layer, torch.empty_like(noised))
                noised = noised * noise if self._multiply else noise.add_(noised)
            found.append(noised - clean)
            clean, noised = stage(clean), stage(noised)
        return found
