"""The base of all laws: SciPy's functions, the checks before a fit, a change of units."""

from __future__ import annotations

import dataclasses
import math
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from gnicli.errors import DataError

LOG2 = math.log(2.0)
IN_UNITS = ("loc", "mean", "scale", "std")  # parameters that have the samples' unit
Tails = tuple[np.ndarray, np.ndarray]


def _flat(x: Any) -> np.ndarray:
    """Float64, one-dimensional. Raises `DataError` for what is not finite."""
    array = np.asarray(x, dtype=np.float64).ravel()
    if array.size == 0 or not np.isfinite(array).all():
        raise DataError(f"{array.size} samples, {int((~np.isfinite(array)).sum())} of them not finite: nothing to fit")
    return array


class Law:
    """A law with its parameters, the fields of a frozen dataclass.

    Functions take arrays of any shape, or numbers, and return float64 of that shape. `n_free` counts the parameters
    that `fit` fits. `support` is "real", "nonnegative" (x >= 0) or "positive" (x > 0).
    """

    name: ClassVar[str]
    words: ClassVar[str]
    n_free: ClassVar[int]
    support: ClassVar[str] = "real"

    # ----------------------------------------------------------------------------------------------------- the fit

    @classmethod
    def fit(cls, x: Any) -> Self:
        """The law of maximum likelihood for finite samples of any shape and any size that floats hold.

        Raises `DataError` for samples outside the support, `NumericalError` where the likelihood has no maximum (no
        spread, or a value so often met that a density may grow over it without end).
        """
        return cls(*cls._estimate(cls._checked(x)))

    @classmethod
    def _estimate(cls, x: np.ndarray) -> tuple[float, ...]:
        """The parameters in the order of the fields."""
        raise NotImplementedError

    @classmethod
    def _checked(cls, x: Any) -> np.ndarray:
        x = _flat(x)
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
    def scipy(self) -> Any:
        """The law as SciPy's frozen distribution. The first one imports `scipy.stats`, which takes half a second."""
        from scipy import stats

        return self._frozen(stats)

    def _frozen(self, stats: Any) -> Any:
        raise NotImplementedError

    def pdf(self, x: Any) -> np.ndarray:
        """The density."""
        return np.exp(self.logpdf(x))

    def logpdf(self, x: Any) -> np.ndarray:
        """Natural logarithm of the density; −inf outside of the support."""
        raise NotImplementedError

    def cdf(self, x: Any) -> np.ndarray:
        """P(X <= x)."""
        return self.scipy.cdf(x)

    def sf(self, x: Any) -> np.ndarray:
        """P(X > x)."""
        return self.scipy.sf(x)

    def ppf(self, q: Any) -> np.ndarray:
        """The x with cdf(x) = q."""
        return self.scipy.ppf(q)

    def log_tails(self, x: np.ndarray) -> Tails:
        """log P(X <= x) and log P(X > x), each with full relative accuracy in its own tail."""
        raise NotImplementedError

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
