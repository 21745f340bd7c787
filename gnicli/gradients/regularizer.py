"""The explicit regularizer R: the Gauss–Newton part of the second order of E_ε[ΔL] (Camuto et al. 2020).

R = (1/|B|) Σ_x ½ Σ_i σ_i² Tr(J_iᵀ H J_i), with J_i = ∂h_L/∂h_i at the clean activations and H the Hessian of the
loss of one example in the output; under multiplicative noise J_i diag(h_i) takes the place of J_i. With H = A Aᵀ the
trace is Σ_c |J_iᵀ a_c|² over the columns of A, each term one vector–Jacobian product; or E|J_iᵀ A u|² over
independent signs u.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from gnicli.contracts.components import Noise, NoisyNetwork, ValueAndGradients
from gnicli.errors import UsageError
from gnicli.gradients import losses
from gnicli.gradients.layer_hooks import LayerHooks
from gnicli.gradients.losses import Loss
from gnicli.gradients.noise_layers import NoiseLayer, noise_layers
from gnicli.gradients.stages import has_stages, learned, mixing
from gnicli.gradients.streams import row_blocks
from gnicli.gradients.weighted import accumulate
from gnicli.seeding import torch_stream


class ExplicitGradient:
    """A `GradientFunction` for L + R; `n_probes` is None for the exact trace.

    The stages of a module that has them must treat examples independently: a large batch goes through in blocks.
    """

    def __init__(self, network: NoisyNetwork, n_probes: int | None = None) -> None:
        module = network.module
        self._module, self._cut = module, has_stages(module)
        self._parameters = learned(module)
        self._loss, self._seed, self._n_probes = losses.get(network.loss), network.seed, n_probes
        self._gradients = [torch.empty_like(parameter) for parameter in self._parameters]
        self._noised = NoisedActivations(module, network.noise, noise_layers(module))
        if n_probes is None:
            require_separate_examples(module, "objective.method=exact", "objective.method=probe")

    def __call__(self, step: int, inputs: torch.Tensor, targets: torch.Tensor) -> ValueAndGradients:
        """L + R, 0-dimensional, and its gradients, which hold until the next call."""
        parts, gradients = self.parts(step, inputs, targets)
        return parts.sum(), gradients

    @torch.enable_grad()
    def parts(self, step: int, inputs: torch.Tensor, targets: torch.Tensor) -> ValueAndGradients:
        """As a call, with (L, R) as a tensor of two in place of the sum."""
        totals = inputs.new_zeros(2)
        generator = torch_stream(self._seed, "probe", step, generator=torch.Generator(inputs.device))
        for start, stop in row_blocks(len(inputs)) if self._cut else [(0, len(inputs))]:
            share = (stop - start) / len(inputs)
            with self._noised as noised:
                outputs = self._module(inputs[start:stop].detach())
            prepared = self._loss.prepare(targets[start:stop], outputs.shape[1], outputs.dtype)
            totals[0] += self._add(share * self._loss.mean(outputs, prepared), first=start == 0)
            # One term at a time: the graph of its second derivatives is freed before the next one is built.
            for term in noised.terms(outputs, self._loss, self._n_probes, generator):
                totals[1] += self._add(share * term, first=False)
        return totals, self._gradients

    def _add(self, term: torch.Tensor, first: bool) -> torch.Tensor:
        """Add the gradient of one term to the gradients (or set them); return the term's value."""
        gradients = torch.autograd.grad(term, self._parameters, retain_graph=True, allow_unused=True)
        accumulate(self._gradients, gradients, first)
        return term.detach()


class NoisedActivations:
    """The clean activations at which noise would enter in a forward pass that is made inside of a `with`.

    Each is a tensor of its own in the graph: what goes round a layer, as skip connections do, has no noise.
    """

    def __init__(self, module: torch.nn.Module, noise: Noise, layers: list[NoiseLayer]) -> None:
        self._stds = noise.stds(len(layers))
        self._multiply = noise.operation == "multiply"
        noised = {index: layer for index, layer in enumerate(layers) if self._stds[index] > 0}
        self._hooks = LayerHooks(module, noised, self._keep)
        self._found: list[tuple[float, torch.Tensor]] = []  # variances and activations
        self._inside = contextlib.ExitStack()

    def __enter__(self) -> NoisedActivations:
        """Attach the hooks, and forget the activations of an earlier pass."""
        self._found = []
        with contextlib.ExitStack() as stack:
            # Fused attention has no second derivative.
            stack.enter_context(sdpa_kernel(SDPBackend.MATH))
            stack.enter_context(self._hooks)
            self._inside = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        """Remove the hooks."""
        self._inside.close()

    def _keep(self, layer: int, values: torch.Tensor) -> torch.Tensor:
        own = values.view_as(values) if values.requires_grad else values.detach().requires_grad_()
        self._found.append((self._stds[layer] ** 2, own))
        return own

    def terms(
        self, outputs: torch.Tensor, loss: Loss, n_probes: int | None, generator: torch.Generator
    ) -> Iterator[torch.Tensor]:
        """Terms whose sum is R of the pass with these outputs (n, c): one for each column of A, or for each probe."""
        if not self._found:
            return
        n_terms = outputs.shape[1] if n_probes is None else n_probes
        for index in range(n_terms):
            if n_probes is None:
                u = torch.zeros_like(outputs, requires_grad=False)
                u[:, index] = 1
                weight = 1.0
            else:
                u = torch.empty_like(outputs, requires_grad=False).bernoulli_(0.5, generator=generator).mul_(2).sub_(1)
                weight = 1 / n_probes
            yield weight * self._term(outputs, loss.factor_product(outputs, u))

    def _term(self, outputs: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        """½ Σ_i σ_i² |J_iᵀ v|², a mean over examples; v depends on the weights too and is not detached."""
        activations = [values for _, values in self._found]
        products = torch.autograd.grad(outputs, activations, grad_outputs=v, create_graph=True, allow_unused=True)
        value = outputs.new_zeros(())
        for (variance, values), product in zip(self._found, products, strict=True):
            if product is not None:  # None: the output does not depend on this activation
                moved = values * product if self._multiply else product
                value = value + variance * moved.square().sum()
        return value / (2 * len(outputs))


def require_separate_examples(module: torch.nn.Module, exact: str, probes: str) -> None:
    """Refuse the exact trace where the outputs of one example depend on the others; names both methods as typed."""
    if (part := mixing(module)) is not None:
        raise UsageError(
            f"{exact} takes examples one by one, and {type(part).__name__} in training mode mixes them; "
            f"use {probes}, or evaluation mode"
        )
