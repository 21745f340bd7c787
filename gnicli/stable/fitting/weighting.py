"""Weights of samples: their checks, and what a sample with repeats would give, without the repeats.

A weight says how often its sample counts in the log-likelihood Σ weight · log pdf. Everything here and in the search
is such that integer weights give what the samples repeated so often give, to rounding: quantiles and subsets are
looked up where they stand among the repeats.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gnicli.errors import UsageError

if TYPE_CHECKING:
    from gnicli.stable.fitting.standardize import Standardized

KINDS = ("frequency", "importance")
_LARGEST_MEAN = 2.0**20


class Weighting(NamedTuple):
    """`counts` (n,) > 0 of the samples in the search; `size` times these are the weights that were given.

    The size is 1 but for weights whose mean is below 1 or very large, which the search takes to be neither, and for
    importance weights, which are taken to have the mean 1.
    """

    counts: np.ndarray
    size: float
    importance: bool


def check_kind(kind: str) -> None:
    """Raise `UsageError` for a word that is no kind of weights."""
    if kind not in KINDS:
        raise UsageError(f"weight_kind must be frequency or importance, got {kind!r}")


def checked(
    samples: np.typing.ArrayLike, values: np.ndarray, weights: np.typing.ArrayLike, kind: str
) -> tuple[np.ndarray, Weighting]:
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
    least, top = (float(flat.min()), float(flat.max())) if flat.size else (0.0, 0.0)
    if not (least >= 0.0 and top < np.inf):
        wrong = np.flatnonzero(~(np.isfinite(flat) & (flat >= 0.0)))
        raise UsageError(f"weights must be finite and >= 0, got {flat[wrong[0]]} at index {wrong[0]}")
    if top == 0.0:
        raise UsageError("weights are all 0: at least one must be > 0")
    if least == 0.0:
        some = np.flatnonzero(flat)
        flat, values = flat.take(some), values.take(some)
    # by way of the largest: a sum may overflow, and a mean near the least float has no reciprocal
    mean = float(flat.mean()) if 1e-200 < top < 1e200 else top * float((flat / top).mean())
    wanted = 1.0 if kind == "importance" else min(max(mean, 1.0), _LARGEST_MEAN)
    counts = flat if wanted == mean else (flat / top) * (wanted / (mean / top))
    return values, Weighting(counts, mean / wanted, kind == "importance")


def total(values: np.ndarray, counts: np.ndarray | None) -> float:
    """How many samples there are, repeats included."""
    return float(values.size) if counts is None else float(counts.sum())


def every(values: np.ndarray, counts: np.ndarray | None, step: int) -> np.ndarray:
    """Each `step`-th value of those repeated as `counts` (n,) say."""
    if counts is None:
        return values[::step]
    ends = np.cumsum(counts)
    return at_places(values, ends, np.arange(0.0, float(ends[-1]), step))


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


def reported(s: Standardized) -> tuple[int, float]:
    """The number of samples that a fit reports (of frequency weights their sum) and what the search divides weights by.

    For importance weights that is 1: their size does not count.
    """
    if s.weighting is None:
        return s.values.size, 1.0
    counts, size, importance = s.weighting
    return (counts.size, 1.0) if importance else (round(float(counts.sum()) * size), size)
