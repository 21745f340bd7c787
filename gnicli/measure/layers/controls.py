"""Controls: made-up coordinates of known law and unequal scale, measured like the weights of a layer.

A run whose controls fail says nothing about a network. One cause is that there are too few draws to scale by.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from gnicli.gradients.layer_noise import scaled
from gnicli.measure.layers.pooling import alpha, sum_alpha
from gnicli.seeding import numpy_stream
from gnicli.stable import StableLaw

N_COORDINATES = 256
MOST_DRAWS = 1000
POOLED_BELOW, SCALED_ABOVE = 1.6, 1.97  # of the Gaussian control
STABLE_ALPHA, STABLE_WITHIN = 1.5, 0.05  # of the stable control


class Control(NamedTuple):
    """alpha of the pooled coordinates, as they are and after scaling; the expected values; whether they were met.

    `mohammadi` is that of the pooled ones by the growth of sums: a mixture of scales fools it too.
    """

    name: str
    pooled: float
    scaled: float
    expected: str
    passed: bool
    mohammadi: float = math.nan


def controls(n_draws: int, seed: int) -> list[Control]:
    """Gaussian and stable coordinates, 256 of them with log-normal scales, over as many draws as the network had."""
    n_draws = min(n_draws, MOST_DRAWS)
    rng = numpy_stream(seed, "bootstrap", 3_000_000)
    scales = np.exp(rng.standard_normal(N_COORDINATES))
    normal = rng.standard_normal((n_draws, N_COORDINATES)) * scales
    stable = StableLaw(STABLE_ALPHA, 0.0).rvs(n_draws * N_COORDINATES, rng).reshape(n_draws, -1) * scales
    found = [(alpha(columns.reshape(-1))[0], alpha(scaled(columns).reshape(-1))[0]) for columns in (normal, stable)]
    (pooled, after), (pooled_stable, after_stable) = found
    sums, sums_stable = (sum_alpha(columns.reshape(-1), rng) for columns in (normal, stable))
    return [
        Control(
            "Gaussian",
            pooled,
            after,
            f"pooled < {POOLED_BELOW}, scaled > {SCALED_ABOVE}",
            pooled < POOLED_BELOW and after > SCALED_ABOVE,
            sums,
        ),
        Control(
            f"stable {STABLE_ALPHA}",
            pooled_stable,
            after_stable,
            f"scaled {STABLE_ALPHA} ± {STABLE_WITHIN}",
            abs(after_stable - STABLE_ALPHA) < STABLE_WITHIN,
            sums_stable,
        ),
    ]
