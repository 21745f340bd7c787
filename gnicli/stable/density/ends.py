"""The ends of a stable law in closed form: beyond the reach of `interpolation`, and next to a one-sided support's edge.

A heavy upper tail is a power there. With ρ = −cos(πα/2) (1 − β tan²(πα/2)) Γ(2α)/Γ(α), w = sin(πα/2) Γ(α) (1 + β)/π,
    sf(y) = w y^−α (1 + ρ y^−α + …),

the first two terms of Bergström's series. The second one matters below α = 0.8 only, where S0 and S1 are one law so far
out; nearer to α = 1 its coefficient grows without bound in S1 and the shift to S0 takes it away again.
Everything is done with log y: y itself may be beyond the range of floats where x = loc + scale · y is not.
"""

from __future__ import annotations

import math

import numpy as np

from gnicli.stable.density.inversion import shape

FARTHEST = 48.0  # of asinh|y| for tables: from 3.5e20 on the power is exact to 1e-15 for every alpha >= 0.5
_NEAREST = 1e6  # of the exponent of a one-sided law next to its edge: from there on the saddlepoint formula
_MOST_ALPHA = 0.97  # above it the exponent leaves the range of floats before the edge is lost in the rounding of y


def log_farthest(alpha: float) -> float:
    """Log of the |y| from which on the tail is the power: its third term is of the order of |y|^(−2 alpha)."""
    return FARTHEST - math.log(2.0) if alpha >= 0.5 else 24.0 / alpha


class Power:
    """The upper tail of the standard law where it is a power: α, β > −1 and α < 2."""

    def __init__(self, alpha: float, beta: float) -> None:
        law = shape(alpha, beta)
        self.alpha = alpha
        self._log_weight = math.log(law.cos_h * math.gamma(alpha) / math.pi) + math.log1p(beta)
        self._bend = 0.0
        if alpha < 0.8:
            tangent = law.cos_h / -law.sin_h
            self._bend = law.sin_h * (1.0 - beta * tangent * tangent) * math.gamma(2.0 * alpha) / math.gamma(alpha)

    def log_sf(self, log_y: np.ndarray) -> np.ndarray:
        """log P(Y > y)."""
        return self._log_weight - self.alpha * log_y + np.log1p(self._bend * np.exp(-self.alpha * log_y))

    def log_pdf(self, log_y: np.ndarray) -> np.ndarray:
        """Log of the density."""
        bend = np.log1p(2.0 * self._bend * np.exp(-self.alpha * log_y))
        return self._log_weight + math.log(self.alpha) - (self.alpha + 1.0) * log_y + bend

    def log_quantile(self, log_q: np.ndarray) -> np.ndarray:
        """log y of the y with P(Y > y) = q; right where it is above `log_farthest`."""
        first = (self._log_weight - log_q) / self.alpha
        return first + np.log1p(self._bend * np.exp(-self.alpha * np.maximum(first, 1.0))) / self.alpha


def power(alpha: float, beta: float) -> Power | None:
    """The power of the upper tail; None where it is light (take −β for the lower one)."""
    return Power(alpha, beta) if alpha < 2.0 and beta > -1.0 else None


def log_power(alpha: float, beta: float, upper: np.ndarray, log_size: np.ndarray, which: int) -> np.ndarray:
    """log pdf (`which` 0) or log of the nearer tail (1) of points far out, (n,): −inf on the side of a light tail."""
    out = np.full_like(log_size, -np.inf)
    for side, sign in ((upper, 1.0), (~upper, -1.0)):
        tail = power(alpha, sign * beta)
        if tail and side.any():
            out[side] = (tail.log_sf if which else tail.log_pdf)(log_size[side])
    return out


def fill_edge(alpha: float, distance: np.ndarray, out: np.ndarray, which: int) -> None:
    """Put log pdf (`which` 0) or log of the tail (1) into `out` next to the edge of a one-sided law, α < 1.

    `distance` (n,) is that from the edge into the support, in scales: in S0 it is lost in the rounding of y. By the
    saddlepoint formula, the Laplace transform being exp(−γ s^α), γ = 1/cos(πα/2): relative error of the density below
    1e-6 where it is below exp(−1e6).
    """
    if alpha > _MOST_ALPHA:
        return
    near = np.flatnonzero((distance > 0.0) & (distance < 1.0))
    gamma = 1.0 / math.sin(0.5 * math.pi * (1.0 - alpha))
    log_s = (math.log(gamma * alpha) - np.log(distance[near])) / (1.0 - alpha)
    with np.errstate(over="ignore"):  # a log-density beyond the range of floats is −inf
        exponent = gamma * (1.0 - alpha) * np.exp(alpha * log_s)
    near, log_s, exponent = (each[exponent > _NEAREST] for each in (near, log_s, exponent))
    curvature = 2.0 * math.pi * gamma * alpha * (1.0 - alpha)
    out[near] = -exponent - 0.5 * (math.log(curvature) + (alpha - 2.0) * log_s) - which * log_s
