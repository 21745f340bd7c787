"""Log-densities of some ninety laws at the nodes, standardized as samples are: the first guess of the fit.

Built in memory at first use (about a quarter of a second), deterministic.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from gnicli.stable import cells, nodes
from gnicli.stable.table import exact

_ALPHAS = (0.55, 0.65, 0.75, 0.88, 1.0, 1.12, 1.25, 1.4, 1.55, 1.7, 1.83, 1.93, 1.985)
_BETAS = (0.0, 0.3, 0.6, 0.9)
_FLOOR = -600.0


class Starts(NamedTuple):
    """θ (laws, 4): α, β, μ, log σ with median 0 and interquartile range 2; log f at the nodes, transposed."""

    theta: np.ndarray
    near: np.ndarray  # (2 sides · near nodes, laws)
    far: np.ndarray  # (2 sides, far nodes, laws)


def _quartiles(alpha: float, beta: float) -> np.ndarray:
    """25, 50 and 75 % points to about three digits."""
    x = np.sinh(np.linspace(-2.6, 2.6, 41))
    tail = np.exp(exact(alpha, beta, x)[1])
    return np.interp([0.25, 0.5, 0.75], np.where(x < 0.0, tail, 1.0 - tail), x)


def _log_density(alpha: float, beta: float, loc: float, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """log f at the nodes, (2 sides, nodes), near and far."""
    n_far = cells.N_OCTAVES - cells.NEAR_OCTAVES
    if alpha > 0.8:
        theta = np.array([[alpha, beta, loc, np.log(scale)]])
        near, far = (f[0, 0] for f in nodes.density(theta, n_far, order=0))
    else:
        near, far = (
            np.exp(exact(alpha, beta, (np.stack([y, -y]) - loc) / scale)[0]) / scale for y in nodes.places(n_far)
        )
    return tuple(np.maximum(np.log(np.maximum(f, 1e-280)), _FLOOR) for f in (near, far))


@lru_cache(maxsize=1)
def starts() -> Starts:
    """All start laws, the mirrored ones included."""
    theta, near, far = [], [], []
    for alpha in _ALPHAS:
        for beta in _BETAS:
            low, middle, high = _quartiles(alpha, beta)
            scale = 2.0 / (high - low)
            loc = -middle * scale
            log_near, log_far = _log_density(alpha, beta, loc, scale)
            for sign in (1, -1) if beta else (1,):
                theta.append((alpha, sign * beta, sign * loc, np.log(scale)))
                near.append(log_near[::sign])
                far.append(log_far[::sign])
    return Starts(
        np.array(theta),
        np.ascontiguousarray(np.stack(near).reshape(len(theta), -1).T),
        np.ascontiguousarray(np.moveaxis(np.stack(far), 0, -1)),
    )


def best(weights: list[cells.Weights]) -> np.ndarray:
    """θ (samples, 4) of the start law under which each sample is most likely."""
    table = starts()
    chosen = []
    for w in weights:
        score = w.near.reshape(-1) @ table.near
        if w.far.size:
            far = w.far.reshape(2, -1)
            for side in (0, 1):
                score += far[side] @ table.far[side, : far.shape[1]]
        chosen.append(table.theta[int(score.argmax())])
    return np.array(chosen)
