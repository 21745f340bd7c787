"""The keys that members of `inject=` share."""

from __future__ import annotations

from dataclasses import dataclass

from gnicli import checks
from gnicli.checks import key

MEANS = ("own", "fresh")
LIMITS = ("none", "observed")


@dataclass
class InjectionKeys:
    """Noise that is made from the gradient noise and added to the gradient of M draws."""

    name: str = key("", "kind of injection")
    mean: str = key(
        "own",
        "mean that is subtracted from draw 0: own, over the objective's M draws; fresh, over M other draws",
        choices=MEANS,
    )

    def __post_init__(self) -> None:
        checks.choice("inject.mean", self.mean, MEANS)


@dataclass
class FittedKeys(InjectionKeys):
    """Noise with a law that is fitted to the gradient noise."""

    every: int = key(1, "steps between fits; draws of the last law fitted are added at every step")
    truncate: str = key(
        "none",
        "limit of the draws: none; observed, the range of the real noise (a departure from the paper)",
        choices=LIMITS,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.integer("inject.every", self.every, least=1)
        checks.choice("inject.truncate", self.truncate, LIMITS)

    @property
    def is_limited(self) -> bool:
        """Whether draws are limited."""
        return self.truncate == "observed"
