"""The density of a standard stable law and its derivatives at the nodes of `law_nodes`, by one contour a side and zone.

f(y) = (1/π) Re ∫ exp(−ity) φ(t) dt along a ray t = r exp(−iθ), for y > 0; the left side is the right side of the
mirrored law. Near nodes use a ray that is turned as far as the law allows, so that both factors fall along it and
beside it: the error of the trapezoidal rule is exp(−2πd/h) with d the angle to where one of them stops falling. Far
nodes use the negative imaginary axis, on which the tail comes out to full relative accuracy. Nothing but φ depends on
the law, so that all derivatives are products with one matrix.
"""

from __future__ import annotations

import cmath
import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from gnicli.stable.fitting import law_nodes
from gnicli.stable.fitting.node_density import cotangent, growth_by_series

# log f, and the derivatives of f by y, α, β that stand behind it in the columns
COLUMNS = ("", "y", "a", "b", "yy", "ya", "yb", "aa", "ab", "bb")
NEAR_FLOOR, FAR_FLOOR = 1e-12, 1e-280  # of f times the width: what the rays resolve, and the axis
_ANGLES = 0.025 * 1.2 ** np.arange(14)  # of rays, in units of π
_LOWEST, _HIGHEST = -3.45, 5.4  # of v where log r = v − exp(−v)
_AXIS_TOP, _AXIS_STEP, _AXIS_BELOW = 0.0, 0.3, 26.0  # of log s
_GONE = -45.0  # log|φ| from where on a ray has ended
_TWO_OVER_PI = 2.0 / math.pi


class Contour(NamedTuple):
    """A ray t = r exp(−iθ): log r (n_t,), θ, and the matrix (2 n_t, nodes) for real and imaginary parts in turn.

    On the imaginary axis the imaginary parts alone count: (n_t, nodes).
    """

    log_r: np.ndarray
    angle: float
    matrix: np.ndarray


def _turn(angle: float) -> complex:
    """exp(−iθ), to the bit where θ is a right angle: a real part of 1e-16 is more than far tails have."""
    return -1j if angle == 0.5 * math.pi else cmath.exp(-1j * angle)


def _contour(log_r: np.ndarray, d_log_r: np.ndarray, angle: float, y: np.ndarray) -> Contour:
    t = np.exp(log_r) * _turn(angle)
    kernel = np.exp(-1j * np.outer(t, y)) * (t * d_log_r / math.pi)[:, None]
    return Contour(log_r, angle, np.stack([kernel.real, -kernel.imag], axis=1).reshape(2 * t.size, -1))


def near_ray(k: int, y: np.ndarray) -> Contour:
    """The ray with the k-th angle for places ŷ near the center."""
    angle = math.pi * float(_ANGLES[k])
    h = min(max(0.05, 0.135 * angle), 0.27 * angle)  # measured: errors below 1e-12 where a ray is turned far
    v = np.arange(_LOWEST, _HIGHEST, h)
    return _contour(v - np.exp(-v), h * (1.0 + np.exp(-v)), angle, y)


@lru_cache(maxsize=len(_ANGLES))
def _near_contour(k: int) -> Contour:
    """By the number of its angle; built once per process, in some milliseconds."""
    return near_ray(k, law_nodes.near_places())


@lru_cache(maxsize=64)
def _far_contour(n_far: int) -> Contour:
    return far_axis(law_nodes.far_places(n_far), math.log(2.0) * (law_nodes.NEAR_OCTAVES + n_far - 1))


def far_axis(y: np.ndarray, log_farthest: float) -> Contour:
    """The imaginary axis for places ŷ far out, up to exp(log_farthest)."""
    log_s = np.arange(_AXIS_TOP, -_AXIS_BELOW - log_farthest, -_AXIS_STEP)
    kernel = np.exp(-np.outer(np.exp(log_s), y)) * (np.exp(log_s) * _AXIS_STEP / math.pi)[:, None]
    return Contour(log_s, 0.5 * math.pi, kernel)


def angle_number(alpha: float, beta: float) -> int:
    """The number of the ray for the near nodes of the right side."""
    if alpha < law_nodes.FROM_S0:
        turn = 0.5 * (0.5 - math.atan(beta * math.tan(0.5 * math.pi * alpha)) / math.pi) / alpha
        wanted = min(turn, 0.25)
    else:  # measured: the largest that leaves errors near 1e-10
        light = min(0.03 + 0.12 * (alpha - 0.8), 0.13)
        wanted = light + (0.13 - light) * min(1.0 + beta, 1.0) ** 3
    return max(int(np.searchsorted(_ANGLES, wanted * 1.0001)) - 1, 0)


def _exponent_s1(alpha: float, beta: float, log_r: np.ndarray, angle: float, order: int) -> list[np.ndarray]:
    """log φ in S1 and its derivatives by α, β, α², αβ."""
    tangent = math.tan(0.5 * math.pi * alpha)
    slope = 0.5 * math.pi * (1.0 + tangent * tangent)
    bend = math.pi * tangent * slope
    log_t, power = log_r - 1j * angle, np.exp(alpha * log_r) * cmath.exp(-1j * alpha * angle)
    turned = 1.0 - 1j * beta * tangent
    found = [-turned * power]
    if order:
        grown = log_t * power
        by_beta = 1j * tangent * power
        found += [-turned * grown + 1j * beta * slope * power, by_beta]
        found += [
            log_t * (-turned * grown + 2j * beta * slope * power) + 1j * beta * bend * power,
            1j * slope * power + by_beta * log_t,
        ]
    return found


