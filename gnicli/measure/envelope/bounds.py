"""Whether a function of one number has the extended envelope property, and with which constants.

Definition 3.3 (Vladimirova et al. 2019): there are c1, c2, d2 ≥ 0 and d1 > 0 with |φ(u)| ≤ c2 + d2 |u| for every u, and
|φ(u)| ≥ c1 + d1 |u| for all u ≥ 0 or for all u ≤ 0. (The paper prints d1 ≥ 0, and with d1 = 0 every function has that.)

The best d1 of a half-line is inf |φ(u)|/|u|, with c1 = 0. The least d2 is the growth of |φ| at the end where it is
larger, and c2 then sup(|φ(u)| − d2 |u|).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import optimize

Function = Callable[[np.ndarray], np.ndarray]

_NEAR, _FAR = 1e-8, 1e8  # sizes that are looked at; what a function does beyond is taken from its growth there
_POINTS = 8001
_LINEAR = 0.01  # a growth |u|^p counts as linear for p within this of 1
_ZERO = 1e-9  # a ratio below it at an inner point is a root


class Envelope(NamedTuple):
    """The constants of a function.

    `upper` is (c2, d2), None where it grows faster than linearly. `right` and `left` are the largest d1 of u ≥ 0 and of
    u ≤ 0, with c1 = 0; 0 where there is none.
    """

    upper: tuple[float, float] | None
    right: float
    left: float

    @property
    def holds(self) -> bool:
        """Whether the property holds."""
        return self.upper is not None and max(self.right, self.left) > 0


def envelope(function: Function) -> Envelope:
    """The envelope of `function`, which maps arrays (n,) float64 to such arrays; finite for every u."""
    sides = [_Side(function, sign) for sign in (1.0, -1.0)]
    return Envelope(_upper(function, sides), *(side.lower() for side in sides))


class _Side:
    """A function on one half-line, at sizes s = |u| that are equidistant on a logarithmic axis."""

    def __init__(self, function: Function, sign: float) -> None:
        self._function, self._sign = function, sign
        self.s = np.geomspace(_NEAR, _FAR, _POINTS)
        self.sizes = np.abs(function(sign * self.s))
        last, before = self.sizes[-1], float(self._size(_FAR / 10))
        # p of |φ| ~ s^p at the far end; 0 of a function that vanishes there.
        self.growth = math.log10(last / before) if last > 0 and before > 0 else 0.0
        self.slope = (last - before) / (0.9 * _FAR) if abs(self.growth - 1) < _LINEAR else 0.0

    def _size(self, s: float) -> float:
        return float(np.abs(self._function(np.array([self._sign * s])))[0])

    def lower(self) -> float:
        """inf |φ|/s over s > 0."""
        if self.growth < 1 - _LINEAR:
            return 0.0
        ratios = self.sizes / self.s
        at = int(ratios.argmin())
        least = min(float(ratios[at]), _refined(lambda s: self._size(s) / s, self.s, at), *self._roots())
        return 0.0 if least < _ZERO else least

    def _roots(self) -> list[float]:
        """0 where φ changes its sign: between two points the least of |φ| is easily missed."""
        signs = np.sign(self._function(self._sign * self.s))
        return [0.0] if (signs[:-1] * signs[1:] < 0).any() else []

    def above(self, slope: float) -> float:
        """sup(|φ| − slope · s) over s > 0; infinite where it still rises at the far end."""
        rest = self.sizes - slope * self.s
        at = int(rest.argmax())
        if at == len(rest) - 1 and rest[-1] > rest[-len(rest) // 16] + 1e-6 * (1 + abs(self.sizes[-1])):
            return math.inf
        return max(float(rest[at]), -_refined(lambda s: slope * s - self._size(s), self.s, at))


def _refined(function: Callable[[float], float], s: np.ndarray, at: int) -> float:
    """The least value of a function between the neighbors of a point of a grid."""
    low, high = math.log(s[max(at - 1, 0)]), math.log(s[min(at + 1, len(s) - 1)])
    found = optimize.minimize_scalar(lambda t: function(math.exp(t)), bounds=(low, high), method="bounded",
                                     options={"xatol": 1e-12})  # fmt: skip
    return float(found.fun)


def _upper(function: Function, sides: list[_Side]) -> tuple[float, float] | None:
    """(c2, d2) with the least d2; where |φ| grows but less than linearly, one constant for both."""
    if max(side.growth for side in sides) > 1 + _LINEAR:
        return None
    at_0 = float(np.abs(function(np.zeros(1)))[0])
    slope = max(side.slope for side in sides)
    intercept = max(at_0, *(side.above(slope) for side in sides))
    if math.isfinite(intercept):
        # What rounding leaves of a difference of large numbers is no intercept.
        return (intercept if intercept > 1e-7 else 0.0, slope)
    both = max(at_0, *(float((side.sizes / (1 + side.s)).max()) for side in sides))
    return both, both
