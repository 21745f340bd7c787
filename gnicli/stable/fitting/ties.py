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
from gnicli.stable.fitting.weighting import at_places, in_order

_ROUNDING = 4  # spacings of floats within which values are one


class Tie(NamedTuple):
    """A value that `n_equal` of `n` samples have, exactly or to within rounding; with weights sums of these."""

    value: float
    n_equal: float
    n: float
    exact: bool

    @property
    def is_all(self) -> bool:
        """Whether all samples are this value."""
        return self.n_equal == self.n

    def __str__(self) -> str:
        n, n_equal = (str(int(each)) if float(each).is_integer() else f"{each:.6g}" for each in (self.n, self.n_equal))
        who = f"all {n} values" if self.is_all else f"{n_equal} of {n} values"
        return f"{who} equal {self.value!r}" + ("" if self.exact else " to within rounding")


def _width(value: float, unit: float, dtype: np.dtype) -> float:
    """How far values may lie apart that are one but for rounding: of the values, or of a sum of the sample's size."""
    return _ROUNDING * max(float(np.spacing(np.abs(dtype.type(value)))), 2.0**-52 * unit)


def commonest(values: np.ndarray, unit: float, counts: np.ndarray | None = None) -> Tie:
    """The value that most samples (n,) have, each of them `counts` times; 7 ms for 1e6.

    With a `unit` (their spread) but for rounding of it.
    """
    ordered, ends = in_order(values, counts)
    before = np.concatenate([[0], ends])
    starts = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    bounds = np.concatenate([[0], starts, [values.size]])
    sizes = np.diff(before[bounds])
    k = int(sizes.argmax())
    tie = Tie(float(ordered[bounds[k]]) + 0.0, sizes[k].item(), ends[-1].item(), True)
    if unit == 0.0 or tie.is_all:
        return tie
    # a window with a twentieth of all holds many of these, but with weights it may hold few
    step = max(1, values.size // 4096) if counts is None else 1
    first, last = _fullest(ordered, before, np.arange(0, values.size, step), unit)
    first, last = _fullest(ordered, before, np.arange(max(first - step, 0), first + 1), unit)
    n_equal = (before[last] - before[first]).item()
    if n_equal <= tie.n_equal * (1.0 + 1e-12):
        return tie
    middle = at_places(ordered, ends, (before[first] + before[last]) // 2)
    return Tie(float(middle), n_equal, tie.n, False)


def may_be(values: np.ndarray, unit: float, n_equal: float) -> bool:
    """False where no value is that of so many but for rounding; in a tenth of the time of `commonest`."""
    ordered, m = np.sort(values), math.ceil(n_equal)
    first, last = ordered[: ordered.size + 1 - m], ordered[m - 1 :]
    kind = np.finfo(values.dtype)
    spacing = float(kind.eps) * np.abs(first) + (float(kind.smallest_subnormal) + 2.0**-52 * unit)  # or more
    with np.errstate(over="ignore"):  # of the largest floats
        return bool((last - first <= 2 * _ROUNDING * spacing).any())


def _fullest(ordered: np.ndarray, before: np.ndarray, places: np.ndarray, unit: float) -> tuple[int, int]:
    """The fullest window of values that are one but for rounding, of those that start at `places`: first, past last.

    `before` (n + 1,) says how many samples stand before each value.
    """
    lowest = ordered[places]
    width = _ROUNDING * np.maximum(np.spacing(np.abs(lowest)), 2.0**-52 * unit)
    with np.errstate(over="ignore"):  # of the largest floats
        firsts = np.searchsorted(ordered, lowest, side="left")
        lasts = np.searchsorted(ordered, (lowest + width).astype(ordered.dtype), side="right")
    k = int((before[lasts] - before[firsts]).argmax())
    return int(firsts[k]), int(lasts[k])


def at(values: np.ndarray, value: float, unit: float, counts: np.ndarray | None = None) -> Tie:
    """How many samples, each of them `counts` times, have this value."""
    width = _width(value, unit, values.dtype)
    with np.errstate(over="ignore"):
        near = np.abs(values.astype(np.float64) - value) <= width
    often = np.ones(values.size) if counts is None else counts
    return Tie(value, float(often[near].sum()), float(often.sum()), bool((values[near] == value).all()))


def check(
    values: np.ndarray,
    unit: float,
    tie: Tie | None,
    parameterization: str,
    held: dict[str, float],
    counts: np.ndarray | None = None,
) -> None:
    """Raise `NumericalError` where ties leave the likelihood without a maximum, given what is held."""
    alpha, beta = held.get("alpha", 0.5), held.get("beta")
    if tie is None or "scale" in held or alpha == 2.0:  # the normal law's tails are too light
        return
    limit = alpha / (1.0 + alpha)
    if beta is not None and abs(beta) == 1.0:
        # a value on the side of the light tail brings the likelihood down faster than ties raise it
        tie = at(values, float(values.min() if beta > 0.0 else values.max()), unit, counts)
        if "loc" in held and held["loc"] != tie.value:
            return
    if "loc" in held:
        moving = parameterization == "S1" and "alpha" not in held and beta != 0.0
        here = at(values, held["loc"], unit, counts)
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
