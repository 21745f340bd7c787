"""Steps of `climb`: no longer than may be, and not past the bounds of alpha and beta."""

from __future__ import annotations

import math

import numpy as np

from gnicli.stable.fitting.search_problem import ALPHA_RANGE
from gnicli.stable.fitting.small_inverses import inverse_of

AT_BOUND = 1e-5  # of 1 − |β|: below, densities in a light tail are rounding
_LONGEST = np.array([0.25, 0.4, 1.0, 0.5])  # of a step; that of the location in scales
NEXT_TO_BOUND, _LONGEST_LOG = 0.3, 2.0  # of 1 − |β|, and of its logarithm


def limited(theta: np.ndarray, step: np.ndarray) -> tuple[np.ndarray, bool]:
    """The step, shorter where it is too long; whether it is as it was."""
    longest = _LONGEST.copy()
    longest[0] = min(longest[0], 0.3 * theta[0])
    longest[2] *= math.exp(theta[3])
    length = float((np.abs(step) / longest).max())
    return (step, True) if length <= 1.0 else (step / length, False)


def in_bounds(
    theta: np.ndarray, least_alpha: float, inverse: np.ndarray, step: np.ndarray
) -> tuple[np.ndarray, float, bool]:
    """The best step that ends inside the bounds, by the quadratic model; the nats lost by it; whether none.

    With C the `inverse` of the information, a shift of some coordinates by d drags the others by C C_KK⁻¹ d.
    """
    low, high = np.array([least_alpha, -1.0]), np.array([ALPHA_RANGE[1], 1.0])
    room = np.stack([low, high]) - theta[:2]
    movable = inverse.diagonal()[:2] > 0.0

    def outside(moved: np.ndarray) -> bool:
        return bool((movable & ((moved[:2] < room[0]) | (moved[:2] > room[1]))).any())

    if not outside(step):
        return step, 0.0, True
    ends = []
    for held in ([0], [1], [0, 1]):
        if movable[held].all():
            target = np.clip(step[held], room[0, held], room[1, held])
            shift = target - step[held]
            drag = np.linalg.solve(inverse[np.ix_(held, held)], shift)
            moved = step + inverse[:, held] @ drag
            moved[held] = target
            if not outside(moved):
                ends.append((0.5 * float(shift @ drag), moved))
    lost, moved = min(ends, key=lambda end: end[0])
    return moved, lost, False


def by_log_of_rest(
    theta: np.ndarray, information: np.ndarray, gradient: np.ndarray, free: np.ndarray, least: float
) -> np.ndarray | None:
    """Newton's step by log(1 − |β|) in place of β, next to ±1; None elsewhere.

    Samples in the light tail add log(1 − |β|) each: by β a step from afar passes the bound, and one from next to it
    only doubles the distance.
    """
    beta = theta[1]
    rest, sign = 1.0 - abs(beta), math.copysign(1.0, beta)
    if not (free[1] and AT_BOUND < rest < NEXT_TO_BOUND):
        return None
    turn = np.array([1.0, -sign * rest, 1.0, 1.0])
    turned = information * np.outer(turn, turn)
    turned[1, 1] += sign * rest * gradient[1]
    inverse, _ = inverse_of(turned.tolist(), least)
    step = np.where(free, np.array(inverse) @ (turn * gradient), 0.0)
    step /= max(float(np.abs(step[1])) / _LONGEST_LOG, 1.0)
    step[1] = -sign * rest * math.expm1(step[1])
    return limited(theta, step)[0]
