"""The gradient of the M-draw objective (4.5) of any module with `stages`, by autograd over chunks of draws.

The stages must treat examples independently (no normalization over the batch), because a chunk holds several draws of a
batch, or a part of one.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from gnicli.contracts.components import NoisyNetwork, ValueAndGradients
from gnicli.gradients import losses
from gnicli.gradients.stages import learned, stages_of
from gnicli.gradients.streams import NoiseStream, Piece, chunk_rows, plan, tile

GROUP_ROWS = 128  # autograd keeps every activation of a chunk, so chunks are small


def accumulate(totals: list[torch.Tensor], gradients: Sequence[torch.Tensor | None], first: bool) -> None:
    """Add `gradients` to `totals`, or where `first`, overwrite these; None counts as zero."""
    for total, gradient in zip(totals, gradients, strict=True):
        if first:
            total.zero_() if gradient is None else total.copy_(gradient)
        elif gradient is not None:
            total.add_(gradient)


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
    def __call__(self, step: int, draws: range, inputs: torch.Tensor, targets: torch.Tensor) -> ValueAndGradients:
        """The mean loss over `draws` and its gradients, which hold until the next call."""
        chunks = plan(draws, len(inputs), GROUP_ROWS)
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
            accumulate(self._gradients, gradients, first=index == 0)
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
