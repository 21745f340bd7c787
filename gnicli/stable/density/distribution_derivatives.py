"""Derivatives of the distribution function of a standard stable law in alpha and beta, by the contours of `inversion`.

Those of the upper tail are the integrals of `derivatives` with another 1/(it), where the tail has a pole at 0 and they
have none: a derivative of φ vanishes there. On the axis, with t = −is, nothing cancels in a heavy tail. The lower half
is the upper half of the mirrored law, so that each is exact relative to the nearer tail.
"""

from __future__ import annotations

import math

import numpy as np

from gnicli.stable.density import inversion as inv
from gnicli.stable.density.coordinates import coordinates, offset
from gnicli.stable.density.derivatives import (
    _AXIS_NODES,
    _CHUNK,
    _axis_in_s0,
    _axis_in_s1,
    _ends,
    exponent_by_parameters,
)
from gnicli.stable.density.exact import support


def _axis(law: inv.Shape, x: np.ndarray, s0: np.ndarray) -> np.ndarray:
    """The integrals of the tail's derivatives along the axis, (2, n)."""
    node, weight = inv.tanh_sinh(_AXIS_NODES, law.alpha)
    s = s0[:, None] * node
    log_s = np.log(s)
    power = np.exp(law.alpha * log_s)
    phase = law.cos_h * (1.0 + law.beta) * power
    lifted = np.exp(law.eps * log_s)
    phase_alpha = (1.0 + law.beta) * lifted * (law.cos_h * log_s - 0.5 * math.pi * law.sin_h)
    by_alpha, by_beta = (_axis_in_s1 if law.alpha < inv.IN_S1 else _axis_in_s0)(law, log_s)
    density = np.exp(inv._axis_exponent(law, x[:, None], s))
    sine, cosine = np.sin(phase) * density, np.cos(phase) * density
    return s0 * np.stack(
        [
            inv._sums(by_alpha * sine + phase_alpha * cosine, weight),
            inv._sums(by_beta * sine + law.cos_h * lifted * cosine, weight),
        ]
    )


def _ray(law: inv.Shape, x: np.ndarray, s0: np.ndarray, at_saddle: np.ndarray, floor: np.ndarray) -> np.ndarray:
    """The same along the ray, divided by exp(floor)."""
    t, value = inv.ray(law, x, s0, at_saddle, floor)
    _, weight = inv.tanh_sinh(inv._RAY_NODES, law.alpha)
    return np.stack([inv._sums((value * factor / t).imag, weight) for factor in exponent_by_parameters(law, t)])


def _upper_tail(law: inv.Shape, x: np.ndarray) -> np.ndarray:
    """The derivatives (2, n) of sf inside of the support, where S0 is >= 0; 0 in a light tail below exp(−1e6)."""
    s0, at_saddle = inv._turning_point(law, x)
    with np.errstate(over="ignore", invalid="ignore"):
        floor = np.where(np.isfinite(s0), inv._axis_exponent(law, x, s0), -np.inf)
    heavy = law.beta > -1.0 and law.cos_h > 0.0
    out = np.zeros((2, x.size))
    i = np.flatnonzero(np.isfinite(floor) & (heavy | (floor > inv._REMOTE)))
    with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
        total = _axis(law, x[i], s0[i])
        ray = np.flatnonzero(floor[i] > (-inv._LIGHT_CAP if heavy else inv._REMOTE))
        if ray.size:
            k = i[ray]
            total[:, ray] += np.exp(floor[k]) * _ray(law, x[k], s0[k], at_saddle[k], floor[k])
        out[:, i] = total / math.pi
    return out


def standard(alpha: float, beta: float, y: np.ndarray) -> np.ndarray:
    """∂cdf/∂(alpha, beta) of the standard law at each y of `coordinates`, (2, n); 0 outside of the support.

    The point y is held: below alpha = 0.5 in S1, else in S0.
    """
    out = np.zeros((2, y.size))
    low, high = support(alpha, beta)
    where = coordinates(alpha, beta)
    far = ~(np.abs(where.u(y)) < where.reach)
    below = y < -offset(alpha, beta)
    for side, sign in ((below & (y > low) & ~far, -1.0), (~below & (y < high) & ~far, 1.0)):
        law = inv.shape(alpha, sign * beta)
        index = np.flatnonzero(side)
        for start in range(0, index.size, _CHUNK):
            part = index[start : start + _CHUNK]
            out[:, part] = _upper_tail(law, sign * y[part]) * np.array([[-sign], [-1.0]])
    index = np.flatnonzero(far & np.isfinite(y) & (y > low) & (y < high))
    if index.size:
        from gnicli.stable.density.ends import log_power

        at = y[index]
        upper = at > 0.0
        log_tail = log_power(alpha, beta, upper, np.log(np.abs(at)), 1)
        slopes = _ends(alpha, beta, at)[1:] - np.array([[1.0 / alpha], [0.0]])  # the density has one alpha more
        with np.errstate(invalid="ignore"):
            moved = np.where(upper, -1.0, 1.0) * np.exp(log_tail) * slopes
        out[:, index] = np.where(np.isneginf(log_tail), 0.0, moved)
    if alpha == 2.0:
        out[1] = 0.0
    return out
