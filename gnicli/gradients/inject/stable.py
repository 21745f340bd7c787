"""`inject=stable`: fresh draws of a stable law fitted to the gradient noise of each layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gnicli.checks import key
from gnicli.gradients.inject.injection import FittedInjection

if TYPE_CHECKING:
    from gnicli.gradients.injected_noise import NoiseModel


@dataclass
class StableInjection(FittedInjection):
    """Draws of the stable law fitted by maximum likelihood to the gradient noise of each weight matrix."""

    name: str = key("stable", "draws of a stable law fitted to each layer's gradient noise")

    def kind(self) -> NoiseModel:
        """See `BaseInjection.kind`."""
        from gnicli.gradients.injected_noise import StableDraws

        return StableDraws(self.every)


COMPONENT = StableInjection
