"""What the laws on x > 0 share that have a scale and a parameter of their shape: the gamma, Weibull and Pareto laws."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import numpy as np

from gnicli.laws.base import Law, Tails

_LEAST, _MOST = float(np.finfo(np.float64).tiny), float(np.finfo(np.float64).max)


class PositiveLaw(Law):
    """A law on x > 0 with two parameters: its shape, then its scale. The location is held at 0."""

    n_free: ClassVar[int] = 2
    support: ClassVar[str] = "positive"

    def _scipy_parameters(self) -> tuple[float, ...]:
        shape, scale = self.parameters().values()
        return shape, 0.0, scale

    def _log_density(self, x: np.ndarray) -> np.ndarray:
        """Natural logarithm of the density; −inf up to 0."""
        return np.where(x > 0.0, self._log_density_above_0(np.where(x > 0.0, x, 1.0)), -np.inf)

    @abstractmethod
    def _log_density_above_0(self, x: np.ndarray) -> np.ndarray:
        """Natural logarithm of the density at x > 0."""

    def log_tails(self, x: np.ndarray) -> Tails:
        """log cdf and log sf, without the underflow of SciPy's."""
        with np.errstate(divide="ignore"):
            log_cdf, log_sf = self._log_tails_above_0(np.where(x > 0.0, x, 1.0))
        return np.where(x > 0.0, log_cdf, -np.inf), np.where(x > 0.0, log_sf, 0.0)

    @abstractmethod
    def _log_tails_above_0(self, x: np.ndarray) -> Tails:
        """log cdf and log sf at x > 0."""

    def rvs(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """`n` independent draws, float64 (n,). One that floats cannot hold is the nearest float that is not 0 or ∞."""
        with np.errstate(over="ignore", under="ignore"):
            return np.clip(self.scipy.rvs(n, random_state=rng), _LEAST, _MOST)
