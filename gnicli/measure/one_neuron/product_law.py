"""The law of a product of independent normal factors N(1, σ²), some cut to a half-line, on a logarithmic axis.

A factor's density on the axis t = log|factor| is smooth, so convolutions on an equidistant grid converge exponentially
in its step. A plain convolution knows the far tail to 1e-16 of the peak only, which is nothing where moments of order
64 live. So factors are tilted, f(t) e^{θt}: for every t one of the tilts has its peak near t, and the product's density
there is that tilt's, right to some 12 digits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.signal import fftconvolve

_LOWEST = -42.0  # e^-42 of a factor's mass lies below
_STEP = 0.008  # at most
_TILTS = 14


class Factor(NamedTuple):
    """A factor N(1, scale²): as it is (`side` 0), or max(side · factor, 0) for `side` = ±1."""

    scale: float
    side: int = 0


class ProductLaw(NamedTuple):
    """P on a grid: `t` (n,) is log|P|; `log_up`, `log_down` the log-probabilities of the cells, P > 0 and P < 0.

    `zero` is P(P = 0).
    """

    t: np.ndarray
    log_up: np.ndarray
    log_down: np.ndarray
    zero: float

    def points(self) -> tuple[np.ndarray, np.ndarray]:
        """Log-probabilities and values of P as one set of weighted points."""
        size = np.exp(self.t)
        logs = np.concatenate([self.log_up, self.log_down, [math.log(self.zero) if self.zero > 0 else -np.inf]])
        return logs, np.concatenate([size, -size, [0.0]])


def product_law(factors: Sequence[Factor], most: float) -> ProductLaw:
    """The law of the product; its tail is right as far out as E|P|^`most` reaches. Scales of 0 are factors of 1.

    Sums over the points are integrals by the trapezoidal rule: right to about 1e-12 where the integrand is smooth in t,
    and to the third power of the step (1e-8) where it has |x|² log|x| at a root.
    """
    noisy = [factor for factor in factors if factor.scale > 0]
    if not noisy:
        return ProductLaw(np.zeros(1), np.zeros(1), np.full(1, -np.inf), 0.0)
    step = min(_STEP, min(factor.scale for factor in noisy) / 4)
    highest = max(math.log1p(factor.scale * (math.sqrt(most) + 12.0)) for factor in noisy)
    t = step * np.arange(math.floor(_LOWEST / step), math.ceil(highest / step) + 1)
    found_up = found_down = np.full(len(noisy) * (len(t) - 1) + 1, -np.inf)
    best_up, best_down = np.full((2, len(found_up)), np.inf)
    whole = len(noisy) * t[0] + step * np.arange(len(found_up))
    for theta in [0.0, *np.geomspace(1.0, most, _TILTS - 1)]:
        up, down = _convolve([_log_densities(factor, t, theta) for factor in noisy], step)
        for side, logs in enumerate((up, down)):
            # The error of a tilt is about 1e-16 of its own peak: the lowest error wins.
            error = logs.max() - theta * whole
            best = (best_up, best_down)[side]
            wins = error < best
            best[wins] = error[wins]
            if side == 0:
                found_up = np.where(wins, logs - theta * whole, found_up)
            else:
                found_down = np.where(wins, logs - theta * whole, found_down)
    alive = float(np.prod([_mass(factor) for factor in noisy]))
    return ProductLaw(whole, found_up + math.log(step), found_down + math.log(step), 1.0 - alive)


def _mass(factor: Factor) -> float:
    """P(the factor is not 0)."""
    if factor.side == 0:
        return 1.0
    return 0.5 * math.erfc(-factor.side / (factor.scale * math.sqrt(2)))


def _log_densities(factor: Factor, t: np.ndarray, theta: float) -> tuple[np.ndarray, np.ndarray]:
    """log of f(t) e^{θt} for the factor's positive and its negative values."""
    size = np.exp(t)
    constant = (1.0 + theta) * t - math.log(factor.scale * math.sqrt(2 * math.pi))
    right = constant - 0.5 * np.square((size - 1.0) / factor.scale)
    left = constant - 0.5 * np.square((size + 1.0) / factor.scale)
    nothing = np.full_like(t, -np.inf)
    return {0: (right, left), 1: (right, nothing), -1: (left, nothing)}[factor.side]


def _convolve(logs: list[tuple[np.ndarray, np.ndarray]], step: float) -> tuple[np.ndarray, np.ndarray]:
    """The densities of the product from those of its factors; signs multiply. Each sum has its own scale."""
    up, down = logs[0]
    for right, left in logs[1:]:
        up, down = (
            np.logaddexp(_log_convolution(up, right, step), _log_convolution(down, left, step)),
            np.logaddexp(_log_convolution(up, left, step), _log_convolution(down, right, step)),
        )
    return up, down


def _log_convolution(a: np.ndarray, b: np.ndarray, step: float) -> np.ndarray:
    tops = float(a.max()), float(b.max())
    if not (math.isfinite(tops[0]) and math.isfinite(tops[1])):
        return np.full(len(a) + len(b) - 1, -np.inf)
    sums = fftconvolve(np.exp(a - tops[0]), np.exp(b - tops[1])) * step
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(sums > 0, np.log(sums), -np.inf) + tops[0] + tops[1]
