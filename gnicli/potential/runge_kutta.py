"""The drift flow w' = −∇f(w) of a potential whose flow is not known in closed form."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gnicli.errors import NumericalError

_FRACTION = 0.25  # dt ≤ .25 (1 + |w|)/|∇f|: a sub-step never moves a chain by more than a quarter of its distance
_STIFFNESS = 0.3  # dt ≤ .3 / |∇²f| along the path: without it a sextic is off by 4 % from far out
_AT_REST = 4e-16  # a sub-step that moves a chain by less than this share of its place does not move it
_NOTHING = 1e-280
_SHORTENINGS = (0.1, 0.1, 0.1, 0.0, 0.0)
_MOST_ROUNDS = 100_000
_MANY = 0.1  # share of chains from which on halving the step for all is cheaper than picking them out

Gradient = Callable[[np.ndarray], np.ndarray]


def flow(gradient: Gradient, w: np.ndarray, time: float | np.ndarray, halvings: int = 2) -> np.ndarray:
    """Solve w' = −gradient(w) from `w`, (n,) or (d, n), over `time` >= 0 by classical Runge-Kutta sub-steps per chain.

    `time` is a number, or one for each chain (n,). The sub-steps are of order 4 and follow dt ≤ .25 (1 + |w|)/|∇f| and
    the curvature met, so that chains far out come in safely. Most chains need few: all take the same number, up to
    2^halvings, and those that need more start again. A chain that has come to rest is left there, however steep its
    well. Raises `NumericalError` for one that has not arrived after 100 000 sub-steps.
    """
    w = np.asarray(w, float)
    with np.errstate(over="ignore", invalid="ignore"):
        slope = gradient(w)
        second = gradient(w - 0.5 * time * slope)
        short = _norm(slope) * time <= _FRACTION * (1 + _norm(w))
        short &= 2 * _norm(second - slope) <= _STIFFNESS * _norm(slope)
        result = w - _increment(gradient, w, slope, second, time)
    long = np.flatnonzero(~short)
    if not len(long):
        return result
    if halvings and len(long) > _MANY * short.size:
        half = flow(gradient, w, 0.5 * time, halvings - 1)
        return flow(gradient, half, 0.5 * time, halvings - 1)
    result[..., long] = _in_parts(gradient, w[..., long], np.broadcast_to(time, short.shape)[long])
    return result


def _increment(
    gradient: Gradient, w: np.ndarray, slope: np.ndarray, second: np.ndarray, dt: np.ndarray | float
) -> np.ndarray:
    third = gradient(w - 0.5 * dt * second)
    fourth = gradient(w - dt * third)
    second = second + third
    second *= 2
    second += slope
    second += fourth
    second *= dt / 6
    return second


def _in_parts(gradient: Gradient, w: np.ndarray, time: np.ndarray) -> np.ndarray:
    result = w.copy()
    chains = np.flatnonzero(np.isfinite(w) if w.ndim == 1 else np.isfinite(w).all(axis=0))
    left = time[chains]
    for _ in range(_MOST_ROUNDS):
        if not len(chains):
            return result
        here = result[..., chains]
        with np.errstate(all="ignore"):
            moved, dt = _part(gradient, here, left)
            still = _norm(moved - here) <= _AT_REST * _norm(here) + _NOTHING
        result[..., chains] = moved
        left = np.where(still, 0.0, left - dt)
        chains, left = chains[left > 0], left[left > 0]
    raise NumericalError(
        f"the drift is too steep: {len(chains)} chains did not get through one step in {_MOST_ROUNDS} sub-steps; take "
        "a shorter step, or a potential with smaller coefficients"
    )


def _part(gradient: Gradient, here: np.ndarray, left: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One sub-step of each chain: where it ends, and how long it is."""
    slope = gradient(here)
    speed = _norm(slope)
    dt = np.minimum(left, _FRACTION * (1 + _norm(here)) / speed)
    second = gradient(here - 0.5 * dt * slope)
    for least in _SHORTENINGS:
        change = 2 * _norm(second - slope)
        stiff = change > 1.001 * _STIFFNESS * speed
        if not stiff.any():
            break
        # What a step meets that is far too long says little of the curvature here: at first, to no less than a tenth.
        share = np.maximum(_STIFFNESS * speed / np.where(stiff, change, 1.0), least)
        dt = np.where(stiff, dt * share, dt)
        second = gradient(here - 0.5 * dt * slope)
    moved = here - _increment(gradient, here, slope, second, dt)
    # Where the force is beyond the numbers, half of the way in takes no time.
    beyond = ~np.isfinite(_norm(moved))
    return np.where(beyond, 0.5 * here, moved), np.where(beyond, 0.0, dt)


def _norm(w: np.ndarray) -> np.ndarray:
    return np.abs(w) if w.ndim == 1 else np.sqrt(np.einsum("dn,dn->n", w, w))
