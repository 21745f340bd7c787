"""Density and upper tail of the standard stable law in S0 by contour integration: slow, exact, the oracle of the rest.

With h = π(α−1)/2 the logarithm of the characteristic function (Nolan's S0, scale 1, location 0) is, for t > 0,

    log φ(t) = −t^α − i β t expm1((α−1) log t) / tan h,

which is regular at α = 1 (the fraction tends to (2/π) log t). The integrals

    pdf(x) = (1/π) Re ∫ exp(−i t x) φ(t) dt,        sf(x) = (1/π) Re ∫ exp(−i t x) φ(t) / (i t) dt

run from 0 along the negative imaginary axis to −i s₀ and from there along a ray to infinity. On the axis the exponent
is G(s) + i P(s) with real G and P(s) = (1 + β) sin(π(2−α)/2) s^α, so that the integrand is exp(G) sin(P): its sign and
size are those of the heavy tail, with no cancellation. s₀ is the saddle point of G where there is one (a light tail);
the ray then carries a light tail with the factor exp(G(s₀)) in front, again without cancellation.

Both functions want x ≥ 0; the lower half is the upper half of the mirrored law (x → −x, β → −β).

Below alpha = 0.5 all is done in S1, with z = x − ζ in place of x: t reaches 45^(1/α), where S0 would leave nothing of
its two linear terms, which cancel.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

_LIGHT_CAP = 75.0  # the axis is left once exp(G) has fallen to exp(-75)
_PHASE_CAP = 20.0  # ... or once the tail phase P has reached 20 radians, where the ray oscillates less than the axis
_REMOTE = -1e6  # a light tail below exp(-1e6) is left to the saddlepoint formula
# Of log s₀. The tail has a pole at 0: a ray that starts next to it asks for more nodes than it has (1e-8 at -6).
_LOWEST = -1.5
_AXIS_NODES = 84
_RAY_NODES = 168
_CHUNK = 2048
IN_S1 = 0.5  # alpha, below which x stands for z = x − ζ: all is done in S1


class Shape(NamedTuple):
    """alpha, beta and the trigonometric numbers made of them without cancellation near alpha = 1 and alpha = 2."""

    alpha: float
    beta: float
    eps: float  # alpha - 1
    sin_h: float
    cos_h: float
    tan_half_h: float
    sin_h_by_eps: float


def shape(alpha: float, beta: float) -> Shape:
    """The numbers of a law (alpha in (0, 2], beta in [-1, 1])."""
    eps = alpha - 1.0
    h = 0.5 * math.pi * eps
    by_eps = math.sin(h) / eps if eps else 0.5 * math.pi
    return Shape(alpha, beta, eps, math.sin(h), math.sin(0.5 * math.pi * (2.0 - alpha)), math.tan(0.5 * h), by_eps)


def zeta(law: Shape) -> float:
    """−β tan(πα/2) = β / tan h, the S0 location of the S1 origin; infinite at alpha = 1 unless beta = 0."""
    if law.beta == 0.0 or law.cos_h == 0.0:
        return 0.0
    return law.beta * law.cos_h / law.sin_h if law.sin_h else math.copysign(math.inf, law.beta)


def growth(law: Shape, log_t: np.ndarray) -> np.ndarray:
    """expm1((α−1) log t) / tan h, for real or complex log t."""
    if law.eps == 0.0:
        return (2.0 / math.pi) * log_t
    return np.expm1(law.eps * log_t) * (law.cos_h / law.sin_h)


def _axis_exponent(law: Shape, x: np.ndarray, s: np.ndarray) -> np.ndarray:
    """G(s), the real exponent at t = −i s."""
    log_s = np.log(s)
    if law.alpha < IN_S1:
        return s * (np.exp(law.eps * log_s) * (law.sin_h - law.beta * law.cos_h * law.cos_h / law.sin_h) - x)
    skew = law.cos_h * (law.tan_half_h - growth(law, log_s))
    return s * (np.exp(law.eps * log_s) * law.sin_h + law.beta * skew - x)


def _ray_exponent(law: Shape, x: np.ndarray, t: np.ndarray) -> np.ndarray:
    """The complex exponent −i t x + log φ(t)."""
    log_t = np.log(t)
    if law.alpha < IN_S1:
        return -t * (np.exp(law.eps * log_t) * (1.0 + 1j * law.beta * law.cos_h / law.sin_h) + 1j * x)
    return -t * (np.exp(law.eps * log_t) + 1j * (x + law.beta * growth(law, log_t)))


def _log_saddle(law: Shape, x: np.ndarray) -> np.ndarray:
    """log s₀ of the minimum of G on the axis; +inf where G has none."""
    bend = law.sin_h**2 - law.beta * law.cos_h**2
    if bend <= 0.0:
        return np.full_like(x, np.inf)
    if law.alpha < IN_S1:
        power = x * law.sin_h / (law.alpha * bend)
        return np.where(power > 0.0, np.log(np.where(power > 0.0, power, 1.0)) / law.eps, np.inf)
    with np.errstate(over="ignore"):  # inf: the minimum of a light tail at the end of the range of floats
        rise = (x - law.beta * law.cos_h * law.tan_half_h - law.alpha * law.sin_h) * law.sin_h_by_eps
        ratio = (rise + law.beta * law.cos_h**2) / (law.alpha * bend)
    if law.eps == 0.0:
        return ratio
    inside = law.eps * ratio
    with np.errstate(divide="ignore", invalid="ignore"):
        # 1 + inside is s₀^ε: at or below 0 the minimum sits at s = 0 (α > 1) or does not exist (α < 1)
        return np.where(inside > -1.0, np.log1p(inside) / law.eps, -np.inf if law.eps > 0 else np.inf)


@lru_cache(maxsize=64)
def tanh_sinh(n_nodes: int, alpha: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of the double-exponential rule on (0, 1).

    Below alpha = 0.5 more nodes at the same distance: ∫ s^(α − 1) ds has its mass down to 1e-13^(1/α).
    """
    u = np.linspace(-3.7, 3.0, n_nodes)
    if alpha < 0.5:
        step = u[1] - u[0]
        more = max(math.ceil((math.asinh(30.0 / (math.pi * alpha)) - 3.7) / step), 0)
        u = np.linspace(-3.7 - more * step, 3.0, n_nodes + more)
    step = u[1] - u[0]
    side = np.exp(-math.pi * np.sinh(np.abs(u)))
    node = np.where(u < 0, side, 1.0) / (1.0 + side)
    weight = step * math.pi * np.cosh(u) * side / (1.0 + side) ** 2
    return node, weight


