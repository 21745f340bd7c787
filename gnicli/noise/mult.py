"""`noise=mult`: multiplicative Gaussian noise, h̃ = h · ε with ε ~ N(1, std²) (2.8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from gnicli.checks import Unchecked, key
from gnicli.noise.gaussian import STD_HELP, GaussianNoise, Size


@dataclass
class MultiplicativeNoise(GaussianNoise):
    """h̃ = h · ε after every layer but the output, ε ~ N(1, std²), independent for every example, unit and draw."""

    default_std: ClassVar[float] = 0.5  # the paper's figure 4
    mean: ClassVar[float] = 1.0

    name: str = key("mult", "multiplicative Gaussian noise, h̃ = h · ε with ε ~ N(1, std²)")
    std: Unchecked[Size | None] = key(None, f"{STD_HELP}; default {default_std}")

    @property
    def operation(self) -> Literal["multiply"]:
        """How ε meets the activations."""
        return "multiply"


COMPONENT = MultiplicativeNoise
