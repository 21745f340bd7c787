"""The small-noise theory of first exits and transitions (Imkeller & Pavlyukevich 2008).

Single large jumps cause the exits, so rates depend on the width of a basin and not on the height of its barrier.
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

    Per unit time, for small noise (`smallness`). Raises `UsageError` for several coordinates.

    >>> transition_rates("double_well", LevyNoise(1.5, 0.5, 0.1)).round(4)
    array([[-0.0095,  0.0095],
           [ 0.0032, -0.0032]])
    """
    potential = build(potential)
    if potential.dimension != 1:
        raise UsageError(f"transition rates need a one-dimensional potential, got {potential.name}")
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


def _curvature(potential: Potential, minimum: float) -> float:
    step = 1e-5 * (1 + abs(minimum))
    pair = potential.gradient(np.array([minimum - step, minimum + step]))
    curvature = float(pair[1] - pair[0]) / (2 * step)
    return curvature if curvature > 1e-6 else 0.0  # a quartic minimum holds nothing by its curvature
