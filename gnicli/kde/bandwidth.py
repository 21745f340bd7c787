"""Bandwidths of a Gaussian kernel that survive infinite variance.

Rules from the standard deviation fail for stable laws, and so does Improved Sheather-Jones on raw data, whose range a
few samples decide. Here it sees the central 99 % only. It also takes equal values (rounded data) for spikes of their
own: here equal values are spread between their neighbors first, and a value that stands out as an atom is left out.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import fft, optimize

from gnicli import checks
from gnicli.errors import NumericalError, UsageError
from gnicli.kde import binned
from gnicli.kde.choices import RULES

CENTRAL = 0.99
_BINS = 2**13
_QUANTILE_SAMPLES = 200_000
_STAGES = 7  # of Botev's fixed point, as in his paper
_FEWEST = 50  # with fewer samples the fixed point is found at random: a tenth of the best bandwidth is not rare
_ATOM = 8.0  # a value that is so many times as dense as the values around it is an atom
_AROUND = 16  # values on each side that it is compared with
_SAME = 1e-12  # of the range: the same rounded number may differ by so much, as 0.3 and 0.1 + 0.2 do
_RIPPLE = 0.6  # bandwidth in units of the rounding below which the estimate shows the rounding (ripples of 0.2 %)


def check(key: str, value: Any) -> None:
    """Refuse what is neither a rule nor a positive number."""
    if isinstance(value, str):
        if value not in RULES:
            raise UsageError(f"{key} must be one of {', '.join(RULES)} or a number > 0, got {value!r}")
    else:
        checks.number(key, value, above=0, sizes=None)


def choose(
    rule: str | float, samples: np.ndarray, weights: np.ndarray | None = None, n_effective: float | None = None
) -> float:
    """The bandwidth by `rule`: `isj` (Improved Sheather-Jones on the central 99 %), `robust`, or the number given.

    `weights` (the shape of `samples`) are >= 0. `n_effective` is the number of independent samples that they are worth;
    by default (Σw)²/Σw². Fewer than 50 samples get `robust` for `isj`. Rounded samples get what they would get without
    the rounding, but no less than 0.6 of its step; single values that many samples share are left out of the choice.
    Raises `NumericalError` where the samples have no spread, or half of them or more are one value; `UsageError` for
    weights that are none.
    """
    check("bandwidth", rule)
    if not isinstance(rule, str):
        return float(rule)
    flat = np.ravel(samples)
    own = None if weights is None else binned.checked_weights(weights, np.size(samples))
    if flat.size < 2 or not np.isfinite(flat).all():
        n_bad = flat.size - int(np.isfinite(flat).sum())
        raise NumericalError(
            f"a bandwidth needs at least 2 samples, all finite; got {flat.size} with {n_bad} not finite"
        )
    if n_effective is None:
        n_effective = float(flat.size if own is None else own.sum() ** 2 / (own**2).sum())
    if rule == "robust" or flat.size < _FEWEST:
        return robust(flat, own, n_effective)
    low, high = _quantiles(flat, own, (1 - CENTRAL) / 2, (1 + CENTRAL) / 2)
    if not high > low:
        raise NumericalError(
            f"the samples have no spread: {CENTRAL:.0%} of them are {low:g}; give a number as bandwidth"
        )
    with np.errstate(over="ignore"):
        length = float(high - low)
        scaled = (flat - low) / length
    if not np.isfinite(length):
        raise NumericalError(f"the samples reach from {low:g} to {high:g}: too far for a bandwidth; scale them down")
    step = 0.0
    if _has_ties(scaled):
        scaled, own, step, kept = untied(scaled, own)
        n_effective *= kept
    counts, _ = np.histogram(scaled, _BINS, (0.0, 1.0), weights=own)
    found = isj_of_counts(counts, 1.0, CENTRAL * n_effective)
    if found is None:
        found = robust(scaled, own, n_effective)
    return max(found, _RIPPLE * step) * length


def robust(samples: np.ndarray, weights: np.ndarray | None = None, n_effective: float | None = None) -> float:
    """0.9 · (interquartile range / 1.349) · n^(−1/5): Silverman's rule without its standard deviation."""
    low, high = _quantiles(samples, weights, 0.25, 0.75)
    if not high > low:
        raise NumericalError(f"half of the samples are {low:g}: they have no spread; give a number as bandwidth")
    return float(0.9 * ((high / 1.349) - low / 1.349) * (n_effective or samples.size) ** -0.2)


