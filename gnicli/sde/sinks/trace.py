"""Positions at regular steps, or functions of them: what mixing is judged by."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from gnicli.sde.sinks import Arrays


class Trace(Arrays):
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


class Along(Arrays):
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
