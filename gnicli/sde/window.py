"""The window that histograms and densities are drawn in, where its ends are not given."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from gnicli.contracts.components import Potential
from gnicli.errors import UsageError
from gnicli.potential import members
from gnicli.sde.laws.gibbs import GibbsLaw
from gnicli.sde.levy_noise import LevyNoise


def window(
    potential: Potential, noise: LevyNoise, low: float | None = None, high: float | None = None
) -> tuple[float, float]:
    """`low` and `high`; by default the reach of the Gibbs law, and to where the asymmetric noise's centering drifts."""
    if low is None or high is None:
        parts = members(potential)
        if len(parts) != potential.dimension:
            raise UsageError(f"low and high have no default for the potential {potential.name}: give both")
        ends = []
        for member, own in zip(parts, noise.coordinates(len(parts)), strict=True):
            law, wind = GibbsLaw(member, own), 2 * abs(own.wind)
            center, pair = law.modes.mean(), np.array(law.reach)
            while (np.abs(member.gradient(pair)) < wind).any():
                pair = center + 1.1 * (pair - center)
            ends.append(pair)
        low = _rounded(min(pair[0] for pair in ends), math.floor) if low is None else low
        high = _rounded(max(pair[1] for pair in ends), math.ceil) if high is None else high
    if not low < high:
        raise UsageError(f"low={low:g} is above the window's upper end {high:g}; give low and high")
    return low, high


def _rounded(end: float, towards: Callable[[float], int]) -> float:
    """Outwards, to two digits."""
    unit = 10.0 ** (math.floor(math.log10(abs(end))) - 1) if end else 1.0
    return float(round(towards(end / unit) * unit, 12))
