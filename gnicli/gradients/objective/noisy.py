"""`objective=noisy`: the loss under noise, averaged over M draws (4.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gnicli import checks
from gnicli.checks import key

if TYPE_CHECKING:
    from gnicli.contracts.components import GradientFunction, NoisyNetwork


@dataclass
class Noisy:
    """L̃_M = (1/M) Σ_m L̃(ε_m): M = 1 is ordinary noise injection, M → ∞ leaves only the explicit effect."""

    name: str = key("noisy", "the loss under noise, averaged over M draws, equation (4.5)")

    def build(self, network: NoisyNetwork) -> GradientFunction:
        """See `contracts.components.Objective.build`; the result is a `gradients.noisy.NoisyGradient`."""
        from gnicli.gradients.noisy import NoisyGradient

        checks.integer("M", network.M, least=1)
        return NoisyGradient(network)


COMPONENT = Noisy