def _turning_point(law: Shape, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """s₀, where the contour leaves the axis, and whether that is the saddle."""
    log_saddle = np.clip(_log_saddle(law, x), _LOWEST, None)
    heavy = law.cos_h * (1.0 + law.beta)
    log_phase_cap = math.log(_PHASE_CAP / heavy) / law.alpha if heavy > 0.0 else math.inf
    if heavy == 0.0:
        with np.errstate(over="ignore"):
            return np.exp(log_saddle), np.isfinite(log_saddle)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_far = np.where(x > 100.0, math.log(1000.0) - np.log(x), 300.0)  # far out exp(-s x) alone ends the axis
    log_top = np.minimum(np.minimum(log_saddle, log_phase_cap), log_far)
    n_steps = 60
    if law.alpha < 0.5:  # where both ends are far: (20 / heavy)^(1/α) may be e^100, and the axis falls near 1 / x
        n_steps += max(0, math.ceil((min(log_phase_cap, 300.0) - 17.0) / 0.3))
    candidates = np.exp(log_top[:, None] - 0.3 * np.arange(n_steps)[::-1])
    exponent = _axis_exponent(law, x[:, None], candidates)
    fallen = exponent < -_LIGHT_CAP
    too_high = np.maximum.accumulate(exponent, axis=1) > 0.5
    first_fallen = np.where(fallen.any(axis=1), fallen.argmax(axis=1), candidates.shape[1] - 1)
    first_high = np.where(too_high.any(axis=1), np.maximum(too_high.argmax(axis=1) - 1, 0), candidates.shape[1] - 1)
    chosen = np.minimum(first_fallen, first_high)
    s0 = np.take_along_axis(candidates, chosen[:, None], axis=1)[:, 0]
    return s0, (chosen == candidates.shape[1] - 1) & (log_saddle <= log_top)


def _ray_angle(law: Shape, x: np.ndarray, at_saddle: np.ndarray) -> np.ndarray:
    """How far the ray is turned below the real direction: inside the valley of t^α and of −i t (x − ζ)."""
    psi = math.atan2(-law.beta * law.cos_h * math.copysign(1.0, law.sin_h), abs(law.sin_h))
    if law.alpha < 1.0:  # the linear term wins at infinity: downwards only right of ζ
        downwards = x >= (0.0 if law.alpha < IN_S1 else zeta(law))
        return np.where(at_saddle & ~downwards, -0.15 * math.pi, np.where(downwards, 0.3 * math.pi, 0.0))
    widest = min(max((0.42 * math.pi - psi) / law.alpha, 0.0), 0.3 * math.pi)
    steepest = min(max(-psi / law.alpha, -0.15 * math.pi), 0.1 * math.pi)
    return np.where(at_saddle, steepest, widest)


def _axis_part(law: Shape, x: np.ndarray, s0: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    node, weight = tanh_sinh(_AXIS_NODES, law.alpha)
    s = s0[:, None] * node
    phase = law.cos_h * (1.0 + law.beta) * np.exp(law.alpha * np.log(s))
    value = np.exp(_axis_exponent(law, x[:, None], s)) * np.sin(phase)
    return s0 * _sums(value, weight), _sums(value / node, weight)


def _ray_part(
    law: Shape, x: np.ndarray, s0: np.ndarray, at_saddle: np.ndarray, floor: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The two integrals along the ray, divided by exp(floor)."""
    t, value = ray(law, x, s0, at_saddle, floor)
    _, weight = tanh_sinh(_RAY_NODES, law.alpha)
    return _sums(value.real, weight), _sums((value / t).imag, weight)


def ray(
    law: Shape, x: np.ndarray, s0: np.ndarray, at_saddle: np.ndarray, floor: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The nodes of the ray, complex (n, nodes), and the integrand of the density there, divided by exp(floor)."""
    direction = np.exp(-1j * _ray_angle(law, x, at_saddle))[:, None]
    origin = -1j * s0[:, None]
    farthest = max(22, math.ceil(8.0 / law.alpha))  # t^α alone ends the ray next to a spike, at 45^(1/α)
    reach = np.exp2(np.arange(-14, farthest) * 0.75) * np.maximum(s0[:, None], 1.0 / (1.0 + np.abs(x[:, None])))
    fall = _ray_exponent(law, x[:, None], origin + reach * direction).real - floor[:, None]
    end = np.take_along_axis(reach, (fall < -45.0).argmax(axis=1)[:, None], axis=1)
    node, _ = tanh_sinh(_RAY_NODES, law.alpha)
    t = origin + end * node * direction
    return t, np.exp(_ray_exponent(law, x[:, None], t) - floor[:, None]) * (direction * end)


def _sums(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """values @ weight, each row as it would be alone: BLAS sums in an order that depends on the number of rows."""
    return np.multiply(values, weight).sum(axis=1)


def log_density_and_tail(alpha: float, beta: float, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Natural logarithms of pdf(x) and sf(x) of the standard S0 law at x ≥ 0 (any shape; −inf outside the support).

    Below alpha = 0.5 that of the standard S1 law at x ≥ −ζ, which is the same point.
    """
    law = shape(alpha, beta)
    flat = np.asarray(x, dtype=np.float64).ravel()
    log_pdf, log_sf = np.empty_like(flat), np.empty_like(flat)
    for start in range(0, flat.size, _CHUNK):
        part = slice(start, start + _CHUNK)
        log_pdf[part], log_sf[part] = _log_chunk(law, flat[part])
    return log_pdf.reshape(np.shape(x)), log_sf.reshape(np.shape(x))


def _log_chunk(law: Shape, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    s0, at_saddle = _turning_point(law, x)
    with np.errstate(over="ignore", invalid="ignore"):  # s₀ overflows far out in a light tail
        floor = np.where(np.isfinite(s0), _axis_exponent(law, x, s0), -np.inf)
    pdf, sf, base = np.zeros_like(x), np.zeros_like(x), np.zeros_like(x)
    heavy = law.beta > -1.0 and law.cos_h > 0.0  # the upper tail is a power
    if heavy:
        pdf, sf = _axis_part(law, x, s0)
        needs_ray = floor > -_LIGHT_CAP
    else:
        base = np.where(floor > -math.inf, np.minimum(floor, 0.0), 0.0)
        needs_ray = floor > _REMOTE
    if needs_ray.any():
        i = np.flatnonzero(needs_ray)
        add_pdf, add_sf = _ray_part(law, x[i], s0[i], at_saddle[i], floor[i])
        lift = np.exp(floor[i] - base[i])
        pdf[i] += lift * add_pdf
        sf[i] += lift * add_sf
        if not heavy:  # nothing was gathered on the axis, so the ray's start at -i s0 is the whole of it
            sf[i] = lift * add_sf
    with np.errstate(divide="ignore", invalid="ignore"):
        log_pdf, log_sf = np.log(pdf / math.pi) + base, np.log(sf / math.pi) + base
    remote = base < _REMOTE
    if remote.any() or not np.isfinite(floor).all():
        log_pdf, log_sf = np.where(np.isfinite(floor), log_pdf, -np.inf), np.where(np.isfinite(floor), log_sf, -np.inf)
        i = np.flatnonzero(remote)
        log_pdf[i], log_sf[i] = _saddlepoint(law, s0[i], floor[i])
    return log_pdf, log_sf


def _saddlepoint(law: Shape, s0: np.ndarray, floor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First-order saddlepoint values, relative error below 1/|floor|: for light tails below exp(-1e6)."""
    bend = law.alpha * (law.sin_h**2 - law.beta * law.cos_h**2) / law.sin_h_by_eps
    log_curvature = (law.eps - 1.0) * np.log(s0) + math.log(bend)
    log_pdf = floor - 0.5 * (log_curvature + math.log(2.0 * math.pi))
    return log_pdf, log_pdf - np.log(s0)
