"""`inject=whitened_stable`: stable draws through the square root of the covariance of the gradient noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gnicli.checks import key
from gnicli.gradients.inject.injection import FittedKeys

if TYPE_CHECKING:
    from gnicli.contracts.components import GradientFunction, NoisyNetwork


@dataclass
class WhitenedStableInjection(FittedKeys):
    """Stable draws, alpha and beta as fitted to each layer's noise, through the square root of the covariance."""

    name: str = key(
        "whitened_stable", "stable draws through the square root of the covariance of the real gradient noise"
    )

    def build(self, gradient: GradientFunction, network: NoisyNetwork) -> GradientFunction:
        """See `contracts.components.Injection.build`; the result is a `gradients.combined.CombinedGradient`."""
        from gnicli.gradients.combined import CombinedGradient
        from gnicli.gradients.coordinates import StableCoordinates

        drawn = StableCoordinates(self.every, self.is_limited)
        return CombinedGradient(gradient, network, drawn, name=self.name, mean=self.mean)


COMPONENT = WhitenedStableInjection
