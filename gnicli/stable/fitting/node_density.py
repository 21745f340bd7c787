"""The density of a stable law and its derivatives at the fixed nodes: matrix products.

With w = σt, ε = α − 1, L = log w, g = expm1(εL)/tan(πε/2) the logarithm of the characteristic function in S0 is

    log φ = iμt − w exp(εL) − iβ w g,

and f(y) = (1/π) Re ∫ exp(−ity) φ(t) dt along a ray. The matrix exp(−i t_k y_j) dt_k is the same for every law; φ and
its derivatives with respect to α, β, μ and log σ are the columns it is applied to. Nodes near the center use rays
turned slightly, far nodes (|y| ≥ 15.5) the negative imaginary axis, on which the tail comes out to full relative
accuracy.
The left side is the right side of the mirrored law (−β, −μ), which shares all that does not depend on β and μ.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from gnicli.stable.fitting import binning
from gnicli.stable.fitting.scratch import scratch

# octaves of |y| + ½, angle of the ray in units of π, range of the double-exponential variable, number of nodes t
_GROUPS = (((0, 1), 0.07, -3.1, 4.0, 82), ((2, 3, 4), 0.16, -3.1, 3.45, 74))
_AXIS_TOP, _AXIS_STEP = 1.3, 0.45  # of log s
# of α, β, μ, log σ, in the order in which `_columns` multiplies; ∂² log φ is 0 for (2, 3) and all after (3, 3)
PAIRS = ((0, 0), (0, 1), (0, 3), (1, 3), (2, 3), (3, 3), (0, 2), (1, 2), (2, 2), (1, 1))
_NEAR_FLOOR, _FAR_FLOOR = 1e-12, 1e-250  # what the rays near the center resolve, and the axis
_TWO_OVER_PI = 2.0 / math.pi
MIRROR = (1.0, -1.0, -1.0, 1.0)  # the signs that α, β, μ, log σ get in the mirrored law


class Grid(NamedTuple):
    """All t of the right side's rays in one row, and the matrices with the part of the row that each reads.

    A matrix is (2 n_t, nodes): it takes the real and imaginary parts of φ in turn, as they lie in memory.
    """

    t: np.ndarray
    log_t: np.ndarray
    ray: np.ndarray  # which ray, 0 to 2
    angle: np.ndarray  # (3,)
    products: tuple[tuple[slice, np.ndarray], ...]  # octaves of the near nodes, then all far nodes
    floor: np.ndarray  # at each node: a density below is rounding


def _alternating(real: np.ndarray, imaginary: np.ndarray) -> np.ndarray:
    """Rows of the two matrices in turn."""
    return np.stack([real, imaginary], axis=1).reshape(2 * real.shape[0], -1)


@lru_cache(maxsize=64)
def grid(n_far: int) -> Grid:
    """For samples that reach into the first `n_far` far octaves; built once per process, in a few milliseconds."""
    log_radius, angle, ray, products = [], [], [], []
    start = 0
    for k, (octaves, turn, low, high, n_nodes) in enumerate(_GROUPS):
        v = np.linspace(low, high, n_nodes)
        log_r = v - np.exp(-v)
        t = np.exp(log_r - 1j * turn * math.pi)
        dt = t * (1.0 + np.exp(-v)) * (v[1] - v[0])
        y = binning.node_places(np.array(octaves), binning.NEAR_ORDER).ravel()
        kernel = np.exp(-1j * np.outer(t, y)) * (dt / math.pi)[:, None]
        products.append((slice(2 * start, 2 * (start + n_nodes)), _alternating(kernel.real, -kernel.imag)))
        log_radius.append(log_r)
        angle.append(-turn * math.pi)
        ray.append(np.full(n_nodes, k))
        start += n_nodes
    far_octaves = np.arange(binning.NEAR_OCTAVES, binning.NEAR_OCTAVES + n_far)
    # the farthest node sees s down to exp(-14) / y, below which s^{1+α} has nothing left to add
    lowest = -14.0 - math.log(2.0) * (binning.NEAR_OCTAVES + n_far - 1)
    log_s = np.arange(_AXIS_TOP, lowest, -_AXIS_STEP)
    kernel = np.exp(-np.outer(np.exp(log_s), binning.node_places(far_octaves, binning.FAR_ORDER).ravel()))
    kernel *= (np.exp(log_s) * _AXIS_STEP / math.pi)[:, None]
    log_radius.append(log_s)
    angle.append(-0.5 * math.pi)
    ray.append(np.full(log_s.size, len(_GROUPS)))
    radii, rays, angles = np.concatenate(log_radius), np.concatenate(ray), np.array(angle)
    log_t = radii + 1j * angles[rays]
    products.append((slice(2 * start, 2 * (start + log_s.size)), _alternating(np.zeros_like(kernel), kernel)))
    floor = np.repeat((_NEAR_FLOOR, _FAR_FLOOR), (binning.N_NEAR, 2 * kernel.shape[1]))
    return Grid(np.exp(log_t), log_t, rays, angles, tuple(products), floor)


def cotangent(eps: float) -> tuple[float, float, float]:
    """K(ε) = h cot h with h = πε/2, and its first two derivatives with respect to ε."""
    half_pi = 0.5 * math.pi
    h = half_pi * eps
    q = h * h
    if abs(h) < 0.1:
        k0 = 1.0 - q * (1 / 3 + q * (1 / 45 + q * (2 / 945 + q / 4725)))
        k1 = -h * (2 / 3 + q * (4 / 45 + q * (12 / 945 + q * 8 / 4725)))
        k2 = -(2 / 3 + q * (12 / 45 + q * (60 / 945 + q * 56 / 4725)))
    else:
        sin, cos = math.sin(h), math.cos(h)
        k0 = h * cos / sin
        k1 = cos / sin - h / sin**2
        k2 = (2.0 * h * cos / sin - 2.0) / sin**2
    return k0, k1 * half_pi, k2 * half_pi**2


def _growth(out: np.ndarray, w: np.ndarray, log_w: np.ndarray, eps: np.ndarray) -> None:
    """Fill E₀, E₁, E₂ of `out` (see `_fill_basis`), whose powers are there; ε is (laws, 1)."""
    small = np.abs(eps) <= 0.01
    some = bool(small.any())
    inverse = 1.0 / (np.where(small, 1.0, eps) if some else eps)
    np.subtract(out[1], w, out=out[4])
    out[5:] = out[2:4]
    out[4:] *= _TWO_OVER_PI * inverse
    out[5] -= out[4] * inverse
    out[6] -= out[5] * (2.0 * inverse)
    if some:
        rows = np.flatnonzero(small)
        out[4:, rows] = growth_by_series(w[rows], log_w[rows], eps[rows])


def growth_by_series(w: np.ndarray, log_w: np.ndarray, eps: np.ndarray) -> np.ndarray:
    """E₀, E₁, E₂ of the laws with small ε, (3, laws, n_t)."""
    # e2 = Σ z^k / (k! (k + 3)); e1 and e0 = expm1(z)/z follow from the recurrence of `_growth`, read backwards
    z = eps * log_w
    e2 = np.full_like(z, 1.0 / (math.factorial(14) * 17))
    for k in range(13, -1, -1):
        e2 *= z
        e2 += 1.0 / (math.factorial(k) * (k + 3))
    grown = np.exp(z)
    e1 = 0.5 * (grown - z * e2)
    c = _TWO_OVER_PI * w * log_w
    return np.stack([c * (grown - z * e1), c * log_w * e1, c * log_w * log_w * e2])


def _fill_basis(out: np.ndarray, g: Grid, eps: np.ndarray, log_scale: np.ndarray) -> None:
    """Fill `out` with what log φ and its derivatives are linear in, (7, laws, n_t): it; w^α times 1, L, L²; E₀, E₁, E₂.

    E_k is (2/π) w L^{k+1} times the k-th derivative of expm1(z)/z at z = εL. ε and log σ are (laws, 1).
    """
    log_w = g.log_t + log_scale
    w = np.exp(log_scale) * g.t
    np.multiply(g.t, 1j, out=out[0])
    # exp(ε L) by modulus and argument, which is one of three: a complex exponential takes four times as long
    np.multiply(np.exp(eps * log_w.real) * np.exp(1j * eps * g.angle)[:, g.ray], w, out=out[1])
    np.multiply(out[1], log_w, out=out[2])
    np.multiply(out[2], log_w, out=out[3])
    _growth(out, w, log_w, eps)


def _combinations() -> np.ndarray:
    """How rows of log φ depend on the basis: (10 features of a law, 10 rows · 2 sides · 7) to be multiplied.

    Features: 1, α, α², μ, K, K', βK, βK', βK'', αβK. Rows: log φ, its derivatives by α, β, μ, log σ, and its second
    ones, the first six of PAIRS but in the order that they have there. The left side changes the signs of β and μ,
    and of the derivatives by them.
    """
    one, alpha, alpha2, loc, k0, k1, b_k0, b_k1, b_k2, ab_k0 = range(10)
    it, p, p_l, p_ll, e0, e1, e2 = range(7)
    even: dict[int, tuple[tuple[int, int, float], ...]] = {
        0: ((one, p, -1.0),),
        1: ((one, p_l, -1.0),),
        3: (),
        4: ((alpha, p, -1.0),),
        5: ((one, p_ll, -1.0),),
        7: ((one, p, -1.0), (alpha, p_l, -1.0)),
        10: ((alpha2, p, -1.0),),
    }
    odd: dict[int, tuple[tuple[int, int, float], ...]] = {  # times −i
        0: ((b_k0, e0, 1.0),),
        1: ((b_k0, e1, 1.0), (b_k1, e0, 1.0)),
        4: ((b_k0, e0, 1.0), (b_k0, p, _TWO_OVER_PI)),
        5: ((b_k0, e2, 1.0), (b_k1, e1, 2.0), (b_k2, e0, 1.0)),
        7: ((b_k0, e1, 1.0), (b_k1, e0, 1.0), (b_k0, p_l, _TWO_OVER_PI), (b_k1, p, _TWO_OVER_PI)),
        10: ((b_k0, e0, 1.0), (b_k0, p, _TWO_OVER_PI), (ab_k0, p, _TWO_OVER_PI)),
    }
    same: dict[int, tuple[tuple[int, int, float], ...]] = {  # times −i too: by β, alike on both sides
        2: ((k0, e0, 1.0),),
        6: ((k0, e1, 1.0), (k1, e0, 1.0)),
        8: ((k0, e0, 1.0), (k0, p, _TWO_OVER_PI)),
    }
    table = np.zeros((10, 11, 2, 7), dtype=np.complex128)
    for terms, factors in ((even, (1.0, 1.0)), (odd, (-1j, 1j)), (same, (-1j, -1j))):
        for row, parts in terms.items():
            for feature, column, value in parts:
                table[feature, row, :, column] += np.array(factors) * value
    table[loc, 0, :, it] = (1.0, -1.0)
    table[one, 3, :, it] = 1.0
    for row, pair in enumerate(((), (0,), (1,), (2,), (3,), *PAIRS[:6])):
        table[:, row, 1] *= math.prod(MIRROR[k] for k in pair)
    return table.reshape(10, -1)


_COMBINATIONS = _combinations()


def _features(alpha: float, beta: float, loc: float) -> tuple[float, ...]:
    """The ten features of a law that `_combinations` multiplies."""
    k0, k1, k2 = cotangent(alpha - 1.0)
    return 1.0, alpha, alpha * alpha, loc, k0, k1, beta * k0, beta * k1, beta * k2, alpha * beta * k0


def _fill_columns(out: np.ndarray, basis: np.ndarray, rows: np.ndarray, g: Grid, theta: np.ndarray) -> None:
    """Fill `out` with φ, if it has room its derivatives too, at all t: complex (1 or 15 columns, 2 sides, laws, n_t).

    `basis` (7, laws, n_t) and `rows` (1 or 11, 2 sides, laws, n_t) are memory to work in.
    """
    features = np.array([_features(*law) for law in theta[:, :3].tolist()])
    combinations = (features @ _COMBINATIONS).reshape(theta.shape[0], -1, 7)[:, : 2 * rows.shape[0]]
    _fill_basis(basis, g, theta[:, :1] - 1.0, theta[:, 3:])
    flat = rows.reshape(-1, *basis.shape[1:])
    np.matmul(combinations, basis.transpose(1, 0, 2), out=flat.transpose(1, 0, 2))
    phi, exponent = out[0], rows[0]
    half = np.tan(0.5 * exponent.imag)  # of the argument: NumPy's tan takes a fraction of the time of its sin and cos
    square = half * half
    share = np.exp(exponent.real) / (1.0 + square)
    np.multiply(share, 1.0 - square, out=phi.real)
    np.multiply(share, 2.0 * half, out=phi.imag)
    if out.shape[0] == 1:
        return
    first, second = rows[1:5], rows[5:]
    np.multiply(phi, first, out=out[1:5])
    np.multiply(out[1], first[:2], out=out[5:7])
    np.multiply(out[1:5], first[3], out=out[7:11])
    np.multiply(out[1:4], first[2], out=out[11:14])
    np.multiply(out[2], first[1], out=out[14])
    second *= phi
    out[5:11] += second


def density(theta: np.ndarray, n_far: int, order: int = 2) -> np.ndarray:
    """f and its derivatives for laws θ (laws, 4) in S0 (α, β, μ, log σ) at the near and `n_far` octaves of far nodes.

    (n_columns, laws, nodes): f, with `order` 2 its 4 first and 10 second derivatives (`PAIRS`); the nodes as in
    `binning.Weights`. In scratch memory: to be used or copied at once. A few laws at a time: what many take together
    leaves the cache.
    """
    g = grid(n_far)
    n_laws, n_t, (n_rows, n_columns) = theta.shape[0], g.t.size, (11, 15) if order else (1, 1)
    basis, rows, columns, out, *products = scratch.arrays(
        ((7, n_laws, n_t), np.complex128),
        ((n_rows, 2, n_laws, n_t), np.complex128),
        ((n_columns, 2, n_laws, n_t), np.complex128),
        ((n_columns, n_laws, g.floor.size), np.float64),
        *(((n_columns * 2 * n_laws, matrix.shape[1]), np.float64) for _, matrix in g.products),
    )
    _fill_columns(columns, basis, rows, g, theta)
    flat = columns.reshape(n_columns * 2 * n_laws, -1).view(np.float64)
    start = 0
    for (part, matrix), sides in zip(g.products, products, strict=True):
        np.matmul(flat[:, part], matrix, out=sides)
        end = start + 2 * matrix.shape[1]
        nodes = binning.NEAR_ORDER if start < binning.N_NEAR else binning.FAR_ORDER
        octaves = out[:, :, start:end].reshape(n_columns, n_laws, -1, 2, nodes)
        octaves[:] = sides.reshape(n_columns, 2, n_laws, -1, nodes).transpose(0, 2, 3, 1, 4)
        start = end
    return out


@lru_cache(maxsize=64)
def places(n_far: int) -> np.ndarray:
    """y of the nodes, (nodes,); not to be written to."""
    out = np.empty(binning.N_NEAR + 2 * n_far * binning.FAR_ORDER)
    start = 0
    for part, order in zip(binning.by_octave(out), (binning.NEAR_ORDER, binning.FAR_ORDER), strict=True):
        outwards = binning.node_places(np.arange(start, start + part.shape[0]), order)
        part[:, 0], part[:, 1] = outwards, -outwards
        start += part.shape[0]
    return out
