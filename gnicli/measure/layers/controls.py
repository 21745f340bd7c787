"""Controls of the instrument: made-up coordinates of unequal scale whose law is known, measured like a layer's weights.

A run whose controls fail says nothing about a network: too few draws to scale by, for one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gnicli.measure.layers.pooling import alpha, scaled
from gnicli.seeding import numpy_stream
from gnicli.stable import StableLaw

N_COORDINATES = 256
MOST_DRAWS = 1000
POOLED_BELOW, SCALED_ABOVE = 1.6, 1.97  # of the Gaussian control
STABLE_ALPHA, STABLE_WITHIN = 1.5, 0.05  # of the stable control


class Control(NamedTuple):
    """alpha of coordinates pooled as they are and after scaling, what should have come out, and whether it did."""

    name: str
    pooled: float
    scaled: float
    expected: str
    passed: bool


def controls(n_draws: int, seed: int) -> list[Control]:
    """Gaussian and stable coordinates, 256 of them with log-normal scales, over as many draws as the network had."""
    n_draws = min(n_draws, MOST_DRAWS)
    rng = numpy_stream(seed, "bootstrap", 3_000_000)
    scales = np.exp(rng.standard_normal(N_COORDINATES))
    normal = rng.standard_normal((n_draws, N_COORDINATES)) * scales
    stable = StableLaw(STABLE_ALPHA, 0.0).rvs(n_draws * N_COORDINATES, rng).reshape(n_draws, -1) * scales
    found = [(alpha(columns.reshape(-1))[0], alpha(scaled(columns).reshape(-1))[0]) for columns in (normal, stable)]
    (pooled, after), (pooled_stable, after_stable) = found
    return [
        Control(
            "Gaussian",
            pooled,
            after,
            f"pooled < {POOLED_BELOW}, scaled > {SCALED_ABOVE}",
            pooled < POOLED_BELOW and after > SCALED_ABOVE,
        ),
        Control(
            f"stable {STABLE_ALPHA}",
            pooled_stable,
            after_stable,
            f"scaled {STABLE_ALPHA} ± {STABLE_WITHIN}",
            abs(after_stable - STABLE_ALPHA) < STABLE_WITHIN,
        ),
    ]
