"""The log-normal law."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from gnicli.laws.base import Law, Tails
from gnicli.laws.normal import Normal
from gnicli.stable import normal


@dataclass(frozen=True)
class LogNormal(Law):
    """exp of a normal variable with mean `log_mean` and standard deviation `log_std`; density 0 up to 0."""

    log_mean: float = 0.0
    log_std: float = 1.0
    name: ClassVar[str] = "log_normal"
    words: ClassVar[str] = "log-normal"
    n_free: ClassVar[int] = 2
    scipy_name: ClassVar[str] = "lognorm"
    support: ClassVar[str] = "positive"

    @classmethod
    def _estimate(cls, x: np.ndarray) -> tuple[float, ...]:
        return normal.moments(np.log(x))  # as fast as SciPy's fit, without half a second of its import

    def _scipy_parameters(self) -> tuple[float, ...]:
        return self.log_std, 0.0, math.exp(self.log_mean)

    @property
    def _of_log(self) -> Normal:
        return Normal(self.log_mean, self.log_std)

    def _log_density(self, x: np.ndarray) -> np.ndarray:
        """Natural logarithm of the density; −inf up to 0."""
        log_x = np.log(np.where(x > 0.0, x, 1.0))
        return np.where(x > 0.0, self._of_log.logpdf(log_x) - log_x, -np.inf)  # 0.08 ms, SciPy 0.4

    def log_tails(self, x: np.ndarray) -> Tails:
        """log cdf and log sf."""
        log_cdf, log_sf = self._of_log.log_tails(np.log(np.where(x > 0.0, x, 1.0)))  # 0.9 ms, SciPy 1.4
        return np.where(x > 0.0, log_cdf, -np.inf), np.where(x > 0.0, log_sf, 0.0)

    def in_units(self, unit: float) -> Self:
        """The law of `unit` · X, unit > 0."""
        return type(self)(self.log_mean + math.log(unit), self.log_std)
