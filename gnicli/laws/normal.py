"""The normal law."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gnicli.laws.base import Law, Tails
from gnicli.stable import normal


@dataclass(frozen=True)
class Normal(Law):
    """Mean and standard deviation."""

    mean: float = 0.0
    std: float = 1.0
    name: ClassVar[str] = "normal"
    words: ClassVar[str] = "Gaussian"
    n_free: ClassVar[int] = 2
    scipy_name: ClassVar[str] = "norm"

    @classmethod
    def _estimate(cls, x: np.ndarray) -> tuple[float, ...]:
        return normal.moments(x)  # SciPy's squares overflow for samples of 1e154 and vanish for 1e-163

    def _log_density(self, x: np.ndarray) -> np.ndarray:
        """Natural logarithm of the density."""
        return normal.log_density(x, self.mean, self.std)  # 36 µs, SciPy 300

    def log_tails(self, x: np.ndarray) -> Tails:
        """log cdf and log sf."""
        from scipy.special import log_ndtr  # 0.8 ms, through `scipy.stats` 1.4

        z = (x - self.mean) / self.std
        return log_ndtr(z), log_ndtr(-z)

    def rvs(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """`n` independent draws, float64 (n,)."""
        # SciPy's draws are the same, but a layer of 100 weights would wait 300 µs for them in each step of a training
        return self.mean + self.std * rng.standard_normal(n)
