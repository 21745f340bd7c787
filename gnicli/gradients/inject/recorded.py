"""`inject=recorded`: the gradient noise itself, as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gnicli.checks import key
from gnicli.gradients.inject.injection import InjectionKeys

if TYPE_CHECKING:
    from gnicli.contracts.components import GradientFunction, NoisyNetwork


@dataclass
class RecordedInjection(InjectionKeys):
    """A control: the gradient noise itself. With mean=own the sum is the gradient of draw 0, as with M = 1."""

    name: str = key("recorded", "the real gradient noise, as it is")

    def build(self, gradient: GradientFunction, network: NoisyNetwork) -> GradientFunction:
        """See `contracts.components.Injection.build`; the result is a `gradients.injected.InjectedGradient`."""
        from gnicli.gradients.injected import InjectedGradient
        from gnicli.gradients.injected_noise import Recorded

        return InjectedGradient(gradient, network, Recorded(), name=self.name, mean=self.mean)


COMPONENT = RecordedInjection
