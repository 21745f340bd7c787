"""Density, nearer tail and support of a standard law at any y of `coordinates`, by inversion."""

from __future__ import annotations

import math

import numpy as np

from gnicli.stable.density.coordinates import coordinates, offset
from gnicli.stable.density.inversion import log_density_and_tail, shape, zeta


def support(alpha: float, beta: float) -> tuple[float, float]:
    """The ends of the support in y of `coordinates`: finite on one side where alpha < 1 and beta = ±1."""
    if alpha >= 1.0 or abs(beta) != 1.0:
        return -math.inf, math.inf
    edge = zeta(shape(alpha, beta)) - offset(alpha, beta)
    return (edge, math.inf) if beta > 0.0 else (-math.inf, edge)


def exact(alpha: float, beta: float, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """log pdf and log of the nearer tail at each y of `coordinates`, by inversion."""
    log_pdf, log_tail = np.full_like(y, -np.inf), np.full_like(y, -np.inf)
    below = y < -offset(alpha, beta)  # the inversion wants S0 ≥ 0
    low, high = support(alpha, beta)
    inside = (y > low) & (y < high)
    for side, sign in ((below & inside, -1.0), (~below & inside, 1.0)):
        if side.any():
            log_pdf[side], log_tail[side] = log_density_and_tail(alpha, sign * beta, sign * y[side])
    where = coordinates(alpha, beta)
    other = where.upper(where.u(y)) == below
    with np.errstate(divide="ignore"):
        log_tail[other] = np.log(-np.expm1(np.minimum(log_tail[other], 0.0)))
    return log_pdf, log_tail
