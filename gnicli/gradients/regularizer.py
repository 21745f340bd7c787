"""The explicit regularizer R: the Gauss–Newton part of the second order of E_ε[ΔL] (Camuto et al. 2020).

R = (1/|B|) Σ_x ½ Σ_i σ_i² Tr(J_iᵀ H J_i), with J_i = ∂h_L/∂h_i at the clean activations and H the Hessian of the
loss of one example in the output; under multiplicative noise J_i diag(h_i) takes the place of J_i. With H = A Aᵀ the
trace is Σ_c |J_iᵀ a_c|² over the columns of A, each term one vector–Jacobian product; or E|J_iᵀ A u|² over
independent signs u.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from gnicli.contracts.components import NoisyNetwork, ValueAndGradients
from gnicli.gradients import losses
from gnicli.gradients.generic import accumulate
from gnicli.gradients.stages import learned, stages_of
from gnicli.gradients.streams import row_blocks
from gnicli.seeding import torch_stream


class ExplicitGradient:
    """A `GradientFunction` for L + R; `n_probes` is None for the exact trace.

    The stages must treat examples independently.
    """

    def __init__(self, network: NoisyNetwork, n_probes: int | None = None) -> None:
        self._stages = stages_of(network.module)
        self._parameters = learned(network.module)
        self._loss, self._seed, self._n_probes = losses.get(network.loss), network.seed, n_probes
        self._gradients = [torch.empty_like(parameter) for parameter in self._parameters]
        self._stds = network.noise.stds(len(self._stages))
        self._multiply = network.noise.operation == "multiply"

    def __call__(self, step: int, inputs: torch.Tensor, targets: torch.Tensor) -> ValueAndGradients:
        """L + R, 0-dimensional, and its gradients, which hold until the next call."""
        parts, gradients = self.parts(step, inputs, targets)
        return parts.sum(), gradients

    @torch.enable_grad()
    def parts(self, step: int, inputs: torch.Tensor, targets: torch.Tensor) -> ValueAndGradients:
        """As a call, with (L, R) as a tensor of two in place of the sum."""
        totals = inputs.new_zeros(2)
        generator = torch_stream(self._seed, "probe", step, generator=torch.Generator(inputs.device))
        for start, stop in row_blocks(len(inputs)):
            share = (stop - start) / len(inputs)
            noised, outputs = self._forward(inputs[start:stop])
            prepared = self._loss.prepare(targets[start:stop], outputs.shape[1], outputs.dtype)
            totals[0] += self._add(share * self._loss.mean(outputs, prepared), first=start == 0)
            # One term at a time: the graph of its second derivatives is freed before the next one is built.
            for term in self._terms(noised, outputs, generator):
                totals[1] += self._add(share * term, first=False)
        return totals, self._gradients

    def _add(self, term: torch.Tensor, first: bool) -> torch.Tensor:
        """Add the gradient of one term to the gradients (or set them); return the term's value."""
        gradients = torch.autograd.grad(term, self._parameters, retain_graph=True, allow_unused=True)
        accumulate(self._gradients, gradients, first)
        return term.detach()

    def _forward(self, inputs: torch.Tensor) -> tuple[list[tuple[float, torch.Tensor]], torch.Tensor]:
        """The variances and clean activations of the noised layers, and the output."""
        noised = []
        values = inputs.detach()
        for std, stage in zip(self._stds, self._stages, strict=True):
            if std > 0:
                if not values.requires_grad:
                    values = values.detach().requires_grad_()
                noised.append((std**2, values))
            values = stage(values)
        return noised, values

    def _terms(
        self, noised: list[tuple[float, torch.Tensor]], outputs: torch.Tensor, generator: torch.Generator
    ) -> Iterator[torch.Tensor]:
        """Terms whose sum is R of these rows: one for each column of A, or for each probe."""
        if not noised:
            return
        n_terms = outputs.shape[1] if self._n_probes is None else self._n_probes
        for index in range(n_terms):
            if self._n_probes is None:
                u = torch.zeros_like(outputs, requires_grad=False)
                u[:, index] = 1
                weight = 1.0
            else:
                u = torch.empty_like(outputs, requires_grad=False).bernoulli_(0.5, generator=generator).mul_(2).sub_(1)
                weight = 1 / self._n_probes
            yield weight * self._term(noised, outputs, self._loss.factor_product(outputs, u))

    def _term(self, noised: list[tuple[float, torch.Tensor]], outputs: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        """½ Σ_i σ_i² |J_iᵀ v|², a mean over examples; v depends on the weights too and is not detached."""
        activations = [values for _, values in noised]
        products = torch.autograd.grad(outputs, activations, grad_outputs=v, create_graph=True)
        value = outputs.new_zeros(())
        for (variance, values), product in zip(noised, products, strict=True):
            moved = values * product if self._multiply else product
            value = value + variance * moved.square().sum()
        return value / (2 * len(outputs))
