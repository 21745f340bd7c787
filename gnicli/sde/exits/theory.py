"""The small-noise theory of first exits and transitions (Imkeller & Pavlyukevich 2008; Kramers 1940 at alpha = 2).

Below alpha = 2 single large jumps cause the exits, so rates depend on the width of a basin and not on the height of its
barrier. Brownian motion has to climb, so its rates depend on the height and hardly on the width.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from gnicli.contracts.components import Potential
from gnicli.errors import UsageError
from gnicli.potential import build
from gnicli.sde.exits.basins import Basin
from gnicli.sde.levy_noise import LevyNoise

_FLAT = 1e-6  # of f'': what a difference quotient leaves of 0


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
    """The exit rate from the positions of the chains: ε^α C_α Σ_± (1 ± β)/2 E|border_± − w|^{−α}.

    `nearness` are the two expectations, left and right (`exits.simulated.Exits`).
    """
    (left, right), beta = nearness, noise.skewness
    return noise.jump_rate * ((1 - beta) / 2 * left + (1 + beta) / 2 * right)


def transition_rates(potential: str | Mapping[str, Any] | Potential, noise: LevyNoise) -> np.ndarray:
    """q_ij (k, k), the rate from well i to well j of a one-dimensional potential; the diagonal makes rows sum to 0.

    Per unit time, for small noise (`smallness`; at alpha = 2 `climbing`). At alpha = 2 these are Kramers' rates between
    neighbors, √(f''(m)|f''(s)|)/(2π) exp(−(f(s) − f(m))/ε²), NaN where f'' is 0 at a minimum m or a saddle s. Raises
    `UsageError` for several coordinates.

    >>> transition_rates("double_well", LevyNoise(1.5, 0.5, 0.1)).round(4)
    array([[-0.0095,  0.0095],
           [ 0.0032, -0.0032]])
    """
    potential = build(potential)
    if potential.dimension != 1:
        raise UsageError(f"transition rates need a one-dimensional potential, got {potential.name}")
    wells = potential.minima()
    if noise.alpha == 2:
        rates = _kramers(potential, noise)
        return rates - np.diag(rates.sum(axis=1))
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


def _kramers(potential: Potential, noise: LevyNoise) -> np.ndarray:
    """Rates (k, k) from each well over the saddles beside it; 0 elsewhere."""
    wells, saddles = potential.minima(), potential.saddles()
    rates = np.zeros((len(wells), len(wells)))
    depths, heights = potential.value(wells), potential.value(saddles)
    for place, saddle in enumerate(saddles.tolist()):
        top = -_second_derivative(potential, saddle)
        for i, j in ((place, place + 1), (place + 1, place)):
            bottom = _curvature(potential, float(wells[i]))
            prefactor = math.sqrt(bottom * top) / (2 * math.pi) if bottom and top > _FLAT else math.nan
            rates[i, j] = prefactor * math.exp(-float(heights[place] - depths[i]) / noise.intensity)
    return rates


def occupation(potential: str | Mapping[str, Any] | Potential, noise: LevyNoise) -> np.ndarray:
    """(k,): the share of time in each well by the small-noise theory, the stationary law of `transition_rates`.

    Of two wells with saddle distances A (left) and B the left one has (1 − β) A^α/((1 − β) A^α + (1 + β) B^α), below
    alpha = 2: the wide basin wins, whatever the heights. At alpha = 2 the shares are ∝ exp(−f(m)/ε²)/√f''(m), NaN where
    f'' is 0 at a minimum. Raises `UsageError` for several coordinates.

    >>> occupation({"name": "equal_depth", "widths": [1.0, 2.0]}, LevyNoise(1.5, 0.0, 0.01)).round(4)
    array([0.2612, 0.7388])
    """
    potential = build(potential)
    rates = transition_rates(potential, noise)
    wells = potential.minima()
    if noise.alpha == 2:
        depths = potential.value(wells)
        curvatures = np.array([_curvature(potential, float(well)) or math.nan for well in wells])
        weights = np.exp(-(depths - depths.min()) / noise.intensity) / np.sqrt(curvatures)
        return np.asarray(weights / weights.sum())
    if abs(noise.skewness) == 1:  # all jumps go one way: the last well on that side is never left
        return np.asarray(np.arange(len(wells)) == (len(wells) - 1 if noise.skewness > 0 else 0), float)
    # Grassmann, Taksar and Heyman (1985): without subtractions, so that small shares keep their digits.
    left = rates.copy()
    for n in range(len(wells) - 1, 0, -1):
        left[:n, n] /= left[n, :n].sum()
        left[:n, :n] += np.outer(left[:n, n], left[n, :n])
    shares = np.ones(len(wells))
    for n in range(1, len(wells)):
        shares[n] = shares[:n] @ left[:n, n]
    return np.asarray(shares / shares.sum())


def smallness(potential: Potential, noise: LevyNoise, basin: Basin) -> dict[str, float]:
    """What has to be much less than 1 for the theory of exits and transitions, over the way to the nearest border.

    `ratio`: ε|β tan(πα/2)|. `shift`: how far the noise's centering moves the resting place. `spread`: the width of the
    law of a chain that stays at the minimum.
    """
    nearest, stiffness, centering = basin.nearest, _curvature(potential, basin.minimum), abs(noise.centering)
    still = stiffness > 0
    settled = noise.epsilon * (noise.alpha * stiffness) ** (-1 / noise.alpha) if still else math.inf
    moved = abs(noise.wind) / stiffness if still else math.inf if centering else 0.0
    return {"ratio": noise.epsilon * centering / nearest, "shift": moved / nearest, "spread": settled / nearest}


def climbing(potential: Potential, noise: LevyNoise) -> dict[str, float]:
    """What has to be much less than 1 for Kramers' rates, and else for small jumps to play no part: ε^α over the lowest
    barrier.
    """
    depths, heights = potential.value(potential.minima()), potential.value(potential.saddles())
    barriers = np.concatenate([heights - depths[:-1], heights - depths[1:]])
    return {"ε^α/barrier": noise.intensity / float(barriers.min())}


def _curvature(potential: Potential, minimum: float) -> float:
    curvature = _second_derivative(potential, minimum)
    return curvature if curvature > _FLAT else 0.0  # a quartic minimum holds nothing by its curvature


def _second_derivative(potential: Potential, at: float) -> float:
    step = 1e-5 * (1 + abs(at))
    pair = potential.gradient(np.array([at - step, at + step]))
    return float(pair[1] - pair[0]) / (2 * step)
