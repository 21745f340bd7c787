"""Newton's method on nodes that lie where the law is: the maximum for every law, in a few evaluations."""

from __future__ import annotations

import math

import numpy as np

from gnicli.stable.fitting import across, last_step, spike_starts
from gnicli.stable.fitting.binning import in_cells
from gnicli.stable.fitting.law_likelihood import Evaluation, evaluate, log_likelihood, to_q, to_theta
from gnicli.stable.fitting.maximize import maximize
from gnicli.stable.fitting.search_problem import ALPHA_RANGE, Optimum, Problem
from gnicli.stable.fitting.small_inverses import inverse_of, of_free, restricted
from gnicli.stable.fitting.spike_neighbors import among_neighbors, in_spike
from gnicli.stable.parameterization import s1_shift

_LONGEST = np.array([0.25, 0.4, 1.0, 0.5])  # of a step; that of the location in scales
_MAX_EVALUATIONS = 40
_LEAST = 1e-7  # of the information per sample, for a step
_SMALL_ALPHA, _SPIKE = 0.75, 0.57  # of the start, below which other starts are tried too; of many samples
_MANY, _SMOOTH = 50_000, 0.9  # samples, and alpha of the start, from which on cells of `binning` stand for samples
_CROWDED = 20  # samples in a spike, from which on they have one maximum together
_FEW, _SEVERAL = 1000, 3  # samples, below which so many searches run
_RANKING = 2500  # samples that rank the starts
_NEXT_TO_BOUND, _SHARE_OF_REST, _LONGEST_LOG = 0.3, 0.2, 2.0  # of 1 − |β|, of it for a step by β, of its logarithm
_AT_BOUND, _OFF_BOUND = 1e-5, 1e-3  # 1 − |β|, at which a law farther from the bound is tried, and at most how far
_IN_LIGHT_TAIL = 30.0  # n times that distance, at most
_AT_REST = 1e-6  # nats that a step is to gain, below which its beginning is the end too
_LEFT = 1e-7  # nats that a last step, which is not evaluated, may leave


