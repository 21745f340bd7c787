"""The gradient of the M-draw objective (4.5) of a stack of dense stages, by hand.

Autograd over the batch tiled M times is bound by memory: every operation reads and writes M copies of the activations,
and keeps them for the backward pass. Here a chunk of rows, small enough for the cache, goes through the whole forward
and backward pass before the next one is drawn. All its tensors live in buffers that are allocated once, noise is drawn
into the buffer where it is needed, and weight gradients accumulate inside the matrix product. `gradients.generic` does
the same by autograd for any other module and is what this is tested against.

For stage i, with h̃_i what enters it: z = h̃_i W_iᵀ + b_i and h_{i+1} = f(z). Backward, with g = ∂L/∂z: ∂L/∂W_i = gᵀ h̃_i,
∂L/∂b_i = Σ g, ∂L/∂h̃_i = g W_i, then ∂L/∂h_i = ∂L/∂h̃_i (additive) or ε_i ∘ ∂L/∂h̃_i (multiplicative).
"""

from __future__ import annotations

from typing import NamedTuple, cast

import torch

from gnicli.contracts.components import NoisyNetwork, ValueAndGradients
from gnicli.gradients import losses
from gnicli.gradients.slopes import SLOPES
from gnicli.gradients.stages import has_stages, learned, stages_of
from gnicli.gradients.streams import NoiseStream, Piece, chunk_rows, plan, tile
from gnicli.gradients.weighted import Weights, of_rows
from gnicli.network.stages import DenseStage

GROUP_ROWS = 600  # several draws of a small batch go through together: the calls cost less, the buffers stay in cache

WIDE = 1024  # inputs of a stage from which its forward product is faster with a copy of Wᵀ than with a view of W


class _Layer(NamedTuple):
    """The buffers (rows, n_features) of one noise layer."""

    kept: torch.Tensor  # h_i, then what the derivative of the activation function needs; unused in layer 0
    work: torch.Tensor  # ε_i; under additive noise then h̃_i
    noised: torch.Tensor  # h̃_i, then ∂L/∂h_i; the same memory as `work` unless ε_i is needed for the backward pass


def is_dense(module: torch.nn.Module) -> bool:
    """Whether `DenseGradient` can differentiate `module`: dense stages with weights of their own, all of which learn.

    A weight that two stages share, or that belongs to none, is left to `gradients.generic`.
    """
    if not has_stages(module):
        return False
    stages = stages_of(module, "the gradient by hand")
    if not all(type(stage) is DenseStage for stage in stages):
        return False
    both = [(stage.weight, stage.bias) for stage in cast(list[DenseStage], stages)]
    parameters = [parameter for pair in both for parameter in pair if parameter is not None]
    own = {id(parameter) for parameter in parameters}
    is_shared = len(own) < len(parameters)
    is_whole = own == {id(parameter) for parameter in module.parameters()}
    return is_whole and not is_shared and all(parameter.requires_grad for parameter in parameters)