def _exponent_s0(alpha: float, beta: float, log_r: np.ndarray, angle: float, order: int) -> list[np.ndarray]:
    """log φ in S0 and its derivatives by α, β, α², αβ."""
    eps = alpha - 1.0
    k0, k1, k2 = cotangent(eps)
    t = np.exp(log_r) * _turn(angle)
    log_t, power = log_r - 1j * angle, np.exp(alpha * log_r) * cmath.exp(-1j * alpha * angle)
    if abs(eps) <= 0.01:
        e0, e1, e2 = growth_by_series(t, log_t, np.array(eps))
    else:
        e0 = _TWO_OVER_PI / eps * (power - t)
        e1 = (_TWO_OVER_PI * power * log_t - e0) / eps
        e2 = (_TWO_OVER_PI * power * log_t * log_t - 2.0 * e1) / eps
    skew = -1j * beta
    found = [skew * k0 * e0 - power]
    if order:
        first = k0 * e1 + k1 * e0
        grown = power * log_t
        found += [skew * first - grown, (-1j * k0) * e0]
        found += [skew * (k0 * e2 + 2.0 * k1 * e1 + k2 * e0) - grown * log_t, -1j * first]
    return found


def columns(
    alpha: float, beta: float, contour: Contour, log_width: float, order: int, out: np.ndarray | None = None
) -> np.ndarray:
    """f̂ and its derivatives at the nodes of a contour: (1 or 10 columns, nodes), by y in units of ŷ."""
    log_r, angle, matrix = contour
    exponent = _exponent_s1 if alpha < law_nodes.FROM_S0 else _exponent_s0
    log_phi, *derivatives = exponent(alpha, beta, log_r - log_width, angle, order)
    if log_r[0] < log_r[-1]:  # a ray outwards, which is left where φ has gone
        gone = log_phi.real < _GONE
        end = int(gone.argmax()) or log_r.size  # at its beginning φ is 1
        log_phi, log_r, matrix = log_phi[:end], log_r[:end], matrix[: 2 * end]
    phi = np.exp(log_phi)
    if not order:
        return _applied(phi[None], matrix, out)
    end = phi.size
    first, second = np.empty((3, end), dtype=np.complex128), np.empty((2, end), dtype=np.complex128)
    np.multiply(np.exp(log_r), -1j * _turn(angle), out=first[0])
    first[1], first[2], second[0], second[1] = (each[:end] for each in derivatives)
    rows = np.empty((10, end), dtype=np.complex128)
    rows[0] = phi
    np.multiply(phi, first, out=rows[1:4])
    np.multiply(rows[1], first, out=rows[4:7])
    np.multiply(rows[2], first[1:], out=rows[7:9])
    second *= phi
    rows[7:9] += second
    np.multiply(rows[3], first[2], out=rows[9])
    return _applied(rows, matrix, out)


def _applied(rows: np.ndarray, matrix: np.ndarray, out: np.ndarray | None) -> np.ndarray:
    """The integrals of complex `rows` (columns, n_t)."""
    if matrix.shape[0] == rows.shape[1]:
        return np.matmul(np.ascontiguousarray(rows.imag), matrix, out=out)
    return np.matmul(rows.view(np.float64), matrix, out=out)


@lru_cache(maxsize=64)
def _floor(n_far: int) -> np.ndarray:
    """At the nodes of a side, near ones first: below is rounding, not density."""
    return np.repeat((NEAR_FLOOR, FAR_FLOOR), (law_nodes.N_NEAR, law_nodes.far_places(n_far).size))


def side(alpha: float, beta: float, n_far: int, order: int = 2) -> np.ndarray:
    """log f̂ and derivatives at all nodes of the right side, near ones first: (1 or 10 columns, nodes).

    f̂ is the density of ŷ; the columns are `COLUMNS`, derivatives of log f̂, by y in units of ŷ, and by α, β with the
    center held. Where f̂ is below what the contours resolve it is the floor, and its derivatives are 0.
    """
    log_width, floor, near = math.log(law_nodes.width(alpha)), _floor(n_far), law_nodes.N_NEAR
    out = np.empty((10 if order else 1, floor.size))
    columns(alpha, beta, _near_contour(angle_number(alpha, beta)), log_width, order, out[:, :near])
    columns(alpha, beta, _far_contour(n_far), log_width, order, out[:, near:])
    seen = out[0] > floor
    if beta == -1.0:  # the light tail: nothing but rounding
        seen[near:] = False
    lost = None if seen.all() else np.flatnonzero(~seen)
    if lost is not None:
        out[0, lost] = floor[lost]
    if order:
        with np.errstate(over="ignore", invalid="ignore"):
            out[1:] /= out[0]
        if lost is not None:
            out[1:, lost] = 0.0
        _, y, a, b = out[:4]
        out[4:7] -= y * out[1:4]
        out[7:9] -= a * out[2:4]
        out[9] -= b * b
    np.log(out[0], out=out[0])
    return out
