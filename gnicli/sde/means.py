"""Means over independent chains with their standard errors; no error where the variance of the law is infinite.

The tail of a stationary law is known from its potential: with a force that grows like |w|^m a single jump of the noise
leaves P(|w| > x) ~ x^{−(α + m − 1)}, so a function that grows like |w|^p has a tail of index a = (α + m − 1)/p. Its
mean is finite for a > 1 and its variance for a > 2. Between the two the means of chains are stable of index a in the
limit: they lie below the expectation with a probability that is known, 1/a if only the upper tail is heavy, and from
this comes an interval by order statistics.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

from gnicli import intervals
from gnicli.contracts.components import Potential
from gnicli.sde import growth
from gnicli.sde.levy_noise import LevyNoise
from gnicli.sde.mixing import Mixing
from gnicli.sde.sinks.moments import Moments

FEW = 50  # chains up to which an interval by Student's t differs visibly from one of ±1.96 standard errors
INFINITE, MINUS_INFINITE, UNDEFINED = "infinite", "-infinite", "undefined"
_LEVEL = 0.95
_BATCHES = 20
_SAME = 1e-6  # of an index that is 1 or 2 itself: the moment is infinite


class Tails(NamedTuple):
    """Indices τ of P(±w > x) ~ x^{−τ}, left and right: inf for tails lighter than every power, NaN for unknown ones."""

    left: float
    right: float


class Tail(NamedTuple):
    """`exponent` a of P(|g| > x) ~ x^{−a}, NaN where it is not known; `sign` that of g there, 0 for both."""

    exponent: float
    sign: int

    @property
    def known(self) -> bool:
        """Whether the exponent is known."""
        return not math.isnan(self.exponent)

    @property
    def mean_is_finite(self) -> bool:
        """Whether E|g| is finite; True where it is not known."""
        return not self.exponent <= 1 + _SAME

    @property
    def variance_is_finite(self) -> bool:
        """Whether E g² is finite; True where it is not known."""
        return not self.exponent <= 2 + _SAME


class Mean(NamedTuple):
    """A mean over `n` chains: a number, or the word for one that is not finite; `stderr`, `ci95` where there are any.

    `tail` is that of the function under the stationary law.
    """

    value: float | str
    stderr: float | None
    n: int
    ci95: tuple[float, float] | None
    tail: Tail


def tails(potential: Potential, noise: LevyNoise, scheme: str = "strang", drift: str = "gradient") -> Tails:
    """The tails of the law of one coordinate under a scheme.

    Tamed chains move in at a bounded speed, whatever the force.
    Where `scheme=implicit` records, after its solve, a jump x is only x^{1/m} far out.
    """
    alpha, beta = noise.alpha, noise.skewness
    if alpha == 2 or drift == "fractional":  # Gibbs laws
        return Tails(math.inf, math.inf)
    if potential.coefficients is None:
        return Tails(math.nan, math.nan)
    order = len(potential.coefficients) - 2
    index = alpha + order - 1
    if scheme == "tamed":
        index = alpha - 1
    elif scheme == "implicit":
        index = min(index, alpha * order)
    return Tails(math.inf if beta == 1 else index, math.inf if beta == -1 else index)


def tail_of(function: Callable[[np.ndarray], np.ndarray], law: Tails) -> Tail:
    """The tail of g(w), where the law of w has these tails and a density that is positive where g has a pole."""
    grown = growth.of(function)
    found = [_far(side, index) for side, index in zip((grown.left, grown.right), law, strict=True)]
    if grown.pole:
        found.append(Tail(1 / grown.pole, grown.pole_sign))
    known = [tail for tail in found if tail.known]
    least = min((tail.exponent for tail in known), default=math.inf)
    if len(known) < len(found) and least > 1:
        return Tail(math.nan, 0)
    signs = {tail.sign for tail in known if tail.exponent == least}
    return Tail(least, signs.pop() if len(signs) == 1 else 0)


def _far(side: growth.Side, index: float) -> Tail:
    if side.power == 0:
        return Tail(math.inf, side.sign)
    if math.isinf(side.power) and math.isinf(index):
        return Tail(math.nan, 0)
    return Tail(index / side.power, side.sign)


def consequence(mixing: Mixing) -> str:
    """What the mixing of chains does to their means, in words for the sentences on it."""
    if mixing.stuck:
        return "no mean has a standard error"
    return "means and standard errors describe the simulated time, not the stationary law"


def of(moments: Moments, laws: Sequence[Tails], stuck: bool = False) -> Mapping[str, tuple[Mean, ...]]:
    """The mean of each function in every coordinate; `laws` are the tails of the coordinates.

    A standard error is that of independent chains, from the spread of their means: what steps within a chain have in
    common is in it. Means of `stuck` chains describe the simulated time only, and have none.
    """
    found = {}
    seen = moments.weight > 0
    for index, (name, (mean, stderr, n)) in enumerate(moments.means().items()):
        each = moments.sums[index][:, seen] / moments.weight[seen]
        ways = [tail_of(moments.functions[name], law) for law in laws]
        found[name] = tuple(
            _mean(float(mean[i]), float(stderr[i]), n, each[i], tail, stuck) for i, tail in enumerate(ways)
        )
    return found


def _mean(value: float, stderr: float, n: int, each: np.ndarray, tail: Tail, stuck: bool) -> Mean:
    if not tail.mean_is_finite:
        word = {1: INFINITE, -1: MINUS_INFINITE, 0: UNDEFINED}[tail.sign]
        return Mean(word, None, n, None, tail)
    if stuck or not math.isfinite(value):
        return Mean(value, None, n, None, tail)
    if not tail.variance_is_finite:
        return Mean(value, None, n, heavy_interval(each, tail, value), tail)
    if n < 2 or not tail.known or not math.isfinite(stderr):
        return Mean(value, None, n, None, tail)
    reach = float(intervals.half_width(stderr, n))
    return Mean(value, stderr, n, (value - reach, value + reach) if n <= FEW else None, tail)


def heavy_interval(each: np.ndarray, tail: Tail, mean: float) -> tuple[float, float] | None:
    """An interval of level 95 % at least for an expectation from independent means with an infinite variance (n,).

    Means of batches of chains lie below the expectation with a probability between 1/2, as long as the tail does not
    show, and that of their stable limit; so their order statistics enclose it (the sign test, at both ends). None where
    there are too few chains.
    """
    heavy = 1 / tail.exponent
    low, high = {1: (0.5, heavy), -1: (1 - heavy, 0.5), 0: (1 - heavy, heavy)}[tail.sign]
    alarm = (1 - _LEVEL) / 2
    least = math.ceil(math.log(alarm) / math.log(max(high, 1 - low)))
    if len(each) < least:
        return None
    batches = np.array_split(each, min(len(each), max(_BATCHES, 2 * least)))
    ordered = np.sort([batch.mean() for batch in batches])
    k = len(ordered)
    # The l-th value is above with P(Bin(k, low) <= l − 1), the u-th below with P(Bin(k, high) >= u).
    below = int(stats.binom.ppf(alarm, k, low))
    below -= stats.binom.cdf(below, k, low) > alarm
    above = int(stats.binom.isf(alarm, k, high)) + 1
    return float(min(ordered[max(below, 0)], mean)), float(max(ordered[min(above, k) - 1], mean))
