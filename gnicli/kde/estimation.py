"""A kernel density estimate with its bandwidth and its standard error over chains."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gnicli import checks
from gnicli.errors import NumericalError, UsageError
from gnicli.intervals import half_width
from gnicli.kde import bandwidth as bandwidths
from gnicli.kde import binned
from gnicli.kde.binned import Window
from gnicli.kde.choices import ESTIMATORS

_MOST_GROUPS = 200  # more chains than that are taken together in groups for their standard error
_BESIDE = 3.0  # bandwidths: a kernel that begins there is nothing within


class Density(NamedTuple):
    """`pdf` and `stderr` at the points `x`, all (n_points,); `stderr` is over chains, None for a single one.

    `each` (n_groups, n_points) are the densities of groups of chains that `stderr` is the spread of, and `shares`
    (n_groups,) what each has in `pdf`.
    """

    x: np.ndarray
    pdf: np.ndarray
    stderr: np.ndarray | None
    bandwidth: float
    n_samples: int
    each: np.ndarray | None = None
    shares: np.ndarray | None = None

    @property
    def band(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Both ends (n_points,) of the pointwise 95 % interval, None without groups: of the *smoothed* density.

        By Student's t, for the groups are few. What the kernel smooths away is not in it.
        """
        if self.stderr is None or self.each is None:
            return None
        half = half_width(self.stderr, len(self.each))
        return np.maximum(self.pdf - half, 0.0), self.pdf + half

    def without_errors(self) -> Density:
        """The same density without its errors, for groups of chains whose spread says nothing about them."""
        return self._replace(stderr=None, each=None, shares=None)


