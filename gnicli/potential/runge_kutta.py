"""The drift flow w' = −∇f(w) of a potential whose flow is not known in closed form."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gnicli.errors import NumericalError

_FRACTION = 0.25  # dt ≤ .25 (1 + |w|)/|∇f|: a sub-step never moves a chain by more than a quarter of its distance
_STIFFNESS = 0.3  # dt ≤ .3 / |∇²f| along the path: without it a sextic is off by 4 % from far out
_MANY = 0.1  # share of chains from which on halving the step for all is cheaper than picking them out
_MOST_PARTS = 10_000

Gradient = Callable[[np.ndarray], np.ndarray]


def flow(gradient: Gradient, w: np.ndarray, time: float, halvings: int = 2) -> np.ndarray:
    """Solve w' = −gradient(w) from `w`, (n,) or (d, n), over `time` >= 0 by classical Runge-Kutta sub-steps per chain.

    The sub-steps are of order 4 and follow dt ≤ .25 (1 + |w|)/|∇f| (SPEC) and the curvature met, so that chains far out
    come in safely. Most chains need few: all take the same number, up to 2^halvings, and those that need
    more start again.
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
    result[..., long] = _in_parts(gradient, w[..., long], time)
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


def _in_parts(gradient: Gradient, w: np.ndarray, time: float) -> np.ndarray:
    result = w.copy()
    chains = np.flatnonzero(np.isfinite(w) if w.ndim == 1 else np.isfinite(w).all(axis=0))
    left = np.full(len(chains), float(time))
    for _ in range(_MOST_PARTS):
        if not len(chains):
            return result
        here = result[..., chains]
        slope = gradient(here)
        speed = _norm(slope)
        with np.errstate(divide="ignore"):
            dt = np.minimum(left, _FRACTION * (1 + _norm(here)) / speed)
        second = gradient(here - 0.5 * dt * slope)
        change = 2 * _norm(second - slope)
        stiff = change > _STIFFNESS * speed
        if stiff.any():
            dt = np.where(stiff, dt * _STIFFNESS * speed / np.where(stiff, change, 1.0), dt)
            second = gradient(here - 0.5 * dt * slope)
        result[..., chains] = here - _increment(gradient, here, slope, second, dt)
        left = left - dt
        chains, left = chains[left > 0], left[left > 0]
    raise NumericalError(
        f"the gradient flow over a time of {time:g} needs more than {_MOST_PARTS} sub-steps: the potential is too "
        "steep; take a smaller eta, or a potential with numbers nearer to 1"
    )


def _norm(w: np.ndarray) -> np.ndarray:
    return np.abs(w) if w.ndim == 1 else np.sqrt(np.einsum("dn,dn->n", w, w))
