"""Density and tails of a standard tempered stable law by contour integration.

With h = π(α − 1)/2, weights w± = (1 ± β)/2 and q± = λ± ∓ z, the logarithm of E exp(zX), scale 1, location 0 in S0, is

    K(z) = (1/sin h) [w₊ (q₊^α − λ₊^α) + w₋ (q₋^α − λ₋^α) + z β cos h],

analytic between the cuts that begin at λ₊ and −λ₋, where λ± > 0. At λ± = 0 it is that of the stable law. Written
with expm1(ε log q), ε = α − 1, it is regular at α = 1. pdf(x) = (1/π) Re ∫ exp(K(z) − z x) dt along z = i t, and sf(x)
has 1/z beside.

The upper half begins at the saddle point of K(z) − z x, where that lies before the cut, and runs from there along a ray
that is bent into the valley, as in `density.inversion`. Far out the saddle is at the cut's end, or there is none: then
the path follows the cut first, where the integrand is exp(G) sin P as for a stable law and nothing cancels.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from gnicli.stable.density import ends
from gnicli.stable.density import inversion as inv

_RAY_NODES = 200
_AXIS_NODES = 84
_POLE = 0.2  # least start of a path: the tail has a pole at 0
_LEAST = 1e-13  # of q/λ at a saddle
_NEAR_CUT = 3.0  # q · x, below which a saddle counts as the end of the cut
_REMOTE = -1e5  # of the exponent at a path's start: below it the first order is enough
_CHUNK = 512


class Standard(NamedTuple):
    """A standard law: `shape` of alpha and beta, and the temperings, > 0, in one over the scale."""

    shape: inv.Shape
    lower: float
    upper: float

    def mirrored(self) -> Standard:
        """The law of −X."""
        return Standard(inv.shape(self.shape.alpha, -self.shape.beta), self.upper, self.lower)


def standard(alpha: float, beta: float, lower: float, upper: float) -> Standard:
    """The law of these parameters."""
    return Standard(inv.shape(alpha, beta), lower, upper)


def _lift(law: inv.Shape, log_q: np.ndarray | float) -> np.ndarray:
    """expm1(ε log q) / sin h."""
    return (2.0 / math.pi) * np.asarray(log_q) if law.eps == 0.0 else np.expm1(law.eps * np.asarray(log_q)) / law.sin_h


def _rise(law: inv.Shape, tempering: float) -> float:
    return tempering * float(_lift(law, math.log(tempering)))


def cumulant(law: Standard, z: np.ndarray, log_upper: np.ndarray | None = None) -> np.ndarray:
    """K(z), complex or real; `log_upper` is log q₊ where its branch has to be chosen."""
    shape = law.shape
    q_upper, q_lower = law.upper - z, law.lower + z
    with np.errstate(divide="ignore", invalid="ignore"):
        first = q_upper * _lift(shape, np.log(q_upper) if log_upper is None else log_upper)
        second = q_lower * _lift(shape, np.log(q_lower))
    first, second = (np.where(q == 0.0, 0.0, each) for q, each in ((q_upper, first), (q_lower, second)))
    upper, lower = 0.5 * (1.0 + shape.beta), 0.5 * (1.0 - shape.beta)
    out = lower * (second - _rise(shape, law.lower)) - z * (shape.beta * shape.tan_half_h)
    return out + upper * (first - _rise(shape, law.upper)) if upper else out


def _slope(law: Standard, s: np.ndarray) -> np.ndarray:
    """K′(s) between the cuts."""
    shape = law.shape
    upper, lower = 0.5 * (1.0 + shape.beta), 0.5 * (1.0 - shape.beta)
    with np.errstate(divide="ignore", over="ignore"):
        out = np.asarray(-shape.beta * (shape.tan_half_h + 1.0 / shape.sin_h_by_eps))
        if lower:
            out = out + lower * shape.alpha * _lift(shape, np.log(law.lower + s))
        if upper:
            out = out - upper * shape.alpha * _lift(shape, np.log(law.upper - s))
    return out


def moments(law: Standard) -> tuple[float, float]:
    """Mean and variance."""
    shape = law.shape
    upper, lower = 0.5 * (1.0 + shape.beta), 0.5 * (1.0 - shape.beta)
    variance = 0.0
    for weight, tempering in ((upper, law.upper), (lower, law.lower)):
        if weight:
            variance += weight * shape.alpha * tempering ** (shape.alpha - 2.0) / shape.sin_h_by_eps
    return float(_slope(law, np.array(0.0))), variance


def _saddle(law: Standard, x: np.ndarray) -> np.ndarray:
    """The s > 0 with K′(s) = x: next to the end of the cut or to `_POLE` at the ends; inf beyond the support."""
    if law.shape.beta == -1.0:  # no cut above
        low, high = np.full_like(x, math.log(_POLE)), np.full_like(x, 40.0)
        beyond = _slope(law, np.exp(high)) < x
        for _ in range(50):
            middle = 0.5 * (low + high)
            below = _slope(law, np.exp(middle)) < x
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return np.where(beyond, np.inf, np.exp(0.5 * (low + high)))
    low, high = np.full_like(x, math.log(_LEAST)), np.zeros_like(x)  # of log q/λ
    for _ in range(26):
        middle = 0.5 * (low + high)
        below = _slope(law, -law.upper * np.expm1(middle)) < x
        low, high = np.where(below, low, middle), np.where(below, middle, high)
    return np.maximum(-law.upper * np.expm1(0.5 * (low + high)), min(_POLE, 0.5 * law.upper))


def _cut_end(law: Standard, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far the path follows the cut: to where exp(G) has fallen or the phase grown, or G is least; whether least."""
    shape = law.shape
    r = np.exp(np.arange(-60.0, 12.0, 0.3) - np.log1p(np.abs(x))[:, None])
    exponent = _on_cut(law, x[:, None], r) - _start_of_cut(law, x)[:, None]
    phase = shape.cos_h * (1.0 + shape.beta) * r**shape.alpha
    stop = (exponent < -75.0) | (phase > 20.0) | (np.maximum.accumulate(exponent, axis=1) > 0.5)
    last = np.where(stop.any(axis=1), np.maximum(stop.argmax(axis=1) - 1, 0), r.shape[1] - 1)
    allowed = np.arange(r.shape[1]) <= last[:, None]
    index = np.where(allowed, exponent, np.inf).argmin(axis=1)
    return np.take_along_axis(r, index[:, None], axis=1)[:, 0], index < last


