"""Samples as they are given, made into a flat NumPy array with a rough center and unit, or a named error."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gnicli.errors import DataError, NumericalError
from gnicli.stable import cells

FEWEST = 50
_ROUGH = 2048
_SUSPICIOUS_SHARE = 0.05
_COPIED = 1 << 15


class Standardized(NamedTuple):
    """A sample with its rough center (median) and unit (half the interquartile range), and weights on the nodes."""

    values: np.ndarray
    center: float
    unit: float
    weights: cells.Weights
    notes: tuple[str, ...]
    some: np.ndarray  # of the values, a copy

    def kept(self) -> Standardized:
        """For later, when the caller may have written over the array: above 32768 values a view, else a copy."""
        return self if self.values.size > _COPIED else self._replace(values=self.values.copy())

    def unchanged(self) -> bool:
        """False if the caller has written over a view."""
        return np.array_equal(self.some, _some(self.values))

    def scaled(self) -> np.ndarray:
        """(values − center) / unit in float64."""
        return (self.values.astype(np.float64) - self.center) / self.unit


def flat_array(samples: Any) -> np.ndarray:
    """Float32 or float64, one-dimensional; torch tensors (of any device) and sequences are accepted."""
    if hasattr(samples, "detach"):  # a tensor, perhaps of another device
        samples = samples.detach().reshape(-1).cpu()
        if str(samples.dtype) in ("torch.bfloat16", "torch.float16"):
            samples = samples.float()
        samples = samples.numpy()
    array = np.asarray(samples).reshape(-1)
    if array.dtype in (np.float32, np.float64):
        return array
    if array.dtype.kind not in "iuf":
        raise DataError(f"samples must be real numbers, got an array of {array.dtype}")
    return array.astype(np.float32 if array.dtype == np.float16 else np.float64)


def _complain_of_nonfinite(values: np.ndarray) -> None:
    finite = np.isfinite(values)
    if not finite.all():
        bad = np.flatnonzero(~finite)
        raise DataError(
            f"{bad.size} of {values.size} values are not finite (first: index {bad[0]}, {values[bad[0]]}); "
            "drop them first"
        )


def _complain_of_atom(values: np.ndarray) -> None:
    value, count = _commonest(values)
    if count == values.size:
        raise NumericalError(f"all {count} values equal {value!r}: scale is zero, nothing to fit")
    raise NumericalError(
        f"the middle half of the samples is one value ({count} of {values.size} equal {value!r}): "
        "no stable law has an atom; drop these values first"
    )


def _commonest(values: np.ndarray) -> tuple[float, int]:
    distinct, counts = np.unique(values, return_counts=True)
    k = int(counts.argmax())
    return float(distinct[k]), int(counts[k])


def _some(values: np.ndarray) -> np.ndarray:
    """A few thousand, spread over all."""
    return values[:: max(1, values.size // _ROUGH)]


def _quartiles(values: np.ndarray) -> tuple[float, float, float]:
    n = values.size
    in_order = np.sort(values)  # of a few thousand: faster than to look for three of them
    return float(in_order[n // 4]), float(in_order[n // 2]), float(in_order[(3 * n) // 4])


def standardize(samples: Any) -> Standardized:
    """Raises `DataError` for what is not finite, `NumericalError` for fewer than 50 or without spread."""
    values = flat_array(samples)
    if values.size < FEWEST:
        raise NumericalError(f"{values.size} samples; at least {FEWEST} are needed")
    some = _some(values).copy()
    low, center, high = _quartiles(some)
    if not np.isfinite(high - low) or high == low:
        _complain_of_nonfinite(values)
        if values.dtype == np.float32:
            values = values.astype(np.float64)
        low, center, high = _quartiles(values)
        if high == low:
            _complain_of_atom(values)
    unit = 0.5 * high - 0.5 * low
    if not (1e-300 < unit < 1e300):
        raise NumericalError(f"the samples' spread of {unit:.3g} is beyond what double precision can standardize")
    if values.dtype == np.float32 and not (1e-36 < unit < 1e36):
        values = values.astype(np.float64)
    weights, fullest = cells.weigh(values, center, unit)
    if weights.n_beyond:
        _complain_of_nonfinite(values)
    return Standardized(values, center, unit, weights, _notes(values, fullest), some)


def _notes(values: np.ndarray, fullest: int) -> tuple[str, ...]:
    """A sentence about ties in bulk: looked for only where one cell holds far more than a density puts there."""
    if fullest < max(_SUSPICIOUS_SHARE * values.size, 8):
        return ()
    value, count = _commonest(values)
    if count < _SUSPICIOUS_SHARE * values.size:
        return ()
    return (
        f"{count} of {values.size} values equal {value!r}: a stable law has no atom, so the fit describes neither part",
    )
