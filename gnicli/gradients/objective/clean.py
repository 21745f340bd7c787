"""`objective=clean`: the loss without noise, whatever `noise` says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gnicli.checks import key

if TYPE_CHECKING:
    from gnicli.contracts.components import GradientFunction, NoisyNetwork


@dataclass
class Clean:
    """The loss without noise, L(B; w): the baseline. `noise` and `M` are not used."""

    name: str = key("clean", "the loss without noise")

    def build(self, network: NoisyNetwork) -> GradientFunction:
        """See `contracts.components.Objective.build`."""
        from gnicli.gradients.noisy import NoisyGradient
        from gnicli.noise.none import NoNoise

        return NoisyGradient(network._replace(noise=NoNoise(), M=1))


COMPONENT = Clean
