"""The density and the nearer tail of one standard S0 law as piecewise polynomials in u = asinh(x), for many points.

log pdf and log tail (tail = cdf for x < 0, sf for x ≥ 0) are interpolated at Chebyshev points on dyadic panels of u,
split until the last coefficients vanish. Panels that do not converge (at the edge of a one-sided support, or where a
light tail falls faster than exponentially in u) are left to the exact inversion, point by point.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from gnicli.stable import ends
from gnicli.stable.inversion import log_density_and_tail, shape, zeta

_DEGREE = 13
_REACH = ends.FARTHEST
_FINEST = 2.0**-7
_TOLERANCE = 1e-10
_BLOCK = 8192
_UNDERFLOW = -800.0  # exp() of it is 0 with room to spare


def support(alpha: float, beta: float) -> tuple[float, float]:
    """The ends of the support in S0: finite on one side where alpha < 1 and beta = ±1."""
    edge = zeta(shape(alpha, beta)) if alpha < 1.0 and abs(beta) == 1.0 else 0.0
    return (edge if edge < 0.0 else -math.inf, edge if edge > 0.0 else math.inf)


def exact(alpha: float, beta: float, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """log pdf and log of the nearer tail at each x of either sign, by inversion."""
    log_pdf, log_tail = np.full_like(x, -np.inf), np.full_like(x, -np.inf)
    below = x < 0.0
    low, high = support(alpha, beta)
    inside = (x > low) & (x < high)
    for side, sign in ((below & inside, -1.0), (~below & inside, 1.0)):
        if side.any():
            log_pdf[side], log_tail[side] = log_density_and_tail(alpha, sign * beta, sign * x[side])
    return log_pdf, log_tail


@lru_cache(maxsize=1)
def _chebyshev() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nodes on (-1, 1), the matrix from values to Chebyshev coefficients, and from those to powers."""
    order = np.arange(_DEGREE + 1)
    angle = math.pi * (order + 0.5) / (_DEGREE + 1)
    to_coefficients = (2.0 / (_DEGREE + 1)) * np.cos(np.outer(order, angle))
    to_coefficients[0] *= 0.5
    to_powers = np.zeros((_DEGREE + 1, _DEGREE + 1))
    for k in order:
        to_powers[: k + 1, k] = np.polynomial.chebyshev.cheb2poly(np.eye(_DEGREE + 1)[k])[: k + 1]
    return np.cos(angle), to_coefficients, to_powers


def _first_panels() -> np.ndarray:
    """Rows (left end, width) of the panels to begin with: narrow in the bulk, wide in the tails."""
    right = [(k * 0.5, 0.5) for k in range(6)] + [(3.0, 1.0), (4.0, 2.0), (6.0, 2.0), (8.0, 4.0), (12.0, 4.0)]
    right += [(u, 8.0) for u in (16.0, 24.0, 32.0, 40.0)]
    return np.array([(-left - width, width) for left, width in right] + right)


