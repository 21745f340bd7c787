"""`potential=quadratic`: f(w) = λ w²/2, whose stationary law is stable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gnicli import checks
from gnicli.checks import key
from gnicli.potential import polynomials


@dataclass
class Quadratic:
    """f(w) = λ w²/2. The stationary law is S_α(ε/(αλ)^{1/α}, β, 0)."""

    name: str = key("quadratic", "λ w²/2, whose stationary law is stable")
    curvature: float = key(1.0, "λ, > 0")

    def __post_init__(self) -> None:
        checks.number("curvature", self.curvature, above=0, most=polynomials.LARGEST)

    @property
    def dimension(self) -> int:
        """The number of coordinates, 1."""
        return 1

    @property
    def coefficients(self) -> Sequence[float]:
        """The coefficients of f in ascending powers."""
        return (0.0, 0.0, self.curvature / 2)

    def value(self, w: np.ndarray) -> np.ndarray:
        """f(w), elementwise."""
        return (self.curvature / 2) * w * w

    def gradient(self, w: np.ndarray) -> np.ndarray:
        """f' = λ w, elementwise."""
        return self.curvature * w

    def flow(self, w: np.ndarray, time: float | np.ndarray) -> np.ndarray:
        """w e^{−λt}, elementwise."""
        return w * np.exp(-self.curvature * time)

    def minima(self) -> np.ndarray:
        """The only minimizer, 0."""
        return np.array([0.0])

    def saddles(self) -> np.ndarray:
        """An empty array: there is no saddle."""
        return np.array([])


COMPONENT = Quadratic
