"""Increments of the driving process: standard stable draws, keyed by blocks of steps and of chains."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gnicli.errors import UsageError
from gnicli.sde.levy_noise import LevyNoise
from gnicli.seeding import numpy_stream
from gnicli.stable.law import StableLaw

# Part of the meaning of a seed: other sizes give other draws.
STEP_BLOCK = 32
CHAIN_BLOCK = 4096


class Increments:
    """ε ΔL − c Δt of the `noise` in each of `dimension` coordinates.

    `winds` are the c, one for each coordinate: what a drift has taken over (`sde.drift.centering`).
    """

    def __init__(
        self,
        noise: LevyNoise,
        dimension: int = 1,
        winds: Sequence[float] | None = None,
    ) -> None:
        self.noise, self.dimension, self.coordinates = noise, dimension, noise.coordinates(dimension)
        self.winds = tuple(winds) if winds is not None else (0.0,) * dimension
        if len(self.winds) != dimension:
            raise UsageError(f"winds: expected {dimension} (one per coordinate), got {len(self.winds)}")

    def block(
        self,
        seed: int,
        step_block: int,
        chain_block: int,
        etas: np.ndarray,
        n_chains: int,
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        """Increments over steps of lengths `etas` (n_steps,): (n_steps, n_chains), or (n_steps, d, n_chains) for d > 1.

        The stream's key is (seed, "simulate", step_block, chain_block): neither the order of the blocks nor what is
        stored of them changes a draw. `out`, contiguous and of the result's shape, is filled in place of fresh memory.
        """
        rng = numpy_stream(seed, "simulate", step_block, chain_block)
        n, alpha = len(etas) * n_chains, self.noise.alpha
        scales = self.noise.epsilon * etas ** (1 / alpha)
        shape = (len(etas), n_chains) if self.dimension == 1 else (len(etas), self.dimension, n_chains)
        draws = np.empty(shape) if out is None else out
        if self.dimension == 1 and bool((scales == scales[0]).all()):
            # Steps of one length are scaled on the way, which saves a pass over the memory.
            law = StableLaw(alpha, self.coordinates[0].skewness, -self.winds[0] * float(etas[0]), float(scales[0]))
            law.rvs(n, rng, draws.reshape(-1))
            return draws
        rows = draws[:, None] if self.dimension == 1 else draws
        for i, (own, wind) in enumerate(zip(self.coordinates, self.winds, strict=True)):
            law = StableLaw(alpha, own.skewness, parameterization="S0" if wind else "S1")
            rows[:, i] = law.rvs(n, rng).reshape(len(etas), n_chains)
            rows[:, i] *= scales[:, None]
            if wind:
                # From S0 to S1, and less the wind: both are large and nearly equal, so they meet before a draw does.
                rows[:, i] += (own.centering * scales - wind * etas)[:, None]
        return draws
