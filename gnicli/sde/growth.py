"""How a function of the position grows far out, and near points where it has poles: what decides about its moments.

Found by looking, not by algebra: at |w| from 1e2 to 1e12 on either side, and ever nearer to the local maxima of |g| in
[−50, 50]. So a power that shows beyond 1e12 only, or a pole that does not show on a grid of .005, is missed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

Function = Callable[[np.ndarray], np.ndarray]

_POINTS = 257
_FIT = (1e4, 1e8)  # powers are read off between these: nearer, lower terms show; farther out, rounding does
_PROBES = np.geomspace(1e2, 1e12, 21)
_FLAT = 0.2  # a power below it is taken for 0: logarithms, and no moment that is asked for depends on it
_STEEP = 20.0  # powers beyond it that are still growing are read as faster than every power
_LARGEST = 290.0  # decimal logarithm
_NEAR = np.linspace(-50.0, 50.0, 20_002)  # does not hold 0: the most frequent pole would be divided by
_ZOOMS = 9
_GRID = np.linspace(-1.0, 1.0, 40) + 0.0137
_DISTANCES = (1e-4, 1e-7)


class Side(NamedTuple):
    """g ~ ±|w|^power on one side: `power` is 0 for what stays bounded, inf for what outgrows every power, NaN for what
    is not known; `sign` is that of g there, 0 where it keeps none.
    """

    power: float
    sign: int


class Growth(NamedTuple):
    """`pole` is q where g ~ |w − w₀|^{−q} near some w₀, 0 where there is none; `pole_sign` as in `Side`."""

    left: Side
    right: Side
    pole: float
    pole_sign: int


def of(function: Function) -> Growth:
    """The growth of an elementwise function."""
    with np.errstate(all="ignore"):
        pole, sign = _pole(function)
        return Growth(_side(function, -1.0), _side(function, 1.0), pole, sign)


def _side(function: Function, side: float) -> Side:
    stretch = np.linspace(1.0, 2.0, _POINTS)
    values = np.array([function(side * scale * stretch) for scale in _PROBES])
    inner, outer = (int(np.argmin(np.abs(np.log(_PROBES / end)))) for end in _FIT)
    if np.isnan(values[inner : outer + 1]).any():
        return Side(math.nan, 0)
    sizes = np.abs(values).max(axis=1)
    signs = np.sign(values[inner:])
    sign = int(signs.flat[0]) if (signs == signs.flat[0]).all() else 0
    middle = (inner + outer) // 2
    logs = np.log(np.maximum(sizes, 1e-300))
    first, last = (
        (logs[b] - logs[a]) / math.log(_PROBES[b] / _PROBES[a]) for a, b in ((inner, middle), (middle, outer))
    )
    reach = np.log10(np.maximum(sizes[outer], 1e-300)) + max(last, 0.0) * np.log10(_PROBES / _PROBES[outer])
    if np.isinf(sizes[: outer + 1]).any() or (np.isinf(sizes) & (reach < _LARGEST)).any():
        return Side(math.inf, sign)
    if last > _STEEP and last > 1.5 * first:
        return Side(math.inf, sign)
    return Side(float(round(last, 3)) if last > _FLAT else 0.0, sign)


def _pole(function: Function) -> tuple[float, int]:
    """The order of the steepest pole that shows: |g| grows at local maxima without end as one goes nearer to them."""
    values = _size(function, _NEAR)
    inner = values[1:-1]
    at = _NEAR[1 + np.flatnonzero((inner > values[:-2]) & (inner >= values[2:]))]
    if not len(at):
        return 0.0, 0
    width = float(_NEAR[1] - _NEAR[0])
    for _ in range(_ZOOMS):
        near = at[:, None] + width * _GRID
        at, width = near[np.arange(len(at)), _size(function, near).argmax(axis=1)], 0.1 * width
    far, close = (np.max([_size(function, at + sign * d) for sign in (-1, 1)], axis=0) for d in _DISTANCES)
    orders = np.log(np.maximum(close, 1e-300) / np.maximum(far, 1e-300)) / math.log(_DISTANCES[0] / _DISTANCES[1])
    worst = int(orders.argmax())
    if orders[worst] < _FLAT:
        return 0.0, 0
    around = function(at[worst] + _DISTANCES[1] * np.array([-1.0, 1.0]))
    signs = np.sign(around[np.isfinite(around)])
    return float(round(orders[worst], 2)), int(signs[0]) if len(signs) and (signs == signs[0]).all() else 0


def _size(function: Function, at: np.ndarray) -> np.ndarray:
    """|g|, 0 where it is no number."""
    values = np.abs(function(at))
    return np.where(np.isfinite(values), values, 0.0)
