"""Log-densities of 187 laws at the nodes and their derivatives, standardized: the first guess of the fit.

Built in memory at first use (about half a second), deterministic.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from gnicli.stable import cells, nodes
from gnicli.stable.table import exact

_ALPHAS = (0.55, 0.65, 0.75, 0.88, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.78, 1.85, 1.91, 1.96, 1.99)
_BETAS = (0.0, 0.2, 0.4, 0.6, 0.75, 0.9)
_FLOOR = -600.0
_STEP = 1e-3  # of the differences that make third derivatives, which only have to be good to a few digits
TRIPLES = tuple((i, j, k) for k in range(4) for j in range(k + 1) for i in range(j + 1))
_SIGNS = (1.0, -1.0, -1.0, 1.0)
_MIRROR = np.array(
    [1.0, *(math.prod(_SIGNS[i] for i in at) for at in ((0,), (1,), (2,), (3,), *nodes.PAIRS, *TRIPLES))]
)


class Starts(NamedTuple):
    """θ (laws, 4): α, β, μ, log σ with median 0 and interquartile range 2; log f at the nodes, transposed.

    The laws with β ≥ 0 come first, `base` of them; after these, the mirror images of those with β > 0. `near_log` and
    `far_log` hold log f, its 4 first, 10 second and 20 third derivatives (`nodes.PAIRS`, `TRIPLES`) for the first, so
    that a search has its first evaluation for the price of a product; of use where `from_inversion` is False (the laws
    with α below 0.8 have log f from the inversion).
    """

    theta: np.ndarray
    near: np.ndarray  # (2 sides · near nodes, laws), single precision: it only has to rank the laws
    far: np.ndarray  # (2 sides, far nodes, laws), single precision
    original: np.ndarray  # (laws,): the law with β >= 0
    near_log: np.ndarray  # (base, 35, 2 sides · near nodes)
    far_log: np.ndarray  # (base, 2 sides, 35, far nodes)
    from_inversion: np.ndarray

    def first_evaluation(self, law: int, weights: cells.Weights) -> np.ndarray:
        """Log-likelihood and its derivatives up to the third at a start law, (35,)."""
        original = self.original[law]
        step = 1 if original == law else -1  # a mirrored law on a sample is the law itself on the mirrored sample
        sums = self.near_log[original] @ weights.near[::step].reshape(-1)
        if weights.far.size:
            for side, own in zip(self.far_log[original], weights.far[::step].reshape(2, -1), strict=True):
                sums += side[:, : own.size] @ own
        return sums if step == 1 else sums * _MIRROR


def _quartiles(alpha: float, beta: float) -> np.ndarray:
    """25, 50 and 75 % points to about three digits."""
    x = np.sinh(np.linspace(-2.6, 2.6, 41))
    tail = np.exp(exact(alpha, beta, x)[1])
    return np.interp([0.25, 0.5, 0.75], np.where(x < 0.0, tail, 1.0 - tail), x)


def _log_derivatives(columns: np.ndarray, floor: float) -> np.ndarray:
    """log f and its first and second derivatives (15, …) from those of f; 0 where f is below `floor`: rounding."""
    f = np.maximum(columns[0], floor)
    relative = np.where(columns[0] < floor, 0.0, columns / f)
    relative[0] = np.log(f)
    for pair, (i, j) in zip(relative[5:], nodes.PAIRS, strict=True):
        pair -= relative[1 + i] * relative[1 + j]
    return relative


def _derivatives(theta: np.ndarray, n_far: int) -> list[np.ndarray]:
    """log f and its derivatives up to the third (35, 2 sides, nodes), at the near and at the far nodes."""

    def second(theta: np.ndarray) -> list[np.ndarray]:
        f = nodes.density(theta, n_far)
        return [_log_derivatives(f.near, nodes.NEAR_FLOOR), _log_derivatives(f.far, nodes.FAR_FLOOR)]

    thirds = []
    for k in range(4):
        shift = np.zeros(4)
        shift[k] = _STEP
        pairs = [nodes.PAIRS.index((i, j)) for i, j, last in TRIPLES if last == k]  # in the order of TRIPLES
        up, down = second(theta + shift), second(theta - shift)
        thirds.append([(u[5:][pairs] - d[5:][pairs]) / (2.0 * _STEP) for u, d in zip(up, down, strict=True)])
    return [np.concatenate([first, *third]) for first, *third in zip(second(theta), *thirds, strict=True)]


@lru_cache(maxsize=1)
def starts() -> Starts:
    """All start laws, the mirrored ones included."""
    rows = []
    for alpha in _ALPHAS:
        for beta in _BETAS:
            low, middle, high = _quartiles(alpha, beta)
            scale = 2.0 / (high - low)
            rows.append((alpha, beta, -middle * scale, np.log(scale)))
    theta = np.array(rows)
    n_far = cells.N_OCTAVES - cells.NEAR_OCTAVES
    from_inversion = theta[:, 0] < 0.8
    with np.errstate(over="ignore", invalid="ignore"):
        near_log, far_log = (np.array(each) for each in zip(*(_derivatives(law, n_far) for law in theta), strict=True))
    near, far = near_log[:, 0].copy(), far_log[:, 0].copy()
    for k in np.flatnonzero(from_inversion):
        alpha, beta, loc, log_scale = theta[k]
        for log_f, y in zip((near, far), nodes.places(n_far), strict=True):
            log_f[k] = exact(alpha, beta, (np.stack([y, -y]) - loc) * np.exp(-log_scale))[0] - log_scale
    skewed = np.flatnonzero(theta[:, 1])
    near, far = (np.concatenate([f, f[skewed, ::-1]]).clip(_FLOOR) for f in (near, far))
    return Starts(
        np.concatenate([theta, theta[skewed] * _MIRROR[1:5]]),
        np.ascontiguousarray(near.reshape(near.shape[0], -1).T, dtype=np.float32),
        np.ascontiguousarray(np.moveaxis(far, 0, -1), dtype=np.float32),
        np.concatenate([np.arange(theta.shape[0]), skewed]),
        near_log.reshape(theta.shape[0], 35, -1),
        np.ascontiguousarray(np.moveaxis(far_log, 1, 2)),
        np.concatenate([from_inversion, from_inversion[skewed]]),
    )


def best(weights: cells.Weights) -> int:
    """The number of the start law under which a sample is most likely."""
    table = starts()
    score = weights.near.reshape(-1).astype(np.float32) @ table.near
    if weights.far.size:
        far = weights.far.reshape(2, -1).astype(np.float32)
        for side in (0, 1):
            score += far[side] @ table.far[side, : far.shape[1]]
    return int(score.argmax())
