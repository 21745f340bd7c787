"""A density with its bandwidth and its uncertainty over chains: what `gni kde-stationary` draws."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gnicli import checks
from gnicli.errors import UsageError
from gnicli.kde import bandwidth as bandwidths
from gnicli.kde import binned
from gnicli.kde.binned import Window

_MOST_GROUPS = 200  # more chains than that are taken together in groups for their standard error

ESTIMATORS = ("binned", "sklearn")


class Density(NamedTuple):
    """`pdf` and `stderr` at the points `x`, all (n_points,); `stderr` is over chains, None for a single one."""

    x: np.ndarray
    pdf: np.ndarray
    stderr: np.ndarray | None
    bandwidth: float
    n_samples: int


def of_samples(
    samples: np.ndarray,
    window: Window,
    bandwidth: str | float = "isj",
    estimator: str = "binned",
    weights: np.ndarray | None = None,
    thin: int = 1,
    n_effective: float | None = None,
) -> Density:
    """Estimate the density of `samples`, (n_steps,) or (n_steps, n_chains), at the window's points.

    `weights` (n_steps,) are the steps' η_k, the same for all chains. Every `thin`-th step is used. The bandwidth rules
    take `n_effective` for the number of independent samples, by default that of the thinned ones. `estimator="sklearn"`
    is the paper's: the same sum, exactly and slowly.
    """
    checks.choice("estimator", estimator, ESTIMATORS)
    checks.integer("thin", thin, least=1)
    kept = np.asarray(samples, float)[::thin]
    own = None if weights is None else np.asarray(weights, float)[::thin]
    if own is not None and own.shape != kept.shape[:1]:
        raise UsageError(f"weights must be one per step, {kept.shape[0]} of them, got {own.shape[0]}")
    full = None if own is None else np.broadcast_to(own.reshape(-1, *[1] * (kept.ndim - 1)), kept.shape)
    h = bandwidths.choose(bandwidth, kept, full, n_effective)
    x = window.points
    if estimator == "sklearn":
        return Density(x, by_tree(kept, x, h, full), None, h, kept.size)
    if kept.ndim == 1 or kept.shape[1] < 2:
        return Density(x, binned.estimate(kept, window, h, full), None, h, kept.size)
    n_chains = kept.shape[1]
    groups = [slice(part[0], part[-1] + 1) for part in np.array_split(np.arange(n_chains), min(n_chains, _MOST_GROUPS))]
    each = np.stack(
        [binned.estimate(kept[:, own], window, h, None if full is None else full[:, own]) for own in groups]
    )
    return Density(x, *over_chains(each, np.array([own.stop - own.start for own in groups], float)), h, kept.size)


def of_counts(
    counts: np.ndarray,
    low: float,
    high: float,
    totals: np.ndarray,
    window: Window,
    bandwidth: str | float,
    n_effective: float,
) -> Density:
    """Estimate from histograms (n_groups, n_bins) over [low, high] of groups of chains of weights `totals` (n_groups,).

    `n_effective` is the number of independent samples of all groups together; `bandwidth` is a number, or a rule, whose
    choice is raised to two bins where it is below.
    """
    bandwidths.check("bandwidth", bandwidth)
    if isinstance(bandwidth, str):
        h = bandwidths.of_counts(counts.sum(axis=0), low, high, n_effective, bandwidth)
        h = max(h, 2 * (high - low) / counts.shape[-1])
    else:
        h = float(bandwidth)
    each = binned.from_counts(counts, low, high, totals, window, h)
    pdf, stderr = over_chains(each, totals)
    return Density(window.points, pdf, stderr if len(each) > 1 else None, h, int(n_effective))


def over_chains(each: np.ndarray, totals: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Mean (n_points,) and its standard error over independent chains or groups of them, `each` (n, n_points)."""
    weights = np.full(len(each), 1 / len(each)) if totals is None else totals / totals.sum()
    mean = weights @ each
    if len(each) < 2:
        return mean, np.full_like(mean, np.nan)
    spread = (weights**2) @ (each - mean) ** 2
    return mean, np.sqrt(spread * len(each) / (len(each) - 1))


def modes(x: np.ndarray, pdf: np.ndarray, prominence: float = 0.02) -> np.ndarray:
    """Local maxima of a density at equidistant points, refined by parabolas; what hardly stands out is noise.

    `prominence` is relative to the highest.
    """
    from scipy.signal import find_peaks

    peaks, _ = find_peaks(np.concatenate([[0.0], pdf, [0.0]]), prominence=prominence * pdf.max())
    peaks = peaks - 1
    inner = np.clip(peaks, 1, len(pdf) - 2)
    left, middle, right = pdf[inner - 1], pdf[inner], pdf[inner + 1]
    bend = left - 2 * middle + right
    shift = np.where(bend < 0, 0.5 * (left - right) / np.where(bend < 0, bend, 1.0), 0.0)
    return np.where(peaks == inner, x[inner] + np.clip(shift, -1, 1) * (x[1] - x[0]), x[peaks])


def by_tree(samples: np.ndarray, x: np.ndarray, bandwidth: float, weights: np.ndarray | None = None) -> np.ndarray:
    """scikit-learn's `KernelDensity`, with which the paper drew figure 6: exact, some seconds at 1e5 samples."""
    from sklearn.neighbors import KernelDensity

    tree = KernelDensity(kernel="gaussian", bandwidth=bandwidth)
    tree.fit(np.ravel(samples)[:, None], sample_weight=None if weights is None else np.ravel(weights))
    return np.exp(tree.score_samples(x[:, None]))
