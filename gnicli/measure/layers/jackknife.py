"""Standard errors over draws: the values of one draw move together, so what is left out is whole draws, in groups."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

GROUPS = 20  # a standard error from 20 groups is itself known to 16 %
FEWEST = 5  # groups below which none is given


def group_of(number: int, n: int) -> int:
    """The group of draw `number` of n: GROUPS runs of consecutive draws, or one draw each where there are fewer."""
    return number * min(GROUPS, n) // n


def stderr(estimates: np.ndarray) -> np.ndarray:
    """Of estimates (groups, …), each without one group; NaN for fewer than 5 groups or where one is not finite."""
    n = len(estimates)
    if n < FEWEST:
        return np.full(estimates.shape[1:], np.nan)
    return math.sqrt((n - 1) / n) * np.sqrt(np.square(estimates - estimates.mean(axis=0)).sum(axis=0))


def without_groups(rows: np.ndarray) -> list[np.ndarray]:
    """Draws (n, k) without each group in turn."""
    groups = np.array([group_of(number, len(rows)) for number in range(len(rows))])
    return [rows[groups != group] for group in range(groups[-1] + 1)]


def of_rows(
    rows: np.ndarray, statistics: Callable[[Sequence[np.ndarray]], Sequence[Mapping[str, float]]]
) -> dict[str, float]:
    """`<name>_stderr` of statistics of draws (n, k), which are functions of several such arrays at once.

    The statistics are worked out anew without each group, with all that they estimate on the way (centers, scales).
    """
    kept = without_groups(rows)
    return of_dicts(list(statistics(kept)), stderr) if len(kept) >= FEWEST else {}


def of_median(estimates: np.ndarray) -> float:
    """The standard error of a median over coordinates, of estimates (groups, coordinates) without each group.

    A median does not follow small changes smoothly, so a jackknife of it is too large. The mean over the coordinates in
    its middle half follows them as the median does on average. NaN where there is none.
    """
    known = estimates[:, np.isfinite(estimates).all(axis=0)]
    if not known.size:
        return math.nan
    whole = known.mean(axis=0)
    low, high = np.quantile(whole, (0.25, 0.75))
    inside = (whole >= low) & (whole <= high)
    return float(stderr(known[:, inside if inside.any() else slice(None)].mean(axis=1)))


def of_dicts(found: Sequence[Mapping[str, float]], spread: Callable[[np.ndarray], np.ndarray]) -> dict[str, float]:
    """`<name>_stderr` for the names that all have, finite: `spread` of each."""
    names = [name for name in found[0] if all(math.isfinite(each.get(name, math.nan)) for each in found)]
    return {f"{name}_stderr": float(spread(np.array([each[name] for each in found]))) for name in names}
