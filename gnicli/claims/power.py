"""How often a test of n seeds decides, and how many seeds it takes."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.special import bdtrc, chdtri, ndtr

from gnicli.intervals import half_width

WANTED = 0.8  # the chance of a decision that counts as settled
MOST_SEEDS = 10_000
_NODES = 64


def power(effect: float, sd: float, n: int, *, smallest: float = 0.0, tail: float = 0.025) -> float:
    """The chance that n effects, normal with this mean and standard deviation, support a claim.

    They do where their lower one-sided t bound (`tail` beyond it) is above 0 and their mean reaches `smallest`. With
    `smallest` 0 this is the power of the one-sided t test, by the noncentral t law.

    >>> round(power(1.0, 1.0, 10), 3)
    0.803
    """
    if n < 2:
        return 0.0
    sds, unit = _sds(sd, n), sd / math.sqrt(n)
    least = np.maximum(half_width(sds / math.sqrt(n), n, tail), smallest)
    return float(ndtr((effect - least) / unit).mean())


def decision(effect: float, sd: float, n: int, *, smallest: float, tail: float, other_tail: float) -> float:
    """The chance of any decision: `power`, or an upper bound (`other_tail` beyond it) below the smallest effect."""
    if n < 2:
        return 0.0
    sds, unit = _sds(sd, n), sd / math.sqrt(n)
    most = smallest - half_width(sds / math.sqrt(n), n, other_tail)
    return power(effect, sd, n, smallest=smallest, tail=tail) + float(ndtr((most - effect) / unit).mean())


def _sds(sd: float, n: int) -> np.ndarray:
    """Equally likely values of the standard deviation of n normal numbers: an average over them is an expectation."""
    upper = 1 - (np.arange(_NODES) + 0.5) / _NODES
    return sd * np.sqrt(chdtri(n - 1, upper) / (n - 1))


def seeds_by_size(effects: np.ndarray, *, smallest: float, tail: float, other_tail: float, least: int) -> int | None:
    """The number of seeds with which a decision is likely (80 %), if mean and spread stay as those of effects (n,).

    At least `least`, and more than there are. None where 10,000 seeds are not enough: the effect lies too near to what
    divides the verdicts.
    """
    mean, sd = float(effects.mean()), float(effects.std(ddof=1)) if effects.size > 1 else math.nan
    least = max(least, effects.size + 1)
    if not sd > 0:
        return least
    return _first(lambda n: decision(mean, sd, n, smallest=smallest, tail=tail, other_tail=other_tail) >= WANTED, least)


def seeds_by_sign(n_above: int, n: int, *, tail: float, least: int) -> int | None:
    """The number of seeds with which the sign test is likely (80 %) to decide, if the share of signs stays."""
    share = max(n_above, n - n_above) / n

    def decides(wanted: int) -> bool:
        k = np.arange(wanted + 1)
        critical = int(np.argmax(bdtrc(k - 1.0, wanted, 0.5) * (k > 0) + (k == 0) <= tail))
        return critical > 0 and float(bdtrc(critical - 1, wanted, share)) >= WANTED

    return _first(decides, max(least, n + 1))


def _first(decides: Callable[[int], bool], least: int) -> int | None:
    """The first number from `least` on that decides, to 1 %; None where none up to the largest does."""
    low, high = least - 1, least
    while not decides(high):
        if high >= MOST_SEEDS:
            return None
        low, high = high, min(2 * high, MOST_SEEDS)
    while high - low > max(1, high // 100):
        middle = (low + high) // 2
        low, high = (low, middle) if decides(middle) else (middle, high)
    return high
