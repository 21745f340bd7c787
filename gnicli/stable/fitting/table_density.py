"""The log-density of laws with alpha from 0.8 on and its derivatives by all four parameters, by `law_table`.

With x = (y − μ) / σ, u = asinh(x) and F the function of `law_table`, log f = log F − (α + 1) log cosh u − log σ. What
moves the law is taken from derivatives by u: ∂/∂x = sech u ∂/∂u and x ∂/∂x = tanh u ∂/∂u, which are of the size of
the derivatives by u however far out x is.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gnicli.stable.fitting import law_table
from gnicli.stable.fitting.scratch import scratch

_LEAST, _LEAST_FAR = 1e-9, 1e-12  # f near the center, and F far out, below which rounding makes the derivatives
_LOST = -575.0  # log f that counts far out then: in a light tail nothing is too little
_LAST = law_table.N_COEFFICIENTS - 6
_NEXT = np.arange(1, 6)[:, None, None]
_SPLINES = law_table.spline_weights()


class _Sums(NamedTuple):
    """F and its derivatives by α, β, α², αβ, β² at places (6, laws, n); by w those of F, F_α, F_β; by w² that of F."""

    values: np.ndarray
    by_w: np.ndarray
    by_w2: np.ndarray


def _sums(theta: np.ndarray, place: np.ndarray, memory: list[np.ndarray]) -> _Sums:
    """At `place` (laws, n), which is w in steps from the first coefficient's and is written over."""
    powers, found, gathered, index, flat = memory
    for k, (alpha, beta) in enumerate(theta[:, :2].tolist()):
        flat[:, k] = law_table.coefficients(alpha, beta)
    first = index[0]
    first[:] = place
    np.minimum(first, _LAST, out=first)
    np.maximum(first, 0, out=first)
    place -= first
    powers[0] = 1.0
    powers[1] = place.ravel()
    for k in range(2, 6):
        np.multiply(powers[k - 1], powers[1], out=powers[k])
    np.matmul(_SPLINES, powers, out=found)
    if len(theta) > 1:
        first += law_table.N_COEFFICIENTS * np.arange(len(theta))[:, None]
    np.add(first, _NEXT, out=index[1:])
    np.take(flat.reshape(6, -1), index.reshape(6, -1), axis=1, out=gathered, mode="clip")
    value, by_w, by_w2 = found.reshape(3, 6, -1)
    shape = place.shape
    return _Sums(
        np.einsum("kjn,jn->kn", gathered, value).reshape(6, *shape),
        np.einsum("kjn,jn->kn", gathered[:3], by_w).reshape(3, *shape),
        np.einsum("jn,jn->n", gathered[0], by_w2).reshape(shape),
    )


def log_density(theta: np.ndarray, y: np.ndarray) -> np.ndarray:
    """For laws θ (laws, 4) in S0 (α, β, μ, log σ) at places y (n,): (15, laws, n), in scratch memory.

    log f, its derivatives by α, β, μ, log σ, and the second ones by `node_density.PAIRS`. Where f is too little for
    the tables it is the least that counts. Its derivatives then are those next to there, in a light tail far out 0.
    """
    n_laws, n = theta.shape[0], y.size
    out, *memory = scratch.arrays(
        ((15, n_laws, n), np.float64),
        ((6, n_laws * n), np.float64),
        ((18, n_laws * n), np.float64),
        ((6, 6, n_laws * n), np.float64),
        ((6, n_laws, n), np.int64),
        ((6, n_laws, law_table.N_COEFFICIENTS), np.float64),
    )
    inverse_scale = np.exp(-theta[:, 3, None])
    x = (y - theta[:, 2, None]) * inverse_scale
    square = x * x
    square += 1.0
    sech = 1.0 / np.sqrt(square)
    bend = np.arcsinh(x)
    bend *= 1.0 / law_table.BEND
    turn = 1.0 / (1.0 + bend * bend)  # w = BEND bend √turn, dw/du = turn √turn
    slope = np.sqrt(turn)
    place = bend * slope
    place *= law_table.BEND / law_table.STEP
    place += law_table.N_SIDE
    slope *= turn
    bend *= turn
    bend *= 3.0 / law_table.BEND  # minus the second derivative of w by u over the first
    sums = _sums(theta, place, memory)
    log_cosh = 0.5 * np.log(square)
    far = square > 1.0 + law_table.NEAR_END**2
    floor = np.where(far, _LEAST_FAR, _LEAST * np.exp((theta[:, 0, None] + 1.0) * np.where(far, 0.0, log_cosh)))
    lost = sums.values[0] < floor
    np.maximum(sums.values[0], floor, out=sums.values[0])
    _fill(out, theta, sums, (x * sech, sech, log_cosh, inverse_scale * sech), (slope, bend))
    for law in np.flatnonzero(lost.any(axis=1)).tolist():
        _hold(out[:, law], x[law], lost[law], far[law])
    return out


