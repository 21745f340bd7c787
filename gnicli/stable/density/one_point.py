"""One point of one law without an array: the same polynomials as in `interpolation`, to the last bit, in microseconds.

An array of one value costs NumPy some twenty calls, 60 µs. Here the coefficients of a panel are Python floats. What is
not on a panel whose polynomials hold (next to an edge, far out, NaN) is None, and the caller takes the arrays.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from gnicli.stable.density import closed_forms, interpolation

_FAR = 1e18  # scales: well inside of where the arrays take the power of the tail


class Panel(NamedTuple):
    """Left end, two over the width, and the coefficients of log pdf and log tail, highest power first."""

    left: float
    factor: float
    pdf: list[float]
    tail: list[float]


def _polynomial(coefficients: list[float], v: float) -> float:
    value = coefficients[0]
    for each in coefficients[1:]:
        value = value * v + each
    return value


class OnePoint:
    """Single values of one standard law, at y of its `coordinates`."""

    def __init__(self, alpha: float, beta: float) -> None:
        self._table = interpolation.table(alpha, beta)
        self._where = self._table.where
        self._panels: dict[int, Panel | None] = {}
        self._tail_at: dict[float, float | None] = {}  # by u: bisections come to few of them
        self._sf_middle: float | None = None

    def _panel(self, u: float) -> Panel | None:
        cell = self._table.cell(u)
        if cell is None:
            return None
        if cell not in self._panels:
            built = self._table.panel(cell)
            self._panels[cell] = built and Panel(*built)
        return self._panels[cell]

    def log(self, y: float, which: int) -> float | None:
        """log pdf (`which` 0) or log of the nearer tail (1) at y."""
        u = float(self._where.u(y))
        panel = self._panel(u)
        if panel is None:
            return None
        return _polynomial(panel.tail if which else panel.pdf, (u - panel.left) * panel.factor - 1.0)

    def _log_tail_at(self, u: float) -> float | None:
        if u not in self._tail_at:
            both = self._both(u)
            self._tail_at[u] = both and both[1]
        return self._tail_at[u]

    def _both(self, u: float) -> tuple[float, float] | None:
        panel = self._panel(u)
        if panel is None:
            return None
        v = (u - panel.left) * panel.factor - 1.0
        return _polynomial(panel.pdf, v), _polynomial(panel.tail, v)

    @property
    def sf_middle(self) -> float:
        """P(Y > y) at the y where the nearer tail changes."""
        if self._sf_middle is None:
            self._sf_middle = math.exp(self._table.log_tail(np.array([self._table.middle]))[0])
        return self._sf_middle

    def is_upper(self, y: float) -> bool:
        """Whether the nearer tail at y is the upper one."""
        return bool(self._table.is_upper(y))

    def quantile(self, q: float, lower: bool) -> float | None:
        """The y with P(Y <= y) = q, or with `lower` false P(Y > y) = q."""
        upper = q >= 1.0 - self.sf_middle if lower else q <= self.sf_middle
        return self._quantile(float(np.log1p(-q) if upper == lower else np.log(q)), upper)

    def _quantile(self, log_tail: float, upper: bool) -> float | None:
        """The y whose nearer tail has the given log, by the steps of `interpolation.Table.quantile`."""
        where = self._where
        low, high = (where.turn, where.reach) if upper else (-where.reach, math.nextafter(where.turn, -math.inf))
        sign = -1.0 if upper else 1.0
        for _ in range(interpolation.BISECTIONS):
            middle = 0.5 * (low + high)
            value = self._log_tail_at(middle)
            if value is None:
                return None
            if sign * (value - log_tail) < 0.0:
                low = middle
            else:
                high = middle
        u = 0.5 * (low + high)
        for _ in range(interpolation.NEWTON_STEPS):
            both = self._both(u)
            if both is None:
                return None
            wrong = both[1] - log_tail
            if sign * wrong < 0.0:
                low = u
            else:
                high = u
            step = wrong * float(np.exp(both[1] - both[0])) / (float(np.cosh(u)) * where.unit) * sign
            moved = u - step
            if not low <= moved <= high:
                moved = 0.5 * (low + high)
            u = moved
            if abs(step) < interpolation.SETTLED:
                break
        return float(where.y(u)) if abs(u) < where.reach - 1.0 else None


class OnePointOfForm:
    """Single values of a law with a closed form."""

    def __init__(self, form: closed_forms.Form) -> None:
        self._form = form

    def log(self, y: float, which: int) -> float | None:
        """log pdf (`which` 0) or log of the nearer tail (1) at y; None where they are not finite."""
        at = np.float64(y)
        if not abs(y) < _FAR:
            return None
        value = float((self._form.log_tail if which else self._form.log_pdf)(at))
        return value if value > -math.inf else None

    def is_upper(self, y: float) -> bool:
        """Whether the nearer tail at y is the upper one."""
        return y >= 0.0

    def quantile(self, q: float, lower: bool) -> float | None:
        """The y with P(Y <= y) = q, or with `lower` false P(Y > y) = q."""
        y = float((self._form.ppf if lower else self._form.isf)(np.float64(q)))
        return y if abs(y) < _FAR else None


@lru_cache(maxsize=32)
def one_point(alpha: float, beta: float) -> OnePoint | OnePointOfForm:
    """The single values of a law, kept for the 32 laws used last."""
    form = closed_forms.find(alpha, beta)
    return OnePointOfForm(form) if form else OnePoint(alpha, beta)
