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
from gnicli.stable import inversion
from gnicli.stable.sampling import draw

PARAMETERIZATIONS = ("S0", "S1")
_FEW = 128  # up to so many points the exact inversion is faster than a table


def shift_to_s0(alpha: float, beta: float, scale: float) -> float:
    """loc₀ − loc₁."""
    if alpha == 1.0:
        return beta * (2.0 / math.pi) * scale * math.log(scale)
    return -scale * inversion.zeta(inversion.shape(alpha, beta))


def check_parameterization(value: str) -> None:
    """Raise `UsageError` unless `value` is "S0" or "S1"."""
    if value not in PARAMETERIZATIONS:
        raise UsageError(f"parameterization must be S0 or S1, got {value!r}")


@dataclass(frozen=True)
class StableLaw:
    """A stable law, alpha in [0.5, 2], beta in [−1, 1], scale > 0. At alpha = 2 it is normal with variance 2 scale².

    Every function takes an array of any shape (or a number) and returns float64 of that shape (or a float). pdf, cdf
    and sf are within 1e-8 relative (they are near 1e-11), in both tails. Raises `UsageError` on other parameters.
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
        """The same law in the other parameterization."""
        check_parameterization(parameterization)
        if parameterization == self.parameterization:
            return self
        shift = shift_to_s0(self.alpha, self.beta, self.scale)
        loc = self.loc + shift if parameterization == "S0" else self.loc - shift
        return StableLaw(self.alpha, self.beta, loc, self.scale, parameterization)

    # ------------------------------------------------------------------------------------------------------- densities

    def logpdf(self, x: Any) -> Any:
        """Natural logarithm of the density; −inf outside a one-sided support."""
        return self._shaped(x, lambda y: self._log_pdf(y) - math.log(self.scale))

    def pdf(self, x: Any) -> Any:
        """The density."""
        return self._shaped(x, lambda y: np.exp(self._log_pdf(y, underflow=True)) / self.scale)

    def cdf(self, x: Any) -> Any:
        """P(X ≤ x); relative accuracy holds in the lower tail (take `sf` for the upper one)."""
        return self._shaped(x, lambda y: self._one_side(y, lower=True))

    def sf(self, x: Any) -> Any:
        """P(X > x); relative accuracy holds in the upper tail."""
        return self._shaped(x, lambda y: self._one_side(y, lower=False))

    def ppf(self, q: Any) -> Any:
        """The x with cdf(x) = q; ±inf or the edge of the support at q = 0 and 1, NaN outside [0, 1]."""
        return self._shaped_raw(q, lambda p: self._from_standard(self._quantile(p)))

    def cf(self, t: Any) -> Any:
        """The characteristic function E exp(itX), complex128."""
        law = self.to("S0")
        t = np.asarray(t, dtype=np.float64)
        size = np.abs(t) * law.scale
        shape = inversion.shape(law.alpha, law.beta)
        with np.errstate(divide="ignore", invalid="ignore"):
            skew = np.where(size > 0.0, size * law.beta * inversion.growth(shape, np.log(size)), 0.0)
        if law.alpha == 2.0:
            skew = np.zeros_like(size)
        return np.exp(-(size**law.alpha) + 1j * (law.loc * t - np.sign(t) * skew))[()]

    # --------------------------------------------------------------------------------------------------------- samples

    def rvs(self, n: int, rng: np.random.Generator, out: np.ndarray | None = None) -> np.ndarray:
        """`n` independent draws, float64 (n,). Never NaN or infinite for a finite loc and scale that leave room.

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
        y = (x - self.loc) / self.scale
        return y if self.parameterization == "S0" else y - shift_to_s0(self.alpha, self.beta, self.scale) / self.scale

    def _from_standard(self, y: np.ndarray) -> np.ndarray:
        if self.parameterization == "S1":
            y = y + shift_to_s0(self.alpha, self.beta, self.scale) / self.scale
        return y * self.scale + self.loc

    def _shaped(self, x: Any, function: Any) -> Any:
        return self._shaped_raw(x, lambda flat: function(self._standard(flat)))

    def _shaped_raw(self, x: Any, function: Any) -> Any:
        array = np.asarray(x, dtype=np.float64)
        with np.errstate(under="ignore"):
            out = function(array.ravel()).reshape(array.shape)
        return out if array.ndim else float(out)

    def _log_pdf(self, y: np.ndarray, underflow: bool = False) -> np.ndarray:
        from gnicli.stable import closed, table

        form = closed.find(self.alpha, self.beta)
        if form:
            return form.log_pdf(y)
        if y.size <= _FEW:
            return _exact(self.alpha, self.beta, y)[0]
        return table.table(self.alpha, self.beta).log_pdf(y, underflow)

    def _one_side(self, y: np.ndarray, lower: bool) -> np.ndarray:
        from gnicli.stable import closed, table

        form = closed.find(self.alpha, self.beta)
        if form:
            return form.cdf(y) if lower else form.sf(y)
        if y.size <= _FEW:
            log_tail = _exact(self.alpha, self.beta, y)[1]
        else:
            log_tail = table.table(self.alpha, self.beta).log_tail(y, underflow=True)
        near = (y < 0.0) == lower
        return np.where(near, np.exp(log_tail), -np.expm1(log_tail))

    def _quantile(self, q: np.ndarray) -> np.ndarray:
        from gnicli.stable import closed, table

        form = closed.find(self.alpha, self.beta)
        if form:
            with np.errstate(invalid="ignore"):
                return np.where((q >= 0.0) & (q <= 1.0), form.ppf(q), np.nan)
        out = np.full_like(q, np.nan)
        low, high = table.support(self.alpha, self.beta)
        out[q == 0.0], out[q == 1.0] = low, high
        inside = (q > 0.0) & (q < 1.0)
        p = q[inside]
        origin = math.exp(_exact(self.alpha, self.beta, np.array([-0.0]))[1][0])  # sf(0)
        upper = p >= 1.0 - origin
        out[inside] = table.table(self.alpha, self.beta).quantile(np.where(upper, np.log1p(-p), np.log(p)), upper)
        return out


def _exact(alpha: float, beta: float, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`table.exact` with infinite and NaN arguments answered."""
    from gnicli.stable import table

    log_pdf, log_tail = table.exact(alpha, beta, np.where(np.isfinite(y), np.clip(y, -1e150, 1e150), 0.0))
    odd = ~np.isfinite(y)
    log_pdf[odd] = log_tail[odd] = np.where(np.isnan(y[odd]), np.nan, -np.inf)
    return log_pdf, log_tail