def _hold(rows: np.ndarray, x: np.ndarray, lost: np.ndarray, far: np.ndarray) -> None:
    """Put derivatives in `rows` (15, n) where they are lost: polynomials go through them and what is next to them."""
    order = np.argsort(x)
    seen, near = order[~lost[order]], lost & ~far
    if seen.size:
        for row in rows[1:]:
            row[near] = np.interp(x[near], x[seen], row[seen])
    rows[1:, lost & far] = 0.0
    rows[0, lost & far] = _LOST


def _fill(
    out: np.ndarray,
    theta: np.ndarray,
    sums: _Sums,
    of_u: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    of_w: tuple[np.ndarray, np.ndarray],
) -> None:
    """Fill `out` by tanh u, sech u, log cosh u and sech u / σ, and by dw/du and −(d²w/du²) / (dw/du)."""
    tanh, sech, log_cosh, by_mu = of_u
    slope, bend = of_w
    power = theta[:, 0, None] + 1.0
    f, f_a, f_b, f_aa, f_ab, f_bb = sums.values
    u1, a_u, b_u = sums.by_w  # by w, and below by u
    u2 = sums.by_w2
    log_f, a, b, by_loc, by_scale, aa, ab, a_s, b_s, m_s, ss, a_m, b_m, mm, bb = out
    inverse = 1.0 / f
    np.log(inverse, out=log_f)
    log_f += power * log_cosh
    log_f += theta[:, 3, None]
    np.negative(log_f, out=log_f)
    # of log F by α, β and w
    np.multiply(f_a, inverse, out=a)
    np.multiply(f_b, inverse, out=b)
    for row, second, first, other in ((aa, f_aa, a, a), (ab, f_ab, a, b), (bb, f_bb, b, b)):
        np.multiply(second, inverse, out=row)
        row -= first * other
    u1 *= inverse
    u2 *= inverse
    u2 -= u1 * u1
    for mixed, first in ((a_u, a), (b_u, b)):
        mixed *= inverse
        mixed -= first * u1
        mixed *= slope
    # of log f by α, β and u
    u1 *= slope
    u2 *= slope
    u2 *= slope
    u2 -= u1 * bend
    u2 -= power * (sech * sech)
    u1 -= power * tanh
    a_u -= tanh
    a -= log_cosh
    # by μ it is −sech u / σ ∂/∂u, by log σ −tanh u ∂/∂u
    np.multiply(u1, by_mu, out=by_loc)
    np.multiply(u1, tanh, out=by_scale)
    u2 -= by_scale  # x² ∂²/∂x² is tanh² u times this
    np.negative(by_loc, out=by_loc)
    for mixed, m, s in ((a_u, a_m, a_s), (b_u, b_m, b_s)):
        np.negative(mixed, out=mixed)
        np.multiply(mixed, by_mu, out=m)
        np.multiply(mixed, tanh, out=s)
    u2_by_mu = u2 * by_mu
    np.multiply(u2_by_mu, by_mu, out=mm)
    np.multiply(u2_by_mu, tanh, out=m_s)
    m_s -= by_loc
    u2 *= tanh
    np.multiply(u2, tanh, out=ss)
    ss += by_scale
    np.negative(by_scale, out=by_scale)
    by_scale -= 1.0