class Table:
    """The interpolant of one law, in S0 with scale 1 and location 0."""

    def __init__(self, alpha: float, beta: float) -> None:
        self.alpha, self.beta = alpha, beta
        panels, powers, good = self._build()
        order = np.argsort(panels[:, 0])
        self._left, self._width = panels[order, 0], panels[order, 1]
        self._good = good[order]
        top = powers[order, 0, 0] + np.abs(powers[order, 1:, 0]).sum(axis=1)
        self._gone = ~self._good & (top < _UNDERFLOW)
        # one row per power and function, so that a look-up by panel reads from a short contiguous row
        self._pdf = np.ascontiguousarray(powers[order, :, 0].T)
        self._tail = np.ascontiguousarray(powers[order, :, 1].T)
        finest = self._width.min()
        cells = np.rint(self._width / finest).astype(np.int64)
        self._panel_of_cell = np.repeat(np.arange(order.size), cells)
        self._per_cell = 1.0 / finest

    def _build(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        nodes, to_coefficients, to_powers = _chebyshev()
        pending = _first_panels()
        panels, powers, good = [], [], []
        while pending.size:
            u = pending[:, :1] + 0.5 * pending[:, 1:] * (1.0 + nodes)
            values = np.stack(exact(self.alpha, self.beta, np.sinh(u)), axis=2)
            size = np.maximum(1.0, np.abs(values).max(axis=(1, 2)) / 40.0)
            with np.errstate(invalid="ignore"):
                coefficients = np.einsum("kn,pnf->pkf", to_coefficients, values)
                error = np.abs(coefficients[:, -2:]).max(axis=(1, 2)) / size
            finite = np.isfinite(values).all(axis=(1, 2))
            converged = finite & (error < _TOLERANCE)
            # nothing can be gained by splitting where the law is 0, or below what double precision can hold
            hopeless = (pending[:, 1] <= _FINEST) | (values[:, :, 0] < -1e5).all(axis=1)
            hopeless |= ~finite & ~(values[:, :, 0] > -60.0).any(axis=1)
            done = converged | hopeless
            panels.append(pending[done])
            fitted = np.einsum("jk,pkf->pjf", to_powers, np.where(finite[done, None, None], coefficients[done], 0.0))
            fitted[~finite[done], 0] = values[done & ~finite].max(axis=1)  # only to see whether all of it underflows
            powers.append(fitted)
            good.append(converged[done])
            split = pending[~done]
            half = 0.5 * split[:, 1]
            pending = np.concatenate(
                [np.column_stack([split[:, 0], half]), np.column_stack([split[:, 0] + half, half])]
            )
        return np.concatenate(panels), np.concatenate(powers), np.concatenate(good)

    def log_pdf(self, x: np.ndarray, underflow: bool = False) -> np.ndarray:
        """log pdf at x, shape (n,). With `underflow`, values below -800 may be given as -inf, which is faster."""
        return self._evaluate(x, self._pdf, 0, underflow)

    def log_tail(self, x: np.ndarray, underflow: bool = False) -> np.ndarray:
        """Log of the cdf where x < 0 and of the sf where x >= 0, shape (n,)."""
        return self._evaluate(x, self._tail, 1, underflow)

    def _evaluate(self, x: np.ndarray, rows: np.ndarray, which: int, underflow: bool) -> np.ndarray:
        out = np.empty_like(x)
        for start in range(0, x.size, _BLOCK):
            part = slice(start, start + _BLOCK)
            out[part] = self._block(x[part], rows, which, underflow)
        return out

    def _block(self, x: np.ndarray, rows: np.ndarray, which: int, underflow: bool) -> np.ndarray:
        u = np.arcsinh(x)
        held = np.clip(u, -_REACH, _REACH * (1.0 - 1e-15))
        held[np.isnan(held)] = 0.0
        panel = self._panel_of_cell[((held + _REACH) * self._per_cell).astype(np.int64)]
        v = (held - self._left[panel]) * (2.0 / self._width)[panel] - 1.0
        value = rows[-1][panel]
        for row in rows[-2::-1]:
            value *= v
            value += row[panel]
        beyond = np.abs(u) > _REACH
        if not self._good.all():
            gone = self._gone[panel] & underflow
            value[gone] = -np.inf
            by_hand = np.flatnonzero(~self._good[panel] & ~gone)
            if by_hand.size:
                value[by_hand] = exact(self.alpha, self.beta, x[by_hand])[which]
        if beyond.any():
            far = np.flatnonzero(beyond)
            for side, heavy in ((far[x[far] < 0.0], self.beta < 1.0), (far[x[far] > 0.0], self.beta > -1.0)):
                if heavy and side.size:
                    value[side] = ends.log_power(self.alpha, self.beta, x[side] > 0.0, np.log(np.abs(x[side])), which)
        value[np.isnan(x)] = np.nan
        return value

    def quantile(self, log_tail: np.ndarray, upper: np.ndarray) -> np.ndarray:
        """The x whose nearer tail has the given log; `upper` marks those at x >= 0. By bisection in u, then Newton."""
        low = np.where(upper, 0.0, -_REACH)
        high = np.where(upper, _REACH, 0.0)
        sign = np.where(upper, -1.0, 1.0)
        for _ in range(14):
            middle = 0.5 * (low + high)
            below = sign * (self.log_tail(np.sinh(middle)) - log_tail) < 0.0
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        u = 0.5 * (low + high)
        for _ in range(6):
            x = np.sinh(u)
            tail = self.log_tail(x)
            wrong = tail - log_tail
            below = sign * wrong < 0.0
            low, high = np.where(below, u, low), np.where(below, high, u)
            # d log tail / du = ± pdf cosh(u) / tail
            with np.errstate(all="ignore"):
                step = wrong * np.exp(tail - self.log_pdf(x)) / np.cosh(u) * sign
            moved = u - step
            u = np.where((moved >= low) & (moved <= high), moved, 0.5 * (low + high))
        return np.sinh(u)


@lru_cache(maxsize=32)
def table(alpha: float, beta: float) -> Table:
    """The table of a law, built once (about 10 ms) and kept for the 32 laws used last."""
    return Table(alpha, beta)
