"""The base of all laws: SciPy's functions, the checks before a fit, a change of units."""

from __future__ import annotations

import dataclasses
import math
from abc import ABC, abstractmethod
from functools import cached_property
from typing import ClassVar, Protocol, Self

import numpy as np
from numpy.typing import ArrayLike

from gnicli.errors import DataError

LOG2 = math.log(2.0)
IN_UNITS = ("loc", "mean", "scale", "std")  # parameters that have the samples' unit
Tails = tuple[np.ndarray, np.ndarray]


def _flat(x: ArrayLike) -> np.ndarray:
    """Float64, one-dimensional. Raises `DataError` for what is not finite."""
    array = np.asarray(x, dtype=np.float64).ravel()
    if array.size == 0 or not np.isfinite(array).all():
        raise DataError(f"{array.size} samples, {int((~np.isfinite(array)).sum())} of them not finite: nothing to fit")
    return array


class Frozen(Protocol):
    """What is used of a distribution of `scipy.stats` with its parameters."""

    def cdf(self, x: ArrayLike) -> np.ndarray:
        """P(X <= x)."""
        ...

    def sf(self, x: ArrayLike) -> np.ndarray:
        """P(X > x)."""
        ...

    def ppf(self, q: ArrayLike) -> np.ndarray:
        """The x with cdf(x) = q."""
        ...

    def rvs(self, size: int, *, random_state: np.random.Generator) -> np.ndarray:
        """Independent draws."""
        ...


class Law(ABC):
    """A law with its parameters, the fields of a frozen dataclass.

    Functions take arrays of any shape, or numbers, and return float64 of that shape. `n_free` counts the parameters
    that `fit` fits. `support` is "real", "nonnegative" (x >= 0) or "positive" (x > 0).
    `scipy_name` is the law's in `scipy.stats`.
    """

    name: ClassVar[str]
    words: ClassVar[str]
    n_free: ClassVar[int]
    scipy_name: ClassVar[str]
    support: ClassVar[str] = "real"

    # ----------------------------------------------------------------------------------------------------- the fit

    @classmethod
    def fit(cls, x: ArrayLike) -> Self:
        """The law of maximum likelihood for finite samples of any shape and any size that floats hold.

        Raises `DataError` for samples outside the support, `NumericalError` where the likelihood has no maximum (no
        spread, or a value so often met that a density may grow over it without end).
        """
        return cls(*cls._estimate(cls._checked(x)))

    def refit(self, x: ArrayLike) -> Self:
        """`fit` of samples that may come from a law near this one, which laws use to save time where they can."""
        return self.fit(x)

    @classmethod
    @abstractmethod
    def _estimate(cls, x: np.ndarray) -> tuple[float, ...]:
        """The parameters in the order of the fields."""

    @classmethod
    def _checked(cls, samples: ArrayLike) -> np.ndarray:
        x = _flat(samples)
        if not cls.takes(x):
            outside, where, sign = (x < 0.0, "negative", ">=")
            if cls.support == "positive":
                outside, where, sign = (x <= 0.0, "not above 0", ">")
            raise DataError(
                f"{int(outside.sum())} of {x.size} samples are {where}: a {cls.words} law lives on x {sign} 0"
            )
        return x

    @classmethod
    def takes(cls, x: np.ndarray) -> bool:
        """Whether all samples lie in the support."""
        if cls.support == "real":
            return True
        least = float(x.min())
        return least > 0.0 if cls.support == "positive" else least >= 0.0

    # --------------------------------------------------------------------------------------------------- functions

    @cached_property
    def scipy(self) -> Frozen:
        """The law as SciPy's frozen distribution. The first one imports `scipy.stats`, which takes half a second."""
        from scipy import stats

        frozen: Frozen = getattr(stats, self.scipy_name)(*self._scipy_parameters())
        return frozen

    def _scipy_parameters(self) -> tuple[float, ...]:
        """The parameters in SciPy's order."""
        return tuple(self.parameters().values())

    def pdf(self, x: ArrayLike) -> np.ndarray:
        """The density."""
        return np.exp(self.logpdf(x))

    def logpdf(self, x: ArrayLike) -> np.ndarray:
        """Natural logarithm of the density; −inf outside of the support."""
        return self._log_density(np.asarray(x, dtype=np.float64))

    @abstractmethod
    def _log_density(self, x: np.ndarray) -> np.ndarray:
        """`logpdf` of float64."""

    def cdf(self, x: ArrayLike) -> np.ndarray:
        """P(X <= x)."""
        return self.scipy.cdf(x)

    def sf(self, x: ArrayLike) -> np.ndarray:
        """P(X > x)."""
        return self.scipy.sf(x)

    def ppf(self, q: ArrayLike) -> np.ndarray:
        """The x with cdf(x) = q."""
        return self.scipy.ppf(q)

    @abstractmethod
    def log_tails(self, x: np.ndarray) -> Tails:
        """log P(X <= x) and log P(X > x), each with full relative accuracy in its own tail."""

    def rvs(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """`n` independent draws, float64 (n,)."""
        return self.scipy.rvs(n, random_state=rng)

    # -------------------------------------------------------------------------------------------------- parameters

    def parameters(self) -> dict[str, float]:
        """The parameters by name."""
        return {field.name: float(getattr(self, field.name)) for field in dataclasses.fields(self)}  # type: ignore[arg-type]

    def in_units(self, unit: float) -> Self:
        """The law of `unit` · X, unit > 0."""
        values = self.parameters()
        return type(self)(**{name: value * unit if name in IN_UNITS else value for name, value in values.items()})


def other_tail(log_tail: np.ndarray) -> np.ndarray:
    """log(1 − exp(log_tail))."""
    with np.errstate(divide="ignore"):
        return np.where(log_tail > -LOG2, np.log(-np.expm1(log_tail)), np.log1p(-np.exp(log_tail)))


def symmetric_tails(above: np.ndarray, log_tail: np.ndarray) -> Tails:
    """log cdf and log sf from the log of the nearer tail; `above` says on which side of the center x is."""
    far = other_tail(log_tail)
    return np.where(above, far, log_tail), np.where(above, log_tail, far)