class DenseGradient:
    """Mean over draws of the gradient of the loss under noise, for a network whose module `is_dense`."""

    def __init__(self, network: NoisyNetwork) -> None:
        self._stages = cast(list[DenseStage], stages_of(network.module, "the gradient by hand"))
        self._slopes = [SLOPES[stage.activation] for stage in self._stages]
        self._loss, self._multiply = losses.get(network.loss), network.noise.operation == "multiply"
        self._gradients = [torch.empty_like(parameter) for parameter in learned(network.module)]
        own = dict(zip(learned(network.module), self._gradients, strict=True))
        self._own = [(own[stage.weight], None if stage.bias is None else own[stage.bias]) for stage in self._stages]
        place = {parameter: index for index, parameter in enumerate(own)}
        self._places = [
            (place[stage.weight], -1 if stage.bias is None else place[stage.bias]) for stage in self._stages
        ]
        weight = self._stages[0].weight
        self._stream = NoiseStream(network.noise, network.noise.stds(len(self._stages)), network.seed, weight.device)
        self._copies = {
            index: stage.weight.detach().t().contiguous()
            for index, stage in enumerate(self._stages)
            if stage.weight.shape[1] >= WIDE
        }
        self._transposed: list[torch.Tensor] = []
        self._ones = weight.new_ones(0)
        self._buffers: list[_Layer] = []
        self._views: dict[int, list[_Layer]] = {}

    @torch.no_grad()
    def __call__(
        self, step: int, draws: range, inputs: torch.Tensor, targets: torch.Tensor, weights: Weights | None = None
    ) -> ValueAndGradients:
        """The mean loss over `draws`, and its gradients or their sums with `weights`; they hold until the next call."""
        chunks = plan(draws, len(inputs), GROUP_ROWS)
        n_examples, share = len(inputs), 1 / (len(inputs) * len(draws))
        inputs = tile(inputs.flatten(1), chunks)
        targets = tile(self._loss.prepare(targets, len(self._stages[-1].weight), inputs.dtype), chunks)
        self._transposed = [stage.weight.t() for stage in self._stages]
        for index, copy in self._copies.items():
            self._transposed[index] = copy.copy_(self._transposed[index])
        self._stream.open(step, draws)
        total = inputs.new_zeros(())
        for index, chunk in enumerate(chunks):
            rows = chunk_rows(chunk)
            layers = self._layers(rows.stop - rows.start)
            entering, z = self._forward(chunk, inputs[rows], layers)
            value, gradient = self._loss.sum_and_gradient(self._slopes[-1].forward(z), targets[rows])
            total.add_(value, alpha=share)
            self._slopes[-1].apply(
                gradient.mul_(share if weights is None else 1 / n_examples), self._slopes[-1].derive(z)
            )
            scales = None if weights is None else of_rows(weights, draws, chunk, inputs)
            self._backward(gradient, entering, layers, accumulate=index > 0, scales=scales)
        return total, self._gradients

    def _layers(self, rows: int) -> list[_Layer]:
        """The buffers for `rows` rows: views of the largest set asked for so far."""
        if rows > len(self._ones):
            self._ones = self._ones.new_ones(rows)
            self._buffers = [self._allocate(index, rows) for index in range(len(self._stages))]
            self._views = {}
        if rows not in self._views:
            self._views[rows] = [_Layer(*(buffer[:rows] for buffer in layer)) for layer in self._buffers]
        return self._views[rows]

    def _allocate(self, index: int, rows: int) -> _Layer:
        weight = self._stages[index].weight
        work = weight.new_empty(rows, weight.shape[1])
        twice = index > 0 and self._multiply and self._stream.stds[index] > 0
        return _Layer(torch.empty_like(work) if index > 0 else work, work, torch.empty_like(work) if twice else work)

    def _forward(
        self, chunk: list[Piece], inputs: torch.Tensor, layers: list[_Layer]
    ) -> tuple[list[torch.Tensor], torch.Tensor]:
        """What enters each stage, and the pre-activations z of the last one."""
        entering: list[torch.Tensor] = []
        clean = inputs
        for index, layer in enumerate(layers):
            if index > 0:
                z = self._affine(index - 1, entering[-1], layer.kept)
                clean = self._slopes[index - 1].forward(z)
            entering.append(self._inject(chunk, index, clean, layer))
            if index > 0 and self._stream.stds[index] > 0:
                self._slopes[index - 1].derive(layer.kept)  # the noised activations are elsewhere, these are done with
        output = inputs.new_empty(len(inputs), len(self._stages[-1].weight))
        return entering, self._affine(-1, entering[-1], output)

    def _inject(self, chunk: list[Piece], index: int, clean: torch.Tensor, layer: _Layer) -> torch.Tensor:
        """h̃ of noise layer `index` from its h, which is left as it is."""
        if self._stream.stds[index] == 0:
            return clean
        noise = self._stream.fill(chunk, index, layer.work)
        return torch.mul(clean, noise, out=layer.noised) if self._multiply else noise.add_(clean)

    def _affine(self, index: int, entering: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
        bias = self._stages[index].bias
        if bias is None:
            return torch.mm(entering, self._transposed[index], out=out)
        return torch.addmm(bias, entering, self._transposed[index], out=out)

    def _backward(
        self,
        gradient: torch.Tensor,
        entering: list[torch.Tensor],
        layers: list[_Layer],
        accumulate: bool,
        scales: torch.Tensor | None,
    ) -> None:
        """Add the chunk's part to every gradient (or set it); `gradient` is ∂L/∂z of the last stage.

        `scales` (parameters, rows) multiply the rows in the gradient of each parameter, and nowhere else.
        """
        beta = 1 if accumulate else 0
        ones = self._ones[: len(gradient)]
        for index in reversed(range(len(self._stages))):
            stage, layer = self._stages[index], layers[index]
            of_weight, of_bias = self._own[index]
            flipped = gradient.t()
            at_weight, at_bias = self._places[index]
            scaled = flipped if scales is None else flipped * scales[at_weight]
            of_weight.addmm_(scaled, entering[index], beta=beta)
            if of_bias is not None:
                of_bias.addmv_(flipped, ones if scales is None else scales[at_bias], beta=beta)
            if index == 0:
                return  # the inputs need no gradient
            gradient = torch.mm(gradient, stage.weight, out=layer.noised)
            if self._multiply and self._stream.stds[index] > 0:
                gradient.mul_(layer.work)
            slope = self._slopes[index - 1]
            slope.apply(gradient, layer.kept if self._stream.stds[index] > 0 else slope.derive(layer.kept))
