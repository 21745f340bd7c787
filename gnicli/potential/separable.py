"""`potential=separable`: a sum over coordinates of one-dimensional potentials."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from gnicli import registry
from gnicli.checks import key
from gnicli.contracts.components import Potential
from gnicli.errors import FieldError

_PARTS = ("double_well", "quartic", "quadratic", "multi_well", "equal_depth", "polynomial")


@dataclass
class Separable:
    """f(w) = Σ_i f_i(w_i).

    Arrays are (d, n), the coordinate first; with one part alone they are those of that part, (n,).
    """

    name: str = key("separable", "a sum over coordinates of one-dimensional potentials")
    parts: Any = key(
        ["double_well", "double_well"],
        "potentials f_i, one per coordinate: a name, or a mapping such as {name: quadratic, curvature: 2}",
    )

    def __post_init__(self) -> None:
        if not isinstance(self.parts, Sequence) or isinstance(self.parts, str) or not self.parts:
            raise FieldError("parts", f": expected a list of potentials, one per coordinate, got {self.parts!r}")
        _ = self.members

    @cached_property
    def members(self) -> tuple[Potential, ...]:
        """The potentials of the coordinates."""
        return tuple(_build(i, part) for i, part in enumerate(self.parts))

    @property
    def dimension(self) -> int:
        """Number of coordinates."""
        return len(self.parts)

    @property
    def coefficients(self) -> Sequence[float] | None:
        """Those of the only coordinate, if there is one only."""
        return self.members[0].coefficients if len(self.parts) == 1 else None

    def value(self, w: np.ndarray) -> np.ndarray:
        """f of points (d, n): (n,)."""
        if self.dimension == 1:
            return self.members[0].value(w)
        return np.sum([part.value(row) for part, row in zip(self.members, w, strict=True)], axis=0)

    def gradient(self, w: np.ndarray) -> np.ndarray:
        """∇f of points (d, n): (d, n)."""
        if self.dimension == 1:
            return self.members[0].gradient(w)
        return np.stack([part.gradient(row) for part, row in zip(self.members, w, strict=True)])

    def flow(self, w: np.ndarray, time: float | np.ndarray) -> np.ndarray:
        """Each coordinate by its own flow: (d, n)."""
        if self.dimension == 1:
            return self.members[0].flow(w, time)
        return np.stack([part.flow(row, time) for part, row in zip(self.members, w, strict=True)])

    def minima(self) -> np.ndarray:
        """All combinations of minimizers: (k, d)."""
        if self.dimension == 1:
            return self.members[0].minima()
        return np.array(list(itertools.product(*(part.minima() for part in self.members)))).reshape(-1, self.dimension)

    def saddles(self) -> np.ndarray:
        """One coordinate at a maximizer, the others at minimizers: (k', d)."""
        if self.dimension == 1:
            return self.members[0].saddles()
        points = [
            point
            for i in range(self.dimension)
            for point in itertools.product(
                *(part.saddles() if j == i else part.minima() for j, part in enumerate(self.members))
            )
        ]
        return np.array(points).reshape(-1, self.dimension)


def _build(index: int, part: Any) -> Potential:
    """One member from its name, or from a mapping of its name and keys."""
    given = dict(part) if isinstance(part, Mapping) else {"name": part}
    name = given.get("name")
    if name not in _PARTS:
        raise FieldError(f"parts[{index}]", f" must be one of {', '.join(_PARTS)}, got {name!r}")
    built: Potential = registry.build("potential", given, f"parts[{index}]")
    return built


COMPONENT = Separable
