"""The density of a stable law and its derivatives at the fixed nodes, for several laws at once: matrix products.

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

from gnicli.stable import cells

# octaves of |y| + ½, angle of the ray in units of π, range of the double-exponential variable, number of nodes t
_GROUPS = (((0, 1), 0.07, -3.1, 4.0, 82), ((2, 3, 4), 0.16, -3.1, 3.45, 74))
_AXIS_TOP, _AXIS_STEP = 1.3, 0.45  # of log s
PAIRS = ((0, 0), (0, 1), (0, 2), (0, 3), (1, 1), (1, 2), (1, 3), (2, 2), (2, 3), (3, 3))  # α, β, μ, log σ
_MIRROR = np.array([1.0, -1.0, -1.0, 1.0])
_MIRROR_ALL = np.array([1.0, *_MIRROR, *(_MIRROR[i] * _MIRROR[j] for i, j in PAIRS)])


class Grid(NamedTuple):
    """All t of the right side's rays in one row, and the matrices with the part of the row that each reads.

    A matrix is (2 n_t, nodes): it takes the real and imaginary parts of φ in turn, as they lie in memory.
    """

    t: np.ndarray
    log_radius: np.ndarray
    ray: np.ndarray  # which ray, 0 to 2
    angle: np.ndarray  # (3,)
    near: tuple[tuple[slice, np.ndarray], ...]
    far: tuple[slice, np.ndarray]


def _alternating(real: np.ndarray, imaginary: np.ndarray) -> np.ndarray:
    """Rows of the two matrices in turn."""
    return np.stack([real, imaginary], axis=1).reshape(2 * real.shape[0], -1)


@lru_cache(maxsize=64)
def grid(n_far: int) -> Grid:
    """For samples that reach into the first `n_far` far octaves; built once per process, in a few milliseconds."""
    log_radius, angle, ray, near = [], [], [], []
    start = 0
    for k, (octaves, turn, low, high, n_nodes) in enumerate(_GROUPS):
        v = np.linspace(low, high, n_nodes)
        log_r = v - np.exp(-v)
        t = np.exp(log_r - 1j * turn * math.pi)
        dt = t * (1.0 + np.exp(-v)) * (v[1] - v[0])
        y = cells.node_places(np.array(octaves), cells.NEAR_ORDER).ravel()
        kernel = np.exp(-1j * np.outer(t, y)) * (dt / math.pi)[:, None]
        near.append((slice(2 * start, 2 * (start + n_nodes)), _alternating(kernel.real, -kernel.imag)))
        log_radius.append(log_r)
        angle.append(-turn * math.pi)
        ray.append(np.full(n_nodes, k))
        start += n_nodes
    far_octaves = np.arange(cells.NEAR_OCTAVES, cells.NEAR_OCTAVES + n_far)
    # the farthest node sees s down to exp(-14) / y, below which s^{1+α} has nothing left to add
    lowest = -14.0 - math.log(2.0) * (cells.NEAR_OCTAVES + n_far - 1)
    log_s = np.arange(_AXIS_TOP, lowest, -_AXIS_STEP)
    kernel = np.exp(-np.outer(np.exp(log_s), cells.node_places(far_octaves, cells.FAR_ORDER).ravel()))
    kernel *= (np.exp(log_s) * _AXIS_STEP / math.pi)[:, None]
    log_radius.append(log_s)
    angle.append(-0.5 * math.pi)
    ray.append(np.full(log_s.size, len(_GROUPS)))
    radii, rays, angles = np.concatenate(log_radius), np.concatenate(ray), np.array(angle)
    t = np.exp(radii) * np.exp(1j * angles)[rays]
    far = (slice(2 * start, 2 * (start + log_s.size)), _alternating(np.zeros_like(kernel), kernel))
    return Grid(t, radii, rays, angles, tuple(near), far)


def _cotangent(eps: np.ndarray) -> np.ndarray:
    """K(ε) = h cot h with h = πε/2, and its first two derivatives with respect to ε: shape (3, *eps.shape)."""
    half_pi = 0.5 * math.pi
    rows = []
    for value in eps.ravel().tolist():  # a handful of laws: plain floats are faster than arrays
        h = half_pi * value
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
        rows.append((k0, k1 * half_pi, k2 * half_pi**2))
    return np.array(rows).T.reshape(3, *eps.shape)


def _relative_exponential(z: np.ndarray, grown: np.ndarray, small: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """E = expm1(z)/z, E' and E'' from z and exp(z); `small` where |z| < 0.6 throughout, else |z|/|log t| > 0.01."""
    if not small:
        inverse = 1.0 / np.where(z == 0.0, 1e-20, z)
        e0 = (grown - 1.0) * inverse
        e1 = (grown - e0) * inverse
        return e0, e1, (grown - 2.0 * e1) * inverse
    # E'' = Σ z^k / (k! (k + 3)); E' and E follow from the recurrences above, read backwards
    e2 = np.full_like(z, 1.0 / (math.factorial(14) * 17))
    for k in range(13, -1, -1):
        e2 *= z
        e2 += 1.0 / (math.factorial(k) * (k + 3))
    e1 = 0.5 * (grown - z * e2)
    return grown - z * e1, e1, e2


class _Parts(NamedTuple):
    """What log φ and its derivatives are made of, (laws, n_t) each; a suffix names a derivative of g."""

    power: np.ndarray  # w^α
    log_w: np.ndarray
    wg: np.ndarray
    wg_l: np.ndarray
    wg_a: np.ndarray
    wg_aa: np.ndarray
    wg_la: np.ndarray


