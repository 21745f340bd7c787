"""The stable law: `StableLaw(alpha, beta, loc, scale, parameterization)`.

With T = tan(πα/2), scale σ, location μ, the characteristic function E exp(itX) is (t > 0, conjugate for t < 0)

    S1:  exp(−(σt)^α (1 − iβT) + iμt)                                (α ≠ 1)
         exp(−σt (1 + iβ(2/π) log t) + iμt)                          (α = 1)
    S0:  exp(−(σt)^α − iβT (σt − (σt)^α) + iμt)                      (α ≠ 1), continuous in α at 1:
         exp(−σt (1 + iβ(2/π) log(σt)) + iμt)                        (α = 1)

so that μ₁ = μ₀ − βσT, and at α = 1 μ₁ = μ₀ − (2/π)βσ log σ. (J. P. Nolan, Univariate Stable Distributions, 2020.)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from gnicli.errors import UsageError
from gnicli.stable import many_laws
from gnicli.stable.density import inversion
from gnicli.stable.parameterization import check_parameterization, shift_in_scales
from gnicli.stable.sampling import draw, moved
from gnicli.stable.slopes import Slopes

_RANGES: dict[str, tuple[Callable[[np.ndarray], np.ndarray], str]] = {
    "alpha": (lambda value: (value > 0.0) & (value <= 2.0), "in (0, 2]"),
    "beta": (lambda value: np.abs(value) <= 1.0, "in [-1, 1]"),
    "scale": (lambda value: (value > 0.0) & np.isfinite(value), "> 0 and finite"),
    "loc": (np.isfinite, "finite"),
}


@dataclass(frozen=True)
class StableLaw(Slopes):
    """An alpha-stable law (Lévy 1925), with its density, distribution function, quantiles, moments and draws.

    alpha: tail index, in (0, 2]; density, distribution function and quantiles are for alpha from 0.1 on. At 2 the law
    is normal with variance 2 scale², and beta has no meaning.
    beta: skewness, in [−1, 1]. At ±1 and alpha < 1 the law lives on one side of an edge.
    loc: location, finite, in the unit of the samples. What it means depends on the parameterization.
    scale: > 0 and finite, in the unit of the samples.
    parameterization: "S1" or "S0", the words of SciPy's `levy_stable`. In S1 loc is the mean for alpha > 1, and jumps
    at alpha = 1. In S0 the law is continuous in all four parameters. The formulas stand at the head of this module.

    Parameters are numbers or arrays. Arrays make one law of each of their elements: they broadcast with one another and
    with the points that a function is given, as NumPy's do, and `shape` is their common shape (() for numbers).

    Functions take an array of any shape, or a number. They return float64 of that shape, or a float; of a masked
    array they return a masked one. pdf, cdf and sf have a relative error below 1e-8 (near 1e-11), in both tails and
    out to the ends of the range of floats; for alpha below 0.15 of 1e-6 within 1e-6 scales of the S1 location, where
    the law has its spike. A value does not depend on the points beside it.

    Laws are equal where all their parameters and their parameterization are; they can be hashed and pickled.

    Raises `UsageError` for parameters outside of these ranges, and for shapes that do not broadcast.
    Reference: J. P. Nolan, Univariate Stable Distributions, Springer 2020.

    >>> law = StableLaw(alpha=1.5, beta=0.5, loc=1.0, scale=2.0)
    >>> round(law.cdf(1.0), 6), round(law.ppf(0.5), 6)
    (0.598389, 0.267706)
    >>> StableLaw([1.0, 2.0], 0.0).sf(1.0).round(6)  # Cauchy's law and a normal one
    array([0.25   , 0.23975])
    """

    def __post_init__(self) -> None:
        check_parameterization(self.parameterization)
        for name, (allowed, words) in _RANGES.items():
            value = _parameter(getattr(self, name))
            object.__setattr__(self, name, value)
            if not np.all(allowed(value)):
                wrong = value if isinstance(value, float) else value[~allowed(value)].item(0)
                raise UsageError(f"{name} must be {words}, got {wrong!r}")
        try:
            _ = self.shape
        except ValueError:
            shapes = ", ".join(str(np.shape(getattr(self, name))) for name in ("alpha", "beta", "loc", "scale"))
            raise UsageError(f"alpha, beta, loc and scale must have shapes that broadcast, got {shapes}") from None

    def _key(self) -> tuple[Any, ...]:
        values = (self.alpha, self.beta, self.loc, self.scale)
        return self.parameterization, *((np.shape(each), *np.ravel(each).tolist()) for each in values)

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, StableLaw) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())

    def to(self, parameterization: str) -> StableLaw:
        """The same law in the parameterization "S0" or "S1": only loc changes.

        Raises `UsageError` for another word, and where the location there is beyond the range of floats.

        >>> StableLaw(1.5, 0.5, loc=1.0, scale=2.0).to("S0")
        StableLaw(alpha=1.5, beta=0.5, loc=0.0, scale=2.0, parameterization='S0')
        """
        check_parameterization(parameterization)
        if parameterization == self.parameterization:
            return self
        sign = 1.0 if parameterization == "S0" else -1.0
        if self.shape:
            with np.errstate(over="ignore", invalid="ignore"):
                loc = 2.0 * (0.5 * self.scale * (sign * many_laws.shifts(self)) + 0.5 * self.loc)
        else:
            shift = shift_in_scales(self.alpha, self.beta, self.scale)
            loc = float(moved(sign * shift, self.scale, self.loc))
        if not np.isfinite(loc).all():
            raise UsageError(
                f"the {parameterization} location of {self} is beyond the range of floats: "
                "take a smaller scale or an alpha farther from 1"
            )
        return StableLaw(self.alpha, self.beta, loc, self.scale, parameterization)

    # ------------------------------------------------------------------------------------------------------- densities

    def logpdf(self, x: np.typing.ArrayLike) -> Any:
        """Natural logarithm of the density at x, in the shape of x; −inf outside of a one-sided support.

        >>> round(StableLaw(1.5, 0.5).logpdf(1e6), 6)
        -35.339932
        """
        return self._values("logpdf", x)

    def pdf(self, x: np.typing.ArrayLike) -> Any:
        """The density at x, in the shape of x and in one over the samples' unit.

        >>> round(StableLaw(1.0, 0.0, scale=2.0).pdf(0.0), 6)  # 1 / 2π: Cauchy's law
        0.159155
        """
        return self._values("pdf", x)

    def cdf(self, x: np.typing.ArrayLike) -> Any:
        """P(X <= x), in the shape of x. The error is relative in the lower tail; take `sf` for the upper one.

        >>> round(StableLaw(2.0, 0.0, scale=0.5**0.5).cdf(-1.96), 6)  # the standard normal law
        0.024998
        """
        return self._values("cdf", x)

    def sf(self, x: np.typing.ArrayLike) -> Any:
        """P(X > x), in the shape of x. The error is relative in the upper tail.

        >>> print(f"{StableLaw(1.5, 0.5).sf(1e8):.6e}")
        2.992067e-13
        """
        return self._values("sf", x)

    def logcdf(self, x: np.typing.ArrayLike) -> Any:
        """Natural logarithm of P(X <= x), in the shape of x, also where that is below the least float.

        >>> round(StableLaw(2.0, 0.0, scale=0.5**0.5).logcdf(-50.0), 6)
        -1254.831361
        """
        return self._values("logcdf", x)

    def logsf(self, x: np.typing.ArrayLike) -> Any:
        """Natural logarithm of P(X > x), in the shape of x, also where that is below the least float.

        >>> round(StableLaw(1.0, 0.0).logsf(1e300), 6)  # −log(π x)
        -691.920258
        """
        return self._values("logsf", x)

    def ppf(self, q: np.typing.ArrayLike) -> Any:
        """The x with cdf(x) = q, in the shape of q: ±inf or the edge of the support at q = 0 and 1, NaN outside [0, 1].

        For q near 1 it is no better than 1 − q: take `isf` there. ±inf too where x is beyond the range of floats.

        >>> round(StableLaw(1.5, 0.5).ppf(0.01), 6)
        -5.388258
        """
        return self._values("ppf", q)

    def isf(self, q: np.typing.ArrayLike) -> Any:
        """The x with sf(x) = q, in the shape of q, exact for small q; otherwise as `ppf`.

        >>> round(StableLaw(1.0, 0.0).isf(1e-20) / 1e20, 6)  # 1 / π
        0.31831
        """
        return self._values("isf", q)

    def cf(self, t: np.typing.ArrayLike) -> Any:
        """The characteristic function E exp(itX), complex128 in the shape of t; t is in one over the samples' unit.

        >>> value = StableLaw(1.5, 0.5).cf(1.0)
        >>> round(float(abs(value)), 6)  # exp(−1)
        0.367879
        """
        t = np.asarray(t, dtype=np.float64)
        if self.shape:
            return many_laws.characteristic(self, t)
        shape = inversion.shape(self.alpha, self.beta)
        with np.errstate(all="ignore"):  # t so large that the value is 0 may take its phase out of the range of floats
            size = np.abs(t) * self.scale
            fall = size**self.alpha
            if self.alpha == 2.0:
                skew = np.zeros_like(size)
            elif self.parameterization == "S1" and self.alpha != 1.0:
                skew = fall * inversion.zeta(shape)
            else:
                log_t = np.log(size if self.parameterization == "S0" else np.abs(t))
                skew = np.where(size > 0.0, size * self.beta * inversion.growth(shape, log_t), 0.0)
            value = np.exp(-fall + 1j * (self.loc * t - np.sign(t) * skew))
        return np.where(fall > 800.0, 0.0, value)[()]

    # --------------------------------------------------------------------------------------------------------- samples

    def rvs(
        self,
        size: int | tuple[int, ...] | None = None,
        rng: np.random.Generator | int | None = None,
        out: np.ndarray | None = None,
    ) -> Any:
        """Independent draws, float64 of shape `size`: never NaN, ±inf only where a draw is beyond the range of floats.

        size: an integer >= 0 or a tuple of these, whose last axes are the shape of the parameters; None for that shape
        itself, which is one draw of each law (a float where the parameters are numbers).
        rng: a NumPy `Generator`, or a seed to make one of. It has to be given: draws can always be repeated.
        out: a contiguous float64 array of that shape to put the draws of one law into. Memory that is used again saves
        what fresh pages cost, which for large sizes is a fifth of a draw.
        Raises `UsageError` for another `size`, `rng` or `out`. Source: Chambers, Mallows and Stuck (1976).

        >>> StableLaw(1.5, 0.5).rvs(3, np.random.default_rng(0)).round(4)
        array([ 0.0536, -1.765 , -3.8853])
        >>> StableLaw([1.2, 1.9], 0.0).rvs((3, 2), 0).shape
        (3, 2)
        """
        shape = self.shape if size is None else _size(size)
        generator = rng if isinstance(rng, np.random.Generator) else _seeded(rng)
        fits = out is None or (out.shape == shape and out.dtype == np.float64 and out.flags.c_contiguous)
        if out is not None and (self.shape or not fits):
            given = f"{out.dtype} of shape {out.shape}"
            raise UsageError(f"out must be contiguous float64 of shape {shape}, for a law of numbers, got {given}")
        if self.shape:
            return many_laws.draws(self, shape, generator)
        law = self.to("S1" if self.alpha < inversion.IN_S1 else "S0")
        n = math.prod(shape)
        drawn = draw(law.alpha, law.beta, law.loc, law.scale, n, generator, None if out is None else out.reshape(-1))
        return drawn.reshape(shape) if size is not None else drawn.item()


def _parameter(value: Any) -> Any:
    """A float, or a float64 array that nobody writes to."""
    if isinstance(value, float | int) or np.ndim(value) == 0:
        return float(value)
    array = np.array(value, dtype=np.float64)
    array.flags.writeable = False
    return array


def _size(size: Any) -> tuple[int, ...]:
    sizes = size if isinstance(size, tuple | list) else (size,)
    if any(isinstance(n, bool) or not hasattr(n, "__index__") or n < 0 for n in sizes):
        raise UsageError(f"size must be an integer >= 0 or a tuple of these, got {size!r}")
    return tuple(int(n) for n in sizes)


def _seeded(seed: Any) -> np.random.Generator:
    if isinstance(seed, bool) or not hasattr(seed, "__index__") or seed < 0:
        raise UsageError(f"rng must be a NumPy Generator or a seed, an integer >= 0, got {seed!r}")
    return np.random.default_rng(int(seed))
