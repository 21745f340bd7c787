"""The density and the nearer tail of one standard law as piecewise polynomials in u = asinh(y / unit), for many points.

y and unit are those of `coordinates`: S0 in scales, and S1 in units of its spike below alpha = 0.5.

log pdf and log tail (the sf above `Table.middle`, the cdf below) are interpolated at Chebyshev points on dyadic panels
of u. Panels are split until the last coefficients vanish. Panels that do not converge (at the edge of a one-sided
support, or where a light tail falls faster than exponentially in u) are left to the exact inversion, point by point.

A panel is built when a point falls into it, by itself alone: no bit of a value depends on which panels were built
before it, or together with it.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from gnicli.stable.density import ends
from gnicli.stable.density.coordinates import Coordinates, coordinates, first_panels
from gnicli.stable.density.exact import exact

_DEGREE = 13
_FINEST = 2.0**-7
_ALMOST = 1.0 - 1e-15  # of the reach: the last cell ends there
_TOLERANCE = 1e-10
_BLOCK = 8192
_UNDERFLOW = -800.0  # exp() of it is 0 with room to spare
BISECTIONS = 7  # of a quantile: they leave .375 of u, a panel or less
NEWTON_STEPS = 48  # at most; four or five are usual, more where the tail is flat
SETTLED = 1e-9  # a step of Newton's that is smaller leaves its square


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


@lru_cache(maxsize=4)
def _first_spans(reach: float) -> np.ndarray:
    """For each cell of the finest width, how many of them the panel that holds it has to begin with."""
    spans = np.empty(round(2.0 * reach / _FINEST), dtype=np.int64)
    for left, width in first_panels(reach):
        first = round((left + reach) / _FINEST)
        spans[first : first + round(width / _FINEST)] = round(width / _FINEST)
    return spans


def _within(u: np.ndarray, reach: float) -> np.ndarray:
    """u, or the end of the tables next to it; 0 for NaN."""
    held = np.clip(u, -reach, reach * _ALMOST)
    held[np.isnan(held)] = 0.0
    return held


def _cells(u: np.ndarray, where: Coordinates) -> np.ndarray:
    cells = ((u + where.reach) * (1.0 / _FINEST)).astype(np.int64)
    if (u < where.turn).any():  # the sum may round to that of the turn, whose panel has the other tail
        cells[(cells == _cell_of_turn(where)) & (u < where.turn)] -= 1
    return cells


def _cell_of_turn(where: Coordinates) -> int:
    return round((where.turn + where.reach) / _FINEST)


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


def _fit(function: Function, left: np.ndarray, width: np.ndarray) -> tuple[np.ndarray, Panels]:
    """Polynomials on some panels of a law, each to the bit as it would be alone; and which need no splitting."""
    nodes, to_coefficients, to_powers = _chebyshev()
    u = left[:, None] + 0.5 * width[:, None] * (1.0 + nodes)
    values = np.stack(function(u))  # (2, panels, nodes)
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


Function = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


class Table:
    """The interpolant of one law with scale 1, at y of its `coordinates`; several threads may ask it at once."""

    def __init__(self, alpha: float, beta: float) -> None:
        self.alpha, self.beta = alpha, beta
        self.where = coordinates(alpha, beta)
        self.middle = float(self.where.y(self.where.turn))  # where the nearer tail changes
        self._span = _first_spans(self.where.reach).copy()  # of the panel that holds a cell, as far as split
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
                done, found = _fit(
                    lambda u: self.exact(self.where.y(u)), first * _FINEST - self.where.reach, span * _FINEST
                )
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
        cells = _cells(u, self.where)
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

    def exact(self, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """log pdf and log of the nearer tail at each y, which the panels interpolate."""
        return exact(self.alpha, self.beta, y)

    def fill_far(self, y: np.ndarray, far: np.ndarray, value: np.ndarray, which: int) -> None:
        """Put log pdf (`which` 0) or log of the nearer tail (1) into `value` at the places `far`, beyond the panels."""
        for side, heavy in ((far[y[far] < 0.0], self.beta < 1.0), (far[y[far] > 0.0], self.beta > -1.0)):
            if heavy and side.size:
                value[side] = ends.log_power(self.alpha, self.beta, y[side] > 0.0, np.log(np.abs(y[side])), which)

    def log_pdf(self, y: np.ndarray, underflow: bool = False) -> np.ndarray:
        """log pdf at y, shape (n,). With `underflow`, values below -800 may be given as -inf, which is faster."""
        return self._evaluate(y, 0, underflow)

    def log_tail(self, y: np.ndarray, underflow: bool = False) -> np.ndarray:
        """Log of the sf where `is_upper`, and of the cdf elsewhere, shape (n,)."""
        return self._evaluate(y, 1, underflow)

    def _evaluate(self, y: np.ndarray, which: int, underflow: bool) -> np.ndarray:
        if y.size > _BLOCK:  # many points: all panels between their ends, at once
            ends_of_y = self.where.u(np.array([np.fmin.reduce(y), np.fmax.reduce(y)]))
            first, last = _cells(_within(ends_of_y, self.where.reach), self.where)
            self.build(np.arange(first, last + 1))
        out = np.empty_like(y)
        for start in range(0, y.size, _BLOCK):
            part = slice(start, start + _BLOCK)
            out[part] = self._block(self.where.u(y[part]), y[part], which, underflow)
        return out

    def _block(self, u: np.ndarray, y: np.ndarray, which: int, underflow: bool = False) -> np.ndarray:
        held = _within(u, self.where.reach)
        panel = self._find(held)
        built = self._panels
        v = (held - built.left[panel]) * (2.0 / built.width)[panel] - 1.0
        rows = built.tail if which else built.pdf
        value = rows[-1][panel]
        for row in rows[-2::-1]:
            value *= v
            value += row[panel]
        beyond = np.abs(u) > self.where.reach
        if not self._all_good:
            gone = built.gone[panel] & underflow
            value[gone] = -np.inf
            by_hand = np.flatnonzero(~built.good[panel] & ~gone)
            if by_hand.size:
                value[by_hand] = self.exact(y[by_hand])[which]
        if beyond.any():
            self.fill_far(y, np.flatnonzero(beyond), value, which)
        value[np.isnan(y)] = np.nan
        return value

    def is_upper(self, y: Any) -> Any:
        """Where `log_tail` is that above y, an array or a number."""
        return self.where.upper(self.where.u(y))

    def cell(self, u: float) -> int | None:
        """The number of the finest cell that holds one u; None beyond the reach, and for NaN."""
        if not abs(u) < self.where.reach * _ALMOST:
            return None
        found = int((u + self.where.reach) * (1.0 / _FINEST))
        return found - 1 if u < self.where.turn and found == _cell_of_turn(self.where) else found

    def quantile(self, log_tail: np.ndarray, upper: np.ndarray) -> np.ndarray:
        """The y whose nearer tail has the given log; `upper` marks those above `middle`. Bisection in u, then Newton.

        `one_point` takes the same steps: a value that has settled is left alone whatever the others do.
        """
        if not log_tail.size:
            return np.empty(0)
        if log_tail.size > _BLOCK:
            cuts = range(_BLOCK, log_tail.size, _BLOCK)
            parts = zip(np.split(log_tail, cuts), np.split(upper, cuts), strict=True)
            return np.concatenate([self.quantile(*part) for part in parts])
        where = self.where
        low = np.where(upper, where.turn, -where.reach)
        high = np.where(upper, where.reach, np.nextafter(where.turn, -np.inf))
        sign = np.where(upper, -1.0, 1.0)
        for _ in range(BISECTIONS):
            middle = 0.5 * (low + high)
            below = sign * (self._block(middle, where.y(middle), 1) - log_tail) < 0.0
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        u = 0.5 * (low + high)
        going = np.arange(u.size)
        for _ in range(NEWTON_STEPS):
            at, side = u[going], sign[going]
            y = where.y(at)
            tail = self._block(at, y, 1)
            wrong = tail - log_tail[going]
            below = side * wrong < 0.0
            low[going], high[going] = np.where(below, at, low[going]), np.where(below, high[going], at)
            # d log tail / du = ± pdf unit cosh(u) / tail
            with np.errstate(all="ignore"):
                step = wrong * np.exp(tail - self._block(at, y, 0)) / (np.cosh(at) * where.unit) * side
            moved = at - step
            inside = (moved >= low[going]) & (moved <= high[going])
            u[going] = np.where(inside, moved, 0.5 * (low[going] + high[going]))
            going = going[~(np.abs(step) < SETTLED)]
            if not going.size:
                break
        return where.y(u)


@lru_cache(maxsize=32)
def table(alpha: float, beta: float) -> Table:
    """The table of a law, kept for the 32 laws used last: half a millisecond for the first point, some 10 for all."""
    return Table(alpha, beta)
