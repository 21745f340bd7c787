"""Other laws to compare a stable fit with: each a small class with `fit`, `logpdf`, `rvs` and `n_free`.

`fit` is maximum likelihood; it takes finite samples (NumPy, any shape) and raises `NumericalError` where the likelihood
has no maximum (no spread, or an infinite density met by a sample).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from gnicli.errors import DataError, NumericalError


def _flat(x: Any) -> np.ndarray:
    array = np.asarray(x, dtype=np.float64).ravel()
    if array.size == 0 or not np.isfinite(array).all():
        raise DataError(f"{array.size} samples, {int((~np.isfinite(array)).sum())} of them not finite: nothing to fit")
    return array


def _positive(scale: float, law: str) -> float:
    if not scale > 0.0:
        raise NumericalError(f"all samples are equal: no {law} law fits a sample without spread")
    return scale


@dataclass(frozen=True)
class Normal:
    """Mean and standard deviation."""

    mean: float = 0.0
    std: float = 1.0
    n_free: ClassVar[int] = 2

    @classmethod
    def fit(cls, x: Any, mean: float | None = None, std: float | None = None) -> Normal:
        """With the mean or the standard deviation held where given."""
        x = _flat(x)
        middle = float(x.mean()) if mean is None else mean
        return cls(middle, _positive(math.sqrt(float(np.square(x - middle).mean())), "normal") if std is None else std)

    def logpdf(self, x: Any) -> np.ndarray:
        """Natural logarithm of the density."""
        z = (np.asarray(x, dtype=np.float64) - self.mean) / self.std
        return -0.5 * z * z - math.log(self.std) - 0.5 * math.log(2.0 * math.pi)

    def rvs(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """`n` draws, float64 (n,)."""
        return self.mean + self.std * rng.standard_normal(n)


@dataclass(frozen=True)
class StudentT:
    """Degrees of freedom, location and scale."""

    df: float
    loc: float = 0.0
    scale: float = 1.0
    n_free: ClassVar[int] = 3
    df_range: ClassVar[tuple[float, float]] = (0.2, 1e4)

    @classmethod
    def fit(cls, x: Any) -> StudentT:
        """df is searched in [0.2, 1e4]; 1e4 is the normal law for any purpose."""
        from scipy.optimize import minimize

        x = _flat(x)
        low, middle, high = np.quantile(x, (0.25, 0.5, 0.75))
        unit = _positive(float(high - low) or float(x.std()), "Student t")
        y = (x - middle) / unit
        bounds = [tuple(map(math.log, cls.df_range)), (-10.0, 10.0), (-20.0, 20.0)]

        def loss(p: np.ndarray) -> tuple[float, np.ndarray]:
            return cls._loss(y, math.exp(p[0]), p[1], math.exp(p[2]))

        found = [minimize(loss, (math.log(df), 0.0, -0.5), jac=True, bounds=bounds, tol=1e-12) for df in (1.5, 10.0)]
        p = min(found, key=lambda f: f.fun).x
        return cls(math.exp(p[0]), float(middle + unit * p[1]), float(unit * math.exp(p[2])))

    @staticmethod
    def _loss(y: np.ndarray, df: float, loc: float, scale: float) -> tuple[float, np.ndarray]:
        """Minus the mean log-likelihood and its gradient in (log df, loc, log scale)."""
        from scipy.special import digamma

        z = (y - loc) / scale
        square = z * z / df
        log_term = np.log1p(square)
        pull = (df + 1.0) * square / (1.0 + square)
        by_df = 0.5 * (digamma(0.5 * (df + 1.0)) - digamma(0.5 * df) - 1.0 / df - log_term.mean() + pull.mean() / df)
        by_loc = ((df + 1.0) * z / (df * (1.0 + square))).mean() / scale
        gradient = -np.array([df * by_df, by_loc, pull.mean() - 1.0])
        return math.log(scale) - _student_constant(df) + 0.5 * (df + 1.0) * float(log_term.mean()), gradient

    def logpdf(self, x: Any) -> np.ndarray:
        """Natural logarithm of the density."""
        z = (np.asarray(x, dtype=np.float64) - self.loc) / self.scale
        return _student_constant(self.df) - math.log(self.scale) - 0.5 * (self.df + 1.0) * np.log1p(z * z / self.df)

    def rvs(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """`n` draws, float64 (n,)."""
        return self.loc + self.scale * rng.standard_t(self.df, n)


def _student_constant(df: float) -> float:
    return math.lgamma(0.5 * (df + 1.0)) - math.lgamma(0.5 * df) - 0.5 * math.log(math.pi * df)


@dataclass(frozen=True)
class Laplace:
    """Location and scale: density exp(−|x − loc|/scale) / (2 scale)."""

    loc: float = 0.0
    scale: float = 1.0
    n_free: ClassVar[int] = 2

    @classmethod
    def fit(cls, x: Any) -> Laplace:
        """The median and the mean distance from it."""
        x = _flat(x)
        loc = float(np.median(x))
        return cls(loc, _positive(float(np.abs(x - loc).mean()), "Laplace"))

    def logpdf(self, x: Any) -> np.ndarray:
        """Natural logarithm of the density."""
        return -np.abs(np.asarray(x, dtype=np.float64) - self.loc) / self.scale - math.log(2.0 * self.scale)

    def rvs(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """`n` draws, float64 (n,)."""
        return rng.laplace(self.loc, self.scale, n)


@dataclass(frozen=True)
class SubWeibull:
    """Symmetric, P(|X − loc| > x) = exp(−(x/scale)^{1/r}): tail parameter r of the paper's definition 3.2.

    E[|X|^m]^{1/m} = scale Γ(1 + rm)^{1/m} grows like m^r. r = 1 is Laplace's law. For r > 1 the density is
    infinite at loc.
    """

    r: float
    scale: float = 1.0
    loc: float = 0.0
    n_free: ClassVar[int] = 2

    @classmethod
    def fit(cls, x: Any, loc: float = 0.0) -> SubWeibull:
        """r and scale; `loc` is held, because the likelihood is unbounded in it where r > 1."""
        from scipy.optimize import brentq

        size = np.abs(_flat(x) - loc)
        if not size.all():
            raise NumericalError(
                f"{int((size == 0.0).sum())} samples equal loc={loc!r}, where a sub-Weibull density is 0 or infinite: "
                "drop them or give another loc"
            )
        log_size = np.log(size)
        log_size -= (middle := float(log_size.mean()))
        if not np.ptp(log_size) > 0.0:
            raise NumericalError("all samples are equally far from loc: no sub-Weibull law fits them")

        def score(log_r: float) -> float:
            scaled = log_size / math.exp(log_r)
            share = np.exp(scaled - scaled.max())
            return float((share * log_size).sum() / share.sum()) - math.exp(log_r)

        r = math.exp(brentq(score, math.log(1e-3), math.log(1e3), xtol=1e-13))
        scaled = log_size / r
        top = float(scaled.max())
        log_scale = r * (top + math.log(float(np.exp(scaled - top).mean())))
        return cls(r, math.exp(log_scale + middle), loc)

    def logpdf(self, x: Any) -> np.ndarray:
        """Natural logarithm of the density."""
        size = np.abs(np.asarray(x, dtype=np.float64) - self.loc) / self.scale
        with np.errstate(divide="ignore"):
            power = (1.0 / self.r - 1.0) * np.log(size) if self.r != 1.0 else 0.0
        return power - size ** (1.0 / self.r) - math.log(2.0 * self.r * self.scale)

    def rvs(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """`n` draws, float64 (n,): ± scale E^r with E exponential."""
        size = self.scale * rng.standard_exponential(n) ** self.r
        return self.loc + np.where(rng.random(n) < 0.5, -size, size)


def _nonnegative(x: Any, law: str) -> np.ndarray:
    x = _flat(x)
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
        return cls(_positive(math.sqrt(float(np.square(_nonnegative(x, "half-normal")).mean())), "half-normal"))

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