def _start_of_cut(law: Standard, x: np.ndarray) -> np.ndarray:
    return cumulant(law, np.array(law.upper), np.array(0.0)).real - law.upper * x


def _on_cut(law: Standard, x: np.ndarray, r: np.ndarray) -> np.ndarray:
    """G, the real exponent at z = λ₊ + r on the upper edge of the cut."""
    z = law.upper + r
    return cumulant(law, z.astype(np.complex128), np.log(r) - 1j * math.pi).real - z * x


def _along_cut(law: Standard, x: np.ndarray, end: np.ndarray, base: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    node, weight = inv.tanh_sinh(_AXIS_NODES)
    r = end[:, None] * node
    phase = law.shape.cos_h * (1.0 + law.shape.beta) * r**law.shape.alpha
    value = np.exp(_on_cut(law, x[:, None], r) - base[:, None]) * np.sin(phase)
    return end * inv._sums(value, weight), end * inv._sums(value / (law.upper + r), weight)


def ray_nodes(
    law: Standard, x: np.ndarray, start: np.ndarray, direction: np.ndarray, base: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How long each ray is, (rows, 1): to where its integrand has fallen to exp(−45). Nodes and weights on (0, 1)."""
    reach = np.exp2(np.arange(-12, 28) * 1.5) / (1.0 + np.abs(x[:, None]))
    with np.errstate(over="ignore", invalid="ignore"):
        z = start[:, None] + reach * direction
        fall = (cumulant(law, z) - z * x[:, None] - base[:, None]).real
    fallen = ~(fall > -45.0) & (np.maximum.accumulate(np.where(np.isnan(fall), -np.inf, fall), axis=1) > -45.0)
    end = np.take_along_axis(reach, fallen.argmax(axis=1)[:, None], axis=1)
    return (end, *inv.tanh_sinh(_RAY_NODES))


def _along_ray(
    law: Standard, x: np.ndarray, start: np.ndarray, at_saddle: np.ndarray, base: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    direction = 1j * np.exp(-1j * inv._ray_angle(law.shape, x, at_saddle))[:, None]
    end, node, weight = ray_nodes(law, x, start, direction, base)
    r = end * node
    z = start[:, None] + r * direction
    value = np.exp(cumulant(law, z) - z * x[:, None] - base[:, None]) * (direction * end)
    return inv._sums(value.imag, weight), inv._sums((value / z).imag, weight)


def _upper_chunk(law: Standard, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    saddle = _saddle(law, x)
    heavy = law.shape.beta > -1.0 and law.shape.cos_h > 0.0
    on_cut = heavy & ((law.upper - saddle) * (1.0 + np.abs(x)) < _NEAR_CUT) & (x > 0.0)
    inside = np.isfinite(saddle)
    start = np.where(on_cut, law.upper, np.where(inside, saddle, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        base = cumulant(law, start.astype(np.complex128)).real - start * x
    log_pdf, log_sf = np.full_like(x, -np.inf), np.full_like(x, -np.inf)
    remote = inside & (base < _REMOTE)
    log_pdf[remote] = _far_density(law, x[remote], start[remote], on_cut[remote], base[remote])
    log_sf[remote] = log_pdf[remote] - np.log(start[remote])
    k = np.flatnonzero(inside & ~remote)
    if k.size:
        log_pdf[k], log_sf[k] = _by_integrals(law, x[k], start[k], on_cut[k], base[k])
    return log_pdf, log_sf


def _far_density(law: Standard, x: np.ndarray, start: np.ndarray, on_cut: np.ndarray, base: np.ndarray) -> np.ndarray:
    """log pdf below exp(−1e5), to first order: the power times the tempering, or the saddlepoint formula."""
    shape = law.shape
    bend = np.zeros_like(x)
    for weight, q in ((0.5 * (1.0 + shape.beta), law.upper - start), (0.5 * (1.0 - shape.beta), law.lower + start)):
        if weight:
            bend += weight * shape.alpha * np.where(on_cut, 1.0, q) ** (shape.alpha - 2.0) / shape.sin_h_by_eps
    out = base - 0.5 * np.log(2.0 * math.pi * bend)
    tail = ends.power(shape.alpha, shape.beta)
    if tail and on_cut.any():
        out[on_cut] = base[on_cut] + tail.log_pdf(np.log(x[on_cut]))
    return out


def _by_integrals(
    law: Standard, x: np.ndarray, start: np.ndarray, on_cut: np.ndarray, base: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    pdf, sf = np.zeros_like(x), np.zeros_like(x)
    i = np.flatnonzero(on_cut)
    lift, at_saddle = np.zeros_like(x), ~on_cut
    if i.size:
        end, at_saddle[i] = _cut_end(law, x[i])
        pdf[i], sf[i] = _along_cut(law, x[i], end, base[i])
        start = start.copy()
        start[i] += end
        lift[i] = _on_cut(law, x[i], end) - base[i]
    k = np.flatnonzero(lift > -75.0)
    if k.size:
        add_pdf, add_sf = _along_ray(law, x[k], start[k], at_saddle[k], base[k])
        pdf[k] += add_pdf
        sf[k] += add_sf
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(pdf / math.pi) + base, np.log(sf / math.pi) + base


def upper(law: Standard, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """log pdf and log sf at x (any shape), which is to lie above most of the law, or above 0."""
    flat = np.asarray(x, dtype=np.float64).ravel()
    out = np.empty((2, flat.size))
    for start in range(0, flat.size, _CHUNK):
        part = slice(start, start + _CHUNK)
        out[:, part] = _upper_chunk(law, flat[part])
    return out[0].reshape(np.shape(x)), out[1].reshape(np.shape(x))
