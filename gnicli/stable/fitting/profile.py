"""Profile-likelihood intervals: the values of a parameter that a likelihood-ratio test does not reject.

With D(v) twice the loss of the log-likelihood where a parameter is held at v and the others are fitted again, an
interval is {v: D(v) <= c}. Away from bounds D has the χ² law with one degree of freedom. Next to a bound an estimate
cannot pass it, and D is smaller. With a true value δ standard errors inside of the bound

    P(D > c) = Φ(−√c) + Φ(−max(√c, (c + δ²) / 2δ)),

which at the bound itself, δ = 0, is the even mixture of χ²₀ and χ²₁. `limit` inverts this. References: S. G. Self and
K.-Y. Liang, Journal of the American Statistical Association 82 (1987), 605-610; D. R. Cox, Principles of Statistical
Inference, Cambridge 2006, section 6.5.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from statistics import NormalDist

import numpy as np

from gnicli.stable.fitting.climb import Climb
from gnicli.stable.fitting.search_problem import ALPHA_RANGE, Problem
from gnicli.stable.fitting.standardize import BEYOND

_NORMAL = NormalDist()
_PRECISION = 2e-4  # of √D at an end: as large a share of the distance to it, about
_MOST_ROUNDS, _MOST_DOUBLINGS = 40, 40
_FIRST_STEP = np.array([0.05, 0.1, 0.1, 0.1])  # of a parameter without a standard error; of a location in scales


def limit(level: float, delta: float) -> float:
    """The c of the head of this module for a test of size 1 − level, `delta` >= 0 standard errors from a bound."""
    size = 1.0 - level

    def exceeded(c: float) -> float:
        root = math.sqrt(c)
        beyond = root if delta >= root else (c + delta * delta) / (2.0 * delta) if delta > 0.0 else math.inf
        return _NORMAL.cdf(-root) + _NORMAL.cdf(-beyond)

    low = _NORMAL.inv_cdf(1.0 - size) ** 2 if size < 0.5 else 0.0
    high = _NORMAL.inv_cdf(1.0 - 0.5 * size) ** 2
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if exceeded(middle) > size else (low, middle)
    return 0.5 * (low + high)


class Profile:
    """D(v) of one parameter, number `k` of α, β, location, log σ, in standardized units.

    `held` makes the problem in which it is held at v, `top` is the maximum: θ and its log-likelihood, `size` times
    which is that of the samples. Each search starts at the law that was found at the nearest v.
    """

    def __init__(
        self, y: np.ndarray, k: int, held: Callable[[float], Problem], top: tuple[np.ndarray, float], size: float
    ) -> None:
        self.y, self.k, self.held, self.size = y, k, held, size
        self.theta, self.most = top
        self.found: dict[float, tuple[float, np.ndarray]] = {}

    def __call__(self, v: float) -> float:
        """D(v); inf where no law has it."""
        if v not in self.found:
            nearest = min(self.found, key=lambda u: abs(u - v), default=None)
            start = (self.theta if nearest is None else self.found[nearest][1]).copy()
            if self.k != 2:
                start[self.k] = v
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                end = Climb(self.held(v), self.y).run(start)
            value = end.log_likelihood if math.isfinite(end.log_likelihood) else -math.inf
            self.found[v] = value, end.theta if math.isfinite(value) else start
        return max(2.0 * (self.most - self.found[v][0]) * self.size, 0.0)

    def end(self, estimate: float, step: float, bound: float, target: float) -> float:
        """Where D is `target`, from the estimate in the direction of `step`; the bound where it is less up to there."""

        def miss(v: float) -> float:
            return math.sqrt(min(self(v), 1e12)) - math.sqrt(target)

        inside, at_inside = estimate, -math.sqrt(target)
        for _ in range(_MOST_DOUBLINGS):
            outside = estimate + step
            if abs(outside - estimate) >= abs(bound - estimate):
                outside = bound
            at_outside = miss(outside)
            if at_outside >= 0.0:
                break
            if outside == bound:
                return bound
            inside, at_inside = outside, at_outside
            # D grows about as the square of the distance; twice as far where it hardly grows
            grown = math.sqrt(target) / (math.sqrt(target) + at_outside) if at_outside > -math.sqrt(target) else 2.0
            step *= min(max(1.05 * grown, 1.1), 2.0)
        else:
            return math.copysign(math.inf, step)
        return self._between(inside, at_inside, outside, at_outside, miss)

    @staticmethod
    def _between(
        inside: float, at_inside: float, outside: float, at_outside: float, miss: Callable[[float], float]
    ) -> float:
        """The root by the method of Illinois."""
        for _ in range(_MOST_ROUNDS):
            v = inside - at_inside * (outside - inside) / (at_outside - at_inside)
            if not math.isfinite(v) or v in (inside, outside):
                v = 0.5 * (inside + outside)
            at_v = miss(v)
            if abs(at_v) < _PRECISION or abs(outside - inside) < 1e-9 * (1.0 + abs(v)):
                return v
            if at_v < 0.0:
                inside, at_inside, at_outside = v, at_v, 0.5 * at_outside
            else:
                outside, at_outside, at_inside = v, at_v, 0.5 * at_inside
        return v


def ends(
    profile: Profile, estimate: float, stderr: float | None, bounds: tuple[float, float], level: float
) -> tuple[float, float]:
    """The interval of one parameter within `bounds`, ±inf where it has none.

    The least alpha is no bound of the law, but of the search: there D has the χ² law.
    """
    low, high = bounds
    soft = low if profile.k == 0 else None
    step = float(_FIRST_STEP[profile.k])
    if profile.k == 2:
        step *= math.exp(profile.theta[3])
    free = limit(level, math.inf)
    if stderr:
        step = min(max(stderr, 1e-3 * step), 10.0 * step) * math.sqrt(free)
    found = []
    for sign, bound, other in ((-1.0, low, high), (1.0, high, low)):
        if estimate == bound:
            found.append(bound)
        elif bound == soft or (other == soft and estimate == other):
            found.append(profile.end(estimate, sign * step, bound, free))
        elif estimate == other:
            found.append(_from_bound(profile, estimate, sign * step, bound, level))
        else:
            found.append(_toward(profile, estimate, sign * step, bound, level))
    return found[0], found[1]


def _toward(profile: Profile, estimate: float, step: float, bound: float, level: float) -> float:
    """An end on the way from an estimate inside to a bound: √D falls short of that at the bound by δ."""
    target = limit(level, math.inf)
    if math.isinf(bound):
        return profile.end(estimate, step, bound, target)
    at_bound = profile(bound)
    if at_bound <= limit(level, 0.0):
        return bound
    root = math.sqrt(at_bound)
    if root < 2.0 * math.sqrt(target):
        low, high = math.sqrt(limit(level, 0.0)), math.sqrt(target)
        for _ in range(40):
            middle = 0.5 * (low + high)
            short = middle * middle < limit(level, max(root - middle, 0.0))
            low, high = (middle, high) if short else (low, middle)
        target = low * low
    return profile.end(estimate, step, bound, target)


def _from_bound(profile: Profile, estimate: float, step: float, bound: float, level: float) -> float:
    """An end from an estimate that is at the opposite bound.

    There D = p d + q d² at a distance d of δ = √q d standard errors: p says how hard the bound is pressed.
    """
    near = profile.end(estimate, step, bound, limit(level, 0.0))
    far = profile.end(estimate, near - estimate, bound, limit(level, math.inf))
    if math.isinf(near) or math.isinf(far) or near == bound:
        return far
    d_near, d_far = abs(near - estimate), abs(far - estimate)
    if not d_far > d_near:
        return near
    q = (profile(far) / d_far - profile(near) / d_near) / (d_far - d_near)
    p = profile(near) / d_near - q * d_near
    inner, outer = d_near, d_far
    for _ in range(40):
        d = 0.5 * (inner + outer)
        short = p * d + q * d * d < limit(level, math.sqrt(max(q, 0.0)) * d)
        inner, outer = (d, outer) if short else (inner, d)
    return estimate + math.copysign(0.5 * (inner + outer), step)


def highest(problem: Problem, y: np.ndarray, theta: np.ndarray) -> tuple[np.ndarray, float]:
    """The maximum next to a fitted θ, and its log-likelihood, as the profiles have it."""
    start = theta.copy()
    if np.isnan(problem.fixed[0]):
        start[0] = min(start[0], ALPHA_RANGE[1])
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        found = Climb(within_search(problem), y).run(start)
    return found.theta, found.log_likelihood


def within_search(problem: Problem) -> Problem:
    """A problem whose alpha, where it is held, is no larger than what the search goes to: next to the normal law."""
    fixed = problem.fixed.copy()
    fixed[0] = min(fixed[0], ALPHA_RANGE[1]) if not np.isnan(fixed[0]) else fixed[0]
    return replace(problem, fixed=fixed)


def bounded(y: np.ndarray) -> np.ndarray:
    """Samples within the range of floats: what is beyond counts as there."""
    return np.clip(y, -BEYOND, BEYOND)
