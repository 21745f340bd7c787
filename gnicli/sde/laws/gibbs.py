"""The Gibbs law, density ∝ exp(−f(w)/ε^α), of a one-dimensional potential: what Theorem 4.1's drift restores."""

from __future__ import annotations

import numpy as np

from gnicli.contracts.components import Potential
from gnicli.errors import UsageError
from gnicli.sde.levy_noise import LevyNoise

_EXPONENT = 45.0  # e^{-45} is nothing beside the peak
_CELLS = 4000


class GibbsLaw:
    """`pdf`, `cdf`, `modes`, `mean` of exp(−f/ε^α), whatever beta; outside `reach` it is below e^{−45}."""

    def __init__(self, potential: Potential, noise: LevyNoise) -> None:
        if potential.dimension != 1:
            raise UsageError(f"the Gibbs density is drawn in one dimension only, got {potential.name}")
        self._potential = potential
        self._inverse = noise.epsilon**-noise.alpha
        self.modes = np.asarray(potential.minima(), float)
        self._bottom = float(potential.value(self.modes).min())
        self.reach = (self._edge(-1.0), self._edge(1.0))
        t, weights = np.polynomial.legendre.leggauss(8)
        self._edges = np.linspace(*self.reach, _CELLS + 1)
        half = (self._edges[1] - self._edges[0]) / 2
        nodes = self._edges[:-1, None] + half * (1 + t)
        values = self._relative(nodes)
        masses = (values @ weights) * half
        self._total = float(masses.sum())
        if not (np.isfinite(self._total) and self._total > 0):
            raise UsageError(
                f"exp(-f/ε^α) is too narrow to be resolved at alpha={noise.alpha:g}, epsilon={noise.epsilon:g}; "
                "take a larger epsilon, or a potential with numbers nearer to 1"
            )
        self._cumulative = np.concatenate([[0.0], np.cumsum(masses)]) / self._total
        self.mean = float(((values * nodes) @ weights).sum() * half / self._total)

    def pdf(self, x: np.ndarray | float) -> np.ndarray:
        """Density at `x` (any shape)."""
        return self._relative(np.asarray(x, float)) / self._total

    def cdf(self, x: np.ndarray | float) -> np.ndarray:
        """Distribution function at `x` (any shape)."""
        from scipy.interpolate import CubicHermiteSpline

        inside = np.clip(np.asarray(x, float), *self.reach)
        spline = CubicHermiteSpline(self._edges, self._cumulative, self._relative(self._edges) / self._total)
        return np.clip(spline(inside), 0.0, 1.0)

    def exponent(self, x: np.ndarray) -> np.ndarray:
        """F = (f(x) − min f)/ε^α: the density is exp(−F) up to its factor."""
        return (self._potential.value(x) - self._bottom) * self._inverse

    def _relative(self, x: np.ndarray) -> np.ndarray:
        return np.exp(-self.exponent(x))

    def _edge(self, side: float) -> float:
        center = self.modes[0 if side < 0 else -1]
        step = 1e-3
        while step > 1e-9 * (1 + abs(center)) and float(self.exponent(np.array([center + side * step]))[0]) > _EXPONENT:
            step /= 2
        while float(self.exponent(np.array([center + side * step]))[0]) < _EXPONENT:
            step *= 1.1
            if step > 1e12:
                raise UsageError("the potential does not confine: exp(-f) has no finite integral")
        return float(center + side * step)
