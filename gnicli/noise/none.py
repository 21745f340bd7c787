"""`noise=none`: the activations are left alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from gnicli.checks import key

if TYPE_CHECKING:
    import torch


@dataclass
class NoNoise:
    """No noise in any layer. All draws are equal, so M has no effect."""

    name: str = key("none", "no noise")

    def __post_init__(self) -> None:
        self.antithetic = False  # not a key: there is nothing to mirror

    @property
    def operation(self) -> Literal["none"]:
        """Nothing is done to the activations."""
        return "none"

    def stds(self, n_layers: int) -> tuple[float, ...]:
        """A zero for each of the `n_layers` noise layers."""
        return (0.0,) * n_layers

    def fill(self, out: torch.Tensor, std: float, generator: torch.Generator) -> torch.Tensor:
        """Fill `out` with zeros."""
        return out.zero_()


COMPONENT = NoNoise
