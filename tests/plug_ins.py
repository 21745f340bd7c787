"""Components of other packages, as if such a package were installed."""

from __future__ import annotations

import contextlib
import dataclasses
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING

import pytest

from gnicli import checks, registry

if TYPE_CHECKING:
    import torch


@contextlib.contextmanager
def plugged_in(*points: EntryPoint) -> Iterator[None]:
    """Inside of the `with` these are all entry points of their groups; afterwards nothing is left of them."""
    installed, imported = registry.installed, set(sys.modules)
    brought: dict[str, list[EntryPoint]] = {}
    for point in points:
        brought.setdefault(point.group.removeprefix("gnicli."), []).append(point)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "installed", lambda group: tuple(brought.get(group) or installed(group)))
        registry.members.cache_clear()
        try:
            yield
        finally:
            registry.members.cache_clear()
            for module in {point.module for point in points} - imported:
                sys.modules.pop(module, None)
            if "hydra.core.config_store" in sys.modules:
                _forget(brought)


def _forget(brought: dict[str, list[EntryPoint]]) -> None:
    """Take the schemas out of Hydra's store that the command line has put there."""
    from hydra.core.config_store import ConfigStore

    for group, points in brought.items():
        for point in points:
            if point.name not in registry.own_names(group):
                ConfigStore.instance().repo.get(group, {}).pop(f"{point.name}.yaml", None)


@dataclasses.dataclass
class Uniform:
    """A noise of another package: multiplicative, uniform about 1."""

    name: str = "uniform"
    std: float | None = None

    operation = "multiply"
    antithetic = False

    def __post_init__(self) -> None:
        if self.std is not None:
            checks.number("std", self.std, least=0)

    def stds(self, n_layers: int) -> tuple[float, ...]:
        return (0.3 if self.std is None else self.std,) * n_layers

    def fill(self, out: torch.Tensor, std: float, generator: torch.Generator) -> torch.Tensor:
        half = 3**0.5 * std
        return out.uniform_(1 - half, 1 + half, generator=generator)


UNIFORM = EntryPoint("uniform", f"{__name__}:Uniform", "gnicli.noise")
