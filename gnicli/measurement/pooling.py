"""What pooled samples look like, as they are and after each coordinate was divided by a robust scale of its own.

Pooling coordinates of unequal scale makes a mixture with heavy tails out of anything: Gaussian coordinates whose scales
are log-normal (standard deviation of the logarithm 1) pool to a stable fit of alpha near 1.1. Division by a scale of
each coordinate's own takes the mixture away and leaves the shape.
"""

from __future__ import annotations

import math

import numpy as np

from gnicli.errors import GniError
from gnicli.evidence.blocks import block_sums
from gnicli.gradients.layer_noise import statistics
from gnicli.stable import HalfCauchy, HalfNormal, fit

IQR = 1.3489795  # interquartile range of a standard Gaussian
FAR = 4.0  # robust standard deviations
BLOCK_SIZE = 16
_FEWEST_POSITIVE = 20


def scaled(columns: np.ndarray) -> np.ndarray:
    """Columns (n, k) about their medians in robust standard deviations (interquartile range / 1.349), float64 (n, k').

    Columns without spread in the middle half are left out.
    """
    low, middle, high = np.quantile(columns.astype(np.float64), (0.25, 0.5, 0.75), axis=0)
    kept = high > low
    return (columns[:, kept] - middle[kept]) * (IQR / (high - low)[kept])


def describe(x: np.ndarray) -> dict[str, float]:
    """Statistics of one sample, zeros left out: those of `gradients.layer_noise.statistics`, and

    `cauchy_gain`: mean log-likelihood of a half-Cauchy law minus that of a half-normal one, each fitted to the positive
    part (nats a sample; above 0 the Cauchy is nearer); `exceedance`: share beyond 4 robust standard deviations from the
    median over the share of a Gaussian.
    """
    x = np.asarray(x, np.float64).reshape(-1)
    x = x[x != 0]
    found = statistics(x)
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


def alpha_each(columns: np.ndarray) -> float:
    """The median over columns (n, k) of alpha fitted to each alone; NaN where none can be fitted."""
    found = [alpha(column)[0] for column in columns.T]
    known = [value for value in found if math.isfinite(value)]
    return float(np.median(known)) if known else math.nan


def block_alpha(x: np.ndarray, rng: np.random.Generator) -> float:
    """alpha of sums of 16 samples in random order: that of a stable law stays, any finite variance drifts to 2."""
    x = x[x != 0]
    if x.size < BLOCK_SIZE * 100:
        return math.nan
    sums = block_sums(x, rng, (BLOCK_SIZE,))
    return alpha(sums[0])[0] if sums else math.nan


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


def column_shape(columns: np.ndarray) -> tuple[float, float]:
    """Medians over columns of |skewness| and of excess kurtosis over draws."""
    centered = columns.astype(np.float64) - columns.mean(axis=0, dtype=np.float64)
    std = centered.std(axis=0)
    z = centered[:, std > 0] / std[std > 0]
    if not z.size:
        return math.nan, math.nan
    return float(np.median(np.abs((z**3).mean(axis=0)))), float(np.median((z**4).mean(axis=0)) - 3.0)
