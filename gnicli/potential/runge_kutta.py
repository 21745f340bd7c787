"""The drift flow w' = −∇f(w) of a potential whose flow is not known in closed form."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

_FRACTION = 0.25  # dt ≤ .25 (1 + |w|)/|∇f|: a sub-step never moves a chain by more than a quarter of its distance
_STIFFNESS = 0.2  # dt ≤ .2 / |∇²f| along the path: without it a sextic is off by 4 % from far out


def flow(gradient: Callable[[np.ndarray], np.ndarray], w: np.ndarray, time: float) -> np.ndarray:
    """Solve w' = −gradient(w) from `w`, (n,) or (d, n), over `time` >= 0 by classical Runge-Kutta sub-steps per chain.

    The sub-steps are of order 4 and follow dt ≤ .25 (1 + |w|)/|∇f| (SPEC) and the curvature met, so that chains far out
    come in safely; chains that are done are left alone.
    """
    result = np.array(w, float)
    flat = result.reshape(-1, result.shape[-1]) if result.ndim else result.reshape(1, 1)
    chains = np.flatnonzero(np.isfinite(flat).all(axis=0))
    left = np.full(len(chains), float(time))
    while len(chains):
        here = flat[:, chains].reshape(*result.shape[:-1], len(chains))
        slope = gradient(here)
        speed = _norm(slope)
        with np.errstate(divide="ignore"):
            dt = np.minimum(left, _FRACTION * (1 + _norm(here)) / speed)
        second = gradient(here - 0.5 * dt * slope)
        change = _norm(second - slope)
        stiff = 2 * change > _STIFFNESS * speed
        if stiff.any():
            dt = np.where(stiff, dt * _STIFFNESS * speed / np.where(stiff, 2 * change, 1.0), dt)
            second = gradient(here - 0.5 * dt * slope)
        third = gradient(here - 0.5 * dt * second)
        fourth = gradient(here - dt * third)
        here = here - dt / 6 * (slope + 2 * (second + third) + fourth)
        flat[:, chains] = here.reshape(len(flat), -1)
        left = left - dt
        open_ = left > 0
        chains, left = chains[open_], left[open_]
    return flat.reshape(result.shape)


def _norm(w: np.ndarray) -> np.ndarray:
    return np.abs(w) if w.ndim == 1 else np.sqrt(np.einsum("dn,dn->n", w, w))
