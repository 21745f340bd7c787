"""The gradient of the M-draw objective (4.5), L̃_M = (1/M) Σ_m L̃(ε_m), and of any choice of its draws."""

from __future__ import annotations

import torch

from gnicli.contracts.components import NoisyNetwork, ValueAndGradients
from gnicli.gradients.dense import DenseGradient, is_dense
from gnicli.gradients.generic import GenericGradient
from gnicli.gradients.hooked import HookedGradient
from gnicli.gradients.noise_layers import noise_layers
from gnicli.gradients.stages import has_stages
from gnicli.gradients.weighted import Weights


class NoisyGradient:
    """A `GradientFunction` that averages over M draws; `over` takes any range of draws in their place.

    Draw m of step k is the same numbers whatever M is and whichever other draws are taken with it, so
    `over(k, range(m, m + 1), …)` gives the gradient of one draw of the objective, and draws from M on are fresh ones.
    """

    def __init__(self, network: NoisyNetwork) -> None:
        kind: type[DenseGradient | GenericGradient | HookedGradient] = HookedGradient
        if has_stages(network.module) and isinstance(network.loss, str) and network.layers is None:
            kind = DenseGradient if is_dense(network.module) else GenericGradient
        self._gradient = kind(network)
        self._noisy = any(std > 0 for std in network.noise.stds(len(noise_layers(network.module, network.layers))))
        self.M = network.M

    def __call__(self, step: int, inputs: torch.Tensor, targets: torch.Tensor) -> ValueAndGradients:
        """L̃_M, 0-dimensional, and its gradients, which hold until the next call of this or of `over`."""
        return self.over(step, range(self.M), inputs, targets)

    def over(
        self, step: int, draws: range, inputs: torch.Tensor, targets: torch.Tensor, weights: Weights | None = None
    ) -> ValueAndGradients:
        """The mean over `draws` (not empty) of L̃(ε_m), and its gradients.

        With `weights` (parameters that learn, draws) the gradient in parameter p is Σ_m weights[p, m] ∂L̃(ε_m)/∂p in
        their place, which takes no longer than the mean does.
        """
        if not self._noisy:
            draws = draws[:1]  # without noise all draws are alike
            weights = None if weights is None else weights.sum(axis=1, keepdims=True)
        return self._gradient(step, draws, inputs, targets, weights)
