"""Log-densities of 231 laws at the nodes and their derivatives, standardized: the first guess of the fit.

Built in memory at first use (about half a second), deterministic.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from gnicli.stable.density.exact import exact
from gnicli.stable.fitting import binning, law_table, node_density, table_density

_ALPHAS = (
    0.55,
    0.6,
    0.65,
    0.7,
    0.75,
    0.82,
    0.88,
    0.94,
    1.0,
    1.1,
    1.2,
    1.3,
    1.4,
    1.5,
    1.6,
    1.7,
    1.78,
    1.85,
    1.91,
    1.96,
    1.99,
)
_BETAS = (0.0, 0.2, 0.4, 0.6, 0.75, 0.9)
_FLOOR = -600.0
_N_FAR = binning.N_OCTAVES - binning.NEAR_OCTAVES
_STEP = 1e-3  # of the differences that make third derivatives, which only have to be good to a few digits
TRIPLES = tuple((i, j, k) for k in range(4) for j in range(k + 1) for i in range(j + 1))
_MIRROR = np.array(
    [
        1.0,
        *(
            math.prod(node_density.MIRROR[i] for i in at)
            for at in ((0,), (1,), (2,), (3,), *node_density.PAIRS, *TRIPLES)
        ),
    ]
)


class Starts(NamedTuple):
    """θ (laws, 4): α, β, μ, log σ with median 0 and interquartile range 2; log f at the nodes, transposed.

    The laws with β ≥ 0 come first; after these, the mirror images of those with β > 0. `derivatives` holds, for the
    first, log f, its 4 first, 10 second and 20 third derivatives (`node_density.PAIRS`, `TRIPLES`), so that a
    search has its first evaluation for the price of a product; where `from_inversion`, α below 0.8, only log f: there
    the nodes of the sample see too little of the law.
    """

    theta: np.ndarray
    log_f: np.ndarray  # (nodes, laws), single precision: it only has to rank the laws
    original: np.ndarray  # (laws,): the law with β >= 0
    derivatives: np.ndarray  # (original laws, 35, nodes)
    from_inversion: np.ndarray

    def first_evaluation(self, law: int, weights: binning.Weights) -> np.ndarray:
        """Log-likelihood and its derivatives up to the third at a start law, (35,)."""
        original = self.original[law]
        columns, w = self.derivatives[original], weights.at_nodes
        if original == law:
            return columns[:, : w.size] @ w
        return _MIRROR * (columns[:, : w.size] @ binning.mirrored(w))  # the law itself on the mirrored sample

    def best(self, weights: list[binning.Weights]) -> list[int]:
        """The numbers of the start laws under which each sample is most likely."""
        w = binning.in_rows(weights, np.float32)
        return (w @ self.log_f[: w.shape[1]]).argmax(axis=1).tolist()


def _quartiles(alpha: float, beta: float) -> np.ndarray:
    """25, 50 and 75 % points to about three digits."""
    x = np.sinh(np.linspace(-2.6, 2.6, 41))
    tail = np.exp(exact(alpha, beta, x)[1])
    return np.interp([0.25, 0.5, 0.75], np.where(x < 0.0, tail, 1.0 - tail), x)


def _second(theta: np.ndarray) -> np.ndarray:
    """log f and its first and second derivatives (15, nodes)."""
    return table_density.log_density(theta[None], node_density.places(_N_FAR))[:, 0].copy()


def _derivatives(theta: np.ndarray) -> np.ndarray:
    """log f and its derivatives up to the third, (35, nodes)."""
    found = [_second(theta)]
    for k in range(4):
        shift = np.zeros(4)
        shift[k] = _STEP
        pairs = [5 + node_density.PAIRS.index((i, j)) for i, j, last in TRIPLES if last == k]  # in the order of TRIPLES
        found.append((_second(theta + shift)[pairs] - _second(theta - shift)[pairs]) / (2.0 * _STEP))
    return np.concatenate(found)


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
    from_inversion = theta[:, 0] < law_table.FROM
    y = node_density.places(_N_FAR)
    derivatives = np.zeros((theta.shape[0], 35, y.size))
    for k, (alpha, beta, loc, log_scale) in enumerate(theta):
        if from_inversion[k]:
            derivatives[k, 0] = exact(alpha, beta, (y - loc) * np.exp(-log_scale))[0] - log_scale
        else:
            derivatives[k] = _derivatives(theta[k])
    log_f = derivatives[:, 0]
    skewed = np.flatnonzero(theta[:, 1])
    log_f = np.maximum(np.concatenate([log_f, [binning.mirrored(log_f[k]) for k in skewed]]), _FLOOR)
    all_theta = np.concatenate([theta, theta[skewed] * _MIRROR[1:5]])
    from_inversion = np.concatenate([from_inversion, from_inversion[skewed]])
    return Starts(
        all_theta,
        np.ascontiguousarray(log_f.T, dtype=np.float32),
        np.concatenate([np.arange(theta.shape[0]), skewed]),
        derivatives,
        from_inversion,
    )
