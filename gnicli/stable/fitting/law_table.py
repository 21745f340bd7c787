"""Densities of stable laws with alpha from 0.8 on as splines, whose coefficients are interpolated in alpha and beta.

In S0 a law is smooth in both, alpha = 1 included. Over a tile of the (alpha, beta) plane the density at a place is a
polynomial in alpha and beta, so that a law and its derivatives by them are sums over the tile's laws: a product of two
small matrices, where the integrals of `law_density` take twenty times as long. By the place x, in scales from the S0
location, they are splines of degree 5 in

    w = u / √(1 + (u / 5)²),    u = asinh(x),

of f(x) cosh(u)^(α + 1), which tends to a constant in each tail. The values that the splines go through are those of
`law_density`. A tile is built when a law falls into it, in some 15 ms.
"""

from __future__ import annotations

import math
from functools import cache, lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from gnicli.stable.fitting import law_density, law_nodes

FROM = law_nodes.FROM_S0  # alpha, from which on there are tiles
NEAR_END = law_nodes.NEAR_END * law_nodes.width(FROM)  # |x|, beyond which tails come out to full relative accuracy
BEND = 5.0  # of w: how far out, in u, the places get farther apart
STEP = 0.05  # between places in w
N_SIDE = 99  # places on each side of 0: to u = 35
N_COEFFICIENTS = 2 * N_SIDE + 5
ALPHA_EDGES = (FROM, 0.84, 0.89, 0.95, 1.05, 1.16, 1.35, 1.55, 1.74, 2.0)
BETA_EDGES = (-1.0, -0.65, -0.25, 0.25, 0.65, 1.0)
_ALPHA_ORDER, _BETA_ORDER = 8, 10
_LOG_WIDTH = math.log(law_nodes.width(FROM))
# numerators over 120 of the six splines that are not 0 between two places, by powers of the way from one to the next
_SPLINES = np.array(
    [
        [1, -5, 10, -10, 5, -1],
        [26, -50, 20, 20, -20, 5],
        [66, 0, -60, 0, 30, -10],
        [26, 50, 20, -20, -20, 10],
        [1, 5, 10, 10, 5, -5],
        [0, 0, 0, 0, 0, 1],
    ]
)


class _Axis(NamedTuple):
    """The panel of one parameter: its middle, half its width, and what makes Lagrange's polynomials of powers.

    `polynomials` (order, 3 · order) takes powers of the coordinate in (-1, 1) to values, slopes and second derivatives
    by the parameter.
    """

    middle: float
    half: float
    nodes: np.ndarray
    polynomials: np.ndarray


def _axis(low: float, high: float, order: int) -> _Axis:
    at = -np.cos(np.pi * (np.arange(order) + 0.5) / order)
    middle, half = 0.5 * (high + low), 0.5 * (high - low)
    values = np.linalg.inv(np.vander(at, increasing=True))  # (power, node)
    k = np.arange(order)
    slopes, bends = np.zeros_like(values), np.zeros_like(values)
    slopes[:-1] = k[1:, None] * values[1:] / half
    bends[:-1] = k[1:, None] * slopes[1:] / half
    return _Axis(middle, half, middle + half * at, np.concatenate([values, slopes, bends], axis=1))


@lru_cache(maxsize=1)
def _axes() -> tuple[tuple[_Axis, ...], tuple[_Axis, ...]]:
    alphas, betas = (
        tuple(_axis(low, high, order) for low, high in pairwise(edges))
        for edges, order in ((ALPHA_EDGES, _ALPHA_ORDER), (BETA_EDGES, _BETA_ORDER))
    )
    return alphas, betas


def spline_weights() -> np.ndarray:
    """What makes the six splines, their slopes and second derivatives by w of powers 0 to 5: (18, 6)."""
    values = _SPLINES / 120.0
    k = np.arange(1, 6)
    slopes, bends = np.zeros_like(values), np.zeros_like(values)
    slopes[:, :-1] = values[:, 1:] * k / STEP
    bends[:, :-1] = slopes[:, 1:] * k / STEP
    return np.concatenate([values, slopes, bends])


