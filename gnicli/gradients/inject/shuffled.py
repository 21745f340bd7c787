"""`inject=shuffled`: the gradient noise itself, permuted among the weights of each layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gnicli.checks import key
from gnicli.gradients.inject.injection import InjectionKeys

if TYPE_CHECKING:
    from gnicli.contracts.components import GradientFunction, NoisyNetwork


@dataclass
class ShuffledInjection(InjectionKeys):
    """A control: the gradient noise of each weight matrix, permuted among its weights; this removes its covariance."""

    name: str = key("shuffled", "a layer's real gradient noise, permuted among its weights")

    def build(self, gradient: GradientFunction, network: NoisyNetwork) -> GradientFunction:
        """See `contracts.components.Injection.build`; the result is a `gradients.injected.InjectedGradient`."""
        from gnicli.gradients.injected import InjectedGradient
        from gnicli.gradients.injected_noise import Shuffled

        return InjectedGradient(gradient, network, Shuffled(), name=self.name, mean=self.mean)


COMPONENT = ShuffledInjection
