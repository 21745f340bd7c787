"""Bandwidths of a Gaussian kernel that survive infinite variance.

Rules from the standard deviation fail for stable laws, and so does Improved Sheather-Jones on raw data, whose range a
few samples decide. Here it sees the central 99 % only.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import fft, optimize

from gnicli import checks
from gnicli.errors import NumericalError, UsageError

RULES = ("isj", "robust")
CENTRAL = 0.99
_BINS = 2**13
_QUANTILE_SAMPLES = 200_000
_STAGES = 7  # of Botev's fixed point, as in his paper


def check(key: str, value: Any) -> None:
    """Refuse what is neither a rule nor a positive number."""
    if isinstance(value, str):
        if value not in RULES:
            raise UsageError(f"{key} must be one of {', '.join(RULES)} or a number > 0, got {value!r}")
    else:
        checks.number(key, value, above=0)


def choose(
    rule: str | float, samples: np.ndarray, weights: np.ndarray | None = None, n_effective: float | None = None
) -> float:
    """The bandwidth by `rule`: `isj` (Improved Sheather-Jones on the central 99 %), `robust`, or the number given.

    `n_effective` is the number of independent samples that they are worth; by default (Σw)²/Σw². Raises
    `NumericalError` where the samples have no spread.
    """
    check("bandwidth", rule)
    if not isinstance(rule, str):
        return float(rule)
    flat = np.ravel(samples)
    own = None if weights is None else np.ravel(weights)
    if flat.size < 2 or not np.isfinite(flat).all():
        n_bad = flat.size - int(np.isfinite(flat).sum())
        raise NumericalError(
            f"a bandwidth needs at least 2 samples, all finite; got {flat.size} with {n_bad} not finite"
        )
    if n_effective is None:
        n_effective = float(flat.size if own is None else own.sum() ** 2 / (own**2).sum())
    if rule == "robust":
        return robust(flat, own, n_effective)
    low, high = _quantiles(flat, own, (1 - CENTRAL) / 2, (1 + CENTRAL) / 2)
    if not high > low:
        raise NumericalError(f"the samples have no spread: {CENTRAL:.0%} of them are {low:g}; give bandwidth= a number")
    counts, _ = np.histogram(flat, _BINS, (low, high), weights=own)
    found = isj_of_counts(counts, high - low, CENTRAL * n_effective)
    return robust(flat, own, n_effective) if found is None else found


def robust(samples: np.ndarray, weights: np.ndarray | None = None, n_effective: float | None = None) -> float:
    """0.9 · (interquartile range / 1.349) · n^(−1/5): Silverman's rule without its standard deviation."""
    low, high = _quantiles(samples, weights, 0.25, 0.75)
    if not high > low:
        raise NumericalError(f"half of the samples are {low:g}: they have no spread; give bandwidth= a number")
    return float(0.9 * (high - low) / 1.349 * (n_effective or samples.size) ** -0.2)


def of_counts(counts: np.ndarray, low: float, high: float, n_effective: float, rule: str = "isj") -> float:
    """A rule applied to a histogram (n_bins,) over [low, high]: `isj` sees its central 99 %, `robust` its quartiles."""
    cumulative = np.cumsum(counts) / counts.sum()
    first, last = np.searchsorted(cumulative, [(1 - CENTRAL) / 2, (1 + CENTRAL) / 2])
    if last - first < 32:
        raise NumericalError(
            f"the histogram over [{low:g}, {high:g}] has {CENTRAL:.0%} of its mass in {last - first + 1} bins: too "
            "coarse to choose a bandwidth from; narrow it or take more bins"
        )
    width = (high - low) / len(counts)
    found = None
    if rule == "isj":
        found = isj_of_counts(counts[first : last + 1], (last + 1 - first) * width, CENTRAL * n_effective)
    quarter, half = np.searchsorted(cumulative, [0.25, 0.75])
    return found if found is not None else float(0.9 * (half - quarter) * width / 1.349 * n_effective**-0.2)


def isj_of_counts(counts: np.ndarray, length: float, n_effective: float) -> float | None:
    """Improved Sheather-Jones (Botev, Grotowski & Kroese 2010) of a histogram over `length`; None without a root."""
    total = counts.sum()
    power = (fft.dct(counts / total)[1:] / 2) ** 2
    square = np.arange(1, len(counts), dtype=float) ** 2

    def gap(t: float) -> float:
        """T − ξγ^[7](t), in units of the length squared."""
        return t - _fixed_point(t, n_effective, square, power)

    grid = np.geomspace(1e-11, 0.1, 61)
    gaps = np.array([gap(t) for t in grid])
    crossing = np.flatnonzero((gaps[:-1] < 0) & (gaps[1:] >= 0))
    if not len(crossing):
        return None
    root = optimize.brentq(gap, grid[crossing[0]], grid[crossing[0] + 1], rtol=1e-6)
    return float(np.sqrt(root) * length)


def _fixed_point(t: float, n: float, square: np.ndarray, power: np.ndarray) -> float:
    norm = _roughness(_STAGES, t, square, power)
    for stage in range(_STAGES - 1, 1, -1):
        odd = np.prod(np.arange(1, 2 * stage, 2.0)) / np.sqrt(2 * np.pi)
        factor = (1 + 0.5 ** (stage + 0.5)) / 3
        time = (2 * factor * odd / (n * norm)) ** (2 / (3 + 2 * stage))
        norm = _roughness(stage, time, square, power)
    return float((2 * n * np.sqrt(np.pi) * norm) ** -0.4)


def _roughness(stage: int, t: float, square: np.ndarray, power: np.ndarray) -> float:
    """‖f^{(stage)}‖² of the estimate at time t, from the cosine coefficients of the histogram."""
    live = min(len(square), int(np.sqrt(700 / (np.pi**2 * t))) + 1)
    decay = np.exp(-square[:live] * (np.pi**2 * t))
    return max(float(2 * np.pi ** (2 * stage) * (square[:live] ** stage * power[:live] * decay).sum()), 1e-300)


def _quantiles(samples: np.ndarray, weights: np.ndarray | None, *levels: float) -> np.ndarray:
    every = -(-samples.size // _QUANTILE_SAMPLES)
    thinned = samples[::every]
    if weights is None:
        return np.quantile(thinned, levels)
    own = weights[::every]
    sorting = np.argsort(thinned)
    cumulative = np.cumsum(own[sorting])
    return thinned[sorting][np.searchsorted(cumulative, np.array(levels) * cumulative[-1])]
