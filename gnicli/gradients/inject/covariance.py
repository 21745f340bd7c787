"""`inject=covariance`: normal draws with the covariance of the gradient noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gnicli.checks import key
from gnicli.gradients.inject.injection import InjectionKeys

if TYPE_CHECKING:
    from gnicli.contracts.components import GradientFunction, NoisyNetwork


@dataclass
class CovarianceInjection(InjectionKeys):
    """Draws of a normal law whose covariance, of all weights and biases, is that of the M gradients."""

    name: str = key("covariance", "normal draws with the covariance of the real gradient noise")

    def build(self, gradient: GradientFunction, network: NoisyNetwork) -> GradientFunction:
        """See `contracts.components.Injection.build`; the result is a `gradients.combined.CombinedGradient`."""
        from gnicli.gradients.combined import CombinedGradient
        from gnicli.gradients.coordinates import NormalCoordinates

        return CombinedGradient(gradient, network, NormalCoordinates(), name=self.name, mean=self.mean)


COMPONENT = CovarianceInjection
