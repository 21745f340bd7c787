"""The window that densities are drawn in, where its ends are not given."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gnicli.errors import UsageError
from gnicli.model.coordinates import members
from gnicli.model.keys import ModelConfig
from gnicli.sde.laws.gibbs import GibbsLaw


def window(config: ModelConfig) -> tuple[float, float]:
    """Where densities are drawn: the reach of the Gibbs law, and to where the asymmetric noise's centering drifts."""
    low, high = config.low, config.high
    if low is None or high is None:
        ends = []
        for member, noise in zip(
            members(config.potential), config.noise.coordinates(config.potential.dimension), strict=True
        ):
            law, wind = GibbsLaw(member, noise), 2 * abs(noise.wind)
            center, pair = law.modes.mean(), np.array(law.reach)
            while (np.abs(member.gradient(pair)) < wind).any():
                pair = center + 1.1 * (pair - center)
            ends.append(pair)
        low = _rounded(min(pair[0] for pair in ends), math.floor) if low is None else low
        high = _rounded(max(pair[1] for pair in ends), math.ceil) if high is None else high
    if not low < high:
        raise UsageError(f"low={low:g} is above the window's upper end {high:g}; give low and high")
    return low, high


def _rounded(end: float, towards: Any) -> float:
    """Outwards, to two digits."""
    unit = 10.0 ** (math.floor(math.log10(abs(end))) - 1) if end else 1.0
    return float(round(towards(end / unit) * unit, 12))
