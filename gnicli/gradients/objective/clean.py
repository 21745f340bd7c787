"""`objective=clean`: the loss without noise, whatever `noise` says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gnicli.checks import key

if TYPE_CHECKING:
    import torch

    from gnicli.contracts.components import GradientFunction, Noise


@dataclass
class Clean:
    """L(B; w): the baseline. `noise` and `M` are not used."""

    name: str = key("clean", "the loss without noise")

    def build(self, module: torch.nn.Module, loss: str, noise: Noise, M: int, seed: int) -> GradientFunction:
        """See `contracts.components.Objective.build`."""
        from gnicli.gradients.noisy import NoisyGradient
        from gnicli.noise.none import NoNoise

        return NoisyGradient(module, loss, NoNoise(), 1, seed)


COMPONENT = Clean
