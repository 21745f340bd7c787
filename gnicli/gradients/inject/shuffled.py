"""`inject=shuffled`: the gradient noise itself, permuted among the weights of each layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gnicli.checks import key
from gnicli.gradients.inject import options

if TYPE_CHECKING:
    import torch

    from gnicli.contracts import GradientFunction, Noise


@dataclass
class ShuffledInjection:
    """A control: the real values, each weight matrix's among its own weights, without their covariance."""

    name: str = key("shuffled", "a layer's real gradient noise, permuted among its weights")
    mean: str = key("own", options.MEAN_HELP, choices=options.MEANS)

    def __post_init__(self) -> None:
        options.check(self.mean)

    def build(
        self, gradient: GradientFunction, module: torch.nn.Module, loss: str, noise: Noise, M: int, seed: int
    ) -> GradientFunction:
        """See `contracts.Injection.build`; the result is a `gradients.injected.InjectedGradient`."""
        from gnicli.gradients.injected import InjectedGradient
        from gnicli.gradients.injected_noise import Shuffled

        return InjectedGradient(gradient, module, loss, noise, M, seed, Shuffled(), name=self.name, mean=self.mean)


COMPONENT = ShuffledInjection
