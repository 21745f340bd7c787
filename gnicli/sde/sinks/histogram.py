"""Counts of positions in bins, by groups of chains: densities and distribution functions with their errors."""

from __future__ import annotations

import numpy as np

from gnicli.errors import UsageError
from gnicli.sde.sinks import Arrays

_MAX_CELLS = 2**25
_ROWS = 2**15  # positions handled at a time


class Histogram(Arrays):
    """Weighted `counts` (d, n_groups, n_bins) over [low, high]; `below` (d, n_groups) and `totals` (n_groups,).

    `totals` counts what is outside, too.

    Groups are runs of consecutive chains, independent of one another: the spread between them is the uncertainty.
    """

    name = "histogram"
    _kept = ("counts", "below", "totals")

    def __init__(
        self, low: float, high: float, n_bins: int, n_chains: int, n_groups: int = 16, dimension: int = 1
    ) -> None:
        if not low < high or n_bins < 1:
            raise UsageError(f"a histogram needs low < high and a bin at least, got [{low}, {high}] and {n_bins} bins")
        n_groups = min(n_groups, n_chains)
        if n_bins * n_groups * dimension > _MAX_CELLS:
            raise UsageError(
                f"a histogram of {n_bins} bins for {n_groups} groups in {dimension} dimensions is too large"
            )
        self.low, self.high, self.n_bins = low, high, n_bins
        self.counts = np.zeros((dimension, n_groups, n_bins))
        self.below = np.zeros((dimension, n_groups))
        self.totals = np.zeros(n_groups)
        self._group_of = np.arange(n_chains) * n_groups // n_chains
        self._place, self._cell = np.empty(0), np.empty(0, np.int32)

    @property
    def edges(self) -> np.ndarray:
        """Bin edges (n_bins + 1,)."""
        return np.linspace(self.low, self.high, self.n_bins + 1)

    def add(self, positions: np.ndarray, chains: np.ndarray, weights: np.ndarray, first_step: int) -> None:
        """Count, a few rows at a time to stay in the cache."""
        groups = self._group_of[chains]
        n_groups = int(groups[-1] - groups[0]) + 1
        # Cells 0 and n_bins + 1 of each group take what is outside.
        offset = ((self.n_bins + 2) * (groups - groups[0])).astype(np.int32)
        own = slice(groups[0], groups[0] + n_groups)
        even = bool((weights == weights[0]).all())
        rows = max(1, _ROWS // len(chains))
        if self._place.size < rows * len(chains):
            self._place, self._cell = np.empty(rows * len(chains)), np.empty(rows * len(chains), np.int32)
        for axis in range(len(self.counts)):
            found = np.zeros(n_groups * (self.n_bins + 2))
            for start in range(0, len(positions), rows):
                part = positions[start : start + rows] if positions.ndim == 2 else positions[start : start + rows, axis]
                cell = self._cells(part, offset)
                heavy = None if even else np.repeat(weights[start : start + rows], len(chains))
                found += np.bincount(cell.ravel(), heavy, minlength=len(found))
            found = found.reshape(n_groups, -1) * (weights[0] if even else 1.0)
            self.below[axis, own] += found[:, 0]
            self.counts[axis, own] += found[:, 1:-1]
        self.totals[own] += weights.sum() * np.bincount(groups - groups[0], minlength=n_groups)

    def _cells(self, positions: np.ndarray, offset: np.ndarray) -> np.ndarray:
        """The bin of each position, counted from 1 (0 below, n_bins + 1 above), plus the offset of its chain.

        In memory that the next call uses again. By way of 32 bits, because numbers are cut to 64 bits at a quarter of
        the speed; in 64 bits, because `np.bincount` would make them so in fresh memory. `np.clip` is faster than a
        maximum and a minimum.
        """
        place = self._place[: positions.size].reshape(positions.shape)
        cell = self._cell[: positions.size].reshape(positions.shape)
        np.multiply(positions, self.n_bins / (self.high - self.low), out=place)
        place -= self.low * self.n_bins / (self.high - self.low) - 1
        np.clip(place, 0.0, self.n_bins + 1.0, out=place)
        np.copyto(cell, place, casting="unsafe")  # cuts towards 0, and nothing is negative
        return np.add(cell, offset, out=place.view(np.int64))

    def cdf(self, axis: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """The distribution function at `edges` and its standard error over groups (NaN for a single one)."""
        seen = self.totals > 0
        each = np.concatenate([self.below[axis][:, None], self.counts[axis]], axis=1)[seen].cumsum(axis=1)
        share = self.totals[seen] / self.totals.sum()
        each = each / self.totals[seen][:, None]
        mean = share @ each
        n = len(each)
        if n < 2:
            return mean, np.full_like(mean, np.nan)
        return mean, np.sqrt(share**2 @ (each - mean) ** 2 * n / (n - 1))
