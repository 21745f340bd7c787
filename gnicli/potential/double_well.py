"""`potential=double_well`: f(w) = w⁴/4 − w²/2, the paper's figure 6."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gnicli.checks import key


@dataclass
class DoubleWell:
    """f(w) = w⁴/4 − w²/2: minima at ±1, the saddle at 0."""

    name: str = key("double_well", "w⁴/4 − w²/2, minima at ±1")

    flow_is_exact = True

    @property
    def dimension(self) -> int:
        """The number of coordinates, 1."""
        return 1

    @property
    def coefficients(self) -> Sequence[float]:
        """The coefficients of f in ascending powers."""
        return (0.0, 0.0, -0.5, 0.0, 0.25)

    def value(self, w: np.ndarray) -> np.ndarray:
        """f(w), elementwise."""
        square = w * w
        return square * (0.25 * square - 0.5)

    def gradient(self, w: np.ndarray) -> np.ndarray:
        """f' = w³ − w, elementwise."""
        return w * (w * w - 1)

    def flow(self, w: np.ndarray, time: float | np.ndarray) -> np.ndarray:
        """w / sqrt(e^{−2t} + w² (1 − e^{−2t})), elementwise; exact for |w| < 1e150."""
        # math's functions give other last digits than NumPy's: which one is taken is decided by what is given.
        gone = -math.expm1(-2 * time) if isinstance(time, float | int) else -np.expm1(-2 * time)
        below = w * w
        below *= gone
        below += math.exp(-2 * time) if isinstance(time, float | int) else 1 - gone
        np.sqrt(below, out=below)
        return np.divide(w, below, out=below)

    def minima(self) -> np.ndarray:
        """The minimizers −1 and 1."""
        return np.array([-1.0, 1.0])

    def saddles(self) -> np.ndarray:
        """The saddle 0."""
        return np.array([0.0])


COMPONENT = DoubleWell
