"""The flow of w' = b(w) over any time, from one table.

Between two zeros of b a chain passes every place once, so Φ_t(w) = T⁻¹(T(w) + t), where T, the time from the begin of
the stretch to w, is the integral of 1/|b|. The table has T at nodes that close in on each zero geometrically, for T
grows without bound there; cubic Hermite pieces carry T and its inverse between nodes, since both slopes are known.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.interpolate import CubicSpline

_NEAREST = 1e-9  # of the table's width: nearer to a zero b is linear
_RATIO = 0.02  # of neighboring nodes' distances from a zero: Hermite pieces are then good to 1e-9 of the distance
_LEAST_CELL = 1e-12  # of the table's width
_NODES = 6  # of Gauss and Legendre in a cell


class _Stretch(NamedTuple):
    """Between two zeros of b, or a zero and an end of the table; `side` is b's sign, x = side·w grows along the flow.

    `x`, `time` and `speed` = |b| are those of the nodes. `first` and `last` are where the stretch begins and ends in x,
    `rates` the speed over the distance from there at the first and at the last node.
    """

    side: float
    x: np.ndarray
    time: np.ndarray
    speed: np.ndarray
    first: float
    last: float
    rates: tuple[float, float]

    def moved(self, w: np.ndarray, duration: np.ndarray) -> np.ndarray:
        """Where points of the stretch (n,) are after times (n,)."""
        return self.side * self._place(self._time(self.side * w) + duration)

    def _time(self, x: np.ndarray) -> np.ndarray:
        found = _hermite(x, self.x, self.time, 1 / self.speed)
        before, after = x < self.x[0], x > self.x[-1]
        found[before] = np.log((x[before] - self.first) / (self.x[0] - self.first)) / self.rates[0]
        left = (self.last - x[after]) / (self.last - self.x[-1])
        found[after] = self.time[-1] - np.log(left) / self.rates[1]
        return found

    def _place(self, time: np.ndarray) -> np.ndarray:
        found = _hermite(time, self.time, self.x, self.speed)
        before, after = time < 0, time > self.time[-1]
        found[before] = self.first + (self.x[0] - self.first) * np.exp(self.rates[0] * time[before])
        left = np.exp(-self.rates[1] * (time[after] - self.time[-1]))
        found[after] = self.last - (self.last - self.x[-1]) * left
        return found


class Clock:
    """Φ_t of w' = b(w) on [low, high], at whose ends b points inwards.

    b is a cubic `spline` times a positive `factor`, so that its zeros are those of the spline. What is beyond the ends
    starts from them.
    """

    def __init__(self, spline: CubicSpline, factor: Callable[[np.ndarray], np.ndarray]) -> None:
        self._spline, self._factor = spline, factor
        knots = np.asarray(spline.x, float)
        self._low, self._high = float(knots[0]), float(knots[-1])
        self._width, self._spacing = self._high - self._low, float(knots[1] - knots[0])
        self._zeros = self._separated(spline.roots(extrapolate=False))
        # b may be nearly zero where the spline turns: nodes close in on these places as well.
        turns = self._separated(spline.derivative().roots(discontinuity=False, extrapolate=False))
        nodes = self._nodes(knots, np.concatenate([self._zeros, turns]))
        ends = np.array([self._low, *self._zeros, self._high])
        self._stretches = [self._stretch(nodes, *pair) for pair in pairwise(ends.tolist())]

    def flow(self, w: np.ndarray, time: float | np.ndarray) -> np.ndarray:
        """Φ_time(w), elementwise, of any shape; `time` >= 0 is a number or an array of that shape. NaN stays NaN."""
        at = np.clip(np.ravel(w), self._low, self._high)
        durations = np.broadcast_to(time, np.shape(w)).ravel()
        where = np.searchsorted(self._zeros, at)
        with np.errstate(divide="ignore"):  # at a zero itself: the logarithm of 0, whose exponential is 0
            for number, stretch in enumerate(self._stretches):
                own = np.flatnonzero(where == number)
                if len(own):
                    at[own] = stretch.moved(at[own], durations[own])
        return at.reshape(np.shape(w))

    def _rate(self, w: np.ndarray) -> np.ndarray:
        return np.asarray(self._spline(w) * self._factor(w))

    def _separated(self, places: np.ndarray) -> np.ndarray:
        """The finite ones of `places` inside of the table, ascending, farther apart than nodes close in on them."""
        inside = places[np.isfinite(places)]
        kept: list[float] = []
        for place in np.sort(inside).tolist():
            nearest = max(kept[-1] if kept else self._low, self._low)
            if place - nearest > 4 * _NEAREST * self._width and self._high - place > 4 * _NEAREST * self._width:
                kept.append(place)
        return np.array(kept)

    def _nodes(self, knots: np.ndarray, centers: np.ndarray) -> np.ndarray:
        """Knots, and on both sides of each center nodes at distances that grow geometrically up to the knots' own."""
        far = self._spacing / _RATIO
        n = int(np.ceil(np.log(far / (_NEAREST * self._width)) / _RATIO))
        distances = np.geomspace(_NEAREST * self._width, far, n)
        around = [center + side * distances for center in centers for side in (-1, 1)]
        nodes = np.sort(np.concatenate([knots, *around]))
        nodes = nodes[(nodes >= self._low) & (nodes <= self._high)]
        return nodes[np.diff(nodes, prepend=-np.inf) > _LEAST_CELL * self._width]

    def _stretch(self, nodes: np.ndarray, begin: float, end: float) -> _Stretch:
        """The table of one stretch; its ends that are zeros are left out, by the distance of the nearest nodes."""
        least = 0.999 * _NEAREST * self._width
        low = begin if begin == self._low else begin + least
        high = end if end == self._high else end - least
        w = nodes[(nodes >= low) & (nodes <= high)]
        t, weights = np.polynomial.legendre.leggauss(_NODES)
        half = np.diff(w) / 2
        durations = (weights / np.abs(self._rate(w[:-1, None] + half[:, None] * (1 + t)))).sum(axis=1) * half
        speed = np.abs(self._rate(w))
        side = float(np.sign(self._rate(w[len(w) // 2 : len(w) // 2 + 1]))[0])
        first, last = begin, end
        if side < 0:
            w, durations, speed, first, last = w[::-1], durations[::-1], speed[::-1], end, begin
        x, first, last = side * w, side * first, side * last
        time = np.concatenate([[0.0], np.cumsum(durations)])
        # No chain is before the first node where that is the table's end.
        before = speed[0] / (x[0] - first) if x[0] > first else np.inf
        return _Stretch(side, x, time, speed, first, last, (before, speed[-1] / (last - x[-1])))


def _hermite(at: np.ndarray, x: np.ndarray, y: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """The piecewise cubic through nodes (x, y) with slopes, at points (n,); those beyond the ends are not used."""
    cell = np.clip(np.searchsorted(x, at) - 1, 0, len(x) - 2)
    step = x[cell + 1] - x[cell]
    s = np.clip((at - x[cell]) / step, 0.0, 1.0)
    rise = y[cell + 1] - y[cell]
    left, right = step * slope[cell], step * slope[cell + 1]
    return np.asarray(y[cell] + s * (left + s * (3 * rise - 2 * left - right + s * (left + right - 2 * rise))))
