"""Changes of well, counted."""

from __future__ import annotations

import numpy as np

from gnicli.contracts.components import Potential
from gnicli.errors import UsageError
from gnicli.sde.sinks import Arrays


class Transitions(Arrays):
    """Changes of well of a one-dimensional potential: `counts` (k, k) from i to j, `time` (k,) spent belonging to i.

    A chain belongs to the well whose core it visited last, the core being the part of the basin nearer to the minimum
    than `core` of the way to the nearest saddle; so wobbling on a saddle counts nothing.
    """

    name = "transitions"
    _kept = ("counts", "time", "well")

    def __init__(self, potential: Potential, n_chains: int, core: float = 0.5) -> None:
        if potential.dimension != 1:
            raise UsageError(f"transitions need a one-dimensional potential, got {potential.name}")
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
