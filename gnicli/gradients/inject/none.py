"""`inject=none`: the gradient is left as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gnicli.checks import key

if TYPE_CHECKING:
    from gnicli.contracts.components import GradientFunction, NoisyNetwork


@dataclass
class NoInjection:
    """Nothing is added to the gradient."""

    name: str = key("none", "nothing")

    def build(self, gradient: GradientFunction, network: NoisyNetwork) -> GradientFunction:
        """The gradient itself."""
        return gradient


COMPONENT = NoInjection
