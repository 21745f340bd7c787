"""`inject=gaussian`: fresh draws of a normal law fitted to the gradient noise of each layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gnicli.checks import key
from gnicli.gradients.inject.injection import FittedInjection

if TYPE_CHECKING:
    from gnicli.gradients.injected_noise import NoiseModel


@dataclass
class GaussianInjection(FittedInjection):
    """Draws of the normal law fitted by maximum likelihood to the gradient noise of each weight matrix."""

    name: str = key("gaussian", "draws of a normal law fitted to each layer's gradient noise")

    def kind(self) -> NoiseModel:
        """See `BaseInjection.kind`."""
        from gnicli.gradients.injected_noise import GaussianDraws

        return GaussianDraws(self.every)


COMPONENT = GaussianInjection
