"""Whether the information before a search's last step serves as that after it.

A search ends with a step that it does not evaluate: the likelihood is known there to 1e-7 nats by what the step was to
gain. The information is not. A step of a twentieth of a standard error may change standard errors by 3 %, and next to a
bound, or in a spike that a few samples are in, by a fifth.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

_STEADY = 0.007  # of a standard error
_SMOOTH_FROM = 0.8  # alpha, below which a spike or an edge is sharp
# Per step in standard errors over √n, and by how much a step uses up of the room to beta = ±1. Of 900 last steps that
# were evaluated those that these say change less than `_STEADY` changed standard errors by 0.5 % at most.
_SMOOTH, _SHARP = (10.0, 1.0), (30.0, 5.0)


def change(alpha: float, beta: float, step: Sequence[float], gain: float, n: float) -> float:
    """About how much of themselves standard errors change, at most, along a `step` from α and β that gains `gain` nats.

    Measured. Infinite for a step that leaves a bound.
    """
    by_length, by_room = _SMOOTH if alpha >= _SMOOTH_FROM else _SHARP
    total = by_length * math.sqrt(2.0 * max(gain, 0.0) / n)
    for moved, room, factor in ((step[0], 2.0 - alpha, 1.0), (step[1], 1.0 - abs(beta), by_room)):
        if moved:
            total += factor * abs(moved) / room if room > 0.0 else math.inf
    return total


def is_steady(alpha: float, beta: float, step: Sequence[float], gain: float, n: float) -> bool:
    """Whether that is too little to be worth an evaluation."""
    return change(alpha, beta, step, gain, n) < _STEADY
