"""Samples as they are given, made into a flat NumPy array with a rough center and unit, or a named error."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from gnicli.errors import DataError, NumericalError
from gnicli.stable.fitting import binning
from gnicli.stable.fitting.ties import Tie, commonest, may_be
from gnicli.stable.fitting.weighting import Weighting, at_places, every, in_order, weighted_sum

FEWEST = 50
_ROUGH = 2048
_SUSPICIOUS_SHARE, _IN_BULK = 0.05, 0.15
_COPIED = 1 << 15
BEYOND = 1e300  # where y is put that is beyond the range of floats: see `Standardized.excess`


class Standardized(NamedTuple):
    """A sample with its rough center (median) and unit (half the interquartile range), and weights on the nodes."""

    values: np.ndarray
    center: float
    unit: float
    weights: binning.Weights
    tie: Tie | None  # the commonest value, looked for only where it may be a twentieth of all
    some: np.ndarray  # of the values, a copy
    weighting: Weighting | None = None

    @property
    def counts(self) -> np.ndarray | None:
        """How often each value counts; None for once."""
        return None if self.weighting is None else self.weighting.counts

    @property
    def importance(self) -> bool:
        """Whether there are weights that are no counts."""
        return self.weighting is not None and self.weighting.importance

    @property
    def tied_in_bulk(self) -> bool:
        """Whether so many values are one that a law of small scale there may be likeliest: from .25 or so on it is.

        Above 1/6 the likelihood has no maximum for alpha down to 0.2 (`ties`), and alpha is searched from 0.5 on.
        """
        return self.tie is not None and self.tie.n_equal >= _IN_BULK * self.tie.n

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences about ties in bulk, and about standard errors that are not those of counts."""
        found = ("standard errors are those of importance weights, by the sandwich",) if self.importance else ()
        if self.tie is None:
            return found
        bounded = "; alpha was searched from 0.5 on" if self.tied_in_bulk else ""
        return (*found, f"{self.tie}: a stable law has no atom, so the fit describes neither part{bounded}")

    def kept(self) -> Standardized:
        """For later, when the caller may have written over the array: above 32768 values a view, else a copy."""
        return self if self.values.size > _COPIED else self._replace(values=self.values.copy())

    def unchanged(self) -> bool:
        """False if the caller has written over a view."""
        return np.array_equal(self.some, _some(self.values, self.weighting))

    def scaled(self) -> np.ndarray:
        """(values − center) / unit in float64; ±inf where an outlier is so far (see `exact_likelihood.Likelihood`)."""
        with np.errstate(over="ignore"):
            return (self.values.astype(np.float64) - self.center) / self.unit

    def excess(self) -> tuple[float, float]:
        """Σ log(|y| / 1e300) of the samples whose y is beyond the range of floats, below and above the center."""
        lost = np.isinf(self.scaled())
        far = self.values[lost].astype(np.float64)
        often = None if self.counts is None else self.counts[lost]
        log_size = (
            np.log(np.abs(0.5 * far - 0.5 * self.center)) + math.log(2.0) - math.log(self.unit) - math.log(BEYOND)
        )
        below = far < self.center
        return weighted_sum(np.where(below, log_size, 0.0), often), weighted_sum(np.where(below, 0.0, log_size), often)


def flat_array(samples: Any) -> np.ndarray:
    """Float32 or float64, one-dimensional; torch tensors (of any device) and sequences are accepted.

    Of a masked array what is not masked.
    """
    if hasattr(samples, "detach"):  # a tensor, perhaps of another device
        samples = samples.detach().reshape(-1).cpu()
        if str(samples.dtype) in ("torch.bfloat16", "torch.float16"):
            samples = samples.float()
        samples = samples.numpy()
    if isinstance(samples, np.ma.MaskedArray):
        samples = samples.compressed()
    array = np.asarray(samples).reshape(-1)
    if array.dtype in (np.float32, np.float64):
        return array
    if array.dtype.kind not in "iuf":
        raise DataError(f"samples must be real numbers, got an array of {array.dtype}")
    with np.errstate(over="ignore"):  # an overflow raises the error below
        cast = array.astype(np.float32 if array.dtype == np.float16 else np.float64)
    lost = np.isinf(cast) & np.isfinite(array)
    if lost.any():
        raise DataError(f"{int(lost.sum())} of {array.size} values are beyond the range of float64, 1.8e308")
    return cast


