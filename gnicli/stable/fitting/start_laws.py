"""Log-densities of 286 laws at the nodes and their derivatives, standardized: the first guess of the fit.

Built in memory at first use (about a second), deterministic.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from gnicli.stable.density.exact import exact
from gnicli.stable.fitting import binning, law_table, node_density, table_density

_ALPHAS = (
    0.5,
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
_BETAS = (0.0, 0.2, 0.4, 0.6, 0.75, 0.88, 0.96)
_FLOOR = -600.0
_REACH, _MOST_BETA = (0.05, 0.15), 0.985  # of what lies between start laws: from the nearest in α and β, and size of β
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

    def between(self, law: int, weights: binning.Weights) -> np.ndarray:
        """The θ near a start law under which the sample is most likely, by those of the law and its neighbors.

        In α and β these are values of a polynomial of degree (2, 2); what median and quartiles make of μ and log σ too.
        """
        numbers, alphas, betas = _numbers(), np.array(_ALPHAS), _signed_betas()
        row, column = (int(each[0]) for each in np.nonzero(numbers == law))
        first = min(max(row - 1, 0), alphas.size - 3), min(max(column - 1, 0), betas.size - 3)
        a, b = alphas[first[0] : first[0] + 3], betas[first[1] : first[1] + 3]
        around = numbers[first[0] : first[0] + 3, first[1] : first[1] + 3]
        w = weights.at_nodes.astype(np.float32)
        value = (w @ self.log_f[: w.size, around.ravel()]).astype(np.float64).reshape(3, 3)
        value -= value[row - first[0], column - first[1]]
        alpha, beta = float(alphas[row]), float(betas[column])
        for _ in range(3):
            by_a, by_b = _lagrange(alpha, a), _lagrange(beta, b)
            found = by_a @ value @ by_b.T  # derivatives by α in rows, by β in columns
            determinant = found[2, 0] * found[0, 2] - found[1, 1] ** 2
            if not (found[2, 0] < 0.0 and determinant > 0.0):
                break
            alpha -= float(found[1, 0] * found[0, 2] - found[0, 1] * found[1, 1]) / determinant
            beta -= float(found[0, 1] * found[2, 0] - found[1, 0] * found[1, 1]) / determinant
            alpha = min(max(alpha, alphas[row] - _REACH[0]), alphas[row] + _REACH[0])
            beta = min(max(beta, betas[column] - _REACH[1], -_MOST_BETA), betas[column] + _REACH[1], _MOST_BETA)
        shares = np.outer(_lagrange(alpha, a)[0], _lagrange(beta, b)[0]).ravel()
        return np.array([alpha, beta, *(shares @ self.theta[around.ravel(), 2:])])

    def best(self, weights: list[binning.Weights]) -> list[int]:
        """The numbers of the start laws under which each sample is most likely."""
        w = binning.in_rows(weights, np.float32)
        return (w @ self.log_f[: w.shape[1]]).argmax(axis=1).tolist()


@lru_cache(maxsize=1)
def _signed_betas() -> np.ndarray:
    return np.array([*(-each for each in _BETAS[:0:-1]), *_BETAS])


@lru_cache(maxsize=1)
def _numbers() -> np.ndarray:
    """The numbers of the start laws by α and β, (alphas, signed betas)."""
    n_alphas, n_betas = len(_ALPHAS), len(_BETAS)
    positive = np.arange(n_alphas * n_betas).reshape(n_alphas, n_betas)
    negative = n_alphas * n_betas + np.arange(n_alphas * (n_betas - 1)).reshape(n_alphas, -1)
    return np.concatenate([negative[:, ::-1], positive], axis=1)


def _lagrange(at: float, nodes: np.ndarray) -> np.ndarray:
    """The polynomials of three nodes, their slopes and second derivatives, (3, 3 nodes)."""
    p, q, r = (at - nodes).tolist()
    x, y, z = nodes.tolist()
    over = np.array([1.0 / ((x - y) * (x - z)), 1.0 / ((y - x) * (y - z)), 1.0 / ((z - x) * (z - y))])
    return np.array([[q * r, p * r, p * q], [q + r, p + r, p + q], [2.0, 2.0, 2.0]]) * over


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