class Climb:
    """One search. `run` returns its end; `evaluations` counts."""

    def __init__(self, problem: Problem, y: np.ndarray, counts: np.ndarray | None = None) -> None:
        self.problem, self.y, self.counts = problem, y, problem.counts if counts is None else counts
        self.movable = np.isnan(problem.fixed)
        if problem.s1_loc is not None:
            self.movable[2] = False
        self.n = float(problem.weights.n)
        self.n_evaluations = 0

    def at(self, theta: np.ndarray) -> Evaluation:
        """The likelihood at a θ."""
        self.n_evaluations += 1
        return evaluate(self.problem, self.y, self.counts, theta)

    def feasible(self, theta: np.ndarray) -> np.ndarray:
        """θ within the bounds, with what is held."""
        problem = self.problem
        theta = np.where(np.isnan(problem.fixed), theta, problem.fixed)
        if self.movable[0]:
            theta[0] = min(max(theta[0], problem.least_alpha), ALPHA_RANGE[1])
        if self.movable[1]:
            theta[1] = min(max(theta[1], -1.0), 1.0)
        if problem.s1_loc is not None:
            theta[2] = problem.s1_loc + s1_shift(theta, problem.log_unit)[0]
        return theta

    def _free(self, here: Evaluation) -> np.ndarray:
        free = self.movable.copy()
        for k, low, high in ((0, self.problem.least_alpha, ALPHA_RANGE[1]), (1, -1.0, 1.0)):
            value, outward = here.theta[k], here.gradient[k]
            if (value <= low and outward <= 0.0) or (value >= high and outward >= 0.0):
                free[k] = False
        if here.theta[0] >= ALPHA_RANGE[1]:  # the skewness of the normal law is not identified
            free[1] = False
        return free

    def _moved(self, here: Evaluation, step: np.ndarray) -> np.ndarray:
        """θ after a step of q, drawn into the bounds."""
        q = to_q(here.theta, here.in_s1, self.problem.log_unit) + step
        for k, low, high in ((0, self.problem.least_alpha, ALPHA_RANGE[1]), (1, -1.0, 1.0)):
            if self.movable[k]:
                q[k] = min(max(q[k], low), high)
        theta = to_theta(q, here.in_s1, self.problem.log_unit)
        return self.feasible(theta) if self.problem.s1_loc is not None else theta

    def at_rest(self, found: Optimum) -> Optimum:
        """The end of a search with the covariance there, evaluated anew where a last step may have changed it."""
        if found.is_steady:
            return found
        again = self.run(found.theta, to_rest=True)
        return again if again.converged else found

    def run(self, theta: np.ndarray, to_rest: bool = False) -> Optimum:
        """The maximum that is reached from a θ; `to_rest` goes on until a last step leaves the information as it is."""
        here = self.at(self.feasible(theta))
        most, converged = self.n_evaluations + _MAX_EVALUATIONS, False
        at_bound = self.movable[1]
        while math.isfinite(here.value) and np.isfinite(here.hessian).all():
            if at_bound and 1.0 - abs(here.theta[1]) < _AT_BOUND:
                at_bound = False
                here = self._off_bound(here)
            free = self._free(here)
            information = restricted(-here.hessian, free)
            gradient = np.where(free, here.gradient, 0.0)
            rows, definite = inverse_of(information.tolist(), _LEAST * self.n)
            inverse = np.array(rows)
            step = np.where(free, inverse @ gradient, 0.0)
            gain = 0.5 * float(gradient @ step)
            if gain < (_AT_REST if to_rest else 1e-8):
                converged = True
                break
            by_log = self._by_log_of_rest(here, information, gradient, free)
            step, lost, inside = self._in_bounds(here, of_free(inverse, free), step)
            gain -= lost
            step, whole = _limited(here, step)
            whole = whole and inside
            if whole and definite and self._rest(here, gain, step) < _LEFT:
                steady = last_step.is_steady(float(here.theta[0]), float(here.theta[1]), step.tolist(), gain, self.n)
                if steady or not to_rest:
                    end = self._moved(here, step)
                    found = self._optimum(here, end, here.value + gain, inverse, free, True, True)
                    found.is_steady = steady
                    return found
            if self.n_evaluations >= most:
                converged = gain < 1e-6
                break
            if by_log is not None and inside and abs(step[1]) > _SHARE_OF_REST * (1.0 - abs(here.theta[1])):
                step, by_log = by_log, step
            better = self._search(here, step, by_log)
            if better is None:
                converged = gain < 1e-4
                break
            here = better
        free = self._free(here)
        rows, definite = inverse_of(restricted(-here.hessian, free).tolist(), _LEAST * self.n)
        return self._optimum(here, here.theta, here.value, np.array(rows), free, definite, converged)

    def _in_bounds(self, here: Evaluation, inverse: np.ndarray, step: np.ndarray) -> tuple[np.ndarray, float, bool]:
        """The best step that ends inside the bounds, by the quadratic model; the nats lost by it; whether none.

        With C the `inverse` of the information, a shift of some coordinates by d drags the others by C C_KK⁻¹ d.
        """
        low, high = np.array([self.problem.least_alpha, -1.0]), np.array([ALPHA_RANGE[1], 1.0])
        room = np.stack([low, high]) - here.theta[:2]
        movable = inverse.diagonal()[:2] > 0.0

        def outside(moved: np.ndarray) -> bool:
            return bool((movable & ((moved[:2] < room[0]) | (moved[:2] > room[1]))).any())

        if not outside(step):
            return step, 0.0, True
        ends = []
        for held in ([0], [1], [0, 1]):
            if movable[held].all():
                target = np.clip(step[held], room[0, held], room[1, held])
                shift = target - step[held]
                drag = np.linalg.solve(inverse[np.ix_(held, held)], shift)
                moved = step + inverse[:, held] @ drag
                moved[held] = target
                if not outside(moved):
                    ends.append((0.5 * float(shift @ drag), moved))
        lost, moved = min(ends, key=lambda end: end[0])
        return moved, lost, False

    def _off_bound(self, here: Evaluation) -> Evaluation:
        """The evaluation at the bound of β, or that off it, where it is the likelier one.

        So close to it densities in the light tail are rounding, and so are the slopes by them.
        """
        theta = here.theta.copy()
        theta[1] = math.copysign(1.0 - min(_OFF_BOUND, _IN_LIGHT_TAIL / self.n), theta[1])
        there = self.at(self.feasible(theta))
        return there if there.value > here.value else here

    def _by_log_of_rest(
        self, here: Evaluation, information: np.ndarray, gradient: np.ndarray, free: np.ndarray
    ) -> np.ndarray | None:
        """Newton's step by log(1 − |β|) in place of β, next to ±1; None elsewhere.

        Samples in the light tail add log(1 − |β|) each: by β a step from afar passes the bound, and one from next to it
        only doubles the distance.
        """
        beta = here.theta[1]
        rest, sign = 1.0 - abs(beta), math.copysign(1.0, beta)
        if not (free[1] and _AT_BOUND < rest < _NEXT_TO_BOUND):
            return None
        turn = np.array([1.0, -sign * rest, 1.0, 1.0])
        turned = information * np.outer(turn, turn)
        turned[1, 1] += sign * rest * gradient[1]
        inverse, _ = inverse_of(turned.tolist(), _LEAST * self.n)
        step = np.where(free, np.array(inverse) @ (turn * gradient), 0.0)
        step /= max(float(np.abs(step[1])) / _LONGEST_LOG, 1.0)
        step[1] = -sign * rest * math.expm1(step[1])
        return _limited(here, step)[0]

    def _rest(self, here: Evaluation, gain: float, step: np.ndarray) -> float:
        """What is left after a Newton step, in nats: of the order of gain² / n, and more toward the bounds.

        A location in a spike is known by the samples that are in it.
        """
        room = min(2.0 - here.theta[0], 0.3) / 0.3
        n = self.n * in_spike(here.theta[0]) if self.movable[2] else self.n
        skew_room = 1.0 - abs(here.theta[1])
        by_skew = (step[1] / skew_room) ** 2 if 0.0 < skew_room < _NEXT_TO_BOUND else 0.0
        return max(max(20.0 / n, 4e-5) * (gain / room) ** 2, gain * by_skew)

    def _search(self, here: Evaluation, step: np.ndarray, other: np.ndarray | None = None) -> Evaluation | None:
        """The first of some ever shorter steps that does not lose; after the first the `other` step is tried."""
        room = ALPHA_RANGE[1] - here.theta[0]
        for _ in range(14):
            there = self.at(self._moved(here, step))
            if there.value >= here.value - 1e-9:
                return there
            if other is not None:
                step, other = other, None
                continue
            # past the normal law, which is taken first, the step ends short of it
            step = step * (0.8 if step[0] >= room > 0.0 else 0.3)
            if np.abs(step).max() < 1e-14:
                break
        return None

    def _optimum(
        self,
        here: Evaluation,
        theta: np.ndarray,
        value: float,
        inverse: np.ndarray,
        free: np.ndarray,
        definite: bool,
        converged: bool,
    ) -> Optimum:
        loc_gradient = np.eye(4)[2]
        if here.in_s1:
            slope = s1_shift(theta, self.problem.log_unit)[1]
            loc_gradient = slope if self.problem.s1_loc is not None else loc_gradient + slope
        covariance = of_free(inverse, free) if definite else None
        return Optimum(theta, value, covariance, free, loc_gradient, converged, self.n_evaluations)


