"""The coordinate in which a law is smooth: asinh of y, in units of the law's spike below alpha = 0.5.

y is the distance in scales from the law's origin, which is its location in S0, and below alpha = 0.5 that in S1: there
the law has a spike at its S1 location, 1e-12 scales wide at alpha = 0.1, which S0 would round away.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from gnicli.stable.density import ends
from gnicli.stable.density.inversion import IN_S1, shape, zeta


def offset(alpha: float, beta: float) -> float:
    """The S0 location of the origin from which y is measured, in scales."""
    return zeta(shape(alpha, beta)) if alpha < IN_S1 else 0.0


def half_width_of_edge(alpha: float) -> float:
    """Half of the distance from a one-sided law's edge, in scales, at which its density is near 1e-7; alpha < 1.

    By the exponent of the saddlepoint formula (`ends.fill_edge`). The spike of the other laws is about as narrow.
    """
    gamma = 1.0 / math.cos(0.5 * math.pi * alpha)
    return 0.5 * gamma * alpha * ((1.0 - alpha) * gamma / 16.0) ** ((1.0 - alpha) / alpha)


def first_panels(reach: float) -> list[tuple[float, float]]:
    """Left end and width of the panels to begin with: narrow in the bulk, wide in the tails."""
    right = [(k * 0.5, 0.5) for k in range(6)] + [(3.0, 1.0), (4.0, 2.0), (6.0, 2.0), (8.0, 4.0), (12.0, 4.0)]
    right += [(u, 8.0) for u in np.arange(16.0, reach, 8.0).tolist()]
    return [(-left - width, width) for left, width in right] + right


class Coordinates(NamedTuple):
    """u = asinh(y / unit), how far out tables reach, and from which u on the nearer tail is the upper."""

    unit: float
    reach: float
    turn: float

    def u(self, y: Any) -> Any:
        """The coordinate of y, an array or a number."""
        with np.errstate(over="ignore"):  # inf is beyond every table
            return np.arcsinh(y / self.unit)

    def y(self, u: Any) -> Any:
        """The y of a coordinate."""
        return self.unit * np.sinh(u)

    def upper(self, u: Any) -> Any:
        """Where the nearer tail is the upper one."""
        return u >= self.turn


@lru_cache(maxsize=64)
def coordinates(alpha: float, beta: float) -> Coordinates:
    """Those of a law."""
    if alpha >= IN_S1:
        return Coordinates(1.0, ends.FARTHEST, 0.0)
    unit = 2.0 * half_width_of_edge(alpha)
    reach = 8.0 * math.ceil((ends.log_farthest(alpha) + math.log(2.0) - math.log(unit)) / 8.0)
    turn = 0.0
    if abs(beta) > 0.9:  # the tail on the light side is small next to the origin: turn at a panel's edge next to S0's 0
        edge = math.asinh(abs(offset(alpha, beta)) / unit)
        turn = math.copysign(max(left for left, _ in first_panels(reach) if left <= edge), beta)
    return Coordinates(unit, reach, turn)
