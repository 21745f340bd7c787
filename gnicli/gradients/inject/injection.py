"""The keys and the construction that all members of `inject=` share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gnicli import checks
from gnicli.checks import key

if TYPE_CHECKING:
    from gnicli.contracts.components import GradientFunction, NoisyNetwork
    from gnicli.gradients.injected_noise import NoiseModel

MEANS = ("own", "fresh")


@dataclass
class BaseInjection(ABC):
    """Noise that is made from the gradient noise of each weight matrix and added to the gradient of M draws."""

    name: str = key("", "kind of injection")
    mean: str = key(
        "own",
        "mean that is subtracted from draw 0: own, over the objective's M draws; fresh, over M other draws",
        choices=MEANS,
    )

    def __post_init__(self) -> None:
        checks.choice("inject.mean", self.mean, MEANS)

    @abstractmethod
    def kind(self) -> NoiseModel:
        """The model that makes the added noise from the gradient noise of a layer."""

    def build(self, gradient: GradientFunction, network: NoisyNetwork) -> GradientFunction:
        """See `contracts.components.Injection.build`; the result is a `gradients.injected.InjectedGradient`."""
        from gnicli.gradients.injected import InjectedGradient

        return InjectedGradient(gradient, network, self.kind(), name=self.name, mean=self.mean)


@dataclass
class FittedInjection(BaseInjection):
    """Draws of a law fitted to the gradient noise."""

    every: int = key(1, "steps between fits; draws of the last law fitted are added at every step")

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.integer("inject.every", self.every, least=1)
