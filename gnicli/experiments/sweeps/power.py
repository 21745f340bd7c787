"""How many pairs of runs it takes to find an effect: the power of the paired t-test."""

from __future__ import annotations

import math

POWER = 0.8
LEVEL = 0.05
FEWEST_PAIRS = 6  # 2^(1 − 6) = .031 is the first p below 5 % that signs can give
_EXACT = 1000  # pairs up to which the power is exact; above, that of the normal law


def power(n_pairs: int, sd: float, effect: float) -> float:
    """The probability that the two-sided t-test at 5 % rejects, where paired differences are N(effect, sd²)."""
    from scipy.special import nctdtr, stdtrit

    df, shift = n_pairs - 1, abs(effect) / sd * math.sqrt(n_pairs)
    critical = float(stdtrit(df, 1 - LEVEL / 2))
    other_side = float(nctdtr(df, shift, -critical))  # NaN in place of the tiny numbers of a large shift
    return float(1 - nctdtr(df, shift, critical)) + (0.0 if math.isnan(other_side) else other_side)


def pairs_needed(sd: float, effect: float) -> int:
    """The fewest pairs with which the test finds `effect` in 80 % of the cases; 6 at least, which sign flips need.

    `sd` is the standard deviation of the paired differences, from pilot runs or from the runs that left it open.
    """
    from scipy.special import ndtri

    if sd == 0:
        return FEWEST_PAIRS
    of_normal = math.ceil(((ndtri(1 - LEVEL / 2) + ndtri(POWER)) * sd / effect) ** 2)
    if of_normal > _EXACT:
        return of_normal
    n_pairs = max(FEWEST_PAIRS, of_normal)
    while power(n_pairs, sd, effect) < POWER:
        n_pairs += 1
    return n_pairs
