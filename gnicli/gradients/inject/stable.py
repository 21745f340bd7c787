"""`inject=stable`: fresh draws of a stable law fitted to the gradient noise of each layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gnicli.checks import key
from gnicli.gradients.inject import options

if TYPE_CHECKING:
    import torch

    from gnicli.contracts import GradientFunction, Noise


@dataclass
class StableInjection:
    """Draws of the stable law fitted by maximum likelihood to the gradient noise of each weight matrix."""

    name: str = key("stable", "draws of a stable law fitted to each layer's gradient noise")
    every: int = key(1, options.EVERY_HELP)
    mean: str = key("own", options.MEAN_HELP, choices=options.MEANS)

    def __post_init__(self) -> None:
        options.check(self.mean, self.every)

    def build(
        self, gradient: GradientFunction, module: torch.nn.Module, loss: str, noise: Noise, M: int, seed: int
    ) -> GradientFunction:
        """See `contracts.Injection.build`; the result is a `gradients.injected.InjectedGradient`."""
        from gnicli.gradients.injected import InjectedGradient
        from gnicli.gradients.injected_noise import StableDraws

        return InjectedGradient(
            gradient, module, loss, noise, M, seed, StableDraws(self.every), name=self.name, mean=self.mean
        )


COMPONENT = StableInjection
