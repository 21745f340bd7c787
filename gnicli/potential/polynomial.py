"""`potential=polynomial`: any one-dimensional polynomial that confines, given by its coefficients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gnicli.checks import key
from gnicli.errors import FieldError
from gnicli.potential import polynomials, runge_kutta


@dataclass
class Polynomial:
    """f(w) = Σ c_j w^j, of even degree with a positive leading coefficient, so that there is a stationary law."""

    name: str = key("polynomial", "any polynomial, by its coefficients")
    terms: Any = key(
        [0.0, 0.0, -0.5, 0.0, 0.25], "c_0, c_1, …: coefficients of f in ascending powers; even degree from 2 to 32"
    )

    def __post_init__(self) -> None:
        polynomials.check_list("terms", self.terms, 3, polynomials.MOST_DEGREE + 1, polynomials.LARGEST)
        kept = self.coefficients
        if len(kept) < 3 or len(kept) % 2 == 0 or kept[-1] <= 0:
            raise FieldError(
                "terms",
                " must end in a positive coefficient of an even power >= 2 (else chains run away), "
                f"got {list(self.terms)!r}",
            )

    @property
    def dimension(self) -> int:
        """The number of coordinates, 1."""
        return 1

    @property
    def coefficients(self) -> Sequence[float]:
        """Ascending powers, without trailing zeros."""
        return [float(c) for c in np.trim_zeros(np.asarray(self.terms, float), "b")]

    def value(self, w: np.ndarray) -> np.ndarray:
        """f(w), elementwise."""
        return polynomials.evaluate(self.coefficients, w)

    def gradient(self, w: np.ndarray) -> np.ndarray:
        """f', elementwise."""
        return polynomials.evaluate(polynomials.derivative(self.coefficients), w)

    def flow(self, w: np.ndarray, time: float | np.ndarray) -> np.ndarray:
        """Runge-Kutta sub-steps of order 4."""
        force = polynomials.derivative(self.coefficients)
        return runge_kutta.flow(lambda at: polynomials.evaluate(force, at), w, time)

    def minima(self) -> np.ndarray:
        """The minimizers, ascending."""
        return polynomials.turning_points(self.coefficients)[0]

    def saddles(self) -> np.ndarray:
        """The maximizers, ascending."""
        return polynomials.turning_points(self.coefficients)[1]


COMPONENT = Polynomial
