"""Moments of high order and their growth, from weighted points: a sample, an importance sample or a quadrature.

With K(m) = log E|X|^m the norm is log‖X‖_m = K(m)/m, and its growth in m has a formula that needs no differences:

    s(m) = d log‖X‖_m / d log m = E_m[log|X|] − log‖X‖_m,   E_m[g] = E[|X|^m g] / E|X|^m.

‖X‖_m of a sub-Weibull law with exponent r has s(m) → r.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Moment(NamedTuple):
    """log‖X‖_m and its slope s(m) at m = `order`, with standard errors, and the effective sample size behind them."""

    order: float
    log_norm: float
    log_norm_stderr: float
    slope: float
    slope_stderr: float
    ess: float
    n: int


def growth(log_weights: np.ndarray, log_sizes: np.ndarray, order: float) -> tuple[float, float]:
    """log‖X‖_m and s(m) of points with weights that sum to one: exact where the points are a quadrature's."""
    log_moment, mean, _, _ = _tilt(log_weights, log_sizes, order)
    return log_moment / order, mean - log_moment / order


def estimate(log_weights: np.ndarray | float, log_sizes: np.ndarray, order: float) -> Moment:
    """Of n independent draws whose weights (a density ratio; 0.0 for a plain sample) have mean one.

    `log_sizes` is log|X| (n,), −inf where X is 0. Standard errors are those of the delta method; the effective sample
    size is (Σ t)²/Σ t² of t = weight · |X|^m, the terms of the moment. Where few terms carry the sum the errors are too
    small themselves: the effective sample size says so. NaN where every X is 0.
    """
    n = len(log_sizes)
    log_sum, mean, shares, known = _tilt(log_weights, log_sizes, order)
    if not np.isfinite(log_sum):
        return Moment(order, np.nan, np.nan, np.nan, np.nan, 0.0, n)
    log_norm = (log_sum - np.log(n)) / order
    relative = n * shares  # each term over the mean term
    spread = np.zeros(n)
    spread[known] = relative[known] * (log_sizes[known] - mean)
    influence = spread - (relative - 1.0) / order
    return Moment(
        order,
        float(log_norm),
        float(np.std(relative) / (order * np.sqrt(n))),
        float(mean - log_norm),
        float(np.std(influence) / np.sqrt(n)),
        float(1.0 / np.square(shares).sum()),
        n,
    )


def _tilt(
    log_weights: np.ndarray | float, log_sizes: np.ndarray, order: float
) -> tuple[float, float, np.ndarray, np.ndarray]:
    """log Σ w|X|^m, the mean of log|X| under the terms, the terms' shares of the sum, and where X is not 0."""
    log_terms = log_weights + order * log_sizes
    top = float(np.max(log_terms))
    if not np.isfinite(top):
        return top, np.nan, np.zeros(len(log_sizes)), np.zeros(len(log_sizes), bool)
    shares = np.exp(log_terms - top)
    total = float(shares.sum())
    shares /= total
    known = shares > 0
    return top + np.log(total), float(shares[known] @ log_sizes[known]), shares, known


def log_abs(x: np.ndarray) -> np.ndarray:
    """log|x|, −inf at 0 without a warning."""
    with np.errstate(divide="ignore"):
        return np.log(np.abs(x))