def _has_ties(samples: np.ndarray) -> bool:
    """Whether some values are equal, of a part of large samples: what that misses is too rare or too fine to matter."""
    part = np.sort(samples[:: -(-samples.size // _QUANTILE_SAMPLES)])
    return bool((part[1:] - part[:-1] <= _SAME).any())


def untied(
    samples: np.ndarray, weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray | None, float, float]:
    """Samples (n,) without ties: sorted, their weights, the step of the rounding, the share of the weight that is kept.

    `samples` are in units of their range: those that differ by less than 1e-12 of it are equal.
    Equal values are spread evenly between the middles to their neighbors, which undoes a rounding. An atom, a value
    far denser than those around it, is left out. The step is that of half of the samples or more, else 0. Raises
    `NumericalError` where atoms are half of the samples or more.
    """
    order = np.argsort(samples, kind="stable")
    x, own = samples[order], None if weights is None else weights[order]
    first = np.flatnonzero(np.concatenate([[True], x[1:] - x[:-1] > _SAME]))
    times = np.diff(np.append(first, x.size))
    if len(first) < 2:
        raise NumericalError(f"the samples have no spread: all are {x[0]:g}; give a number as bandwidth")
    mass = times.astype(float) if own is None else np.add.reduceat(own, first)
    gaps = np.diff(x[first])
    left, right = np.append(gaps[0], gaps) / 2, np.append(gaps, gaps[-1]) / 2
    density = mass / (left + right)
    atom = (times > 1) & (density > _ATOM * _typical(density, times)) & (mass > _ATOM / x.size * mass.sum())
    share = float(mass[atom].sum() / mass.sum())
    if share >= 0.5:
        values = "one value" if atom.sum() == 1 else f"{int(atom.sum())} values"
        raise NumericalError(
            f"{share:.0%} of the samples are equal to {values}, where there is no density; leave these out, or give "
            "a number as bandwidth"
        )
    which = np.repeat(np.arange(len(first)), times)
    place = (np.arange(x.size) - first[which] + 0.5) / times[which]
    tied = times[which] > 1
    spread = np.where(tied, x - left[which] + place * (left + right)[which], x)
    rounding = np.where(times > 1, np.minimum(left, right) * 2, 0.0)
    rounding[atom] = 0.0
    kept = ~atom[which]
    by_step = np.argsort(rounding)
    step = float(rounding[by_step][np.searchsorted(np.cumsum(mass[by_step]), 0.5 * mass.sum())])
    return spread[kept], None if own is None else own[kept], step, 1 - share


def _typical(density: np.ndarray, times: np.ndarray) -> np.ndarray:
    """What is usual around each value: the greatest of medians over its neighbors, left, right and both."""
    padded = np.concatenate([np.zeros(_AROUND), density, np.zeros(_AROUND)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * _AROUND + 1)
    sides = (windows[:, :_AROUND], windows[:, _AROUND + 1 :])
    nearest = np.maximum(sides[0][:, -1], sides[1][:, 0])
    return np.maximum(nearest, np.max([np.median(side, axis=1) for side in sides], axis=0))


def of_counts(counts: np.ndarray, low: float, high: float, n_effective: float, rule: str = "isj") -> float:
    """A rule applied to a histogram (n_bins,) over [low, high]: `isj` sees its central 99 %, `robust` its quartiles.

    Of rounded samples, which leave bins empty between filled ones, see `choose`. Raises `NumericalError` where the
    histogram is empty, or too coarse.
    """
    total = counts.sum()
    if not (np.isfinite(total) and total > 0 and (counts >= 0).all()):
        raise NumericalError(
            f"no sample lies in the histogram over [{low:g}, {high:g}]; take a low and a high with samples between them"
        )
    cumulative = np.cumsum(counts) / total
    first, last = np.searchsorted(cumulative, [(1 - CENTRAL) / 2, (1 + CENTRAL) / 2])
    if last - first < 32:
        raise NumericalError(
            f"the histogram over [{low:g}, {high:g}] has {CENTRAL:.0%} of its mass in {last - first + 1} bins: too "
            "coarse to choose a bandwidth from; take low and high nearer to each other, or a larger n_bins"
        )
    width = (high - low) / len(counts)
    found, least = None, 0.0
    if rule == "isj":
        smooth, step = _without_gaps(counts[first : last + 1] / total)
        least = _RIPPLE * step * width if step > 1 else 0.0
        found = isj_of_counts(smooth, (last + 1 - first) * width, CENTRAL * n_effective)
    if found is not None:
        return max(found, least)
    quarter, half = np.searchsorted(cumulative, [0.25, 0.75])
    if half == quarter:
        raise NumericalError(
            f"half of the samples are in one bin of the histogram over [{low:g}, {high:g}]; give a number as bandwidth"
        )
    return max(float(0.9 * (half - quarter) * width / 1.349 * n_effective**-0.2), least)


def _without_gaps(counts: np.ndarray) -> tuple[np.ndarray, float]:
    """Counts with those of several samples spread to the middles to the next filled bins, and their step in bins.

    Undoes a rounding, as `untied` does for samples; the step is that of half of the mass or more, else 0.
    """
    filled = np.flatnonzero(counts > 0)
    mass = counts[filled]
    if len(filled) < 2:
        return counts, 0.0
    several = mass > 1.5 * mass.min()
    gaps = np.diff(filled)
    left = np.where(several, filled + 0.5 - np.append(gaps[0], gaps) / 2, filled)
    right = np.where(several, filled + 0.5 + np.append(gaps, gaps[-1]) / 2, filled + 1)
    step = np.where(several, np.minimum(np.append(gaps[0], gaps), np.append(gaps, gaps[-1])), 0)
    ordered = np.argsort(step)
    usual = float(step[ordered][np.searchsorted(np.cumsum(mass[ordered]), 0.5 * mass.sum())])
    knots = np.stack([left, right], axis=1).ravel()
    heights = np.concatenate([[0.0], np.repeat(np.cumsum(mass), 2)[:-1]])
    return np.diff(np.interp(np.arange(len(counts) + 1), knots, heights)), usual


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
