"""Laws of positive numbers to compare a stable fit with, made like those in `others`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from gnicli.errors import DataError, NumericalError
from gnicli.stable.others import Normal, flat, positive, root_mean_square


def _nonnegative(x: Any, law: str) -> np.ndarray:
    x = flat(x)
    if float(x.min()) < 0.0:
        raise DataError(f"{int((x < 0.0).sum())} of {x.size} samples are negative: a {law} law lives on x >= 0")
    return x


@dataclass(frozen=True)
class HalfNormal:
    """|X| of a normal X with mean 0 and standard deviation `scale`; density 0 below 0."""

    scale: float = 1.0
    n_free: ClassVar[int] = 1

    @classmethod
    def fit(cls, x: Any) -> HalfNormal:
        """Raises `DataError` for negative samples."""
        return cls(positive(root_mean_square(_nonnegative(x, "half-normal")), "half-normal"))

    def logpdf(self, x: Any) -> np.ndarray:
        """Natural logarithm of the density; −inf below 0."""
        x = np.asarray(x, dtype=np.float64)
        inside = -0.5 * np.square(x / self.scale) + 0.5 * math.log(2.0 / math.pi) - math.log(self.scale)
        return np.where(x < 0.0, -np.inf, inside)

    def rvs(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """`n` draws, float64 (n,)."""
        return self.scale * np.abs(rng.standard_normal(n))


@dataclass(frozen=True)
class HalfCauchy:
    """|X| of a Cauchy X with location 0; density 2 / (π scale (1 + (x/scale)²)) from 0."""

    scale: float = 1.0
    n_free: ClassVar[int] = 1

    @classmethod
    def fit(cls, x: Any) -> HalfCauchy:
        """Raises `DataError` for negative samples."""
        from scipy.optimize import brentq

        x = _nonnegative(x, "half-Cauchy")
        positive = x[x > 0.0]
        if 2 * positive.size <= x.size:
            raise NumericalError(f"{x.size - positive.size} of {x.size} samples are 0: no half-Cauchy law fits them")
        low, high = math.log(float(positive.min())) - 1.0, math.log(float(positive.max())) + 1.0

        def score(log_scale: float) -> float:
            with np.errstate(over="ignore"):
                return float((1.0 / (1.0 + np.exp(2.0 * (log_scale - np.log(positive))))).sum()) - 0.5 * x.size

        return cls(math.exp(brentq(score, low, high, xtol=1e-13)) if score(low) > 0.0 else math.exp(low))

    def logpdf(self, x: Any) -> np.ndarray:
        """Natural logarithm of the density; −inf below 0."""
        x = np.asarray(x, dtype=np.float64)
        inside = math.log(2.0 / (math.pi * self.scale)) - 2.0 * np.log(np.hypot(1.0, x / self.scale))
        return np.where(x < 0.0, -np.inf, inside)

    def rvs(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """`n` draws, float64 (n,)."""
        return self.scale * np.abs(np.tan(math.pi * (rng.random(n) - 0.5)))


@dataclass(frozen=True)
class LogNormal:
    """exp of a normal variable with mean `log_mean` and standard deviation `log_std`; density 0 up to 0."""

    log_mean: float = 0.0
    log_std: float = 1.0
    n_free: ClassVar[int] = 2

    @classmethod
    def fit(cls, x: Any) -> LogNormal:
        """Raises `DataError` for samples that are not above 0."""
        x = flat(x)
        if not float(x.min()) > 0.0:
            raise DataError(
                f"{int((x <= 0.0).sum())} of {x.size} samples are not above 0: a log-normal law lives there"
            )
        law = Normal.fit(np.log(x))
        return cls(law.mean, law.std)

    def logpdf(self, x: Any) -> np.ndarray:
        """Natural logarithm of the density; −inf up to 0."""
        x = np.asarray(x, dtype=np.float64)
        log_x = np.log(np.where(x > 0.0, x, 1.0))
        return np.where(x > 0.0, Normal(self.log_mean, self.log_std).logpdf(log_x) - log_x, -np.inf)

    def rvs(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """`n` draws, float64 (n,)."""
        return np.exp(self.log_mean + self.log_std * rng.standard_normal(n))
