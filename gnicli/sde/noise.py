"""Increments of the driving process: standard stable draws, keyed by blocks of steps and of chains."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gnicli.errors import UsageError
from gnicli.sde.levy import check_noise
from gnicli.seeding import numpy_stream
from gnicli.stable.law import StableLaw

# Part of the meaning of a seed: other sizes give other draws.
STEP_BLOCK = 32
CHAIN_BLOCK = 4096


class Increments:
    """ε ΔL over unit time: coordinates independent S_α(ε, β_i, 0), S1. With alpha = 2 they are N(0, 2ε²)."""

    def __init__(self, alpha: float, beta: float | Sequence[float], epsilon: float, dimension: int = 1) -> None:
        betas = [float(beta)] * dimension if isinstance(beta, int | float) else [float(b) for b in beta]
        if len(betas) != dimension:
            raise UsageError(f"beta: expected one number or {dimension} (one per coordinate), got {len(betas)}")
        for one in betas:
            check_noise(alpha, one)
        if not (np.isfinite(epsilon) and epsilon > 0):
            raise UsageError(f"epsilon must be > 0, got {epsilon!r}")
        self.alpha, self.betas, self.epsilon, self.dimension = float(alpha), tuple(betas), float(epsilon), dimension

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
        n, scales = len(etas) * n_chains, self.epsilon * etas ** (1 / self.alpha)
        shape = (len(etas), n_chains) if self.dimension == 1 else (len(etas), self.dimension, n_chains)
        draws = np.empty(shape) if out is None else out
        if self.dimension == 1:
            # Steps of one length are scaled on the way, which saves a pass over the memory.
            even = bool((scales == scales[0]).all())
            StableLaw(self.alpha, self.betas[0], 0.0, float(scales[0]) if even else 1.0).rvs(n, rng, draws.reshape(-1))
            if not even:
                draws *= scales[:, None]
            return draws
        for i, beta in enumerate(self.betas):
            draws[:, i] = StableLaw(self.alpha, beta).rvs(n, rng).reshape(len(etas), n_chains)
        draws *= scales[:, None, None]
        return draws
