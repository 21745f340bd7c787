"""The normal law, to compare with."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Normal:
    """Mean and standard deviation."""

    mean: float
    std: float
    n_free = 2

    def logpdf(self, x: Any) -> np.ndarray:
        """Natural logarithm of the density."""
        z = (np.asarray(x, dtype=np.float64) - self.mean) / self.std
        return -0.5 * z * z - math.log(self.std) - 0.5 * math.log(2.0 * math.pi)

    def rvs(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """`n` draws, float64 (n,)."""
        return self.mean + self.std * rng.standard_normal(n)


def fit(x: Any, mean: float | None = None, std: float | None = None) -> Normal:
    """Maximum likelihood, with the mean or the standard deviation held where given."""
    x = np.asarray(x, dtype=np.float64)
    middle = float(x.mean()) if mean is None else mean
    return Normal(middle, math.sqrt(float(((x - middle) ** 2).mean())) if std is None else std)
