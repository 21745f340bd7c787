"""What the members of `samples=` that draw from a law share."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from gnicli.seeding import numpy_stream

N_HELP = "how many are drawn"
LOC_HELP = "location"
SCALE_HELP = "scale, > 0"


class Sampler(Protocol):
    """A law of `gnicli.stable`."""

    def rvs(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """`n` draws."""
        ...


def draw(law: Sampler, n: int, seed: int) -> dict[str, np.ndarray]:
    """`n` draws, float64 (n,), as the one group there is; they depend on the law, n and the seed."""
    return {"": law.rvs(n, numpy_stream(seed, "sample"))}
