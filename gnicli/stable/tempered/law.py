"""The classical tempered stable law: density, distribution, quantiles, moments and draws."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gnicli.errors import UsageError
from gnicli.stable.law import StableLaw
from gnicli.stable.tempered import draws, inversion
from gnicli.stable.tempered.tables import Tempered, table


@dataclass(frozen=True)
class TemperedStableLaw:
    """A stable law whose jumps are rarer by exp(−upper_tempering · x) above 0, by exp(−lower_tempering · |x|) below.

    alpha: in [0.5, 2). beta, loc, scale, parameterization: those of the stable law that is tempered; its scales up and
    down are `upper_scale` and `lower_scale`. loc is a mean no more: see `mean`.
    lower_tempering, upper_tempering: > 0 and finite, in one over the unit of the samples. As they tend to 0 the law
    tends to the stable one. All moments are finite.

    With Q± = λ± ∓ z, c = −1/cos(πα/2) (α ≠ 1), and upper and lower scales σ±, in S1

        log E exp(zX) = c σ₊^α (Q₊^α − λ₊^α) + c σ₋^α (Q₋^α − λ₋^α) + z loc.

    pdf, cdf and sf have a relative error near 1e-10 in both tails. Functions take a number or an array of any shape.
    Raises `UsageError` for parameters outside of their ranges.
    Reference: U. Küchler and S. Tappe, Stochastic Processes and their Applications 123 (2013), 4256-4293.

    >>> law = TemperedStableLaw(1.5, 0.5, lower_tempering=0.1, upper_tempering=0.3)
    >>> round(law.sf(20.0) / law.stable.sf(20.0), 6)
    0.000423
    """

    alpha: float
    beta: float
    loc: float = 0.0
    scale: float = 1.0
    lower_tempering: float = 1.0
    upper_tempering: float = 1.0
    parameterization: str = "S1"

    def __post_init__(self) -> None:
        for name in ("alpha", "beta", "loc", "scale", "lower_tempering", "upper_tempering"):
            object.__setattr__(self, name, float(getattr(self, name)))
        if not 0.5 <= self.alpha < 2.0:
            raise UsageError(f"alpha must be in [0.5, 2), got {self.alpha!r}")
        for name in ("lower_tempering", "upper_tempering"):
            value = getattr(self, name)
            if not (value > 0.0 and math.isfinite(value)):
                raise UsageError(f"{name} must be > 0 and finite, got {value!r}: without tempering take StableLaw")
        if not 0.0 < self.scale * min(self.lower_tempering, self.upper_tempering) < math.inf:
            raise UsageError("the temperings must be > 0 and finite in one over the scale")
        _ = self.stable

    @property
    def stable(self) -> StableLaw:
        """The stable law that is tempered.

        >>> TemperedStableLaw(1.5, 0.5).stable
        StableLaw(alpha=1.5, beta=0.5, loc=0.0, scale=1.0, parameterization='S1')
        """
        return StableLaw(self.alpha, self.beta, self.loc, self.scale, self.parameterization)

    @property
    def upper_scale(self) -> float:
        """The scale of the jumps up: ((1 + beta)/2)^(1/alpha) scale.

        >>> TemperedStableLaw(1.5, 1.0, scale=2.0).upper_scale
        2.0
        """
        return self.scale * (0.5 * (1.0 + self.beta)) ** (1.0 / self.alpha)

    @property
    def lower_scale(self) -> float:
        """The scale of the jumps down: ((1 − beta)/2)^(1/alpha) scale.

        >>> TemperedStableLaw(1.0, 0.0, scale=2.0).lower_scale
        1.0
        """
        return self.scale * (0.5 * (1.0 - self.beta)) ** (1.0 / self.alpha)

    def _standard(self) -> tuple[float, float, float, float]:
        return self.alpha, self.beta, self.lower_tempering * self.scale, self.upper_tempering * self.scale

    def _of(self, x: np.typing.ArrayLike, function: Callable[[Tempered, np.ndarray], np.ndarray]) -> Any:
        """`function` of the table and of the values in one row, in the shape of x."""
        array = np.asarray(x, dtype=np.float64)
        with np.errstate(under="ignore", over="ignore", divide="ignore"):
            out = function(table(*self._standard()), array.ravel()).reshape(array.shape)
        return out if array.ndim else float(out)

    def _at(self, made: Tempered, x: np.ndarray) -> np.ndarray:
        return ((x - self.stable.to("S0").loc) / self.scale - made.center) / made.width

    def _log_tail(self, x: np.typing.ArrayLike, lower: bool) -> Any:
        def tail(made: Tempered, flat: np.ndarray) -> np.ndarray:
            y = self._at(made, flat)
            near = made.log_tail(y)
            return np.where((y < 0.0) == lower, near, np.log(-np.expm1(near)))

        return self._of(x, tail)

    def logpdf(self, x: np.typing.ArrayLike) -> Any:
        """Natural logarithm of the density at x, in the shape of x.

        >>> round(TemperedStableLaw(1.5, 0.5, lower_tempering=0.1, upper_tempering=0.3).logpdf(20.0), 6)
        -14.340815
        """
        return self._of(
            x, lambda made, flat: made.log_pdf(self._at(made, flat)) - math.log(made.width) - math.log(self.scale)
        )

    def pdf(self, x: np.typing.ArrayLike) -> Any:
        """The density at x, in one over the samples' unit.

        >>> round(TemperedStableLaw(1.5, 0.5).pdf(0.0), 6)
        0.205503
        """
        return np.exp(self.logpdf(x)) if np.ndim(x) else math.exp(self.logpdf(x))

    def logcdf(self, x: np.typing.ArrayLike) -> Any:
        """Natural logarithm of P(X <= x).

        >>> round(TemperedStableLaw(1.5, 0.0).logcdf(0.0) - math.log(0.5), 9) + 0.0
        0.0
        """
        return self._log_tail(x, lower=True)

    def logsf(self, x: np.typing.ArrayLike) -> Any:
        """Natural logarithm of P(X > x).

        >>> round(TemperedStableLaw(1.5, 0.0).logsf(0.0) - math.log(0.5), 9) + 0.0
        0.0
        """
        return self._log_tail(x, lower=False)

    def cdf(self, x: np.typing.ArrayLike) -> Any:
        """P(X <= x); the error is relative in the lower tail.

        >>> round(TemperedStableLaw(1.5, 0.0).cdf(0.0), 9)
        0.5
        """
        return np.exp(self.logcdf(x)) if np.ndim(x) else math.exp(self.logcdf(x))

    def sf(self, x: np.typing.ArrayLike) -> Any:
        """P(X > x); the error is relative in the upper tail.

        >>> round(TemperedStableLaw(1.5, 0.0).sf(0.0), 9)
        0.5
        """
        return np.exp(self.logsf(x)) if np.ndim(x) else math.exp(self.logsf(x))

    def _quantile(self, q: np.typing.ArrayLike, lower: bool) -> Any:
        def quantile(made: Tempered, flat: np.ndarray) -> np.ndarray:
            out = np.full_like(flat, np.nan)
            inside = (flat > 0.0) & (flat < 1.0)
            p = flat[inside]
            sf_0 = math.exp(made.log_tail(np.zeros(1))[0])
            upper = p >= 1.0 - sf_0 if lower else p <= sf_0
            out[inside] = made.quantile(np.where(upper == lower, np.log1p(-p), np.log(p)), upper)
            low, high = self.stable.support()
            x = self.stable.to("S0").loc + self.scale * (made.center + made.width * out)
            x[flat == 0.0], x[flat == 1.0] = (low, high) if lower else (high, low)
            return x

        return self._of(q, quantile)

    def ppf(self, q: np.typing.ArrayLike) -> Any:
        """The x with cdf(x) = q: the ends of the support at 0 and 1, NaN outside of [0, 1].

        >>> abs(TemperedStableLaw(1.5, 0.0, loc=3.0).ppf(0.5) - 3.0) < 1e-9
        True
        """
        return self._quantile(q, lower=True)

    def isf(self, q: np.typing.ArrayLike) -> Any:
        """The x with sf(x) = q, exact for small q.

        >>> abs(TemperedStableLaw(1.5, 0.0, loc=3.0).isf(0.5) - 3.0) < 1e-9
        True
        """
        return self._quantile(q, lower=False)

    def cf(self, t: np.typing.ArrayLike) -> Any:
        """The characteristic function E exp(itX), complex128 in the shape of t.

        >>> law = TemperedStableLaw(1.5, 0.5)
        >>> round(float(abs(law.cf(1.0))), 6)
        0.604089
        """
        t = np.asarray(t, dtype=np.float64)
        z = 1j * t * self.scale
        return np.exp(inversion.cumulant(inversion.standard(*self._standard()), z) + 1j * t * self.stable.to("S0").loc)[
            ()
        ]

    def mean(self) -> float:
        """The mean, in the unit of the samples.

        >>> round(TemperedStableLaw(1.5, 1.0).mean(), 6)  # −αλ^(α−1) / |cos(πα/2)|
        -2.12132
        """
        return self.stable.to("S0").loc + self.scale * inversion.moments(inversion.standard(*self._standard()))[0]

    def var(self) -> float:
        """The variance: α |(1 − α) / cos(πα/2)| (σ₊^α λ₊^(α−2) + σ₋^α λ₋^(α−2)).

        >>> round(TemperedStableLaw(1.5, 1.0).var(), 6)
        1.06066
        """
        return self.scale**2 * inversion.moments(inversion.standard(*self._standard()))[1]

    def rvs(self, size: int | tuple[int, ...], rng: np.random.Generator | int) -> np.ndarray:
        """Independent draws, float64 of this shape, by rejection from the stable law; some microseconds each.

        rng: a NumPy `Generator`, or a seed to make one of. The law of the draws is within 1e-19 of this one.
        Reference: B. Baeumer and M. M. Meerschaert, J. of Computational and Applied Mathematics 233 (2010), 2438-2448.

        >>> TemperedStableLaw(1.5, 0.5).rvs((2, 3), 0).shape
        (2, 3)
        """
        shape = tuple(size) if isinstance(size, tuple | list) else (int(size),)
        generator = rng if isinstance(rng, np.random.Generator) else np.random.default_rng(rng)
        y = draws.standard(*self._standard(), math.prod(shape), generator)
        return (self.stable.to("S0").loc + self.scale * y).reshape(shape)
