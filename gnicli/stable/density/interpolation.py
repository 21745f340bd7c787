"""The density and the nearer tail of one standard S0 law as piecewise polynomials in u = asinh(x), for many points.

log pdf and log tail (tail = cdf for x < 0, sf for x ≥ 0) are interpolated at Chebyshev points on dyadic panels of u,
split until the last coefficients vanish. Panels that do not converge (at the edge of a one-sided support, or where a
light tail falls faster than exponentially in u) are left to the exact inversion, point by point.

A panel is built when a point falls into it, by itself alone: no bit of a value depends on which panels were built
before it, or together with it.
"""

from __future__ import annotations

import math
import threading
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from gnicli.stable.density import ends
from gnicli.stable.density.inversion import log_density_and_tail, shape, zeta

_DEGREE = 13
REACH = ends.FARTHEST
WITHIN = REACH * (1.0 - 1e-15)
_FINEST = 2.0**-7
_TOLERANCE = 1e-10
_BLOCK = 8192
_UNDERFLOW = -800.0  # exp() of it is 0 with room to spare
BISECTIONS = 7  # of a quantile: they leave .375 of u, a panel or less
NEWTON_STEPS = 24  # at most; four or five are usual
SETTLED = 1e-9  # a step of Newton's that is smaller leaves its square


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


def _first_panels() -> list[tuple[float, float]]:
    """Left end and width of the panels to begin with: narrow in the bulk, wide in the tails."""
    right = [(k * 0.5, 0.5) for k in range(6)] + [(3.0, 1.0), (4.0, 2.0), (6.0, 2.0), (8.0, 4.0), (12.0, 4.0)]
    right += [(u, 8.0) for u in (16.0, 24.0, 32.0, 40.0)]
    return [(-left - width, width) for left, width in right] + right


@lru_cache(maxsize=1)
def _first_spans() -> np.ndarray:
    """For each cell of the finest width, how many of them the panel that holds it has to begin with."""
    spans = np.empty(round(2.0 * REACH / _FINEST), dtype=np.int64)
    for left, width in _first_panels():
        first = round((left + REACH) / _FINEST)
        spans[first : first + round(width / _FINEST)] = round(width / _FINEST)
    return spans


def _within(u: np.ndarray) -> np.ndarray:
    """u, or the end of the tables next to it; 0 for NaN."""
    held = np.clip(u, -REACH, WITHIN)
    held[np.isnan(held)] = 0.0
    return held


def _cells(u: np.ndarray) -> np.ndarray:
    return ((u + REACH) * (1.0 / _FINEST)).astype(np.int64)


def cell(u: float) -> int:
    """The number of the finest cell that holds one u, |u| < `WITHIN`."""
    return int((u + REACH) * (1.0 / _FINEST))


class Panels(NamedTuple):
    """What the built panels hold, each array with room for more of them in its last axis."""

    left: np.ndarray
    width: np.ndarray
    good: np.ndarray  # bool: the polynomials hold; elsewhere the inversion has to be asked
    gone: np.ndarray  # bool: the density underflows in all of it
    pdf: np.ndarray  # (powers, panels): a row per power, so that a look-up reads from a short contiguous row
    tail: np.ndarray


def _room(n: int) -> Panels:
    flags, rows = np.zeros((2, n), dtype=bool), np.zeros((2, _DEGREE + 1, n))
    return Panels(np.zeros(n), np.ones(n), *flags, *rows)


