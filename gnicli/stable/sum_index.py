"""The tail index from the growth of sums, by Mohammadi, Mohammadpour and Ogata (2015)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from gnicli.errors import NumericalError, UsageError
from gnicli.stable.fitting.standardize import complain_of_nonfinite, flat_array

FEWEST_SUMS = 10


class SumIndex(NamedTuple):
    """`alpha` with its standard error, from `n_sums` sums of `block` samples each.

    >>> SumIndex(1.5, 0.1, 20, 50).block
    20
    """

    alpha: float
    stderr: float
    block: int
    n_sums: int


def mohammadi(samples: np.typing.ArrayLike, block: int | None = None) -> SumIndex:
    """Alpha by how fast sums grow: 1/alpha = (mean log|Y| − mean log|X|) / log m, where each Y is the sum of m samples.

    samples: real numbers (n,) in an order that does not matter to their law; masked values are left out. block: m, from
    2 on, with at least 10 sums; by default the integer nearest to √n. Samples past the last whole block are left out.

    A sum of m samples of a strictly stable law has the law of m^(1/alpha) samples, so that the estimate is consistent,
    with a standard error from the spread over blocks (samples are taken to be independent). It is consistent for no
    other law. The papers on heavy-tailed gradient noise use it: S. Simsekli, L. Sagun and M. Gürbüzbalaban, ICML 2019.
    What it needs, and cannot itself tell:

    - Independent samples of one law. Samples with scales of their own, a Gaussian each, look heavy-tailed as long as
      sums mix few of the scales: alpha of the estimate is between that of the mixture and 2, by m.
    - A location of 0: subtract the mean first where alpha > 1. A location adds m · loc to a sum, which leads to 1.
    - Symmetry, or alpha other than 1: at alpha = 1 a skewed law is not strictly stable.
    - Sums of many samples: a finite variance gives 2 for large m alone. Estimates above 2 are possible, by chance or
      because the law has lighter tails than the normal one.

    Raises `DataError` for values that are not finite, `UsageError` for a `block` that leaves fewer than 10 sums, and
    `NumericalError` for samples or sums that are 0, whose logarithm is infinite, and where sums do not grow.
    Reference: M. Mohammadi, A. Mohammadpour and H. Ogata, Metrika 78 (2015), 549-561, corollary 2.4.

    >>> from gnicli.stable import StableLaw
    >>> found = mohammadi(StableLaw(1.5, 0.0).rvs(100_000, np.random.default_rng(0)))
    >>> abs(found.alpha - 1.5) < 4 * found.stderr
    True
    """
    x = flat_array(samples).astype(np.float64)
    complain_of_nonfinite(x)
    if x.size < 2 * FEWEST_SUMS:
        raise NumericalError(f"{x.size} samples; at least {2 * FEWEST_SUMS} are needed")
    if block is None:
        block = min(max(round(math.sqrt(x.size)), 2), x.size // FEWEST_SUMS)
    if isinstance(block, bool) or not hasattr(block, "__index__") or not 2 <= block <= x.size // FEWEST_SUMS:
        raise UsageError(f"block must be an integer from 2 to {x.size // FEWEST_SUMS}, got {block!r}")
    block = int(block)
    n_sums = x.size // block
    rows = x[: n_sums * block].reshape(n_sums, block)
    sums = _sums(rows)
    for values, what in ((rows, "samples"), (sums, "sums")):
        n_zero = int(np.count_nonzero(values == 0.0))
        if n_zero:
            raise NumericalError(f"{n_zero} {what} are 0, whose logarithm is infinite: leave zeros out")
    growth = np.log(np.abs(sums)) - np.log(np.abs(rows)).mean(axis=1)
    mean, log_m = float(growth.mean()), math.log(block)
    if not mean > 0.0:
        raise NumericalError(f"sums of {block} are no larger than samples: no alpha follows from their growth")
    stderr = float(growth.std(ddof=1)) / math.sqrt(n_sums) / log_m
    alpha = log_m / mean
    return SumIndex(alpha, alpha * alpha * stderr, block, n_sums)


def _sums(rows: np.ndarray) -> np.ndarray:
    """Of each row; by way of the largest, where a sum leaves the range of floats."""
    with np.errstate(over="ignore"):
        sums = rows.sum(axis=1)
    if not np.isfinite(sums).all():
        raise NumericalError("sums of samples are beyond the range of floats: divide the samples by their spread")
    return np.asarray(sums)