def density(
    samples: np.ndarray,
    *,
    low: float | None = None,
    high: float | None = None,
    n_points: int = 1001,
    bandwidth: str | float = "isj",
    weights: np.ndarray | None = None,
    n_effective: float | None = None,
    estimator: str = "binned",
) -> Density:
    """The kernel density estimate of `samples`, (n,) or (n_steps, n_chains) of independent chains.

    At `n_points` equidistant points from `low` to `high`, which by default hold the central 99 % and three bandwidths
    on either side. `bandwidth` is "isj" (Improved Sheather-Jones on the central 99 %, which survives infinite
    variance), "robust" (interquartile range), or a number > 0 in units of the samples. `weights` (n,) or (n_steps,) are
    >= 0, the same for all chains. `n_effective` is the number of independent samples that they are worth, by default
    all: give it for dependent ones. `estimator` is "binned" (one FFT, within 1e-6 of the peak), or "sklearn", the same
    sum exactly and slowly. Several chains give a standard error and a band. Raises `UsageError` for other arguments,
    `NumericalError` for samples that have no density.

    >>> found = density(np.random.default_rng(0).standard_cauchy(10_000), low=-5, high=5)
    >>> found.x.shape, round(float(found.pdf[500]), 2)
    ((1001,), 0.31)
    """
    own = np.asarray(samples, float)
    if own.ndim not in (1, 2) or not own.size:
        raise UsageError(f"samples must be of shape (n,) or (n_steps, n_chains) and not empty, got {own.shape}")
    if not np.isfinite(own).all():
        raise NumericalError("the samples hold values that are not finite; leave them out, or exploded chains, first")
    full = None if weights is None else _by_step(np.asarray(weights, float), own)
    h = bandwidths.choose(bandwidth, own, full, n_effective)
    ends = np.quantile(own, [(1 - bandwidths.CENTRAL) / 2, (1 + bandwidths.CENTRAL) / 2])
    window = Window(
        float(ends[0] - _BESIDE * h) if low is None else low,
        float(ends[1] + _BESIDE * h) if high is None else high,
        n_points,
    )
    binned.check_window(window)
    return of_samples(own, window, h, estimator, weights, 1, n_effective)


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

    `weights` (n_steps,) are the steps' η_k, >= 0, the same for all chains. Every `thin`-th step is used. The bandwidth
    rules take `n_effective` for the number of independent samples, by default that of the thinned ones.
    `estimator="sklearn"` is the paper's: the same sum, exactly and slowly.
    """
    checks.choice("estimator", estimator, ESTIMATORS)
    checks.integer("thin", thin, least=1)
    kept = np.asarray(samples, float)[::thin]
    full = None if weights is None else _by_step(np.asarray(weights, float)[::thin], kept)
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
    totals = np.array([kept[:, own].size if full is None else full[:, own].sum() for own in groups], float)
    return Density(x, *over_chains(each, totals), h, kept.size, each, totals / totals.sum())


def _by_step(weights: np.ndarray, samples: np.ndarray) -> np.ndarray:
    """Weights (n_steps,) for samples (n_steps,) or (n_steps, n_chains), in their shape."""
    if weights.shape != samples.shape[:1]:
        raise UsageError(f"weights must be one per step, {samples.shape[0]} of them, got {len(np.atleast_1d(weights))}")
    return np.broadcast_to(weights.reshape(-1, *[1] * (samples.ndim - 1)), samples.shape)


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
    if len(each) < 2:
        return Density(window.points, pdf, None, h, int(n_effective))
    return Density(window.points, pdf, stderr, h, int(n_effective), each, totals / totals.sum())


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
    return np.array([_refined(x, pdf, peak - 1) for peak in peaks])


def _refined(x: np.ndarray, pdf: np.ndarray, peak: int) -> float:
    """The top of the parabola through a local maximum and its neighbors; at an end the end itself."""
    if not 0 < peak < len(pdf) - 1:
        return float(x[peak])
    left, middle, right = pdf[peak - 1 : peak + 2]
    bend = left - 2 * middle + right
    shift = 0.5 * (left - right) / bend if bend < 0 else 0.0
    return float(x[peak] + np.clip(shift, -1, 1) * (x[1] - x[0]))


def mode_stderrs(estimate: Density, places: np.ndarray) -> np.ndarray:
    """The standard error of each mode (n_modes,): jackknife over the groups of chains; NaN without groups.

    Without one group, the mode is the local maximum that is reached uphill from where it is with all. Groups may be of
    unequal weight (Busing, Meijer & van der Leeden 1999, delete-m).
    """
    each, shares = estimate.each, estimate.shares
    if each is None or shares is None:
        return np.full(len(places), np.nan)
    starts = np.clip(np.searchsorted(estimate.x, places), 0, len(estimate.x) - 1)
    # Groups are an independent part of the whole each; one that is all of it leaves nothing.
    used = [i for i in range(len(each)) if 0 < shares[i] < 1]
    if len(used) < 2:
        return np.full(len(places), np.nan)
    without = [estimate.pdf + (estimate.pdf - each[i]) * (shares[i] / (1 - shares[i])) for i in used]
    left = np.array([[_refined(estimate.x, pdf, _uphill(pdf, int(start))) for start in starts] for pdf in without])
    h = 1 / shares[used][:, None]
    pseudo = h * places - (h - 1) * left
    center = len(used) * places - ((1 - 1 / h) * left).sum(axis=0)
    return np.asarray(np.sqrt(((pseudo - center) ** 2 / (h - 1)).mean(axis=0)))


def _uphill(pdf: np.ndarray, place: int) -> int:
    """The local maximum that is reached from a point by going up."""
    while True:
        low = max(place - 1, 0)
        best = low + int(np.argmax(pdf[low : place + 2]))
        if pdf[best] <= pdf[place]:
            return place
        place = best


def by_tree(samples: np.ndarray, x: np.ndarray, bandwidth: float, weights: np.ndarray | None = None) -> np.ndarray:
    """scikit-learn's `KernelDensity`, with which the paper drew figure 6: exact, some seconds at 1e5 samples."""
    from sklearn.neighbors import KernelDensity

    tree = KernelDensity(kernel="gaussian", bandwidth=bandwidth)
    tree.fit(np.ravel(samples)[:, None], sample_weight=None if weights is None else np.ravel(weights))
    return np.exp(tree.score_samples(x[:, None]))
