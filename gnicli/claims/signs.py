"""Exact tests from the signs of one number per seed: all flips of the signs, and the sign test alone."""

from __future__ import annotations

import numpy as np
from scipy.special import bdtrc

MOST_EXACT = 32  # seeds up to which all flips are counted
_DRAWS = 1 << 16
_ROUNDING = 1e-12  # of a sum, in units of the sum of the sizes: sums within it are ties


def flip_tail(effects: np.ndarray) -> float:
    """The share of the 2^n flips of the signs of effects (n,) whose sum is at least the sum as it is.

    It is the one-sided p of the hypothesis that the effects are symmetric about 0, against larger ones. The count is
    exact up to 32 effects; above, it is that of 65,536 random flips (always the same ones) and the effects as they are.

    >>> flip_tail(np.array([1.0, 2.0, 3.0]))
    0.125
    """
    n = effects.size
    if not n:
        return 1.0
    least = float(effects.sum()) - _ROUNDING * float(np.abs(effects).sum())
    if n > MOST_EXACT:
        signs = np.random.default_rng(0).integers(0, 2, (_DRAWS, n)) * 2.0 - 1.0
        return (int((signs @ effects >= least).sum()) + 1) / (_DRAWS + 1)
    # The sums of two halves, so that 2^n sums are counted in the time of 2^(n/2).
    some, others = _sums(effects[: n // 2]), np.sort(_sums(effects[n // 2 :]))
    beyond = others.size - np.searchsorted(others, np.sort(least - some), side="left")
    return float(beyond.sum()) / 2.0**n


def _sums(effects: np.ndarray) -> np.ndarray:
    sums = np.zeros(1)
    for effect in effects:
        sums = np.concatenate([sums + effect, sums - effect])
    return sums


def two_sided_flips(effects: np.ndarray) -> float:
    """The two-sided p of the sign-flip test of effects (n,)."""
    return min(1.0, 2 * min(flip_tail(effects), flip_tail(-effects)))


def sign_tail(n_above: int, n: int) -> float:
    """P(Binomial(n, 1/2) >= n_above): the one-sided p of the exact sign test; what is not above counts against it."""
    return float(bdtrc(n_above - 1, n, 0.5)) if n_above else 1.0


def two_sided_signs(n_above: int, n_below: int) -> float:
    """The two-sided p of the exact sign test, in which ties count for neither side."""
    n = n_above + n_below
    return min(1.0, 2 * sign_tail(max(n_above, n_below), n)) if n else 1.0


def fewest_pairs(n_claims: int, level: float = 0.05, least: int = 6) -> int:
    """The pairs below which no claim is decided: 6, and as many as 2^(1 − n) <= level / claims asks for."""
    n = least
    while 2.0 ** (1 - n) > level / n_claims:
        n += 1
    return n