def _fit(alpha: float, beta: float, left: np.ndarray, width: np.ndarray) -> tuple[np.ndarray, Panels]:
    """Polynomials on some panels of a law, each to the bit as it would be alone; and which need no splitting."""
    nodes, to_coefficients, to_powers = _chebyshev()
    u = left[:, None] + 0.5 * width[:, None] * (1.0 + nodes)
    values = np.stack(exact(alpha, beta, np.sinh(u)))  # (2, panels, nodes)
    size = np.maximum(1.0, np.abs(values).max(axis=(0, 2)) / 40.0)
    with np.errstate(over="ignore", invalid="ignore"):  # next to an edge values are -inf, or near the largest float
        coefficients = _products(to_coefficients, values)
        error = np.abs(coefficients[:, :, -2:]).max(axis=(0, 2)) / size
        powers = _products(to_powers, coefficients)
        top = powers[0, :, 0] + np.abs(powers[0, :, 1:]).sum(axis=1)
    finite = np.isfinite(values).all(axis=(0, 2))
    good = finite & (error < _TOLERANCE)
    # nothing can be gained by splitting where the law is 0, or below what double precision can hold
    hopeless = (width <= _FINEST) | (values[0] < -1e5).all(axis=1)
    hopeless |= ~finite & ~(values[0] > -60.0).any(axis=1)
    gone = ~good & (np.where(finite, top, values[0].max(axis=1)) < _UNDERFLOW)
    powers[:, ~good] = 0.0
    return good | hopeless, Panels(left, width, good, gone, powers[0].T, powers[1].T)


