"""Where the positions of a long run go: sums of bounded size, each with its arrays for a checkpoint.

A sink is fed blocks of recorded positions, `(n_recorded, n)` or `(n_recorded, d, n)`, of the chains numbered `chains`
(n,), with one weight per recorded step. Chains that exploded are not fed any more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np

from gnicli.contracts.components import Potential
from gnicli.errors import UsageError

_MAX_CELLS = 2**25
_ROWS = 2**15  # positions handled at a time


class Sink(Protocol):
    """A consumer of positions. `name` prefixes its arrays in a checkpoint."""

    name: str

    def add(self, positions: np.ndarray, chains: np.ndarray, weights: np.ndarray, first_step: int) -> None:
        """Take in one block."""
        ...

    def arrays(self) -> Mapping[str, np.ndarray]:
        """All state, to be kept and given back to `load`."""
        ...

    def load(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take the state back."""
        ...


class _Arrays:
    """State that is a few arrays, named in `_kept`."""

    name = ""
    _kept: tuple[str, ...] = ()

    def arrays(self) -> Mapping[str, np.ndarray]:
        """All state, by name."""
        return {key: np.array(getattr(self, key)) for key in self._kept}

    def load(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take the state back."""
        for key in self._kept:
            setattr(self, key, np.array(arrays[key]))


class Histogram(_Arrays):
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


class Moments(_Arrays):
    """Weighted sums of functions of the position: `sums` (n_functions, d, n_chains), `weight` (n_chains,)."""

    name = "moments"
    _kept = ("sums", "weight")

    def __init__(
        self, functions: Mapping[str, Callable[[np.ndarray], np.ndarray]], n_chains: int, dimension: int = 1
    ) -> None:
        self.functions = dict(functions)
        self.sums = np.zeros((len(self.functions), dimension, n_chains))
        self.weight = np.zeros(n_chains)

    def add(self, positions: np.ndarray, chains: np.ndarray, weights: np.ndarray, first_step: int) -> None:
        """Add the block's weighted sums."""
        at = positions[:, None] if positions.ndim == 2 else positions
        for index, function in enumerate(self.functions.values()):
            self.sums[index][:, chains] += np.einsum("s,sdn->dn", weights, function(at))
        self.weight[chains] += weights.sum()

    def means(self) -> dict[str, tuple[np.ndarray, np.ndarray, int]]:
        """Of each function: mean (d,), its standard error (d,) over chains, and the number of chains."""
        seen = self.weight > 0
        n = int(seen.sum())
        result = {}
        for name, sums in zip(self.functions, self.sums, strict=True):
            each = sums[:, seen] / self.weight[seen]
            share = self.weight[seen] / self.weight[seen].sum()
            mean = each @ share
            spread = ((each - mean[:, None]) ** 2 @ share**2) * n / max(n - 1, 1)
            result[name] = (mean, np.sqrt(spread) if n > 1 else np.full_like(mean, np.nan), n)
        return result


class Trace(_Arrays):
    """Positions of the first chains at regular steps: `positions` (n_kept, d, n_chains); NaN where not reached."""

    name = "trace"
    _kept = ("positions",)

    def __init__(self, n_steps: int, n_chains: int, dimension: int = 1, every: int = 1) -> None:
        self.every = every
        self.positions = np.full((n_steps // every, dimension, n_chains), np.nan)

    def add(self, positions: np.ndarray, chains: np.ndarray, weights: np.ndarray, first_step: int) -> None:
        """Keep the recorded positions whose number is a multiple of `every`; `first_step` counts recorded steps."""
        wanted = chains < self.positions.shape[2]
        rows, kept = _kept_rows(first_step, len(positions), self.every, len(self.positions))
        if wanted.any() and len(rows):
            at = positions[:, None] if positions.ndim == 2 else positions
            self.positions[np.ix_(kept, np.arange(at.shape[1]), chains[wanted])] = at[rows][:, :, wanted]


class Along(_Arrays):
    """Functions of whole positions, of every chain at regular steps: `values` (n_functions, n_kept, n_chains).

    A function takes positions (d, n) and the numbers of their chains (n,), and gives (n,). NaN where not reached.
    """

    name = "along"
    _kept = ("values",)

    def __init__(
        self,
        functions: Mapping[str, Callable[[np.ndarray, np.ndarray], np.ndarray]],
        n_steps: int,
        n_chains: int,
        every: int = 1,
    ) -> None:
        self.functions, self.every = dict(functions), every
        self.values = np.full((len(self.functions), n_steps // every, n_chains), np.nan)

    def add(self, positions: np.ndarray, chains: np.ndarray, weights: np.ndarray, first_step: int) -> None:
        """Evaluate at the recorded positions whose number is a multiple of `every`."""
        for row, kept in zip(*_kept_rows(first_step, len(positions), self.every, self.values.shape[1]), strict=True):
            for index, function in enumerate(self.functions.values()):
                self.values[index, kept, chains] = function(positions[row], chains)


def _kept_rows(first_step: int, n: int, every: int, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Of n records numbered from `first_step`: which ones fall on a multiple of `every`, and which multiple each is."""
    numbers = first_step + np.arange(n)
    rows = np.flatnonzero((numbers % every == 0) & (numbers // every < most))
    return rows, numbers[rows] // every


class Transitions(_Arrays):
    """Changes of well of a one-dimensional potential: `counts` (k, k) from i to j, `time` (k,) spent belonging to i.

    A chain belongs to the well whose core it visited last, the core being the part of the basin nearer to the minimum
    than `core` of the way to the nearest saddle; so wobbling on a saddle counts nothing.
    """

    name = "transitions"
    _kept = ("counts", "time", "well")

    def __init__(self, potential: Potential, n_chains: int, core: float = 0.5) -> None:
        if potential.dimension != 1:
            raise UsageError(f"transitions need a one-dimensional potential, got potential={potential.name}")
        wells, saddles = potential.minima(), potential.saddles()
        borders = np.concatenate([[-np.inf], saddles, [np.inf]])
        near = np.minimum(wells - borders[:-1], borders[1:] - wells) * core
        near = np.where(np.isfinite(near), near, 1.0)
        # Sorted edges of the cores: even intervals lie between cores, odd ones are cores.
        self._edges = np.stack([wells - near, wells + near], axis=1).ravel()
        self.counts = np.zeros((len(wells), len(wells)))
        self.time = np.zeros(len(wells))
        self.well = np.full(n_chains, -1)

    def add(self, positions: np.ndarray, chains: np.ndarray, weights: np.ndarray, first_step: int) -> None:
        """Follow each chain through the block; `weights` are the times between records."""
        interval = np.searchsorted(self._edges, positions)
        k = len(self.time)
        well = self.well[chains]
        for row, time in zip(interval, weights, strict=True):
            new = np.where(row % 2 == 1, row // 2, well)
            moved = (new != well) & (well >= 0)
            np.add.at(self.counts, (well[moved], new[moved]), 1)
            self.time += time * np.bincount(well[well >= 0], minlength=k)
            well = new
        self.well[chains] = well

    def rates(self) -> np.ndarray:
        """Transitions per unit time (k, k)."""
        with np.errstate(invalid="ignore", divide="ignore"):
            rates: np.ndarray = self.counts / self.time[:, None]
        return rates


def all_arrays(sinks: Sequence[Sink]) -> dict[str, np.ndarray]:
    """The arrays of several sinks, as `name/array`."""
    return {f"{sink.name}/{key}": value for sink in sinks for key, value in sink.arrays().items()}


def load_all(sinks: Sequence[Sink], arrays: Mapping[str, np.ndarray]) -> None:
    """Give each sink its arrays back."""
    for sink in sinks:
        prefix = f"{sink.name}/"
        sink.load({key[len(prefix) :]: value for key, value in arrays.items() if key.startswith(prefix)})
