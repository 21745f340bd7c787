"""Log-densities of 187 laws at the nodes, standardized as samples are: the first guess of the fit.

Built in memory at first use (about half a second), deterministic.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from gnicli.stable import cells, nodes
from gnicli.stable.table import exact

_ALPHAS = (0.55, 0.65, 0.75, 0.88, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.78, 1.85, 1.91, 1.96, 1.99)
_BETAS = (0.0, 0.2, 0.4, 0.6, 0.75, 0.9)
_FLOOR = -600.0


class Starts(NamedTuple):
    """θ (laws, 4): α, β, μ, log σ with median 0 and interquartile range 2; log f at the nodes, transposed.

    `derivatives` is what `nodes.density` gives at the laws, so that a search has its first evaluation for nothing; of
    use where `from_inversion` is False (the laws with α below 0.8 have log f from the inversion).
    """

    theta: np.ndarray
    near: np.ndarray  # (2 sides · near nodes, laws), single precision: it only has to rank the laws
    far: np.ndarray  # (2 sides, far nodes, laws), single precision
    derivatives: nodes.Density  # the laws' axis first, so that one law lies together in memory
    from_inversion: np.ndarray

    def first_evaluation(self, laws: np.ndarray, n_far: int) -> nodes.Density:
        """`nodes.density` at some of the laws, for the first `n_far` far octaves."""
        near = self.derivatives.near[laws]
        far = self.derivatives.far[laws, :, :, : n_far * cells.FAR_ORDER]
        return nodes.Density(np.moveaxis(near, 0, 1), np.moveaxis(far, 0, 1))


def _quartiles(alpha: float, beta: float) -> np.ndarray:
    """25, 50 and 75 % points to about three digits."""
    x = np.sinh(np.linspace(-2.6, 2.6, 41))
    tail = np.exp(exact(alpha, beta, x)[1])
    return np.interp([0.25, 0.5, 0.75], np.where(x < 0.0, tail, 1.0 - tail), x)


@lru_cache(maxsize=1)
def starts() -> Starts:
    """All start laws, the mirrored ones included."""
    rows = []
    for alpha in _ALPHAS:
        for beta in _BETAS:
            low, middle, high = _quartiles(alpha, beta)
            scale = 2.0 / (high - low)
            for sign in (1, -1) if beta else (1,):
                rows.append((alpha, sign * beta, -sign * middle * scale, np.log(scale)))
    theta = np.array(rows)
    n_far = cells.N_OCTAVES - cells.NEAR_OCTAVES
    with np.errstate(over="ignore", invalid="ignore"):
        derivatives = nodes.density(theta, n_far)
    near, far = derivatives.near[0].copy(), derivatives.far[0].copy()
    from_inversion = theta[:, 0] < 0.8
    for k in np.flatnonzero(from_inversion):
        alpha, beta, loc, log_scale = theta[k]
        for f, y in zip((near, far), nodes.places(n_far), strict=True):
            f[k] = np.exp(exact(alpha, beta, (np.stack([y, -y]) - loc) * np.exp(-log_scale))[0] - log_scale)
    near, far = (np.maximum(np.log(np.maximum(f, 1e-280)), _FLOOR) for f in (near, far))
    return Starts(
        theta,
        np.ascontiguousarray(near.reshape(len(rows), -1).T, dtype=np.float32),
        np.ascontiguousarray(np.moveaxis(far, 0, -1), dtype=np.float32),
        nodes.Density(*(np.ascontiguousarray(np.moveaxis(f, 1, 0)) for f in derivatives)),
        from_inversion,
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
