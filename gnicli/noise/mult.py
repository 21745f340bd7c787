"""`noise=mult`: multiplicative Gaussian noise, h̃ = h · ε with ε ~ N(1, std²) (2.8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from gnicli.checks import key
from gnicli.noise import spread

if TYPE_CHECKING:
    import torch

DEFAULT_STD = 0.5  # the paper's figure 4


@dataclass
class MultiplicativeNoise:
    """h̃ = h · ε after every layer but the output, ε ~ N(1, std²), independent for every example, unit and draw."""

    name: str = key("mult", "multiplicative Gaussian noise, h̃ = h · ε with ε ~ N(1, std²)")
    std: Any = key(None, f"{spread.STD_HELP}; default {DEFAULT_STD}")
    var: Any = key(None, spread.VAR_HELP)
    input: bool = key(True, spread.INPUT_HELP)
    antithetic: bool = key(False, spread.ANTITHETIC_HELP)

    def __post_init__(self) -> None:
        spread.check(self.std, self.var)

    @property
    def operation(self) -> Literal["multiply"]:
        """How ε meets the activations."""
        return "multiply"

    def scales(self, n_layers: int) -> tuple[float, ...]:
        """The standard deviation of ε in each noise layer; see `contracts.Noise.scales`."""
        return spread.resolve(self.std, self.var, DEFAULT_STD, self.input, n_layers)

    def fill(self, out: torch.Tensor, scale: float, generator: torch.Generator) -> torch.Tensor:
        """Fill `out` in place with N(1, std²), std = `scale`."""
        return out.normal_(1.0, scale, generator=generator)


COMPONENT = MultiplicativeNoise
