"""`inject=gaussian`: fresh draws of a normal law fitted to the gradient noise of each layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gnicli.checks import key
from gnicli.gradients.inject.injection import FittedKeys

if TYPE_CHECKING:
    from gnicli.contracts.components import GradientFunction, NoisyNetwork


@dataclass
class GaussianInjection(FittedKeys):
    """Draws of the normal law fitted by maximum likelihood to the gradient noise of each weight matrix."""

    name: str = key("gaussian", "draws of a normal law fitted to each layer's gradient noise")

    def build(self, gradient: GradientFunction, network: NoisyNetwork) -> GradientFunction:
        """See `contracts.components.Injection.build`; the result is a `gradients.injected.InjectedGradient`."""
        from gnicli.gradients.injected import InjectedGradient
        from gnicli.gradients.injected_laws import NormalFamily
        from gnicli.gradients.injected_noise import FittedDraws

        model = FittedDraws(NormalFamily(), self.every, self.is_limited)
        return InjectedGradient(gradient, network, model, name=self.name, mean=self.mean)


COMPONENT = GaussianInjection
