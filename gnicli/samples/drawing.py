"""What the members of `samples=` that draw from a law share."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from gnicli import memory
from gnicli.samples.collecting import BYTES_PER_VALUE
from gnicli.seeding import numpy_stream

N_HELP = "number of draws"
LOC_HELP = "location"
SCALE_HELP = "scale, > 0"


class Sampler(Protocol):
    """A law of `gnicli.stable` or `gnicli.laws`."""

    def rvs(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """`n` independent draws, float64 (n,)."""
        ...


def require_room(key: str, n: int) -> None:
    """Raise `ResourceError` where memory cannot hold the fit of `n` values."""
    memory.require(n * BYTES_PER_VALUE, f"{key}={n}", "take fewer")


def draw(law: Sampler, n: int, seed: int) -> dict[str, np.ndarray]:
    """`n` draws, float64 (n,), as the one group there is; they depend on the law, n and the seed."""
    require_room("samples.n", n)
    return {"": law.rvs(n, numpy_stream(seed, "sample"))}
