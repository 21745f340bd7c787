"""Tail indices of any law with power tails, from the largest samples, and how many of these to take.

All take |x − median|, as `hill` does. With X₁ >= X₂ >= … the largest, ξ = 1/alpha is the index of extreme values; it
is negative or 0 for tails that are no powers, and alpha is then given as infinite. References:
Dekkers, Einmahl and de Haan, Annals of Statistics 17 (1989), 1833-1855 (moment);
Pickands, Annals of Statistics 3 (1975), 119-131;
Groeneboom, Lopuhaä and de Wolf, Annals of Statistics 31 (2003), 1956-1995 (kernel);
Danielsson, de Haan, Peng and de Vries, Journal of Multivariate Analysis 76 (2001), 226-248 (double bootstrap);
Clauset, Shalizi and Newman, SIAM Review 51 (2009), 661-703 (distance of Kolmogorov and Smirnov);
Voitalov et al., Physical Review Research 1 (2019), 033034 (all of them compared).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from gnicli.errors import NumericalError, UsageError
from gnicli.stable.estimators import TailIndex, checked_tail, distances

_KERNEL_POWER = 0.6  # the alpha of Groeneboom et al., in (½, 1)
_MOST_CANDIDATES = 2000
_LEAST_TAIL = 10


class Bootstrapped(NamedTuple):
    """The number of largest samples that `double_bootstrap` takes, and the sizes and minima that it follows from."""

    n_tail: int
    sizes: tuple[int, int]
    best: tuple[int, int]


def _index(xi: float, xi_stderr: float, n_tail: int) -> TailIndex:
    """1/ξ with its standard error by the delta method; infinite where ξ is not positive."""
    if not xi > 0.0:
        return TailIndex(math.inf, math.nan, n_tail)
    return TailIndex(1.0 / xi, xi_stderr / xi**2, n_tail)


def moment(samples: np.typing.ArrayLike, n_tail: int | None = None) -> TailIndex:
    """The moment estimator of Dekkers, Einmahl and de Haan from the `n_tail` largest |x − median|.

    samples, n_tail and errors: as for `hill`. ξ = M₁ + 1 − ½ / (1 − M₁²/M₂), with the moments M of log(Xᵢ / X_k). It
    holds for tails of every kind; its standard error, √(1 + ξ²) / √n_tail of ξ, is larger than Hill's.

    >>> from gnicli.stable import StableLaw
    >>> x = StableLaw(1.2, 0.0).rvs(100_000, np.random.default_rng(0))
    >>> abs(moment(x, 1000).alpha - 1.2) < 0.3
    True
    """
    logs = _log_excess(samples, n_tail)
    first, second = float(logs.mean()), float(np.square(logs).mean())
    xi = first + 1.0 - 0.5 / (1.0 - first * first / second) if second > first * first else -math.inf
    return _index(xi, math.sqrt((1.0 + xi * xi) / logs.size), logs.size)


def pickands(samples: np.typing.ArrayLike, n_tail: int | None = None) -> TailIndex:
    """The estimator of Pickands: ξ = log₂((X_m − X_2m) / (X_2m − X_4m)), where 4m = `n_tail`.

    samples and errors: as for `hill`; n_tail is at least 4, and rounded down to a multiple of 4. It does not depend on
    location and scale, and needs far more samples than the others.

    >>> x = 1.0 / np.random.default_rng(0).random(100_000)
    >>> abs(pickands(np.concatenate([x, -x]), 20_000).alpha - 1.0) < 0.1
    True
    """
    size = distances(samples)
    k = checked_tail(size, n_tail)
    m = k // 4
    if m < 1:
        raise UsageError(f"n_tail must be >= 4 for Pickands' estimator, got {n_tail!r}")
    top = _largest(size, 4 * m)
    upper, lower = top[m - 1] - top[2 * m - 1], top[2 * m - 1] - top[4 * m - 1]
    if not (upper > 0.0 and lower > 0.0):
        raise NumericalError("the largest samples are equal: no tail to measure")
    xi = math.log2(upper / lower)
    if not xi > 0.0:
        return _index(xi, math.nan, 4 * m)
    variance = xi**2 * (2.0 ** (2.0 * xi + 1.0) + 1.0) / (2.0 * (2.0**xi - 1.0) * math.log(2.0)) ** 2
    return _index(xi, math.sqrt(variance / m), 4 * m)


def kernel(samples: np.typing.ArrayLike, n_tail: int | None = None) -> TailIndex:
    """The kernel estimator of Groeneboom, Lopuhaä and de Wolf, with the biweight kernel.

    samples, n_tail and errors: as for `hill`. The bandwidth is n_tail / n: spacings of logarithms count the less the
    farther inwards they are, so that the estimate changes smoothly with n_tail. ξ = ξ₊ − 1 + q₂/q₁ holds for every
    tail. The standard error is that for a power tail, whose spacings i · log(Xᵢ/Xᵢ₊₁) are independent exponentials.

    >>> from gnicli.stable import StableLaw
    >>> x = StableLaw(1.2, 0.0).rvs(100_000, np.random.default_rng(0))
    >>> abs(kernel(x, 2000).alpha - 1.2) < 0.3
    True
    """
    size = distances(samples)
    k = checked_tail(size, n_tail)
    top = _largest(size, k + 1)
    if top[k] <= 0.0:
        raise NumericalError(f"fewer than {k + 1} samples differ from the median: no tail to measure")
    spacings = -np.diff(np.log(top))  # log Xᵢ − log Xᵢ₊₁, i = 1 … k
    if not spacings.sum() > 0.0:
        raise NumericalError("the largest samples are equal: no tail to measure")
    u = np.arange(1, k + 1) / k
    # biweight, K(u) = 15/8 (1 − u²)² on [0, 1]; all of it in units of the bandwidth, which cancels in q₂ / q₁
    value = 1.875 * (1.0 - u * u) ** 2
    slope = -7.5 * u * (1.0 - u * u)
    power = _KERNEL_POWER
    first = u * value  # ξ₊ = Σ first · spacings
    lower = u**power * value
    upper = (power + 1.0) * u**power * value + u ** (power + 1.0) * slope
    q1, q2 = float(lower @ spacings), float(upper @ spacings)
    xi = float(first @ spacings) - 1.0 + q2 / q1
    by_spacing = first + upper / q1 - q2 / q1**2 * lower
    scale = xi if xi > 0.0 else float(first @ spacings)
    return _index(xi, scale * math.sqrt(float(np.sum((by_spacing / np.arange(1, k + 1)) ** 2))), k)


def double_bootstrap(
    samples: np.typing.ArrayLike, rng: np.random.Generator, n_resamples: int = 200, share: float = 0.5
) -> Bootstrapped:
    """How many of the largest |x − median| `hill` should take, by the double bootstrap of Danielsson et al. (2001).

    samples: as for `hill`. rng: of the resamples. n_resamples: of either size, from 20 on. share: the larger resamples
    have √share · n values, the smaller share · n, in (0, 1). The number that minimizes the mean square of M₂ − 2M₁²
    over resamples of two sizes gives the second-order exponent of the tail, and with it the number that minimizes the
    mean square error of Hill's estimate of all samples.
    Raises as `hill` does, `UsageError` for the other arguments, and `NumericalError` where no number can be found.

    >>> x = np.random.default_rng(0).standard_cauchy(2000)
    >>> found = double_bootstrap(x, np.random.default_rng(1), 50)
    >>> 20 < found.n_tail < 1000
    True
    """
    size = distances(samples)
    if isinstance(n_resamples, bool) or n_resamples < 20:
        raise UsageError(f"n_resamples must be >= 20, got {n_resamples!r}")
    if not 0.0 < share < 1.0:
        raise UsageError(f"share must be in (0, 1), got {share!r}")
    positive = size[size > 0.0]
    n = positive.size
    n1, n2 = int(math.sqrt(share) * n), int(share * n)
    if n2 < 50:
        raise NumericalError(f"{n2} samples in a resample; at least 50 are needed")
    logs = np.log(positive)
    k1, k2 = (_best_tail(logs, each, n_resamples, rng) for each in (n1, n2))
    log_n1, log_k1 = math.log(n1), math.log(max(k1, 2))
    factor = (log_k1 / (2.0 * log_n1 - log_k1)) ** (2.0 * (log_n1 - log_k1) / log_n1)
    n_tail = round(k1 * k1 / k2 * factor)
    return Bootstrapped(min(max(n_tail, _LEAST_TAIL), n - 1), (n1, n2), (k1, k2))


def _best_tail(logs: np.ndarray, n: int, n_resamples: int, rng: np.random.Generator) -> int:
    """The k that minimizes the mean square of M₂(k) − 2 M₁(k)² over resamples of size n."""
    total = np.zeros(n - 1)
    k = np.arange(1, n)
    for _ in range(n_resamples):
        top = np.sort(rng.choice(logs, n))[::-1]
        first, second = np.cumsum(top)[:-1] / k, np.cumsum(top * top)[:-1] / k
        base = top[1:]
        m1 = first - base
        total += (second - 2.0 * base * first + base * base - 2.0 * m1 * m1) ** 2
    low, high = max(2, int(0.005 * n)), max(int(0.9 * n), 3)
    return low + int(total[low - 1 : high].argmin())


class PowerTail(NamedTuple):
    """Where the power tail begins: `xmin`, the least |x − median| in it, and the `distance` from a power law there."""

    tail: TailIndex
    xmin: float
    distance: float


def power_tail(samples: np.typing.ArrayLike, least_tail: int = _LEAST_TAIL) -> PowerTail:
    """The tail of |x − median| that is closest to a power law: xmin by Clauset, Shalizi and Newman (2009).

    samples: as for `hill`. For each xmin the exponent is Hill's, and the distance is the largest difference of the
    distribution functions beyond xmin, at the samples and with the share of samples below each, as in the authors'
    program; the xmin with the least distance is taken. Every value that leaves `least_tail` samples is tried, of more
    than 2,000 values some 2,000 evenly by rank. The exponent of the density, in their words alpha, is alpha + 1 here.
    Raises as `hill` does, and `UsageError` for a `least_tail` outside [2, n).

    >>> x = np.random.default_rng(0).random(2000) ** -0.5
    >>> found = power_tail(np.concatenate([x, -x]))
    >>> abs(found.tail.alpha - 2.0) < 5 * found.tail.stderr
    True
    """
    size = distances(samples)
    if isinstance(least_tail, bool) or not 2 <= least_tail < size.size:
        raise UsageError(f"least_tail must be >= 2 and < {size.size}, got {least_tail!r}")
    ordered = np.sort(size[size > 0.0])
    if ordered.size <= least_tail:
        raise NumericalError(f"fewer than {least_tail + 1} samples differ from the median: no tail to measure")
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    starts = starts[starts <= ordered.size - least_tail]
    if starts.size > _MOST_CANDIDATES:
        starts = starts[np.linspace(0, starts.size - 1, _MOST_CANDIDATES).round().astype(int)]
    logs = np.log(ordered)
    best: tuple[float, int, float] | None = None
    for start in starts.tolist():
        tail = logs[start:] - logs[start]
        mean = float(tail.mean())
        if not mean > 0.0:
            continue
        distance = float(np.abs(-np.expm1(-tail / mean) - np.arange(tail.size) / tail.size).max())
        if best is None or distance < best[0]:
            best = distance, start, mean
    if best is None:
        raise NumericalError("the largest samples are equal: no tail to measure")
    distance, start, mean = best
    n_tail = ordered.size - start
    return PowerTail(_index(mean, mean / math.sqrt(n_tail), n_tail), float(ordered[start]), distance)


def _largest(size: np.ndarray, k: int) -> np.ndarray:
    """The k largest, in descending order."""
    return np.sort(np.partition(size, size.size - k)[size.size - k :])[::-1]


def _log_excess(samples: np.typing.ArrayLike, n_tail: int | None) -> np.ndarray:
    """log(Xᵢ / X_k₊₁) of the k largest."""
    size = distances(samples)
    k = checked_tail(size, n_tail)
    top = _largest(size, k + 1)
    if top[k] <= 0.0:
        raise NumericalError(f"fewer than {k + 1} samples differ from the median: no tail to measure")
    logs = np.log(top[:k] / top[k])
    if not logs.sum() > 0.0:
        raise NumericalError("the largest samples are equal: no tail to measure")
    return logs
