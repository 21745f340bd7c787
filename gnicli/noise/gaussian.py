"""What the Gaussian noises share: their keys, and how these become one standard deviation per noise layer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from gnicli import checks
from gnicli.checks import Unchecked, key
from gnicli.errors import FieldError, UsageError

if TYPE_CHECKING:
    import torch

Size = float | list[float] | tuple[float, ...]  # a number, or one for each noise layer
STD_HELP = "standard deviation of the noise: a number, or a list with one per noise layer (the input is layer 0)"


@dataclass
class GaussianNoise:
    """ε ~ N(mean, std²), independent for every example, unit, noise layer and draw; the members say what it meets."""

    default_std: ClassVar[float]
    mean: ClassVar[float]

    name: str = key("", "kind of noise")
    std: Unchecked[Size | None] = key(None, STD_HELP)
    var: Unchecked[Size | None] = key(None, "variance of the noise, in place of noise.std")
    input: bool = key(True, "inject noise at the input too (noise layer 0)")
    antithetic: bool = key(
        False, "draw in antithetic pairs: draw 2k+1 mirrors draw 2k about the mean; of an odd M the last has no partner"
    )

    def __post_init__(self) -> None:
        check(self.std, self.var)

    def stds(self, n_layers: int) -> tuple[float, ...]:
        """The standard deviation of ε in each noise layer; see `contracts.components.Noise.stds`."""
        return resolve(self.std, self.var, self.default_std, self.input, n_layers)

    def fill(self, out: torch.Tensor, std: float, generator: torch.Generator) -> torch.Tensor:
        """Fill `out` in place with N(mean, std²)."""
        return out.normal_(self.mean, std, generator=generator)


def check(std: Size | None, var: Size | None) -> None:
    """Check the two sizes as given; raises `FieldError`."""
    if std is not None and var is not None:
        raise FieldError("std", f": give std or var, not both; got std={std} and var={var}")
    for name, given in (("std", std), ("var", var)):
        if isinstance(given, list | tuple) and not given:
            raise FieldError(name, ": expected a number or a list with one per noise layer, got an empty list")
        for entry in _entries(given):
            checks.number(name, entry, least=0)


def resolve(std: Size | None, var: Size | None, default: float, inject_input: bool, n_layers: int) -> tuple[float, ...]:
    """The standard deviation in each of `n_layers` noise layers; raises `UsageError` for a list of another length.

    `default` holds where neither is given. With `inject_input` false layer 0 gets 0, whatever a list says of it.
    """
    name, given = ("var", var) if var is not None else ("std", default if std is None else std)
    entries = _entries(given)
    if not isinstance(given, list | tuple):
        entries = entries * n_layers
    elif len(entries) != n_layers:
        raise UsageError(
            f"noise: {name} must be a number or a list of {n_layers}, one for each noise layer of the network; "
            f"got a list of {len(entries)}"
        )
    stds = [math.sqrt(entry) if name == "var" else float(entry) for entry in entries]
    return tuple(stds) if inject_input else (0.0, *stds[1:])


def _entries(given: Size | None) -> list[float]:
    if given is None:
        return []
    return list(given) if isinstance(given, list | tuple) else [given]
