"""Derivatives of log pdf of a standard law in x, alpha and beta, by the contours of `inversion`.

The law is that of S0, and below alpha = 0.5 that of S1: there differences of the two would leave nothing in the spike.

Under the integral a derivative of the density is a factor: −it for x, and for a parameter that of log φ. On the axis
the integrand is exp(G) sin P, and its derivative exp(G) (G′ sin P + P′ cos P): as for the density itself, nothing
cancels in the tails. At α = 2 and β = ±1 the derivative shows the heavy tail that the law itself has not.

Many points are interpolated in u of `coordinates`, on panels that are split until the last coefficients vanish.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from gnicli.stable.density import inversion as inv
from gnicli.stable.density.coordinates import coordinates, offset
from gnicli.stable.density.exact import support

_CHUNK = 512
_AXIS_NODES = 480  # where the axis reaches far beyond what counts on it: see `_axis`
_MANY = 1500  # points, from which on panels are cheaper
_DEGREE = 15
_TOLERANCE = 1e-10
_FINEST = 2.0**-6


class Derivatives(NamedTuple):
    """Of log pdf: each in the shape of the points; NaN outside of the support."""

    x: np.ndarray
    alpha: np.ndarray
    beta: np.ndarray


def _cotangent(law: inv.Shape) -> tuple[float, float]:
    """K = ε cot h and its derivative by ε, with h = πε/2."""
    h = 0.5 * math.pi * law.eps
    if abs(h) > 0.15:
        return law.eps * law.cos_h / law.sin_h, law.cos_h / law.sin_h - h / law.sin_h**2
    square = h * h
    value = 1.0 - square * (1 / 3 + square * (1 / 45 + square * (2 / 945 + square * (1 / 4725 + square * 2 / 93555))))
    slope = -h * (2 / 3 + square * (4 / 45 + square * (12 / 945 + square * (8 / 4725 + square * 20 / 93555))))
    return 2.0 / math.pi * value, slope


def _divided(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """E(z) = expm1(z) / z and its derivative (e^z (z − 1) + 1) / z², without their cancellation."""
    small = np.abs(z) < 1.0
    safe = np.where(small, 1.0, z)
    near = np.where(small, z, 0.0)
    value, slope = np.zeros_like(z), np.zeros_like(z)
    for n in range(19, -1, -1):
        value = value * near + 1.0 / math.factorial(n + 1)
    for n in range(19, 0, -1):
        slope = slope * near + n / math.factorial(n + 1)
    grown = np.exp(safe)
    return np.where(small, value, np.expm1(safe) / safe), np.where(small, slope, (grown * (safe - 1.0) + 1.0) / safe**2)


def _growth(law: inv.Shape, log_t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`inversion.growth` and its derivative by alpha."""
    k, slope = _cotangent(law)
    value, bend = _divided(law.eps * log_t)
    return log_t * value * k, log_t * (log_t * bend * k + value * slope)


