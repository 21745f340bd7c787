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
from gnicli.stable.sampling import draw, moved

PARAMETERIZATIONS = ("S0", "S1")
_SEEN = -40.0  # of log scale: above it a density below exp(-800) of the standard law is 0 in units of the samples too


def _shift_in_scales(alpha: float, beta: float, scale: float) -> float:
    """(loc₀ − loc₁) / scale."""
    if alpha == 1.0:
        return beta * (2.0 / math.pi) * math.log(scale)
    return -inversion.zeta(inversion.shape(alpha, beta))


def check_parameterization(value: str) -> None:
    """Raise `UsageError` unless `value` is "S0" or "S1"."""
    if value not in PARAMETERIZATIONS:
        raise UsageError(f"parameterization must be S0 or S1, got {value!r}")


@dataclass(frozen=True)
class StableLaw:
    """A stable law, alpha in [0.5, 2], beta in [−1, 1], scale > 0. At alpha = 2 it is normal with variance 2 scale².

    Every function takes an array of any shape (or a number) and returns float64 of that shape (or a float; of a masked
    array a masked one). pdf, cdf and sf are within 1e-8 relative (they are near 1e-11), in both tails and out to the
    ends of the range of floats, and what they say of a point does not depend on the points beside it. Raises
    `UsageError` on other parameters.
    """

    alpha: float
    beta: float
    loc: float = 0.0
    scale: float = 1.0
    parameterization: str = "S1"

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
        """The same law in the other parameterization. `UsageError` where its location there is no float."""
        check_parameterization(parameterization)
        if parameterization == self.parameterization:
            return self
        shift = _shift_in_scales(self.alpha, self.beta, self.scale)
        loc = float(moved(shift if parameterization == "S0" else -shift, self.scale, self.loc))
        if not math.isfinite(loc):
            raise UsageError(
                f"the {parameterization} location of {self} is beyond the range of floats: "
                "take a smaller scale or an alpha farther from 1"
            )
        return StableLaw(self.alpha, self.beta, loc, self.scale, parameterization)

    # ------------------------------------------------------------------------------------------------------- densities

    def logpdf(self, x: Any) -> Any:
        """Natural logarithm of the density; −inf outside a one-sided support."""
        return self._shaped(x, lambda flat: self._log(flat, 0)[0] - math.log(self.scale))

    def pdf(self, x: Any) -> Any:
        """The density."""
        return self._shaped(x, self._density)

    def cdf(self, x: Any) -> Any:
        """P(X ≤ x); relative accuracy holds in the lower tail (take `sf` for the upper one)."""
        return self._shaped(x, lambda flat: self._one_side(flat, lower=True))

    def sf(self, x: Any) -> Any:
        """P(X > x); relative accuracy holds in the upper tail."""
        return self._shaped(x, lambda flat: self._one_side(flat, lower=False))

    def ppf(self, q: Any) -> Any:
        """The x with cdf(x) = q; ±inf or the edge of the support at q = 0 and 1, NaN outside [0, 1].

        For q near 1 it is no better than 1 − q: take `isf` there. ±inf too where x is beyond the range of floats.
        """
        return self._shaped(q, lambda flat: self._quantile(flat, lower=True))

    def isf(self, q: Any) -> Any:
        """The x with sf(x) = q, exact for small q: otherwise as `ppf`."""
        return self._shaped(q, lambda flat: self._quantile(flat, lower=False))

    def cf(self, t: Any) -> Any:
        """The characteristic function E exp(itX), complex128."""
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

        They are put into `out`, a contiguous float64 (n,), if it is given: memory that is used again saves what fresh
        pages cost, which for large n is a fifth of a draw.
        """
        if isinstance(n, bool) or int(n) != n or n < 0:
            raise UsageError(f"n must be an integer >= 0, got {n!r}")
        law = self.to("S0")
        if out is not None and (out.shape != (n,) or out.dtype != np.float64):
            raise UsageError(f"out must be float64 of shape ({n},), got {out.dtype} of shape {out.shape}")
        return draw(law.alpha, law.beta, law.loc, law.scale, int(n), rng, out)

    # --------------------------------------------------------------------------------------------------------- private

    def _standard(self, x: np.ndarray) -> np.ndarray:
        """x in units of the standard S0 law. From S1 the origin is moved after scaling, which keeps x − loc exact."""
        y = self._in_scales(x)
        return y if self.parameterization == "S0" else y - _shift_in_scales(self.alpha, self.beta, self.scale)

    def _in_scales(self, x: np.ndarray) -> np.ndarray:
        """(x − loc) / scale, right too where x − loc alone is beyond the range of floats."""
        with np.errstate(over="ignore", invalid="ignore"):  # ±inf: see `_lost`
            y = (x - self.loc) / self.scale
            lost = np.isinf(y)
            if lost.any():
                y[lost] = (0.5 * x[lost] - 0.5 * self.loc) / self.scale * 2.0
        return y

    def _lost(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Which x are finite though their y is not, and log|y| of these."""
        lost = np.flatnonzero(np.isinf(y) & np.isfinite(x))
        half = np.abs(0.5 * x[lost] - 0.5 * self.loc)
        return lost, np.log(half) + (math.log(2.0) - math.log(self.scale))

    def _shaped(self, x: Any, function: Any) -> Any:
        array = np.asarray(x, dtype=np.float64)
        with np.errstate(under="ignore"):
            out = function(array.ravel()).reshape(array.shape)
        if isinstance(x, np.ma.MaskedArray):
            return np.ma.array(out, mask=np.ma.getmask(x))
        return out if array.ndim else float(out)

    def _log(self, x: np.ndarray, which: int, underflow: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """log pdf (`which` 0) or log of the nearer tail (1) of the standard law at x, and y."""
        from gnicli.stable.density import closed_forms, ends, interpolation

        y = self._standard(x)
        form = closed_forms.find(self.alpha, self.beta)
        if form:
            with np.errstate(divide="ignore"):
                value = np.log(np.where(y < 0.0, form.cdf(y), form.sf(y))) if which else form.log_pdf(y)
        else:
            interpolant = interpolation.table(self.alpha, self.beta)
            value = interpolant.log_tail(y, underflow) if which else interpolant.log_pdf(y, underflow)
        lost, log_size = self._lost(x, y)
        if lost.size:
            value[lost] = ends.log_power(self.alpha, self.beta, y[lost] > 0.0, log_size, which)
        if self.alpha < 1.0 and abs(self.beta) == 1.0:
            ends.fill_edge(self.alpha, self._from_edge(x, y), value, which)
        return value, y

    def _from_edge(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """How far x is from the edge of a one-sided support, inwards and in scales; exact in S1."""
        if self.parameterization == "S0":
            return (y - inversion.zeta(inversion.shape(self.alpha, self.beta))) * self.beta
        return self._in_scales(x) * self.beta

    def _density(self, x: np.ndarray) -> np.ndarray:
        log_scale = math.log(self.scale)
        log_pdf, _ = self._log(x, 0, underflow=log_scale > _SEEN)
        with np.errstate(over="ignore"):  # beyond the range of floats: inf
            return np.where(log_pdf > -600.0, np.exp(log_pdf) / self.scale, np.exp(log_pdf - log_scale))

    def _one_side(self, x: np.ndarray, lower: bool) -> np.ndarray:
        log_tail, y = self._log(x, 1, underflow=True)
        near = (y < 0.0) == lower
        return np.where(near, np.exp(log_tail), -np.expm1(log_tail))

    def _quantile(self, q: np.ndarray, lower: bool) -> np.ndarray:
        from gnicli.stable.density import closed_forms, ends, interpolation

        y = np.full_like(q, np.nan)
        low, high = interpolation.support(self.alpha, self.beta)
        y[q == 0.0], y[q == 1.0] = (low, high) if lower else (high, low)
        inside = (q > 0.0) & (q < 1.0)
        p = q[inside]
        interpolant, form = None, closed_forms.find(self.alpha, self.beta)
        if form:
            found = form.ppf(p) if lower else form.isf(p)
            upper = found >= 0.0
            log_tail = np.where(upper == lower, np.log1p(-p), np.log(p))
        else:
            interpolant = interpolation.table(self.alpha, self.beta)
            sf_0 = math.exp(interpolant.log_tail(np.zeros(1))[0])
            upper = p >= 1.0 - sf_0 if lower else p <= sf_0
            log_tail = np.where(upper == lower, np.log1p(-p), np.log(p))
            found = interpolant.quantile(log_tail, upper)
        log_size = np.full_like(p, -np.inf)
        for side, skew in ((upper, self.beta), (~upper, -self.beta)):
            tail = ends.power(self.alpha, skew)
            if tail and side.any():
                log_size[side] = tail.log_quantile(log_tail[side])
        far = log_size > ends.LOG_FARTHEST
        sign = np.where(upper, 1.0, -1.0)
        with np.errstate(over="ignore"):  # beyond the range of floats: inf
            y[inside] = np.where(far, sign * np.exp(np.where(far, log_size, 0.0)), found)
            x = self._from_standard(y)
            lost = far & np.isinf(y[inside])
            half = sign[lost] * np.exp(log_size[lost] + (math.log(self.scale) - math.log(2.0)))
            x[np.flatnonzero(inside)[lost]] = 2.0 * (half + 0.5 * self.loc)
        return x

    def _from_standard(self, y: np.ndarray) -> np.ndarray:
        if self.parameterization == "S1":
            y = y + _shift_in_scales(self.alpha, self.beta, self.scale)
        return moved(y, self.scale, self.loc)
