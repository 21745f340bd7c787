"""The log-likelihood on the weighted nodes with its gradient and Hessian, for several laws at once.

From alpha = 0.8 on by the tables of `law_table`, below by the integrals of `node_density`.
"""

from __future__ import annotations

import numpy as np

from gnicli.stable.fitting import law_table, node_density, table_density
from gnicli.stable.fitting.binning import Weights, in_rows
from gnicli.stable.fitting.node_density import PAIRS
from gnicli.stable.fitting.start_laws import TRIPLES

_TOGETHER = 8  # laws in one evaluation, which takes 0.2 MB a law
_ROWS = np.array([i for i, _ in PAIRS])
_COLUMNS = np.array([j for _, j in PAIRS])
PAIR = np.empty((4, 4), dtype=np.intp)  # where a second derivative stands in `PAIRS`
PAIR[_ROWS, _COLUMNS] = PAIR[_COLUMNS, _ROWS] = np.arange(10)
TRIPLE = np.array([[[TRIPLES.index(tuple(sorted((i, j, k)))) for k in range(4)] for j in range(4)] for i in range(4)])


def evaluate(weights: list[Weights], theta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log-likelihoods (laws,), gradients (laws, 4) and Hessians (laws, 4, 4) by θ (laws, 4), each law on its sample."""
    low = [row for row, alpha in enumerate(theta[:, 0].tolist()) if not alpha >= law_table.FROM]
    if not low and len(weights) <= _TOGETHER:
        return _by_tables(weights, theta)
    rows = sorted(range(len(weights)), key=lambda row: weights[row].n_far)  # those that share their nodes
    found = np.empty(len(rows)), np.empty((len(rows), 4)), np.empty((len(rows), 4, 4))
    high = [row for row in rows if theta[row, 0] >= law_table.FROM]
    for method, mine in ((_by_tables, high), (_by_integrals, [row for row in rows if row in low])):
        for start in range(0, len(mine), _TOGETHER):
            some = mine[start : start + _TOGETHER]
            for each, part in zip(found, method([weights[row] for row in some], theta[some]), strict=True):
                each[some] = part
    return found


def _by_tables(weights: list[Weights], theta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    y = node_density.places(max(sample.n_far for sample in weights))
    with np.errstate(over="ignore", invalid="ignore"):  # a search looks for what is not finite
        rows = table_density.log_density(theta, y)
        sums = np.matmul(rows.transpose(1, 0, 2), in_rows(weights)[:, :, None])[:, :, 0]
    return sums[:, 0], sums[:, 1:5], sums[:, 5 + PAIR]


def _by_integrals(weights: list[Weights], theta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    n_far = max(sample.n_far for sample in weights)
    with np.errstate(over="ignore", invalid="ignore"):
        return _sums(node_density.density(theta, n_far), node_density.grid(n_far).floor, in_rows(weights))


def _sums(f: np.ndarray, floor: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    density, counted = f[0], w
    lost = density < floor  # rounding, not density: these nodes must not steer the search
    if lost.any():
        density, counted = np.where(lost, floor, density), np.where(lost, 0.0, w)
    value = (w * np.log(density)).sum(axis=1)
    by_density = counted / density
    sums = np.matmul(f[1:].transpose(1, 0, 2), by_density[:, :, None])[:, :, 0]
    first = f[1:5]
    squares = np.matmul((first * (by_density / density)).transpose(1, 0, 2), first.transpose(1, 2, 0))
    return value, sums[:, :4], sums[:, 4 + PAIR] - squares
