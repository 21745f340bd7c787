"""Tails of means: exceedances, kurtosis, and the bound of Theorem 3.2 in its corrected form.

For independent centered X_1 … X_B with P(|X_i| > x) ≤ 2 exp(−(x/c)^{1/p}), p ≥ 1 (Kuchibhotla & Chakrabortty 2018):

    P(|mean| ≥ x) ≤ 2 exp(−min{B² x² / (C Σ ‖X_i‖²), (B x / (K max ‖X_i‖))^{1/p}}),

‖X‖ = inf{ν: E exp((|X|/ν)^{1/p}) ≤ 2}. The form printed in the paper has other norms, infinite for p ≥ 1, and a second
term that contradicts the tail of a single summand. C and K depend on p alone; they are fitted here.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

from gnicli.measure import skewness

_FEWEST = 10  # exceedances behind a point of a curve


class Shape(NamedTuple):
    """Standard deviation, skewness and excess kurtosis of a sample, with the kurtosis's standard error."""

    std: float
    skewness: float
    kurtosis: float
    kurtosis_stderr: float


def shape(x: np.ndarray, n_blocks: int = 50) -> Shape:
    """Of draws (n,), n ≥ 2 `n_blocks`; the error is that of the jackknife over blocks, too small for a heavy tail."""
    powers = np.array([[np.mean(block**k) for k in (1, 2, 3, 4)] for block in np.array_split(x, n_blocks)])
    std, skew, kurtosis = _standardized(powers.mean(axis=0))
    others = (powers.sum(axis=0) - powers) / (n_blocks - 1)
    left_out = np.array([_standardized(each)[2] for each in others])
    stderr = math.sqrt((n_blocks - 1) * float(np.var(left_out)))
    return Shape(std, skew, kurtosis, stderr)


def _standardized(raw: np.ndarray) -> tuple[float, float, float]:
    variance, third, fourth = skewness.central(*(float(each) for each in raw))
    if variance <= 0:
        return 0.0, math.nan, math.nan
    return math.sqrt(variance), *skewness.standardized(variance, third, fourth)


def exceedances(x: np.ndarray, distances: np.ndarray) -> np.ndarray:
    """Share of |x| ≥ each distance; NaN where fewer than 10 are that far out."""
    ordered = np.sort(np.abs(x))
    count = len(x) - np.searchsorted(ordered, distances, side="left")
    return np.where(count >= _FEWEST, count / len(x), np.nan)


def law_exceedances(logs: np.ndarray, values: np.ndarray, distances: np.ndarray) -> np.ndarray:
    """P(|X| ≥ distance) of weighted points (log-probabilities and values)."""
    order = np.argsort(np.abs(values))
    beyond = np.cumsum(np.exp(logs[order])[::-1])[::-1]
    at = np.searchsorted(np.abs(values)[order], distances, side="left")
    return np.append(beyond, 0.0)[at]


def orlicz_norm(logs: np.ndarray, values: np.ndarray, p: float) -> float:
    """‖X‖ of weighted points whose probabilities sum to one: the root ν of E exp((|X|/ν)^{1/p}) = 2."""
    sizes = np.abs(values)
    scale = math.exp(float(np.exp(logs) @ np.log(np.maximum(sizes, 1e-300))))

    def excess(log_nu: float) -> float:
        terms = logs + np.power(sizes / math.exp(log_nu), 1 / p)
        top = float(terms.max())
        return top + math.log(float(np.exp(terms - top).sum())) - math.log(2)

    low = high = math.log(max(scale, 1e-300))
    while excess(high) > 0:
        high += 1.0
    while excess(low) < 0:
        low -= 1.0
    return math.exp(brentq(excess, low, high, xtol=1e-12))


class Bound(NamedTuple):
    """The bound for means of B copies of one X."""

    p: float
    norm: float
    C: float
    K: float

    def __call__(self, size: int, x: np.ndarray) -> np.ndarray:
        """The bound on P(|mean over `size`| ≥ x); it may exceed 1."""
        middle = size * np.square(x / self.norm) / self.C
        far = np.power(size * x / (self.K * self.norm), 1 / self.p) if self.K > 0 else np.inf
        return 2 * np.exp(-np.minimum(middle, far))


def fit_bound(
    p: float, norm: float, sizes: list[int], stds: list[float], curves: list[np.ndarray], distances: list[np.ndarray]
) -> Bound:
    """The least C with which the Gaussian term alone bounds every curve up to 2 standard deviations, then the least K.

    `curves` are exceedances at `distances`, NaN where not known. K = 0 where the Gaussian term bounds everything.
    """
    C = K = 0.0
    for size, std, curve, x in zip(sizes, stds, curves, distances, strict=True):
        inner = (x <= 2 * std) & np.isfinite(curve)
        C = max(C, float(np.max(size * np.square(x / norm)[inner] / np.log(2 / curve[inner]), initial=0.0)))
    for size, curve, x in zip(sizes, curves, distances, strict=True):
        known = np.isfinite(curve)
        needed = np.log(2 / curve[known])
        over = size * np.square(x[known] / norm) / C > needed * (1 + 1e-12)
        K = max(K, float(np.max((size * x[known] / norm)[over] / needed[over] ** p, initial=0.0)))
    return Bound(p, norm, C, K)