def _limited(here: Evaluation, step: np.ndarray) -> tuple[np.ndarray, bool]:
    """The step, shorter where it is too long; whether it is as it was."""
    longest = _LONGEST.copy()
    longest[0] = min(longest[0], 0.3 * here.theta[0])
    longest[2] *= math.exp(here.theta[3])
    length = float((np.abs(step) / longest).max())
    return (step, True) if length <= 1.0 else (step / length, False)


# far from a law squares may leave the range of floats: what is not finite is looked for
@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def climb(problem: Problem, y: np.ndarray, start: Optimum) -> Optimum:
    """The maximum for standardized samples `y` (float64), searched from `start`.

    Where that has a small alpha, from the likeliest of it and of `spike_starts`; from several of few samples, whose
    likelihood may have several maxima.
    """
    if start.theta[0] > _SMALL_ALPHA and math.isfinite(start.log_likelihood):
        cells = in_cells(y, problem.counts) if y.size > _MANY and start.theta[0] > _SMOOTH else None
        y, counts = cells or (y, problem.counts)
        if across.serves(problem, start.theta):
            found = across.search(problem, y, counts, start.theta)
            if found is not None:
                found.n_evaluations += start.n_evaluations
                return found
        search = Climb(problem, y, counts)
        search.n_evaluations = start.n_evaluations
        return search.at_rest(search.run(start.theta))
    search = Climb(problem, y)
    search.n_evaluations = start.n_evaluations
    if start.theta[0] > _SPIKE and search.n >= _FEW and problem.s1_loc is None and np.isnan(problem.fixed).all():
        found = search.run(search.feasible(start.theta))
        if found.converged and found.theta[0] > _SPIKE:
            return search.at_rest(found)
    laws = [search.feasible(theta) for theta in (start.theta, *spike_starts.starts(problem, y))]
    some = slice(None, None, max(y.size // _RANKING, 1))
    counts = None if search.counts is None else search.counts[some]
    ranked = sorted((-log_likelihood(problem, y[some], theta, counts), k) for k, theta in enumerate(laws))
    ranked = [pair for pair in ranked if math.isfinite(pair[0])] or ranked[:1]
    search.n_evaluations += len(laws)
    found = search.run(laws[ranked[0][1]])
    for _, k in ranked[1 : _SEVERAL if search.n < _FEW else 1]:
        found = max(found, search.run(laws[k]), key=lambda end: end.log_likelihood)
    if not (found.converged or math.isfinite(start.log_likelihood)):  # samples of another kind, far out in a light tail
        found = max(found, search.run(maximize([problem])[0].theta), key=lambda end: end.log_likelihood)
    if search.movable[2] and search.n * in_spike(found.theta[0]) < _CROWDED:
        found = among_neighbors(search, found)
    found = search.at_rest(found)
    found.n_evaluations = search.n_evaluations
    return found
