"""The gamma law."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gnicli.laws.base import Tails, symmetric_tails
from gnicli.laws.positive import PositiveLaw
from gnicli.stable.normal import mean_of, require_spread

_LARGE = 100.0  # shapes from which on three terms of Stirling's series are exact to the last bit
_FEWEST, _MOST_TERMS = 1e-290, 1000


@dataclass(frozen=True)
class Gamma(PositiveLaw):
    """Shape k and scale θ: density x^(k − 1) exp(−x/θ) / (Γ(k) θ^k) from 0, mean kθ. Shape 1 is the exponential law."""

    shape: float
    scale: float = 1.0
    name: ClassVar[str] = "gamma"
    words: ClassVar[str] = "gamma"
    scipy_name: ClassVar[str] = "gamma"

    @classmethod
    def _estimate(cls, x: np.ndarray) -> tuple[float, ...]:
        """A root in one variable between exact bounds: as fast as SciPy's fit, 0.1 ms.

        log k − ψ(k) = log(mean of x) − mean of log x, whose left side lies between 1/(2k) and 1/k. SciPy takes the
        difference of two logarithms on each side: its k is off by 1e-3 of itself for samples whose standard deviation
        is 1e-6 of their mean, and it raises an error at 1e-8.
        """
        from scipy.optimize import brentq

        mean = mean_of(x)
        z = x / mean
        log_z = np.log(z) if z.min() > _FEWEST else np.log(x) - math.log(mean)
        gap = require_spread(float(((z - 1.0) - log_z).mean()), cls.words)
        log_gap = math.log(gap)
        low, high = -math.log(2.0) - log_gap - 1e-9, -log_gap + 1e-9
        shape = math.exp(brentq(lambda log_k: math.log(_log_less_digamma(math.exp(log_k))) - log_gap, low, high))
        return shape, mean / shape

    def _log_density_above_0(self, x: np.ndarray) -> np.ndarray:
        """Natural logarithm of the density: 0.11 ms, SciPy 0.8."""
        return self._log_weight(x) - np.log(x)

    def _log_weight(self, x: np.ndarray) -> np.ndarray:
        """log(x · density). It is written around the mean, because the terms of the textbook cancel for large k."""
        z = x / self.scale / self.shape
        return self.shape * (np.log(z) - (z - 1.0)) + _log_constant(self.shape)

    def _log_tails_above_0(self, x: np.ndarray) -> Tails:
        """From the nearer tail; where that underflows, by the continued fractions 8.9.1 and 8.9.2 of the DLMF."""
        from scipy.special import gammainc, gammaincc

        k, flat = self.shape, np.ravel(x)
        t = flat / self.scale
        log_tail = np.empty_like(t)
        for side, function, terms in ((t <= k, gammainc, _terms_below), (t > k, gammaincc, _terms_above)):
            tail = function(k, t[side])
            near = np.log(tail)
            if (far := tail < _FEWEST).any():
                at = flat[side][far]
                near[far] = self._log_weight(at) + np.log(_continued_fraction(terms(k, at / self.scale), at.shape))
            log_tail[side] = near
        return symmetric_tails(np.asarray(x / self.scale > k), log_tail.reshape(np.shape(x)))


def _log_less_digamma(k: float) -> float:
    """log k − ψ(k)."""
    from scipy.special import digamma

    if k < _LARGE:
        return math.log(k) - float(digamma(k))
    square = 1.0 / (k * k)
    return 0.5 / k + square * (1.0 / 12.0 - square * (1.0 / 120.0 - square / 252.0))


def _log_constant(k: float) -> float:
    """k log k − k − log Γ(k)."""
    if k < _LARGE:
        return k * math.log(k) - k - math.lgamma(k)
    square = 1.0 / (k * k)
    return 0.5 * math.log(k / (2.0 * math.pi)) - (1.0 / 12.0 - square * (1.0 / 360.0 - square / 1260.0)) / k


Terms = Callable[[int], tuple[np.ndarray | float, np.ndarray | float]]


def _terms_above(k: float, t: np.ndarray) -> Terms:
    """Γ(k, t) / (t^k e^−t) = 1/(t + 1 − k − 1·(1 − k)/(t + 3 − k − 2·(2 − k)/(t + 5 − k − …)))."""
    return lambda n: (1.0 if n == 0 else -n * (n - k), t + 2.0 * n + 1.0 - k)


def _terms_below(k: float, t: np.ndarray) -> Terms:
    """γ(k, t) / (t^k e^−t) = 1/(k − k t/(k + 1 + t/(k + 2 − (k + 1) t/(k + 3 + 2 t/(k + 4 − …)))))."""

    def term(n: int) -> tuple[np.ndarray | float, np.ndarray | float]:
        half = (n + 1) // 2
        top = 1.0 if n == 0 else -(k + half - 1.0) * t if n % 2 else half * t
        return top, k + n

    return term


def _continued_fraction(terms: Terms, shape: tuple[int, ...]) -> np.ndarray:
    """a₀/(b₀ + a₁/(b₁ + …)) by Lentz's method; `terms` gives aₙ and bₙ."""
    value = np.full(shape, 1e-300)  # in place of 0, which the method divides by
    c, d = value, np.zeros(shape)
    for n in range(_MOST_TERMS):
        a, b = terms(n)
        c, d = b + a / c, 1.0 / (b + a * d)
        value = value * (c * d)
        if np.all(np.abs(c * d - 1.0) < 1e-15):
            break
    return value
