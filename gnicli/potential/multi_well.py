"""`potential=multi_well`: a polynomial given by its wells and the saddles between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gnicli import checks
from gnicli.checks import key
from gnicli.errors import FieldError
from gnicli.potential import polynomials, runge_kutta


@dataclass
class MultiWell:
    """f' = strength · Π (w − well_i) · Π (w − saddle_j), f(0) = 0; the wells and saddles alternate."""

    name: str = key("multi_well", "a polynomial with given wells and saddles")
    wells: Any = key([-1.0, 1.0], "the minimizers, ascending; at most 16, none beyond 1e6")
    between: Any = key([0.0], "the saddles, one between each pair of neighboring wells, ascending")
    strength: float = key(1.0, "leading coefficient of f', > 0")

    def __post_init__(self) -> None:
        most, size = polynomials.MOST_DEGREE // 2, polynomials.FARTHEST
        wells = polynomials.check_list("wells", self.wells, 1, most, size)
        between = polynomials.check_list("between", self.between, 0, most, size)
        checks.number("strength", self.strength, above=0, most=polynomials.LARGEST)
        points = [x for pair in zip(wells, [*between, np.inf], strict=False) for x in pair]
        if len(between) != len(wells) - 1 or sorted(set(points)) != points:
            raise FieldError(
                "between",
                " must hold one saddle between each pair of neighboring wells, both ascending, "
                f"got wells {wells} and saddles {between}",
            )

    @property
    def dimension(self) -> int:
        """The number of coordinates, 1."""
        return 1

    @property
    def coefficients(self) -> Sequence[float]:
        """The coefficients of f in ascending powers."""
        force = self.strength * np.polynomial.polynomial.polyfromroots([*self.wells, *self.between])
        return [float(c) for c in np.polynomial.polynomial.polyint(force)]

    def value(self, w: np.ndarray) -> np.ndarray:
        """f(w), elementwise."""
        return polynomials.evaluate(self.coefficients, w)

    def gradient(self, w: np.ndarray) -> np.ndarray:
        """f', elementwise, as a product: it keeps its relative accuracy near the turning points."""
        result = np.full_like(w, self.strength, dtype=float)
        for root in (*self.wells, *self.between):
            result *= w - root
        return result

    def flow(self, w: np.ndarray, time: float | np.ndarray) -> np.ndarray:
        """Runge-Kutta sub-steps of order 4."""
        return runge_kutta.flow(self.gradient, w, time)

    def minima(self) -> np.ndarray:
        """The minimizers: the wells, ascending."""
        return np.array(self.wells, float)

    def saddles(self) -> np.ndarray:
        """The maximizers between the wells, ascending."""
        return np.array(self.between, float)


COMPONENT = MultiWell
