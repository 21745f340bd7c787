"""Other laws to compare a stable fit with: each a small class with `fit`, `logpdf`, `rvs` and `n_free`.

`fit` is maximum likelihood; it takes finite samples of any size that doubles hold (NumPy, any shape) and raises
`NumericalError` where the likelihood has no maximum (no spread, or a value so often met that a density may grow over it
without end). Squares are taken of ratios only, so that nothing overflows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from gnicli.errors import DataError, NumericalError

_FARTHEST = 1e140  # interquartile ranges: in the search for a Student t law a sample beyond it counts as that far


def flat(x: Any) -> np.ndarray:
    """Float64, one-dimensional; raises `DataError` for what is not finite."""
    array = np.asarray(x, dtype=np.float64).ravel()
    if array.size == 0 or not np.isfinite(array).all():
        raise DataError(f"{array.size} samples, {int((~np.isfinite(array)).sum())} of them not finite: nothing to fit")
    return array


def positive(scale: float, law: str) -> float:
    """The scale, or `NumericalError` where it is 0."""
    if not scale > 0.0:
        raise NumericalError(f"all samples are equal: no {law} law fits a sample without spread")
    return scale


def root_mean_square(x: np.ndarray) -> float:
    """√(mean x²) without the overflow or underflow of the squares."""
    top = float(np.abs(x).max())
    if not 0.0 < top < math.inf:
        return top
    return top * math.sqrt(float(np.square(x / top).mean()))


def mean_of(x: np.ndarray) -> float:
    """The mean without the overflow of the sum."""
    top = float(np.abs(x).max())
    return top * float((x / top).mean()) if top > 0.0 else 0.0


def largest_tie(x: np.ndarray, share: float) -> tuple[float, int]:
    """The value that more than `share` of the samples equal and their number; (NaN, 0) where there is none.

    Such a value covers one of the order statistics that lie `share` apart, so only those are looked at.
    """
    step = max(1, int(share * x.size))
    at = np.arange(step - 1, x.size, step)
    candidates = np.unique(np.partition(x, at)[at])
    counts = [int(np.count_nonzero(x == value)) for value in candidates]
    most = max(range(len(counts)), key=counts.__getitem__) if counts else 0
    if not counts or counts[most] <= share * x.size:
        return math.nan, 0
    return float(candidates[most]), counts[most]


@dataclass(frozen=True)
class Normal:
    """Mean and standard deviation."""

    mean: float = 0.0
    std: float = 1.0
    n_free: ClassVar[int] = 2

    @classmethod
    def fit(cls, x: Any, mean: float | None = None, std: float | None = None) -> Normal:
        """With the mean or the standard deviation held where given."""
        x = flat(x)
        middle = mean_of(x) if mean is None else mean
        return cls(middle, positive(root_mean_square(x - middle), "normal") if std is None else std)

    def logpdf(self, x: Any) -> np.ndarray:
        """Natural logarithm of the density."""
        z = (np.asarray(x, dtype=np.float64) - self.mean) / self.std
        with np.errstate(over="ignore"):
            square = z * z
        return -0.5 * square - math.log(self.std) - 0.5 * math.log(2.0 * math.pi)

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
        """df is searched in [0.2, 1e4]; 1e4 is the normal law for any purpose.

        Raises `NumericalError` where a value is met by more than one sample in six: with df = 0.2 on top of it the
        likelihood grows without end as the scale goes to 0.
        """
        from scipy.optimize import minimize
        from scipy.special import stdtrit

        x = flat(x)
        value, count = largest_tie(x, cls.df_range[0] / (1.0 + cls.df_range[0]))
        if count == x.size:
            positive(0.0, "Student t")
        if count:
            raise NumericalError(
                f"{count} of {x.size} samples equal {value!r}: the likelihood of a Student t law has no maximum"
            )
        low, middle, high = np.quantile(x, (0.25, 0.5, 0.75))
        unit = float(high - low)
        y = np.clip((x - middle) / unit, -_FARTHEST, _FARTHEST)
        bounds = [tuple(map(math.log, cls.df_range)), (-10.0, 10.0), (-20.0, 20.0)]

        def loss(p: np.ndarray) -> tuple[float, np.ndarray]:
            return cls._loss(y, math.exp(p[0]), p[1], math.exp(p[2]))

        # Laws with the interquartile range of the samples; the likeliest of them is a good start.
        starts = [(math.log(df), 0.0, -math.log(2.0 * stdtrit(df, 0.75))) for df in (0.5, 1.0, 2.0, 5.0, 30.0)]
        start = min(starts, key=lambda p: loss(np.array(p))[0])
        p = minimize(loss, start, jac=True, bounds=bounds, tol=1e-12).x
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
        log_far = np.log(np.hypot(1.0, z / math.sqrt(self.df)))
        return _student_constant(self.df) - math.log(self.scale) - (self.df + 1.0) * log_far

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
        x = flat(x)
        loc = float(np.median(x))
        return cls(loc, positive(mean_of(np.abs(x - loc)), "Laplace"))

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

        size = np.abs(flat(x) - loc)
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
