"""The density of an elliptical stable law at a distance, in any dimension: an integral in which nothing cancels.

The formulas are at the head of `gnicli.stable.elliptical`.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from gnicli.stable.density import interpolation

_U_NODES = 400
_U_END = 4.4  # of tanh-sinh: to 1e-55 of either end, where the largest A are
_W_NODES = 160
_SERIES = 200.0  # r/√d, from which on the density is its series in 1/r
_FALL = 42.0  # nats below its largest value, where an integrand ends


def log_kanter(a: float, angle: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """log K(U) at U = `angle`; `rest` is π − U, which is exact next to π."""
    p = (1.0 - a) / a
    return (
        np.log(np.sin(a * angle)) + p * np.log(np.sin((1.0 - a) * angle)) - np.log(np.sin(np.minimum(angle, rest))) / a
    )


class Radial(interpolation.Table):
    """log of the density at distance r = |x| for shape 1, as piecewise polynomials in asinh(x)."""

    def __init__(self, alpha: float, d: int) -> None:
        super().__init__(alpha, 0.0)
        self.d = d
        u = np.linspace(-_U_END, _U_END, _U_NODES)
        side = np.exp(-math.pi * np.sinh(np.abs(u)))  # of tanh-sinh: the nearer end is this over 1 + this
        low, high = side / (1.0 + side), 1.0 / (1.0 + side)
        node, rest = np.where(u < 0.0, low, high), np.where(u < 0.0, high, low)
        self._log_k = log_kanter(0.5 * alpha, math.pi * node, math.pi * rest)
        self._weight = (u[1] - u[0]) * math.pi * np.cosh(u) * low * high

    def exact(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """log of the density at distance |x|, twice: no tail is asked for."""
        flat = np.abs(x).ravel()
        out = np.empty_like(flat)
        far = flat > _SERIES * math.sqrt(self.d)
        out[far] = self._series(flat[far])
        near = np.flatnonzero(~far)
        for start in range(0, near.size, 32):
            part = near[start : start + 32]
            out[part] = self._rows(flat[part])
        return out.reshape(x.shape), out.reshape(x.shape)

    def _series(self, r: np.ndarray) -> np.ndarray:
        """π^(−d/2 − 1) Σ (−1)^(k+1)/k! Γ(αk/2 + 1) Γ((αk + d)/2) sin(παk/2) (r/2)^(−αk) r^−d, far out."""
        from scipy.special import gammaln

        k = np.arange(1.0, 21.0)
        size = gammaln(0.5 * self.alpha * k + 1.0) + gammaln(0.5 * (self.alpha * k + self.d)) - gammaln(k + 1.0)
        sign = -((-1.0) ** k) * np.sin(0.5 * math.pi * (self.alpha * k % 4.0))
        relative = np.exp(size - size[0] - self.alpha * np.log(0.5 * r)[:, None] * (k - 1.0))
        kept = np.minimum.accumulate(relative, axis=1) == relative  # an asymptotic series: as far as its terms fall
        total = np.multiply(np.where(kept, relative, 0.0), sign).sum(axis=1)
        first = size[0] - (0.5 * self.d + 1.0) * math.log(math.pi) - self.alpha * np.log(0.5 * r)
        return first + np.log(total) - self.d * np.log(r)

    def _rows(self, r: np.ndarray) -> np.ndarray:
        """By the rule of trapezoids in w = log W around the largest value, and that of tanh-sinh in U."""
        p, d = (2.0 - self.alpha) / self.alpha, self.d
        slope = 0.5 * p * d + 1.0
        with np.errstate(divide="ignore"):
            log_c = 2.0 * np.log(0.5 * r)[:, None] - self._log_k

        def height(w: np.ndarray) -> np.ndarray:
            return slope * w - np.exp(np.minimum(w, 700.0)) - np.exp(np.minimum(log_c + p * w, 700.0))

        low, high = np.full_like(log_c, -800.0 / min(p, 1.0)), np.full_like(log_c, math.log(slope) + 1.0)
        for _ in range(60):
            middle = 0.5 * (low + high)
            rising = slope - np.exp(middle) - p * np.exp(np.minimum(log_c + p * middle, 700.0)) > 0.0
            low, high = np.where(rising, middle, low), np.where(rising, high, middle)
        top = 0.5 * (low + high)
        best = height(top)
        ends = []
        for sign in (-1.0, 1.0):
            near, far = np.zeros_like(top), np.full_like(top, 4.0 * _FALL / slope + 80.0)
            for _ in range(24):
                middle = 0.5 * (near + far)
                inside = height(top + sign * middle) > best - _FALL
                near, far = np.where(inside, middle, near), np.where(inside, far, middle)
            ends.append(far)
        step = (ends[0] + ends[1]) / (_W_NODES - 1)
        total = np.zeros_like(top)
        for k in range(_W_NODES):
            total += np.exp(height(top - ends[0] + k * step) - best)
        log_inner = best + np.log(total * step) - 0.5 * d * self._log_k
        largest = log_inner.max(axis=1, keepdims=True)
        inner = np.multiply(np.exp(log_inner - largest), self._weight).sum(axis=1)
        return np.log(inner) + largest[:, 0] - 0.5 * d * math.log(4.0 * math.pi)

    def fill_far(self, x: np.ndarray, far: np.ndarray, value: np.ndarray, which: int) -> None:
        """Beyond the panels, 1e20 scales away."""
        value[far] = self._series(np.abs(x[far]))


@lru_cache(maxsize=16)
def radial(alpha: float, d: int) -> Radial:
    """The radial density of a law, kept for the 16 laws used last."""
    return Radial(alpha, d)