def _parts(g: Grid, alpha: np.ndarray, log_scale: np.ndarray) -> _Parts:
    eps = alpha - 1.0
    real = g.log_radius + log_scale
    log_w = real + 1j * g.angle[g.ray]
    w = np.exp(log_scale) * g.t
    grown = np.exp(eps * real) * np.exp(1j * eps * g.angle)[:, g.ray]
    z = eps * log_w
    small = np.abs(eps[:, 0]) <= 0.01
    if small.all() or not small.any():
        e0, e1, e2 = _relative_exponential(z, grown, bool(small[0]))
    else:
        e0, e1, e2 = (np.empty_like(z) for _ in range(3))
        for kind in (False, True):
            rows = small == kind
            e0[rows], e1[rows], e2[rows] = _relative_exponential(z[rows], grown[rows], kind)
    k0, k1, k2 = _cotangent(eps)
    c = (2.0 / math.pi) * w * log_w
    power = w * grown
    c_e0 = c * e0
    c_l_e1 = c * log_w * e1
    return _Parts(
        power,
        log_w,
        c_e0 * k0,
        (2.0 / math.pi) * k0 * power,
        c_l_e1 * k0 + c_e0 * k1,
        c * log_w * log_w * e2 * k0 + c_l_e1 * (2.0 * k1) + c_e0 * k2,
        (2.0 / math.pi) * power * (log_w * k0 + k1),
    )


def _columns(g: Grid, theta: np.ndarray, order: int) -> np.ndarray:
    """φ and its first and second derivatives at all t, complex (n_columns, laws, 2 sides, n_t), θ (laws, 4)."""
    alpha, beta, loc, log_scale = (theta[:, k : k + 1] for k in range(4))
    p = _parts(g, alpha, log_scale)
    out = np.empty((15 if order else 1, theta.shape[0], 2, g.t.size), dtype=np.complex128)
    it = 1j * g.t
    odd = loc * it - (1j * beta) * p.wg
    for side, sign in ((0, 1.0), (1, -1.0)):
        exponent = sign * odd - p.power
        size = np.exp(exponent.real)
        phi = out[0, :, side]
        phi.real = size * np.cos(exponent.imag)
        phi.imag = size * np.sin(exponent.imag)
    if not order:
        return out
    first = np.empty((4, *out.shape[1:]), dtype=np.complex128)  # ∂ log φ
    i_beta = 1j * beta
    grown_log = p.power * p.log_w
    sum_l = p.wg + p.wg_l
    _two_sides(first[0], -grown_log, -i_beta * p.wg_a)
    first[1] = (-1j * p.wg)[:, None]
    first[2] = it
    _two_sides(first[3], -alpha * p.power, -i_beta * sum_l)
    phi = out[0]
    np.multiply(phi, first, out=out[1:5])
    np.multiply(out[1], first, out=out[5:9])
    np.multiply(out[2], first[1:], out=out[9:12])
    np.multiply(out[3], first[2:], out=out[12:14])
    np.multiply(out[4], first[3], out=out[14])
    second = np.empty((5, *out.shape[1:]), dtype=np.complex128)  # ∂² log φ where it is not 0, in the order of PAIRS
    _two_sides(second[0], -grown_log * p.log_w, -i_beta * p.wg_aa)
    second[1] = (-1j * p.wg_a)[:, None]
    _two_sides(second[2], -p.power - alpha * grown_log, -i_beta * (p.wg_a + p.wg_la))
    second[3] = (-1j * sum_l)[:, None]
    _two_sides(second[4], (-alpha * alpha) * p.power, -i_beta * (p.wg + (1.0 + alpha) * p.wg_l))
    second *= phi
    for k, row in enumerate((5, 6, 8, 11, 14)):
        out[row] += second[k]
    return out


def _two_sides(out: np.ndarray, even: np.ndarray, odd: np.ndarray) -> None:
    """What does not change with the signs of β and μ, plus and minus what does: `out` (laws, 2 sides, n_t)."""
    np.add(even, odd, out=out[:, 0])
    np.subtract(even, odd, out=out[:, 1])


class Density(NamedTuple):
    """f and its derivatives at the nodes, (n_columns, laws, 2 sides, nodes): f, 4 first, 10 second derivatives."""

    near: np.ndarray
    far: np.ndarray


def density(theta: np.ndarray, n_far: int, order: int = 2) -> Density:
    """At the near nodes and those of the first `n_far` far octaves, for laws θ (laws, 4) in S0: α, β, μ, log σ."""
    g = grid(n_far)
    columns = _columns(g, theta, order)
    n_columns, n_laws, _, n_t = columns.shape
    flat = columns.reshape(-1, n_t).view(np.float64)
    near = [flat[:, part] @ matrix for part, matrix in g.near]
    part, matrix = g.far
    out = Density(
        np.concatenate(near, axis=1).reshape(n_columns, n_laws, 2, -1),
        (flat[:, part] @ matrix).reshape(n_columns, n_laws, 2, n_far * cells.FAR_ORDER),
    )
    if order:
        flip = _MIRROR_ALL[:, None, None]
        out.near[:, :, 1] *= flip
        out.far[:, :, 1] *= flip
    return out


def places(n_far: int) -> tuple[np.ndarray, np.ndarray]:
    """|y| of the near and of the far nodes, in the order of `Density`."""
    near = cells.node_places(np.arange(cells.NEAR_OCTAVES), cells.NEAR_ORDER).ravel()
    far = cells.node_places(np.arange(cells.NEAR_OCTAVES, cells.NEAR_OCTAVES + n_far), cells.FAR_ORDER).ravel()
    return near, far
