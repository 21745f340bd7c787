"""Samples with many equal values, and when they leave the likelihood of a stable law without a maximum.

Let m of n values be one value, and let a law of scale s be centered there. As s → 0 the log-likelihood is
−m log s + (n − m) α log s + O(1): each of the others lies in a tail of density s^α |x|^(−α−1). It grows without end
where m > α (n − m), that is where the share of the value exceeds α / (1 + α). Of two values with ties one at a time
counts.

With more than a sixth at one value alpha is searched from 0.5 on (`Standardized.tied_in_bulk`): there the limit is 1/3.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from gnicli.errors import NumericalError

_ROUNDING = 4  # spacings of floats within which values are one


class Tie(NamedTuple):
    """A value that `n_equal` of `n` samples have, exactly or to within rounding."""

    value: float
    n_equal: int
    n: int
    exact: bool

    def __str__(self) -> str:
        who = f"all {self.n} values" if self.n_equal == self.n else f"{self.n_equal} of {self.n} values"
        return f"{who} equal {self.value!r}" + ("" if self.exact else " to within rounding")


def _width(value: float, unit: float, dtype: np.dtype) -> float:
    """How far values may lie apart that are one but for rounding: of the values, or of a sum of the sample's size."""
    return _ROUNDING * max(float(np.spacing(np.abs(dtype.type(value)))), 2.0**-52 * unit)


def commonest(values: np.ndarray, unit: float) -> Tie:
    """The value that most samples (n,) have; 7 ms for 1e6. With a `unit` (their spread) but for rounding of it."""
    in_order = np.sort(values)
    starts = np.flatnonzero(in_order[1:] != in_order[:-1]) + 1
    bounds = np.concatenate([[0], starts, [values.size]])
    counts = np.diff(bounds)
    k = int(counts.argmax())
    tie = Tie(float(in_order[bounds[k]]) + 0.0, int(counts[k]), values.size, True)
    if unit == 0.0 or tie.n_equal == tie.n:
        return tie
    step = max(1, values.size // 4096)  # a window with a twentieth of all holds many of these
    first, last = _fullest(in_order, np.arange(0, values.size, step), unit)
    first, last = _fullest(in_order, np.arange(max(first - step, 0), first + 1), unit)
    if last - first <= tie.n_equal:
        return tie
    return Tie(float(in_order[(first + last) // 2]), last - first, values.size, False)


def _fullest(in_order: np.ndarray, places: np.ndarray, unit: float) -> tuple[int, int]:
    """The fullest window of values that are one but for rounding, of those that start at `places`: first, past last."""
    lowest = in_order[places]
    width = _ROUNDING * np.maximum(np.spacing(np.abs(lowest)), 2.0**-52 * unit)
    with np.errstate(over="ignore"):  # of the largest floats
        firsts = np.searchsorted(in_order, lowest, side="left")
        lasts = np.searchsorted(in_order, (lowest + width).astype(in_order.dtype), side="right")
    k = int((lasts - firsts).argmax())
    return int(firsts[k]), int(lasts[k])


def at(values: np.ndarray, value: float, unit: float) -> Tie:
    """How many samples have this value."""
    width = _width(value, unit, values.dtype)
    with np.errstate(over="ignore"):
        count = int(np.count_nonzero(np.abs(values.astype(np.float64) - value) <= width))
    return Tie(value, count, values.size, bool(np.count_nonzero(values == value) == count))


def check(values: np.ndarray, unit: float, tie: Tie | None, parameterization: str, held: dict[str, float]) -> None:
    """Raise `NumericalError` where ties leave the likelihood without a maximum, given what is held."""
    alpha, beta = held.get("alpha", 0.5), held.get("beta")
    if tie is None or "scale" in held or alpha == 2.0:  # the normal law's tails are too light
        return
    limit = alpha / (1.0 + alpha)
    if beta is not None and abs(beta) == 1.0:
        # a value on the side of the light tail brings the likelihood down faster than ties raise it
        tie = at(values, float(values.min() if beta > 0.0 else values.max()), unit)
        if "loc" in held and held["loc"] != tie.value:
            return
    if "loc" in held:
        moving = parameterization == "S1" and "alpha" not in held and beta != 0.0
        here = at(values, held["loc"], unit)
        # toward alpha = 1 a scale that shrinks leaves the law itself, whose location in S1 is held, where it likes
        if here.n_equal > limit * here.n or not moving:
            tie = here
        else:
            limit = 0.5
    if tie.n_equal > limit * tie.n:
        share = "1/3" if math.isclose(limit, 1.0 / 3.0) else f"{limit:.3g}"
        raise NumericalError(
            f"{tie}: no stable law has an atom, and with more than {share} of the samples at one value the likelihood "
            "has no maximum; add jitter of half the samples' resolution, or leave these values out"
        )
