"""First exits and transitions of small-noise chains, and the explosions of Euler's scheme: what theory says.

Imkeller & Pavlyukevich 2008; SPEC, section 5. Big jumps alone decide: wide basins win, barriers do not count.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gnicli.contracts.components import Potential
from gnicli.errors import UsageError
from gnicli.sde.levy_noise import LevyNoise

_ESCAPED = 1e8
_ROUNDS = 400


class ExitTheory(NamedTuple):
    """Exit `rate` per unit time, the share `to_right`, and `ratio`, which has to be ≪ 1: ε |β tan(πα/2)| over the way
    to the nearest border.
    """

    rate: float
    to_right: float
    ratio: float


def exit_theory(noise: LevyNoise, left: float, right: float) -> ExitTheory:
    """The exit of the basin (m − left, m + right) around a minimum m; `left`, `right` > 0, infinity allowed."""
    if not (left > 0 and right > 0):
        raise UsageError(f"a basin reaches to both sides of its minimum, got left={left:g} and right={right:g}")
    beta = noise.skewness
    to_right = noise.jump_rate * (1 + beta) / 2 * right**-noise.alpha
    to_left = noise.jump_rate * (1 - beta) / 2 * left**-noise.alpha
    rate = to_right + to_left
    ratio = noise.epsilon * abs(noise.centering) / min(left, right)
    return ExitTheory(rate, to_right / rate if rate else float("nan"), ratio)


def exit_rate_from(noise: LevyNoise, nearness: tuple[float, float]) -> float:
    """The exit rate from where chains live: ε^α C_α Σ_± (1 ± β)/2 E|border_± − w|^{−α}.

    `nearness` are the two expectations, left and right (`first_exit.Exits`).
    """
    (left, right), beta = nearness, noise.skewness
    return noise.jump_rate * ((1 - beta) / 2 * left + (1 + beta) / 2 * right)


def transition_rates(potential: Potential, noise: LevyNoise) -> np.ndarray:
    """q_ij (k, k), the rate from well i to well j of a one-dimensional potential; the diagonal makes rows sum to 0."""
    if potential.dimension != 1:
        raise UsageError(f"transition rates need a one-dimensional potential, got potential={potential.name}")
    wells = potential.minima()
    borders = np.concatenate([[-np.inf], potential.saddles(), [np.inf]])
    beta = noise.skewness
    rates = np.zeros((len(wells), len(wells)))
    for i, well in enumerate(wells):
        reach = np.abs(borders - well) ** -noise.alpha
        for j in range(len(wells)):
            if j != i:
                side = 1 + beta if j > i else 1 - beta
                rates[i, j] = noise.jump_rate * side / 2 * abs(reach[j] - reach[j + 1])
    return rates - np.diag(rates.sum(axis=1))


def euler_thresholds(potential: Potential, eta: float) -> tuple[float, float]:
    """(left, right): beyond −left and right the map w ← w − η f'(w) runs away; infinity where it never does.

    For the double well both are sqrt((2 + η)/η). Found by bisection on what the map does from outside the outermost
    minima on.
    """
    if potential.dimension != 1:
        raise UsageError(f"thresholds need a one-dimensional potential, got potential={potential.name}")
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

    `positions` is a sample of where chains live; without it they live at 0, which is the formula for η → 0. At η = .01
    and (1.1, .5) on the double well the two differ by a tenth.
    """
    alpha, beta = noise.alpha, noise.skewness
    left, right = euler_thresholds(potential, eta)
    w = np.zeros(1) if positions is None else np.asarray(positions)[np.isfinite(positions)]
    w = w[(w > -left) & (w < right)]
    to_right = (1 + beta) / 2 * float(np.mean((right - w) ** -alpha))
    to_left = (1 - beta) / 2 * float(np.mean((left + w) ** -alpha))
    rate = noise.jump_rate * (to_right + to_left)
    return float(-np.expm1(-n_steps * eta * rate))
