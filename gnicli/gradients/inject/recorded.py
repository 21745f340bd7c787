"""`inject=recorded`: the gradient noise itself, as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gnicli.checks import key
from gnicli.gradients.inject import options

if TYPE_CHECKING:
    import torch

    from gnicli.contracts import GradientFunction, Noise


@dataclass
class RecordedInjection:
    """A control: with mean=own the result is the gradient of draw 0 alone, so training must follow M = 1."""

    name: str = key("recorded", "the real gradient noise, as it is")
    mean: str = key("own", options.MEAN_HELP, choices=options.MEANS)

    def __post_init__(self) -> None:
        options.check(self.mean)

    def build(
        self, gradient: GradientFunction, module: torch.nn.Module, loss: str, noise: Noise, M: int, seed: int
    ) -> GradientFunction:
        """See `contracts.Injection.build`; the result is a `gradients.injected.InjectedGradient`."""
        from gnicli.gradients.injected import InjectedGradient
        from gnicli.gradients.injected_noise import Recorded

        return InjectedGradient(gradient, module, loss, noise, M, seed, Recorded(), name=self.name, mean=self.mean)


COMPONENT = RecordedInjection
