"""`inject=shuffled`: the gradient noise itself, permuted among the weights of each layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gnicli.checks import key
from gnicli.gradients.inject.injection import BaseInjection

if TYPE_CHECKING:
    from gnicli.gradients.injected_noise import NoiseModel


@dataclass
class ShuffledInjection(BaseInjection):
    """A control: the gradient noise of each weight matrix, permuted among its weights; this removes its covariance."""

    name: str = key("shuffled", "a layer's real gradient noise, permuted among its weights")

    def kind(self) -> NoiseModel:
        """See `BaseInjection.kind`."""
        from gnicli.gradients.injected_noise import Shuffled

        return Shuffled()


COMPONENT = ShuffledInjection
