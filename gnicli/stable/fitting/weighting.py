"""Weights of samples: their checks, and what a sample with repeats would give, without the repeats.

A weight says how often its sample counts in the log-likelihood Σ weight · log pdf. Everything here and in the search
is such that integer weights give what the samples repeated so often give, to rounding: quantiles and subsets are
looked up where they stand among the repeats.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gnicli.errors import UsageError

KINDS = ("frequency", "importance")
_LARGEST_MEAN = 2.0**20
_TOGETHER, _MANY = 16, 1 << 15


class Weighting(NamedTuple):
    """`counts` (n,) > 0 of the samples in the search; `size` times these are the weights that were given.

    The size is 1 but for weights whose mean is below 1 or very large, which the search takes to be neither, and for
    importance weights, which are taken to have the mean 1. `n` is the sum of the counts.
    """

    counts: np.ndarray
    size: float
    importance: bool
    n: float


def check_kind(kind: str) -> None:
    """Raise `UsageError` for a word that is no kind of weights."""
    if kind not in KINDS:
        raise UsageError(f"weight_kind must be frequency or importance, got {kind!r}")


def checked(samples: np.typing.ArrayLike, values: np.ndarray, weights: Any, kind: str) -> tuple[np.ndarray, Weighting]:
    """The values (of `samples`, flat) that have a weight above 0, and their weights.

    Raises `UsageError` for weights that are not one real number a sample, negative, not finite or all 0.
    """
    given = np.asarray(weights.detach().cpu() if hasattr(weights, "detach") else weights)
    if given.dtype.kind not in "buif":
        raise UsageError(f"weights must be real numbers, got an array of {given.dtype}")
    flat = given.reshape(-1).astype(np.float64, copy=False)
    if isinstance(samples, np.ma.MaskedArray) and flat.size == samples.size:
        flat = flat[~np.ma.getmaskarray(samples).reshape(-1)]
    if flat.size != values.size:
        raise UsageError(f"weights must be one number a sample, {values.size}, got {flat.size}")
    least, mean = (float(flat.min()), _mean(flat)) if flat.size else (0.0, 0.0)
    if not (least >= 0.0 and mean < np.inf):
        wrong = np.flatnonzero(~(np.isfinite(flat) & (flat >= 0.0)))
        raise UsageError(f"weights must be finite and >= 0, got {flat[wrong[0]]} at index {wrong[0]}")
    if mean == 0.0:
        raise UsageError("weights are all 0: at least one must be > 0")
    if least == 0.0:
        some = np.flatnonzero(flat)
        flat, values = flat.take(some), values.take(some)
        mean = _mean(flat)
    wanted = 1.0 if kind == "importance" else min(max(mean, 1.0), _LARGEST_MEAN)
    counts = flat if wanted == mean else flat * (wanted / mean) if mean > 1e-200 else flat / mean * wanted
    return values, Weighting(counts, mean / wanted, kind == "importance", counts.size * wanted)


def _mean(weights: np.ndarray) -> float:
    """The mean, where the sum leaves the range of floats too; not finite where a weight is not."""
    with np.errstate(over="ignore"):
        mean = float(weights.sum()) / weights.size
    return float((weights / weights.size).sum()) if mean == np.inf else mean


def total(values: np.ndarray, counts: np.ndarray | None) -> float:
    """How many samples there are, repeats included."""
    return float(values.size) if counts is None else float(counts.sum())


def every(values: np.ndarray, counts: np.ndarray | None, step: int) -> np.ndarray:
    """Each `step`-th value of those repeated as `counts` (n,) say."""
    if counts is None:
        return values[::step]
    if counts.size < _MANY:
        ends = np.cumsum(counts)
        return at_places(values, ends, np.arange(0.0, float(ends[-1]), step))
    # sums of a few counts first: a sum at each of many values takes as long as the fit of some
    n_short = counts.size % _TOGETHER
    few = counts[: counts.size - n_short].reshape(-1, _TOGETHER) @ np.ones(_TOGETHER)  # a tenth of the time of `sum`
    starts = np.concatenate([[0.0], np.cumsum(few)])
    places = np.arange(0.0, float(starts[-1]) + float(counts[counts.size - n_short :].sum()), step)
    group = np.minimum(np.searchsorted(starts, places, side="right") - 1, few.size)
    index = np.minimum(group[:, None] * _TOGETHER + np.arange(_TOGETHER), counts.size - 1)
    ends = starts[group][:, None] + np.cumsum(counts[index], axis=1)
    inner = np.minimum((ends <= places[:, None]).sum(axis=1), _TOGETHER - 1)
    return values[np.minimum(group * _TOGETHER + inner, counts.size - 1)]


def at_places(values: np.ndarray, ends: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The values at `places` among the repeats, which end at `ends` (n,)."""
    return values[np.minimum(np.searchsorted(ends, places, side="right"), values.size - 1)]


def in_order(values: np.ndarray, counts: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """The values in order, and how many are at or before each, repeats included (n,)."""
    if counts is None:
        return np.sort(values), np.arange(1, values.size + 1)
    order = np.argsort(values, kind="stable")
    return values[order], np.cumsum(counts[order])


def weighted_sum(terms: np.ndarray, counts: np.ndarray | None) -> float:
    """Σ of the terms (n,), each as often as `counts` say."""
    return float(terms.sum() if counts is None else terms @ counts)


def reported(n_values: int, weighting: Weighting | None) -> tuple[int, float]:
    """The number of samples that a fit reports (of frequency weights their sum) and what the search divides weights by.

    For importance weights that is 1: their size does not count.
    """
    if weighting is None:
        return n_values, 1.0
    counts, size, importance, n = weighting
    return (counts.size, 1.0) if importance else (round(n * size), size)
