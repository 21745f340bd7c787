"""What pooled samples look like, as they are and after each coordinate was divided by a robust scale of its own.

Pooling coordinates of unequal scale makes a mixture with heavy tails out of anything: Gaussian coordinates whose scales
are log-normal (standard deviation of the logarithm 1) pool to a stable fit of alpha near 1.1. Division by a scale of
each coordinate's own takes the mixture away and leaves the shape.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from gnicli.errors import GniError
from gnicli.evidence import sums
from gnicli.evidence.blocks import block_sums
from gnicli.gradients.layer_noise import IQR, scaled, standardized_shape, statistics
from gnicli.laws import HalfCauchy, HalfNormal
from gnicli.measure.layers import jackknife
from gnicli.stable import fit, fit_many

FAR = 4.0  # robust standard deviations
BLOCK_SIZE = 16
_FEWEST_POSITIVE = 20


def describe(x: np.ndarray) -> dict[str, float]:
    """Statistics of one sample, zeros left out: those of `gradients.layer_noise.statistics`, and

    `cauchy_gain`: mean log-likelihood of a half-Cauchy law minus that of a half-normal one, each fitted to the positive
    part (nats a sample; above 0 the Cauchy is nearer); `exceedance`: share beyond 4 robust standard deviations from the
    median over the share of a Gaussian.
    """
    x = np.asarray(x, np.float64).reshape(-1)
    x = x[x != 0]
    return statistics(x) | of_positive(x)


def of_positive(x: np.ndarray) -> dict[str, float]:
    """`cauchy_gain` and `exceedance` of `describe`; those that are defined."""
    x = np.asarray(x, np.float64).reshape(-1)
    x = x[x != 0]
    found: dict[str, float] = {}
    positive = x[x > 0]
    if not np.isfinite(x).all() or positive.size < _FEWEST_POSITIVE:
        return found
    try:
        gains = HalfCauchy.fit(positive).logpdf(positive) - HalfNormal.fit(positive).logpdf(positive)
        found["cauchy_gain"] = float(gains.mean())
    except GniError:
        pass
    low, middle, high = np.quantile(x, (0.25, 0.5, 0.75))
    if high > low:
        far = np.abs(x - middle) > FAR * (high - low) / IQR
        found["exceedance"] = float(far.mean()) / math.erfc(FAR / math.sqrt(2.0))
    return found


def alpha(x: np.ndarray) -> tuple[float, float | None]:
    """alpha of a stable fit to a sample and its standard error; NaN where there is none to be had."""
    x = x[x != 0]
    try:
        found = fit(x, exact=False)
    except GniError:
        return math.nan, None
    return found.alpha, found.alpha_stderr


def alphas(samples: Sequence[np.ndarray]) -> list[float]:
    """alpha of a stable fit to each of several samples, zeros left out; NaN where there is none to be had."""
    nonzero = [x[x != 0] for x in samples]
    try:
        return [found.alpha for found in fit_many(nonzero, exact=False)]
    except GniError:  # one of them has no fit: one by one
        return [alpha(x)[0] for x in nonzero]


def alpha_each(columns: np.ndarray) -> tuple[float, float]:
    """The median over columns (n, k) of alpha fitted to each alone, and its error over draws; NaN where none is."""
    known = [value for value in alphas(list(columns.T)) if math.isfinite(value)]
    if not known:
        return math.nan, math.nan
    without = np.array([alphas(list(rows.T)) for rows in jackknife.without_groups(columns)])
    return float(np.median(known)), jackknife.of_median(without)


def centered(columns: np.ndarray) -> np.ndarray:
    """Columns (n, k) about their means, float64."""
    return columns - columns.mean(axis=0, dtype=np.float64)


def of_draws(rows: Sequence[np.ndarray]) -> list[dict[str, float]]:
    """Of each array of draws (n, k): alpha pooled and scaled, and the effective rank."""
    rescaled = [scaled(each) if each.size else each for each in rows]
    pooled = (alphas([each.reshape(-1) for each in samples]) for samples in (rows, rescaled))
    found = [
        {"alpha": as_is, "alpha_scaled": own, "effective_rank": effective_rank(each)}
        for as_is, own, each in zip(*pooled, rows, strict=True)
    ]
    return [{name: value for name, value in one.items() if math.isfinite(value)} for one in found]


def block_alpha(x: np.ndarray, rng: np.random.Generator) -> float:
    """alpha of sums of 16 samples in random order: that of a stable law stays, any finite variance drifts to 2."""
    x = x[x != 0]
    if x.size < BLOCK_SIZE * 100:
        return math.nan
    summed = block_sums(x, rng, (BLOCK_SIZE,))
    return alpha(summed[0])[0] if summed else math.nan


def sum_alpha(x: np.ndarray, rng: np.random.Generator) -> float:
    """Mohammadi's alpha of a sample, zeros left out, by the growth of sums in random order; NaN where there is none."""
    found = sums.sum_alpha(x[x != 0], rng)
    return math.nan if found is None else found.alpha


def effective_rank(columns: np.ndarray) -> float:
    """(Σ λ)²/Σ λ² of the correlations of columns (n, k): k where they are uncorrelated, 1 where they move as one."""
    moving = columns.astype(np.float64)
    std = moving.std(axis=0)
    moving = moving[:, std > 0] / std[std > 0]
    if moving.shape[1] < 2:
        return math.nan
    correlation = np.corrcoef(moving, rowvar=False)
    return moving.shape[1] ** 2 / float(np.square(correlation).sum())


def shuffled(columns: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each row (draw) permuted among the columns (weights): equal pooled values, no covariance, equal marginals."""
    return rng.permuted(columns, axis=1)


def column_shape(columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """|skewness| and excess kurtosis over draws of each column that moves."""
    centered = columns.astype(np.float64) - columns.mean(axis=0, dtype=np.float64)
    std = centered.std(axis=0)
    z = centered[:, std > 0] / std[std > 0]
    skewness, kurtosis = standardized_shape(z)
    return np.abs(skewness), kurtosis
