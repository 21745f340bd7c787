"""Sums of blocks: alpha stays for a stable law, and drifts to 2 for any law of finite variance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gnicli.stable import StableFit, StableLaw, fit_many

SIZES = (1, 2, 4, 8, 16, 32, 64)
TESTED_SIZES = (4, 16)
FEWEST_SUMS = 100


class Block(NamedTuple):
    """Alpha of `n` sums of `size` samples; without a standard error where alpha is at its bound."""

    size: int
    n: int
    alpha: float
    stderr: float | None


def block_sums(x: np.ndarray, rng: np.random.Generator, sizes: Sequence[int] = SIZES) -> list[np.ndarray]:
    """Sums of so many samples, as long as there are 100 of them; the samples are shuffled first.

    Shuffled, because samples that follow one another may depend on one another, and the question is about their law.
    """
    # In units of their spread: sums of 64 then stay in range whatever the samples' scale.
    mixed = rng.permutation(np.asarray(x, np.float64))
    low, middle, high = np.quantile(mixed, (0.25, 0.5, 0.75))
    mixed = (mixed - middle) / (high - low or 1.0)
    sizes = [size for size in sizes if size == 1 or mixed.size // size >= FEWEST_SUMS]
    return [mixed[: mixed.size // size * size].reshape(-1, size).sum(axis=1) for size in sizes]


def block_alphas(x: np.ndarray, rng: np.random.Generator, whole: StableFit | None = None) -> list[Block]:
    """Alpha of block sums; `whole`, if given, is the fit of the samples themselves."""
    sums = block_sums(x, rng)
    fits = fit_many(sums, "S0", exact=False) if whole is None else [whole, *fit_many(sums[1:], "S0", exact=False)]
    return [
        Block(size, part.size, found.alpha, found.alpha_stderr)
        for size, part, found in zip(SIZES, sums, fits, strict=False)
    ]


def fits_with_drift(
    samples: Sequence[np.ndarray], parameterization: str, rngs: Sequence[np.random.Generator]
) -> list[tuple[StableLaw, float]]:
    """The law of each sample and its `drift` from sums of 4 and 16 alone, all fits being made at once.

    Together they take half of what they take one by one. `rngs` shuffle the samples before they are summed.
    """
    parts = [[x, *block_sums(x, rng, TESTED_SIZES)] for x, rng in zip(samples, rngs, strict=True)]
    fits = iter(fit_many([part for each in parts for part in each], parameterization, exact=False))
    found = []
    for each in parts:
        mine = [next(fits) for _ in each]
        blocks = [
            Block(size, part.size, fitted.alpha, None)
            for size, part, fitted in zip((1, *TESTED_SIZES), each, mine, strict=False)
        ]
        found.append((mine[0].law, drift(blocks)))
    return found


def drift(blocks: list[Block]) -> float:
    """Slope of alpha against log₂ of the block size, each weighted by its number of sums; NaN for one size only."""
    if len(blocks) < 2:
        return math.nan
    weight = np.array([block.n for block in blocks], float)
    size = np.log2([block.size for block in blocks])
    alpha = np.array([block.alpha for block in blocks])
    size = size - np.average(size, weights=weight)
    return float((weight * size * alpha).sum() / (weight * size * size).sum())
