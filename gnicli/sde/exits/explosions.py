"""Explosions of Euler's scheme: beyond which thresholds, and how often."""

from __future__ import annotations

import numpy as np

from gnicli.contracts.components import Potential
from gnicli.errors import UsageError
from gnicli.sde.levy_noise import LevyNoise

_ESCAPED = 1e8
_ROUNDS = 400


def euler_thresholds(potential: Potential, eta: float) -> tuple[float, float]:
    """(left, right): beyond −left and right the map w ← w − η f'(w) runs away; infinity where it never does.

    For the double well both are sqrt((2 + η)/η). Found by bisection on what the map does from outside the outermost
    minima on.
    """
    if potential.dimension != 1:
        raise UsageError(f"thresholds need a one-dimensional potential, got {potential.name}")
    return _threshold(potential, eta, -1.0), _threshold(potential, eta, 1.0)


def _threshold(potential: Potential, eta: float, side: float) -> float:
    minima = potential.minima()
    outermost = float(minima[-1] if side > 0 else minima[0])

    def runs_away(start: float) -> bool:
        w = np.array([outermost + side * start])
        with np.errstate(over="ignore", invalid="ignore"):
            for _ in range(_ROUNDS):
                w = w - eta * potential.gradient(w)
                if not abs(w[0]) < _ESCAPED * (1 + abs(outermost) + start):
                    return True
        return False

    low, high = 0.0, 1e-3
    while not runs_away(high):
        low, high = high, 2 * high
        if high > _ESCAPED:
            return float("inf")
    while high - low > 1e-11 * high:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if runs_away(middle) else (middle, high)
    return side * outermost + 0.5 * (low + high)


def explosion_probability(
    potential: Potential,
    noise: LevyNoise,
    eta: float,
    n_steps: int,
    positions: np.ndarray | None = None,
) -> float:
    """P(a chain explodes in n_steps of Euler's scheme): 1 − exp(−N η ε^α C_α Σ_± (1 ± β)/2 E|threshold_± − w|^{−α}).

    `positions` is a sample of the chains' positions. Without it they are at 0, which is the formula for η → 0. At
    η = .01 and (1.1, .5) on the double well the two differ by a tenth.
    """
    alpha, beta = noise.alpha, noise.skewness
    left, right = euler_thresholds(potential, eta)
    w = np.zeros(1) if positions is None else np.asarray(positions)[np.isfinite(positions)]
    w = w[(w > -left) & (w < right)]
    to_right = (1 + beta) / 2 * float(np.mean((right - w) ** -alpha))
    to_left = (1 - beta) / 2 * float(np.mean((left + w) ** -alpha))
    rate = noise.jump_rate * (to_right + to_left)
    return float(-np.expm1(-n_steps * eta * rate))
