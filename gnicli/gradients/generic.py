"""The gradient of the M-draw objective (4.5) of any module with `stages`, by autograd over chunks of draws.

The stages must treat examples independently (no normalization over the batch), because a chunk holds several draws of a
batch, or a part of one.
"""

from __future__ import annotations

import torch

from gnicli.contracts.components import NoisyNetwork, ValueAndGradients
from gnicli.gradients import losses
from gnicli.gradients.stages import learned, stages_of
from gnicli.gradients.streams import NoiseStream, Piece, chunk_rows, plan, tile
from gnicli.gradients.weighted import Weights, accumulate

GROUP_ROWS = 128  # autograd keeps every activation of a chunk, so chunks are small


class GenericGradient:
    """Mean over draws of the gradient of the loss under noise."""

    def __init__(self, network: NoisyNetwork) -> None:
        self._stages = stages_of(network.module, "the gradient in chunks")
        self._parameters = learned(network.module)
        self._loss, self._multiply = losses.get(network.loss), network.noise.operation == "multiply"
        self._gradients = [torch.empty_like(parameter) for parameter in self._parameters]
        device = self._parameters[0].device
        self._stream = NoiseStream(network.noise, network.noise.stds(len(self._stages)), network.seed, device)

    @torch.enable_grad()
    def __call__(
        self, step: int, draws: range, inputs: torch.Tensor, targets: torch.Tensor, weights: Weights | None = None
    ) -> ValueAndGradients:
        """The mean loss over `draws`, and its gradients or their sums with `weights`; they hold until the next call."""
        # One draw in a chunk where draws have weights: what autograd gives of a chunk is one sum.
        chunks = plan(draws, len(inputs), GROUP_ROWS if weights is None else 1)
        n_rows = len(inputs) * len(draws)
        inputs, targets = tile(inputs, chunks), tile(targets, chunks)
        self._stream.open(step, draws)
        total = inputs.new_zeros(())
        for index, chunk in enumerate(chunks):
            rows = chunk_rows(chunk)
            outputs = self._forward(chunk, inputs[rows])
            prepared = self._loss.prepare(targets[rows], outputs.shape[1], outputs.dtype)
            value = self._loss.mean(outputs, prepared) * (len(outputs) / n_rows)
            gradients = torch.autograd.grad(value, self._parameters, allow_unused=True)
            scales = None if weights is None else weights[:, draws.index(chunk[0].draw)] * len(draws)
            accumulate(self._gradients, gradients, index == 0, scales)
            total += value.detach()
        return total, self._gradients

    def _forward(self, chunk: list[Piece], inputs: torch.Tensor) -> torch.Tensor:
        values = inputs
        for layer, stage in enumerate(self._stages):
            if self._stream.stds[layer] > 0:
                noise = self._stream.fill(chunk, layer, torch.empty_like(values, requires_grad=False))
                # Into the noise's own memory where autograd does not need it again.
                values = values * noise if self._multiply else noise.add_(values)
            values = stage(values)
        return values