def _products(matrix: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """matrix @ each vector of (…, nodes). BLAS and einsum sum in an order that depends on how many there are."""
    return np.multiply(vectors[..., None, :], matrix).sum(axis=-1)


class Table:
    """The interpolant of one law, in S0 with scale 1 and location 0; several threads may ask it at once."""

    def __init__(self, alpha: float, beta: float) -> None:
        self.alpha, self.beta = alpha, beta
        self._span = _first_spans().copy()  # of the panel that holds the cell, as far as it has been split
        self._panel_of_cell = np.full(self._span.size, -1)  # -1: not built
        self._panels = _room(64)
        self._n_panels = 0
        self._all_good = True  # of those built
        self._lock = threading.Lock()

    def build(self, cells: np.ndarray | None = None) -> None:
        """Build the panels that hold these cells, or all of them: fit them, split those that need it, and so on."""
        with self._lock:
            pending = np.arange(self._span.size) if cells is None else cells
            while (pending := pending[self._panel_of_cell[pending] < 0]).size:
                chosen = np.zeros(self._span.size, dtype=bool)
                chosen[pending & -self._span[pending]] = True
                first = np.flatnonzero(chosen)
                span = self._span[first]
                done, found = _fit(self.alpha, self.beta, first * _FINEST - REACH, span * _FINEST)
                for start, n in zip(first[~done].tolist(), span[~done].tolist(), strict=True):
                    self._span[start : start + n] = n // 2
                self._add(Panels(*(each[..., done] for each in found)), first[done], span[done])

    def _add(self, found: Panels, first: np.ndarray, span: np.ndarray) -> None:
        """Put panels behind the others; those who read meanwhile see the old ones, which stay as they are."""
        start, end = self._n_panels, self._n_panels + first.size
        if end > self._panels.left.size:
            more = _room(2 * end)
            for new, old in zip(more, self._panels, strict=True):
                new[..., :start] = old[..., :start]
            self._panels = more
        for new, each in zip(self._panels, found, strict=True):
            new[..., start:end] = each
        self._all_good &= bool(found.good.all())
        self._n_panels = end
        for k, (cell, n) in enumerate(zip(first.tolist(), span.tolist(), strict=True), start):
            self._panel_of_cell[cell : cell + n] = k

    def _find(self, u: np.ndarray) -> np.ndarray:
        """The number of the panel that holds each u within reach, which is built if need be."""
        cells = _cells(u)
        panel = self._panel_of_cell[cells]
        if panel.min() < 0:
            self.build(cells[panel < 0])
            panel = self._panel_of_cell[cells]
        return panel

    def panel(self, cell: int) -> tuple[float, float, list[float], list[float]] | None:
        """Left end, 2 / width and coefficients of the panel that holds a cell; None where the inversion is asked."""
        if self._panel_of_cell[cell] < 0:
            self.build(np.array([cell]))
        k, built = int(self._panel_of_cell[cell]), self._panels
        if not built.good[k]:
            return None
        rows = (each[::-1, k].tolist() for each in (built.pdf, built.tail))
        return (float(built.left[k]), 2.0 / float(built.width[k]), *rows)

    def log_pdf(self, x: np.ndarray, underflow: bool = False) -> np.ndarray:
        """log pdf at x, shape (n,). With `underflow`, values below -800 may be given as -inf, which is faster."""
        return self._evaluate(x, 0, underflow)

    def log_tail(self, x: np.ndarray, underflow: bool = False) -> np.ndarray:
        """Log of the cdf where x < 0 and of the sf where x >= 0, shape (n,)."""
        return self._evaluate(x, 1, underflow)

    def _evaluate(self, x: np.ndarray, which: int, underflow: bool) -> np.ndarray:
        if x.size > _BLOCK:  # many points: all panels between their ends, at once
            first, last = _cells(_within(np.arcsinh(np.array([np.fmin.reduce(x), np.fmax.reduce(x)]))))
            self.build(np.arange(first, last + 1))
        out = np.empty_like(x)
        for start in range(0, x.size, _BLOCK):
            part = slice(start, start + _BLOCK)
            out[part] = self._block(np.arcsinh(x[part]), x[part], which, underflow)
        return out

    def _block(self, u: np.ndarray, x: np.ndarray, which: int, underflow: bool = False) -> np.ndarray:
        held = _within(u)
        panel = self._find(held)
        built = self._panels
        v = (held - built.left[panel]) * (2.0 / built.width)[panel] - 1.0
        rows = built.tail if which else built.pdf
        value = rows[-1][panel]
        for row in rows[-2::-1]:
            value *= v
            value += row[panel]
        beyond = np.abs(u) > REACH
        if not self._all_good:
            gone = built.gone[panel] & underflow
            value[gone] = -np.inf
            by_hand = np.flatnonzero(~built.good[panel] & ~gone)
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
        """The x whose nearer tail has the given log; `upper` marks those at x >= 0. By bisection in u, then Newton.

        `one_point` takes the same steps: a value that has settled is left alone whatever the others do.
        """
        if not log_tail.size:
            return np.empty(0)
        if log_tail.size > _BLOCK:
            cuts = range(_BLOCK, log_tail.size, _BLOCK)
            parts = zip(np.split(log_tail, cuts), np.split(upper, cuts), strict=True)
            return np.concatenate([self.quantile(*part) for part in parts])
        low = np.where(upper, 0.0, -REACH)
        high = np.where(upper, REACH, 0.0)
        sign = np.where(upper, -1.0, 1.0)
        for _ in range(BISECTIONS):
            middle = 0.5 * (low + high)
            below = sign * (self._block(middle, np.sinh(middle), 1) - log_tail) < 0.0
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        u = 0.5 * (low + high)
        going = np.arange(u.size)
        for _ in range(NEWTON_STEPS):
            at, side = u[going], sign[going]
            x = np.sinh(at)
            tail = self._block(at, x, 1)
            wrong = tail - log_tail[going]
            below = side * wrong < 0.0
            low[going], high[going] = np.where(below, at, low[going]), np.where(below, high[going], at)
            # d log tail / du = ± pdf cosh(u) / tail
            with np.errstate(all="ignore"):
                step = wrong * np.exp(tail - self._block(at, x, 0)) / np.cosh(at) * side
            moved = at - step
            inside = (moved >= low[going]) & (moved <= high[going])
            u[going] = np.where(inside, moved, 0.5 * (low[going] + high[going]))
            going = going[~(np.abs(step) < SETTLED)]
            if not going.size:
                break
        return np.sinh(u)


@lru_cache(maxsize=32)
def table(alpha: float, beta: float) -> Table:
    """The table of a law, kept for the 32 laws used last: half a millisecond for the first point, some 10 for all."""
    return Table(alpha, beta)
