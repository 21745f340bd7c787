"""`potential=quartic`: f(w) = w⁴/4, one flat well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gnicli.checks import key


@dataclass
class Quartic:
    """f(w) = w⁴/4. With alpha = 1 its stationary density is 1/(π(1 − x² + x⁴))."""

    name: str = key("quartic", "w⁴/4, one flat well")

    flow_is_exact = True

    @property
    def dimension(self) -> int:
        """The number of coordinates, 1."""
        return 1

    @property
    def coefficients(self) -> Sequence[float]:
        """The coefficients of f in ascending powers."""
        return (0.0, 0.0, 0.0, 0.0, 0.25)

    def value(self, w: np.ndarray) -> np.ndarray:
        """f(w), elementwise."""
        square = w * w
        return 0.25 * square * square

    def gradient(self, w: np.ndarray) -> np.ndarray:
        """f' = w³, elementwise."""
        return w * w * w

    def flow(self, w: np.ndarray, time: float | np.ndarray) -> np.ndarray:
        """w / sqrt(1 + 2 w² t), elementwise; exact for |w| < 1e150."""
        below = w * w
        below *= 2 * time
        below += 1
        np.sqrt(below, out=below)
        return np.divide(w, below, out=below)

    def minima(self) -> np.ndarray:
        """The only minimizer, 0."""
        return np.array([0.0])

    def saddles(self) -> np.ndarray:
        """An empty array: there is no saddle."""
        return np.array([])


COMPONENT = Quartic
