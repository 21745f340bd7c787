"""Censored samples: what is known of each is a value, or an interval in which it lies."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gnicli.errors import DataError, NumericalError, UsageError
from gnicli.stable.fitting.standardize import FEWEST, complain_of_nonfinite, flat_array
from gnicli.stable.fitting.ties import commonest

_PARTS = ("_uncensored", "_left", "_right", "_interval")


class Observations(NamedTuple):
    """Values `x` (n,), and intervals `low` < `high` (m,), one of them perhaps infinite, that occur `counts` times."""

    x: np.ndarray
    low: np.ndarray
    high: np.ndarray
    counts: np.ndarray

    @property
    def n_censored(self) -> int:
        """How many samples are known by an interval."""
        return int(self.counts.sum())

    @property
    def n(self) -> int:
        """How many samples there are."""
        return self.x.size + self.n_censored

    def guesses(self) -> np.ndarray:
        """A value for each sample: the middle of its interval, or the end that is finite."""
        bounded = np.isfinite(self.low) & np.isfinite(self.high)
        with np.errstate(invalid="ignore", over="ignore"):
            middle = np.where(bounded, 0.5 * self.low + 0.5 * self.high, 0.0)
        end = np.where(np.isfinite(self.low), self.low, self.high)
        return np.concatenate([self.x, np.repeat(np.where(bounded, middle, end), self.counts.astype(int))])

    def in_units(self, center: float, unit: float) -> Observations:
        """The same from a center, in another unit."""
        x, low, high = ((each - center) / unit for each in (self.x, self.low, self.high))
        return Observations(x, low, high, self.counts)


def is_censored(samples: Any) -> bool:
    """Whether samples are a `scipy.stats.CensoredData`, told without an import of SciPy's statistics."""
    return all(hasattr(samples, part) for part in _PARTS)


def observations(samples: Any, censored: Any) -> Observations:
    """From `samples`, values or a `scipy.stats.CensoredData`, and further censored ones: such an object, or intervals.

    Raises `UsageError` for what is none of these, `DataError` for values and intervals that are no such, and
    `NumericalError` for fewer than 50 samples and for those that no likelihood has a maximum for.
    """
    values, intervals = [], []
    for given in (samples, censored):
        if given is None:
            continue
        if is_censored(given):
            x, left, right, both = (np.asarray(getattr(given, part), dtype=np.float64) for part in _PARTS)
            values.append(x)
            intervals += [
                np.column_stack([np.full(left.size, -np.inf), left]),
                np.column_stack([right, np.full(right.size, np.inf)]),
                both.reshape(-1, 2),
            ]
        elif given is samples:
            values.append(flat_array(given).astype(np.float64))
        else:
            pairs = np.asarray(given, dtype=np.float64)
            if pairs.ndim != 2 or pairs.shape[1] != 2:
                raise UsageError(
                    f"censored must be a scipy.stats.CensoredData or intervals of shape (n, 2), got {pairs.shape}"
                )
            intervals.append(pairs)
    x, pairs = np.concatenate(values or [np.empty(0)]), np.concatenate(intervals or [np.empty((0, 2))])
    complain_of_nonfinite(x)
    none = np.isnan(pairs).any(axis=1) | (pairs[:, 0] > pairs[:, 1])
    wrong = pairs[none | (pairs[:, 0] == np.inf) | (pairs[:, 1] == -np.inf)]
    if wrong.size:
        raise DataError(f"{len(wrong)} intervals are none; the first is from {wrong[0, 0]} to {wrong[0, 1]}")
    points = pairs[:, 0] == pairs[:, 1]
    x = np.concatenate([x, pairs[points, 0]])
    pairs = pairs[~points & ~np.isinf(pairs).all(axis=1)]  # one without ends says nothing
    distinct, counts = np.unique(pairs, axis=0, return_counts=True)
    found = Observations(x, distinct[:, 0], distinct[:, 1], counts.astype(np.float64))
    _require_maximum(found)
    return found


def _require_maximum(found: Observations) -> None:
    if found.n < FEWEST:
        raise NumericalError(f"{found.n} samples; at least {FEWEST} are needed")
    if not found.x.size and found.low.max() < found.high.min():
        raise NumericalError(
            f"all intervals hold the values from {found.low.max():g} to {found.high.min():g}: a law of any small scale "
            "there is as likely as can be, and the likelihood has no maximum"
        )
    if found.x.size:
        tie = commonest(found.x, 0.0)._replace(n=found.n)
        if 3 * tie.n_equal > found.n:
            raise NumericalError(
                f"{tie}: no stable law has an atom, and with more than 1/3 of the samples at one value the likelihood "
                "has no maximum; give them as an interval as wide as the samples' resolution"
            )
