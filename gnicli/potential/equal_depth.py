"""`potential=equal_depth`: two wells of one depth whose basins have different widths."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gnicli import checks
from gnicli.checks import key
from gnicli.errors import FieldError
from gnicli.potential import polynomials, runge_kutta

_MOST_RATIO = (3 + math.sqrt(5)) / 2  # beyond, the sextic has further turning points
_MOST_HEIGHT = 1e30


@dataclass
class EqualDepth:
    """f = H (1 + w/A)² (1 − w/B)² (1 + g w + c w²): minima −A and B, where f = 0, and the saddle 0, where f = H.

    g = 2 (A − B)/(AB) puts the saddle at 0. With u = (A − B)²/(AB) and c = (2u + 3)/((u + 3) AB) f' has no further real
    root for u < 1, that is for A/B between 1/2.618 and 2.618. `widths` are A and B, `height` is H.
    """

    name: str = key("equal_depth", "two wells of equal depth and different widths, the saddle at 0")
    widths: Any = key([1.0, 2.0], "widths of the left and the right basin, each from its minimum to the saddle")
    height: float = key(0.25, "height of the barrier between the wells, > 0")

    def __post_init__(self) -> None:
        widths = polynomials.check_list("widths", self.widths, 2, 2, polynomials.FARTHEST)
        for i, width in enumerate(widths):
            checks.number(f"widths[{i}]", width, least=1 / polynomials.FARTHEST, most=polynomials.FARTHEST)
        if not max(widths) < _MOST_RATIO * min(widths):
            raise FieldError(
                "widths",
                f": one may be at most 2.618 times the other, got {widths}; for wells farther from equal take "
                "potential=polynomial",
            )
        checks.number("height", self.height, above=0, most=_MOST_HEIGHT)

    @property
    def dimension(self) -> int:
        """The number of coordinates, 1."""
        return 1

    @property
    def coefficients(self) -> Sequence[float]:
        """The coefficients of f in ascending powers."""
        left, right = self._factors()
        wells = np.polynomial.polynomial.polypow(np.polynomial.polynomial.polymul(left, right), 2)
        return [float(c) for c in self.height * np.polynomial.polynomial.polymul(wells, self._third())]

    def value(self, w: np.ndarray) -> np.ndarray:
        """f(w), elementwise, as a product: it is exactly 0 at the minima."""
        left, right = self._factors()
        wells = polynomials.evaluate(left, w) * polynomials.evaluate(right, w)
        return self.height * wells**2 * polynomials.evaluate(self._third(), w)

    def gradient(self, w: np.ndarray) -> np.ndarray:
        """f', elementwise, as a product: it keeps its relative accuracy near the turning points."""
        left, right = self._factors()
        wells = polynomials.evaluate(left, w) * polynomials.evaluate(right, w)
        return self.height * wells * (w * polynomials.evaluate(self._rest(), w))

    def flow(self, w: np.ndarray, time: float | np.ndarray) -> np.ndarray:
        """Runge-Kutta sub-steps of order 4."""
        return runge_kutta.flow(self.gradient, w, time)

    def minima(self) -> np.ndarray:
        """The minimizers −A and B."""
        return np.array([-float(self.widths[0]), float(self.widths[1])])

    def saddles(self) -> np.ndarray:
        """The saddle 0."""
        return np.array([0.0])

    def _factors(self) -> tuple[list[float], list[float]]:
        """1 + w/A and 1 − w/B, in ascending powers."""
        left, right = self.widths
        return [1.0, 1 / left], [1.0, -1 / right]

    def _third(self) -> list[float]:
        """1 + g w + c w²."""
        left, right = self.widths
        area = left * right
        u = (left - right) ** 2 / area
        return [1.0, 2 * (left - right) / area, (2 * u + 3) / ((u + 3) * area)]

    def _rest(self) -> np.ndarray:
        """The quadratic r with f' = H (1 + w/A)(1 − w/B) w r(w), negative everywhere."""
        left, right = self._factors()
        third = self._third()
        wells = np.polynomial.polynomial.polymul(left, right)
        slope = np.polynomial.polynomial.polyadd(
            2 * np.polynomial.polynomial.polymul(np.polynomial.polynomial.polyder(wells), third),
            np.polynomial.polynomial.polymul(wells, np.polynomial.polynomial.polyder(third)),
        )
        return np.asarray(slope[1:], float)  # slope[0] is 0 by the choice of g


COMPONENT = EqualDepth