@lru_cache(maxsize=1)
def _places() -> np.ndarray:
    """x of the places on the positive side, 0 first."""
    w = STEP * np.arange(N_SIDE + 1)
    return np.asarray(np.sinh(w / np.sqrt(1.0 - (w / BEND) ** 2)))


@lru_cache(maxsize=1)
def _to_coefficients() -> np.ndarray:
    """From values at all places to coefficients (N_COEFFICIENTS, places), with second differences of 0 at the ends."""
    n = 2 * N_SIDE + 1
    rows = np.zeros((N_COEFFICIENTS, N_COEFFICIENTS))
    at = np.arange(n)
    for k, value in enumerate((1.0, 26.0, 66.0, 26.0, 1.0)):
        rows[at, at + k] = value / 120.0
    for row, first in ((n, 0), (n + 1, 1), (n + 2, n), (n + 3, n + 1)):
        rows[row, first : first + 3] = (1.0, -2.0, 1.0)
    return np.asarray(np.linalg.inv(rows)[:, :n])


@cache
def _ray(k: int) -> law_density.Contour:
    y = _places() * math.exp(-_LOG_WIDTH)
    return law_density.near_ray(k, y[y < law_nodes.NEAR_END])


@lru_cache(maxsize=1)
def _far() -> law_density.Contour:
    y = _places() * math.exp(-_LOG_WIDTH)
    return law_density.far_axis(y[y >= law_nodes.NEAR_END], math.log(y[-1]))


def _side(alpha: float, beta: float) -> np.ndarray:
    """f(x) cosh(u)^(α + 1) at the places of the positive side."""
    contours = _ray(law_density.angle_number(alpha, beta)), _far()
    f = np.concatenate([law_density.columns(alpha, beta, each, _LOG_WIDTH, 0)[0] for each in contours])
    return np.asarray(f * math.exp(-_LOG_WIDTH) * (1.0 + _places() ** 2) ** (0.5 * (alpha + 1.0)))


@cache
def _tile(i: int, j: int) -> np.ndarray:
    """The coefficients of the splines of a tile's laws, (laws, N_COEFFICIENTS)."""
    alphas, betas = _axes()
    last = len(betas) - 1
    if 2 * j > last:  # the mirror images of the laws of another
        mirrored = _tile(i, last - j).reshape(_ALPHA_ORDER, _BETA_ORDER, -1)
        return np.ascontiguousarray(mirrored[:, ::-1, ::-1]).reshape(_ALPHA_ORDER * _BETA_ORDER, -1)
    values = [
        np.concatenate([_side(alpha, -beta)[:0:-1], _side(alpha, beta)])
        for alpha in alphas[i].nodes.tolist()
        for beta in betas[j].nodes.tolist()
    ]
    return np.array(values) @ _to_coefficients().T


_BY_ALPHA, _BY_BETA = np.array([0, 1, 0, 2, 1, 0]), np.array([0, 0, 1, 0, 1, 2])


def coefficients(alpha: float, beta: float) -> np.ndarray:
    """Of the law with alpha in [FROM, 2], and its derivatives by α, β, α², αβ, β²: (6, N_COEFFICIENTS)."""
    rows, numbers = [], []
    for axes, edges, value in zip(_axes(), (ALPHA_EDGES, BETA_EDGES), (alpha, beta), strict=True):
        number = 0
        while number < len(axes) - 1 and value >= edges[number + 1]:
            number += 1
        axis = axes[number]
        powers = ((value - axis.middle) / axis.half) ** np.arange(axis.nodes.size)
        rows.append((powers @ axis.polynomials).reshape(3, -1))
        numbers.append(number)
    by_alpha, by_beta = rows[0][_BY_ALPHA], rows[1][_BY_BETA]
    weights = (by_alpha[:, :, None] * by_beta[:, None, :]).reshape(6, -1)
    return weights @ _tile(numbers[0], numbers[1])
