"""A sample and the laws fitted to it as a few hundred points: histogram, tails, quantiles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from gnicli.evidence.families import Family, FittedLaw

_BINS = (20, 160)
_GRID = 401
_TAIL_POINTS = 160
_QUANTILES = 200
_LEAST = 0.2  # laws are drawn down to this share of one sample in the tails


class Shape(NamedTuple):
    """Arrays to draw from; the dictionaries are keyed by law.

    bins, density: centers and density of the histogram of the central 99 %; grid, densities: the laws there.
    lower_*, upper_*: distances t from the sample's median, the samples' share beyond, the laws' probability beyond.
    quantiles, law_quantiles: of the samples and of the first law, at the same probabilities.
    """

    bins: np.ndarray
    density: np.ndarray
    grid: np.ndarray
    densities: dict[str, np.ndarray]
    lower_t: np.ndarray
    lower_share: np.ndarray
    lower: dict[str, np.ndarray]
    upper_t: np.ndarray
    upper_share: np.ndarray
    upper: dict[str, np.ndarray]
    quantiles: np.ndarray
    law_quantiles: np.ndarray

    def in_units(self, unit: float) -> Shape:
        """The same arrays for samples `unit` times as large."""
        with np.errstate(over="ignore", under="ignore"):
            longer = {
                name: getattr(self, name) * unit
                for name in ("bins", "grid", "lower_t", "upper_t", "quantiles", "law_quantiles")
            }
            density, densities = self.density / unit, {name: each / unit for name, each in self.densities.items()}
        return self._replace(density=density, densities=densities, **longer)


def shape(x: np.ndarray, laws: Mapping[str, tuple[Family, FittedLaw]]) -> Shape:
    """The points of samples (n,) and fitted laws; the quantiles of the first law are compared with the samples'."""
    ordered = np.sort(np.asarray(x, np.float64))
    n = ordered.size
    low, first, middle, third, high = np.quantile(ordered, (0.005, 0.25, 0.5, 0.75, 0.995))
    # A very heavy tail would leave nothing of the middle.
    reach = 12.0 * (third - first)
    low, high = max(low, middle - reach), min(high, middle + reach)
    width = 2.0 * (third - first) / n ** (1.0 / 3.0)  # Freedman and Diaconis
    n_bins = int(np.clip((high - low) / width if width > 0 else _BINS[0], *_BINS))
    counts, edges = np.histogram(ordered, n_bins, (low, high))
    grid = np.linspace(low, high, _GRID)
    with np.errstate(divide="ignore", over="ignore"):
        densities = {name: np.exp(law.logpdf(grid)) for name, (_, law) in laws.items()}
    lower = _tail(ordered, laws, middle, upper=False)
    upper = _tail(ordered, laws, middle, upper=True)
    _, law = next(iter(laws.values()))
    at = _ranks(n, _QUANTILES)
    return Shape(
        0.5 * (edges[:-1] + edges[1:]),
        counts / (n * np.diff(edges)),
        grid,
        densities,
        *lower,
        *upper,
        ordered[at],
        law.ppf((at + 0.5) / n),
    )


def _ranks(n: int, n_points: int) -> np.ndarray:
    """Positions in the sorted sample: all of them, or evenly spread ones and every one of the outermost."""
    if n <= n_points:
        return np.arange(n)
    ends = np.unique(np.rint(np.geomspace(1, n // 2, n_points // 2)).astype(int)) - 1
    return np.unique(np.concatenate([ends, n - 1 - ends]))


def _tail(
    ordered: np.ndarray, laws: Mapping[str, tuple[Family, FittedLaw]], middle: float, *, upper: bool
) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """t, the share of samples at least t from the median on one side, and the laws' probability of that."""
    n = ordered.size
    rank = np.unique(np.rint(np.geomspace(1, 0.4 * n, _TAIL_POINTS)).astype(int))  # the k-th outermost
    x = ordered[n - rank] if upper else ordered[rank - 1]
    t, share = (x - middle if upper else middle - x), rank / n
    keep = t > 0
    t, share, x = t[keep][::-1], share[keep][::-1], x[keep][::-1]
    probabilities = {}
    for name, (family, law) in laws.items():
        beyond = np.exp(family.log_tails(law, x)[1 if upper else 0])
        probabilities[name] = np.where(beyond >= _LEAST / n, beyond, np.nan)
    return t, share, probabilities
