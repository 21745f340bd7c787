"""Confidence bounds of an effect from one number per seed: Student's t, or order statistics where sizes are missing."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import bdtr

from gnicli.intervals import half_width


def t_bound(effects: np.ndarray, tail: float) -> float:
    """How far a one-sided t bound of the mean of effects (n,) lies from it; `tail` is the chance beyond the bound.

    Infinite for fewer than two effects.
    """
    n = effects.size
    if n < 2:
        return math.inf
    return float(half_width(float(effects.std(ddof=1)) / math.sqrt(n), n, tail))


def median_low(effects: np.ndarray, tail: float) -> float:
    """A lower bound of the median of effects (n,), which may be infinite: the sign test turned around, exact.

    The chance that the median lies below it is at most `tail`; it is −inf where n is too small for that.
    """
    rank = _rank(effects.size, tail)
    return float(np.sort(effects)[rank - 1]) if rank else -math.inf


def median_high(effects: np.ndarray, tail: float) -> float:
    """The upper bound of the median that `median_low` is the lower one of."""
    return -median_low(-effects, tail)


def _rank(n: int, tail: float) -> int:
    """The largest r with P(Binomial(n, 1/2) <= r − 1) <= tail; 0 where there is none."""
    chances = bdtr(np.arange(n, dtype=float), n, 0.5) if n else np.zeros(0)
    return int(np.count_nonzero(chances <= tail * (1 + 1e-12)))


def median(effects: np.ndarray) -> float:
    """The median of effects (n,), of which some may be infinite; NaN where the two in the middle are +inf and −inf."""
    n = effects.size
    if not n:
        return math.nan
    ordered = np.sort(effects)
    low, high = float(ordered[(n - 1) // 2]), float(ordered[n // 2])
    return low if low == high else (low + high) / 2
