"""Page's test of a trend: whether values that belong together, one per level, rise with the levels."""

from __future__ import annotations

import functools
import itertools

import numpy as np

MOST_EXACT = 8  # levels up to which all permutations are counted, ties or not


def page_tail(values: np.ndarray) -> float:
    """The one-sided p of Page's L of values (n seeds, k levels) against values that rise with the level.

    L is the sum over seeds of Σ_j j · rank_j. Under the null hypothesis all orders of a seed's values are equally
    likely. The p is exact up to 8 levels, ties included (they have the mean of their ranks); above it is SciPy's normal
    approximation. Infinite values have ranks like others.
    """
    from scipy.stats import page_trend_test, rankdata

    n, k = values.shape
    if not n or k < 2:
        return 1.0
    ranks = rankdata(values, axis=1)
    if k > MOST_EXACT:
        return float(page_trend_test(ranks, ranked=True, method="asymptotic").pvalue) if n > 1 else 1.0
    doubled = np.rint(2 * ranks).astype(int)  # whole numbers: ranks of ties are halves
    found = int((doubled @ np.arange(1, k + 1)).sum())
    chances, start = np.ones(1), 0
    for row in np.sort(doubled, axis=1):
        own, least = _null(tuple(row.tolist()))
        chances, start = np.convolve(chances, own), start + least
    return min(1.0, float(chances[found - start :].sum()))


@functools.lru_cache(maxsize=256)
def _null(ranks: tuple[int, ...]) -> tuple[np.ndarray, int]:
    """The chances of Σ_j j · r_j over all orders r of some whole ranks, from the least sum on, and that sum."""
    orders = np.array(list(itertools.permutations(ranks)))
    sums = orders @ np.arange(1, len(ranks) + 1)
    least = int(sums.min())
    return np.bincount(sums - least) / len(sums), least
