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
from dataclasses import dataclass
from typing import Any

import numpy as np

from gnicli.errors import UsageError
from gnicli.stable.density import inversion
from gnicli.stable.density.located import Located
from gnicli.stable.parameterization import check_parameterization, shift_in_scales
from gnicli.stable.sampling import draw, moved


@dataclass(frozen=True)
class StableLaw(Located):
    """An alpha-stable law (Lévy 1925), with its density, distribution function, quantiles and draws.

    alpha: tail index, in [0.5, 2]. At 2 the law is normal with variance 2 scale², and beta has no meaning.
    beta: skewness, in [−1, 1]. At ±1 and alpha < 1 the law lives on one side of an edge.
    loc: location, finite, in the unit of the samples. What it means depends on the parameterization.
    scale: > 0 and finite, in the unit of the samples.
    parameterization: "S1" or "S0", the words of SciPy's `levy_stable`. In S1 loc is the mean for alpha > 1, and jumps
    at alpha = 1. In S0 the law is continuous in all four parameters. The formulas stand at the head of this module.

    Functions take an array of any shape, or a number. They return float64 of that shape, or a float; of a masked
    array they return a masked one. pdf, cdf and sf have a relative error below 1e-8 (near 1e-11), in both tails and
    out to the ends of the range of floats. A value does not depend on the points beside it.

    Raises `UsageError` for parameters outside of these ranges.
    Reference: J. P. Nolan, Univariate Stable Distributions, Springer 2020.

    >>> law = StableLaw(alpha=1.5, beta=0.5, loc=1.0, scale=2.0)
    >>> round(law.cdf(1.0), 6), round(law.ppf(0.5), 6)
    (0.598389, 0.267706)
    """

    def __post_init__(self) -> None:
        check_parameterization(self.parameterization)
        for name in ("alpha", "beta", "loc", "scale"):
            object.__setattr__(self, name, float(getattr(self, name)))
        if not 0.5 <= self.alpha <= 2.0:
            raise UsageError(f"alpha must be in [0.5, 2], got {self.alpha!r}")
        if not -1.0 <= self.beta <= 1.0:
            raise UsageError(f"beta must be in [-1, 1], got {self.beta!r}")
        if not (self.scale > 0.0 and math.isfinite(self.scale)):
            raise UsageError(f"scale must be > 0 and finite, got {self.scale!r}")
        if not math.isfinite(self.loc):
            raise UsageError(f"loc must be finite, got {self.loc!r}")

    def to(self, parameterization: str) -> StableLaw:
        """The same law in the parameterization "S0" or "S1": only loc changes.

        Raises `UsageError` for another word, and where the location there is beyond the range of floats.

        >>> StableLaw(1.5, 0.5, loc=1.0, scale=2.0).to("S0")
        StableLaw(alpha=1.5, beta=0.5, loc=0.0, scale=2.0, parameterization='S0')
        """
        check_parameterization(parameterization)
        if parameterization == self.parameterization:
            return self
        shift = shift_in_scales(self.alpha, self.beta, self.scale)
        loc = float(moved(shift if parameterization == "S0" else -shift, self.scale, self.loc))
        if not math.isfinite(loc):
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
        return self._shaped(x, lambda flat: self._log(flat, 0)[0] - math.log(self.scale))

    def pdf(self, x: np.typing.ArrayLike) -> Any:
        """The density at x, in the shape of x and in one over the samples' unit.

        >>> round(StableLaw(1.0, 0.0, scale=2.0).pdf(0.0), 6)  # 1 / 2π: Cauchy's law
        0.159155
        """
        return self._shaped(x, self._density)

    def cdf(self, x: np.typing.ArrayLike) -> Any:
        """P(X <= x), in the shape of x. The error is relative in the lower tail; take `sf` for the upper one.

        >>> round(StableLaw(2.0, 0.0, scale=0.5**0.5).cdf(-1.96), 6)  # the standard normal law
        0.024998
        """
        return self._shaped(x, lambda flat: self._one_side(flat, lower=True))

    def sf(self, x: np.typing.ArrayLike) -> Any:
        """P(X > x), in the shape of x. The error is relative in the upper tail.

        >>> print(f"{StableLaw(1.5, 0.5).sf(1e8):.6e}")
        2.992067e-13
        """
        return self._shaped(x, lambda flat: self._one_side(flat, lower=False))

    def ppf(self, q: np.typing.ArrayLike) -> Any:
        """The x with cdf(x) = q, in the shape of q: ±inf or the edge of the support at q = 0 and 1, NaN outside [0, 1].

        For q near 1 it is no better than 1 − q: take `isf` there. ±inf too where x is beyond the range of floats.

        >>> round(StableLaw(1.5, 0.5).ppf(0.01), 6)
        -5.388258
        """
        return self._shaped(q, lambda flat: self._quantile(flat, lower=True))

    def isf(self, q: np.typing.ArrayLike) -> Any:
        """The x with sf(x) = q, in the shape of q, exact for small q; otherwise as `ppf`.

        >>> round(StableLaw(1.0, 0.0).isf(1e-20) / 1e20, 6)  # 1 / π
        0.31831
        """
        return self._shaped(q, lambda flat: self._quantile(flat, lower=False))

    def cf(self, t: np.typing.ArrayLike) -> Any:
        """The characteristic function E exp(itX), complex128 in the shape of t; t is in one over the samples' unit.

        >>> value = StableLaw(1.5, 0.5).cf(1.0)
        >>> round(float(abs(value)), 6)  # exp(−1)
        0.367879
        """
        t = np.asarray(t, dtype=np.float64)
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

    def rvs(self, n: int, rng: np.random.Generator, out: np.ndarray | None = None) -> np.ndarray:
        """`n` independent draws, float64 (n,). Never NaN, and ±inf only where a draw is beyond the range of floats.

        n: an integer >= 0; unlike SciPy's `size` it comes first, and the generator has to be given.
        out: a contiguous float64 (n,) to put them into. Memory that is used again saves what fresh pages cost, which
        for large n is a fifth of a draw.
        Raises `UsageError` for another `n` or `out`. Source: Chambers, Mallows and Stuck (1976).

        >>> StableLaw(1.5, 0.5).rvs(3, np.random.default_rng(0)).round(4)
        array([ 0.0536, -1.765 , -3.8853])
        """
        if isinstance(n, bool) or int(n) != n or n < 0:
            raise UsageError(f"n must be an integer >= 0, got {n!r}")
        law = self.to("S0")
        if out is not None and (out.shape != (n,) or out.dtype != np.float64):
            raise UsageError(f"out must be float64 of shape ({n},), got {out.dtype} of shape {out.shape}")
        return draw(law.alpha, law.beta, law.loc, law.scale, int(n), rng, out)