def growth_and_slopes(law: inv.Shape, log_t: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`inversion.growth` and its derivatives by alpha and by log t."""
    return *_growth(law, log_t), np.exp(law.eps * log_t) * _cotangent(law)[0]


def _axis_in_s0(law: inv.Shape, log_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The derivatives of G(s) / s by alpha and beta."""
    growth, slope = _growth(law, log_s)
    bend = law.tan_half_h - growth
    by_alpha = np.exp(law.eps * log_s) * (log_s * law.sin_h + 0.5 * math.pi * law.cos_h)
    rise = 0.25 * math.pi * (1.0 + law.tan_half_h**2) - slope
    by_alpha += law.beta * (law.cos_h * rise - 0.5 * math.pi * law.sin_h * bend)
    return by_alpha, law.cos_h * bend


def _axis_in_s1(law: inv.Shape, log_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same of s^(α − 1) (sin h − β cos² h / sin h) − x."""
    lifted = np.exp(law.eps * log_s)
    by_beta = -law.cos_h * law.cos_h / law.sin_h
    slope = 0.5 * math.pi * law.cos_h * (1.0 + law.beta * (1.0 + 1.0 / law.sin_h**2))
    return lifted * (log_s * (law.sin_h + law.beta * by_beta) + slope), lifted * by_beta


def _axis(law: inv.Shape, x: np.ndarray, s0: np.ndarray) -> np.ndarray:
    """The integrals of pdf and its derivatives along the axis, (4, n)."""
    heavy = law.beta > -1.0 and law.cos_h > 0.0
    node, weight = inv.tanh_sinh(inv._AXIS_NODES if heavy else _AXIS_NODES, law.alpha)
    s = s0[:, None] * node
    log_s = np.log(s)
    power = np.exp(law.alpha * log_s)
    phase = law.cos_h * (1.0 + law.beta) * power
    phase_alpha = (1.0 + law.beta) * power * (law.cos_h * log_s - 0.5 * math.pi * law.sin_h)
    by_alpha, by_beta = (_axis_in_s1 if law.alpha < inv.IN_S1 else _axis_in_s0)(law, log_s)
    density = np.exp(inv._axis_exponent(law, x[:, None], s))
    sine, cosine = np.sin(phase) * density, np.cos(phase) * density
    return s0 * np.stack(
        [
            inv._sums(sine, weight),
            inv._sums(-s * sine, weight),
            inv._sums(s * by_alpha * sine + phase_alpha * cosine, weight),
            inv._sums(s * by_beta * sine + law.cos_h * power * cosine, weight),
        ]
    )


def _ray(law: inv.Shape, x: np.ndarray, s0: np.ndarray, at_saddle: np.ndarray, floor: np.ndarray) -> np.ndarray:
    """The same along the ray, divided by exp(floor)."""
    t, value = inv.ray(law, x, s0, at_saddle, floor)
    _, weight = inv.tanh_sinh(inv._RAY_NODES, law.alpha)
    factors = (1.0, -1j * t, *exponent_by_parameters(law, t))
    return np.stack([inv._sums((value * factor).real, weight) for factor in factors])


def exponent_by_parameters(law: inv.Shape, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The derivatives of log φ by alpha and beta at complex t."""
    log_t = np.log(t)
    power = np.exp(law.alpha * log_t)
    if law.alpha < inv.IN_S1:
        cotangent = law.cos_h / law.sin_h
        by_alpha = power * (1j * law.beta * 0.5 * math.pi / law.sin_h**2 - log_t * (1.0 + 1j * law.beta * cotangent))
        return by_alpha, -1j * power * cotangent
    growth, slope = _growth(law, log_t)
    return -power * log_t - 1j * law.beta * t * slope, -1j * t * growth


def _upper(law: inv.Shape, x: np.ndarray) -> np.ndarray:
    """The derivatives (3, n) inside of the support, where S0 is >= 0."""
    s0, at_saddle = inv._turning_point(law, x)
    with np.errstate(over="ignore", invalid="ignore"):
        floor = np.where(np.isfinite(s0), inv._axis_exponent(law, x, s0), -np.inf)
    heavy = law.beta > -1.0 and law.cos_h > 0.0
    base = np.zeros_like(x) if heavy else np.where(floor > -math.inf, np.minimum(floor, 0.0), 0.0)
    reached = np.isfinite(floor) & (base > inv._REMOTE)
    out = np.full((3, x.size), np.nan)
    i = np.flatnonzero(reached)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
        axis = _axis(law, x[i], s0[i])
        total = axis if heavy else np.concatenate([np.zeros((2, i.size)), axis[2:] * np.exp(-base[i])])
        ray = np.flatnonzero(floor[i] > (-inv._LIGHT_CAP if heavy else inv._REMOTE))
        if ray.size:
            k = i[ray]
            total[:, ray] += np.exp(floor[k] - base[k]) * _ray(law, x[k], s0[k], at_saddle[k], floor[k])
        out[:, i] = total[1:] / total[0]
        k = np.flatnonzero(~reached)  # a light tail below exp(−1e6): −s₀, by the saddlepoint formula
        out[0, k] = -s0[k]
    return out


def exact(alpha: float, beta: float, x: np.ndarray) -> np.ndarray:
    """d log pdf / d(x, alpha, beta), (3, n), at each x of `coordinates`, by integration."""
    out = np.full((3, x.size), np.nan)
    low, high = support(alpha, beta)
    below = x < -offset(alpha, beta)
    for side, sign in ((below & (x > low), -1.0), (~below & (x < high), 1.0)):
        law = inv.shape(alpha, sign * beta)
        index = np.flatnonzero(side)
        for start in range(0, index.size, _CHUNK):
            part = index[start : start + _CHUNK]
            out[:, part] = _upper(law, sign * x[part]) * np.array([[sign], [1.0], [sign]])
    return out


def _ends(alpha: float, beta: float, x: np.ndarray) -> np.ndarray:
    """Beyond the tables: those of the power of a heavy tail, (3, n)."""
    from scipy.special import digamma

    sign = np.sign(x)
    slope = 0.5 * math.pi / math.tan(0.5 * math.pi * alpha) + float(digamma(alpha)) + 1.0 / alpha
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.stack([-(alpha + 1.0) / x, slope - np.log(np.abs(x)), sign / (1.0 + sign * beta)])


def _scaled(alpha: float, beta: float, u: np.ndarray) -> np.ndarray:
    """What is smooth in u: d log pdf / du, and the derivatives by the parameters."""
    where = coordinates(alpha, beta)
    found = exact(alpha, beta, where.y(u))
    found[0] *= np.cosh(u) * where.unit
    return found


def _interpolated(alpha: float, beta: float, u: np.ndarray) -> np.ndarray:
    """`_scaled` at each u by Chebyshev's polynomials; point by point where these do not hold."""
    out = np.empty((3, u.size))
    angle = math.pi * (np.arange(_DEGREE + 1) + 0.5) / (_DEGREE + 1)
    to_coefficients = (2.0 / (_DEGREE + 1)) * np.cos(np.outer(np.arange(_DEGREE + 1), angle))
    to_coefficients[0] *= 0.5
    pending, width = np.arange(u.size), 1.0
    while pending.size:
        panel, which = np.unique(np.floor(u[pending] / width), return_inverse=True)
        nodes = (panel[:, None] + 0.5 * (1.0 + np.cos(angle))) * width
        values = _scaled(alpha, beta, nodes.ravel()).reshape(3, *nodes.shape)
        with np.errstate(invalid="ignore", over="ignore"):  # outside of a support, and in a light tail at a bound
            coefficients = values @ to_coefficients.T
            size = np.maximum(1.0, np.abs(values).max(axis=2))
            good = (np.abs(coefficients[..., -2:]).max(axis=2) < _TOLERANCE * size).all(axis=0)
        held = good[which]
        place, row = pending[held], which[held]
        v = 2.0 * (u[place] / width - panel[row]) - 1.0
        for k in range(3):
            out[k, place] = np.polynomial.chebyshev.chebval(v, coefficients[k, row].T, tensor=False)
        pending, crowd = pending[~held], np.bincount(which, minlength=panel.size)[which][~held]
        width *= 0.5
        sparse = crowd <= _DEGREE + 1 if width > _FINEST else np.ones(pending.size, dtype=bool)
        by_hand, pending = pending[sparse], pending[~sparse]
        if by_hand.size:
            out[:, by_hand] = _scaled(alpha, beta, u[by_hand])
    return out


def standard(alpha: float, beta: float, y: np.ndarray) -> Derivatives:
    """The derivatives of log pdf of the standard law at y of `coordinates`, (n,)."""
    where = coordinates(alpha, beta)
    u = where.u(y)
    far = ~(np.abs(u) < where.reach)
    out = np.empty((3, y.size))
    with np.errstate(invalid="ignore"):
        out[:, far] = _ends(alpha, beta, y[far])
    near = np.flatnonzero(~far)
    if near.size > _MANY:
        found = _interpolated(alpha, beta, u[near])
        found[0] /= np.cosh(u[near]) * where.unit
        out[:, near] = found
    elif near.size:
        out[:, near] = exact(alpha, beta, y[near])
    out[2] = np.where(alpha == 2.0, 0.0, out[2])
    return Derivatives(*out)
