"""The basins of a one-dimensional potential: a minimum, and how far it is from there to the saddles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gnicli.contracts.components import Potential
from gnicli.errors import UsageError


class Basin(NamedTuple):
    """The basin (minimum − left, minimum + right) of a one-dimensional potential; a side without a saddle is infinite.

    `number` counts the minima from 1 on.
    """

    number: int
    minimum: float
    left: float
    right: float

    @property
    def nearest(self) -> float:
        """The way from the minimum to the nearest border."""
        return min(self.left, self.right)


def basins(potential: Potential, ends: Sequence[float] | None = None) -> list[Basin]:
    """The basins between the saddles, by minimum; none where there is no saddle.

    `ends` are the (low, high) of the only one, for a potential with a single minimum: `UsageError` where they do not
    hold it.
    """
    minima = potential.minima()
    if ends is not None:
        low, high = ends
        if len(minima) != 1 or not low < minima[0] < high:
            raise UsageError(
                f"basin={list(ends)} must hold the potential's only minimum, and {potential.name} has "
                f"{', '.join(f'{m:g}' for m in minima)}"
            )
        return [Basin(1, float(minima[0]), float(minima[0] - low), float(high - minima[0]))]
    borders = np.concatenate([[-np.inf], potential.saddles(), [np.inf]])
    if len(borders) == 2:
        return []
    return [Basin(i + 1, float(m), float(m - borders[i]), float(borders[i + 1] - m)) for i, m in enumerate(minima)]