def complain_of_nonfinite(values: np.ndarray) -> None:
    """Raise `DataError` for values that are not finite."""
    finite = np.isfinite(values)
    if not finite.all():
        bad = np.flatnonzero(~finite)
        raise DataError(
            f"{bad.size} of {values.size} values are not finite (first: index {bad[0]}, {values[bad[0]]}); "
            "drop them first"
        )


def _some(values: np.ndarray, weighting: Weighting | None) -> np.ndarray:
    """A few thousand, spread over all."""
    if weighting is None:
        return values[:: max(1, values.size // _ROUGH)]
    return every(values, weighting.counts, max(1, int(weighting.n) // _ROUGH))


def _quartiles(values: np.ndarray, counts: np.ndarray | None = None) -> tuple[float, float, float]:
    if counts is None:
        n, ordered = values.size, np.sort(values)  # of a few thousand: faster than to look for three of them
        return float(ordered[n // 4]), float(ordered[n // 2]), float(ordered[(3 * n) // 4])
    ordered, ends = in_order(values, counts)
    n = int(ends[-1])
    low, middle, high = at_places(ordered, ends, np.array([n // 4, n // 2, (3 * n) // 4])).tolist()
    return low, middle, high


def standardize(
    samples: np.typing.ArrayLike, *, atom: bool = False, weighting: Weighting | None = None
) -> Standardized:
    """The sample with a rough center and unit. Raises `DataError` for values that are not finite, `NumericalError` for
    fewer than 50 values or values without spread.

    A middle half that is one value is without spread, unless `atom` is true: then the unit is a wider one. With weights
    the samples are values that count as often as these say.
    """
    values = flat_array(samples)
    counts = None if weighting is None else weighting.counts
    n = values.size if weighting is None else weighting.n
    if n < FEWEST:
        raise NumericalError(f"{n:g} samples; at least {FEWEST} are needed")
    some = _some(values, weighting).copy()
    low, center, high = _quartiles(some)
    if not np.isfinite(high - low) or high == low:
        complain_of_nonfinite(values)
        if values.dtype == np.float32:
            values = values.astype(np.float64)
        low, center, high = _quartiles(values, counts)
        if high == low:
            low, high = _wider(values, counts, atom)
    unit = 0.5 * high - 0.5 * low
    if not (1e-300 < unit < 1e300):
        raise NumericalError(f"the samples' spread of {unit:.3g} is beyond what double precision can standardize")
    if values.dtype == np.float32 and not (1e-36 < unit < 1e36):
        values = values.astype(np.float64)
    weights, fullest = binning.weigh(values, center, unit, counts, n)
    if weights.n_beyond:
        complain_of_nonfinite(values)
    return Standardized(values, center, unit, weights, _tie(values, counts, n, unit, fullest), some, weighting)


def _wider(values: np.ndarray, counts: np.ndarray | None, atom: bool) -> tuple[float, float]:
    """Quantiles that differ, where the quartiles do not."""
    tie = commonest(values, 0.0, counts)
    if tie.is_all:
        raise NumericalError(f"{tie}: scale is zero, nothing to fit")
    if not atom:
        raise NumericalError(f"{tie}: the middle half of the samples is one value, and no stable law has an atom")
    ordered, ends = in_order(values, counts)
    n = int(ends[-1])
    part = n // 8
    while True:
        low, high = at_places(ordered, ends, np.array([part, n - 1 - part])).tolist()
        if low != high:
            return low, high
        part //= 2


def _tie(values: np.ndarray, counts: np.ndarray | None, n: float, unit: float, fullest: float) -> Tie | None:
    """Ties in bulk: looked for only where one cell holds far more than a density puts there."""
    if fullest < max(0.5 * _SUSPICIOUS_SHARE * n, 8):  # those that agree but for rounding may lie in two
        return None
    if counts is None and not may_be(values, unit, _SUSPICIOUS_SHARE * n):
        return None
    tie = commonest(values, unit, counts)
    if tie.is_all:
        raise NumericalError(f"{tie}: scale is zero, nothing to fit")
    return tie if tie.n_equal >= _SUSPICIOUS_SHARE * tie.n else None
