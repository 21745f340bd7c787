"""Means of functions of the position over each chain."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from gnicli.sde.sinks import Arrays


class Moments(Arrays):
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
