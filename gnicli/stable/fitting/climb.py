"""Newton's method on nodes that lie where the law is: the maximum for every law, in a few evaluations."""

from __future__ import annotations

import math

import numpy as np

from gnicli.stable.fitting import across, last_step, spike_starts
from gnicli.stable.fitting.binning import in_cells
from gnicli.stable.fitting.climb_steps import AT_BOUND, NEXT_TO_BOUND, by_log_of_rest, in_bounds, limited
from gnicli.stable.fitting.law_likelihood import Evaluation, evaluate, log_likelihood, to_q, to_theta
from gnicli.stable.fitting.maximize import maximize
from gnicli.stable.fitting.search_problem import ALPHA_RANGE, Optimum, Problem
from gnicli.stable.fitting.small_inverses import inverse_of, of_free, restricted
from gnicli.stable.fitting.spike_neighbors import among_neighbors, in_spike
from gnicli.stable.parameterization import s1_shift

_MAX_EVALUATIONS = 40
_LEAST = 1e-7  # of the information per sample, for a step
_SMALL_ALPHA, _SPIKE = 0.75, 0.52  # of the start, below which other starts are tried too; of many samples
_MANY, _SMOOTH = 50_000, 0.9  # samples, and alpha of the start, from which on cells of `binning` stand for samples
_CROWDED = 20  # samples in a spike, from which on they have one maximum together
_FEW, _SEVERAL = 1000, 3  # samples, below which so many searches run
_RANKING = 2500  # samples that rank the starts
_SHARE_OF_REST = 0.2  # of 1 − |β|, for a step by β
_OFF_BOUND = 1e-3  # 1 − |β| of a law that is tried where the search is at the bound, at most
_SURE = 1e-4  # nats, within which the value alone does not decide
_IN_LIGHT_TAIL = 30.0  # n times that distance, at most
_AT_REST = 1e-6  # nats that a step is to gain, below which its beginning is the end too
_BY_SLOPE = 1e-2  # nats that a step is to gain, below which the value may mislead
_ENDS = 0.01  # of what a step was to gain, that is left after one with which the slope all but ends
_PROMISED = 3.0  # times what a step is to gain, and no more, is gained in all
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

    def run(self, theta: np.ndarray, to_rest: bool = False, least: float = -math.inf) -> Optimum:
        """The maximum that is reached from a θ, or where that promises to be less than `least`, the way there.

        `to_rest` goes on until a last step leaves the information as it is.
        """
        if self.movable[1] and 1.0 - abs(theta[1]) < AT_BOUND:  # from next to the bound a search creeps to it
            theta = np.array([theta[0], math.copysign(1.0, theta[1]), *theta[2:]])
        here = self.at(self.feasible(theta))
        most, converged = self.n_evaluations + _MAX_EVALUATIONS, False
        at_bound, pinned = self.movable[1], False
        while math.isfinite(here.value) and np.isfinite(here.hessian).all():
            if at_bound and 1.0 - abs(here.theta[1]) < AT_BOUND:
                at_bound = False
                here = self._off_bound(here)
            free = self._free(here)
            free[1] &= not pinned
            information = restricted(-here.hessian, free)
            gradient = np.where(free, here.gradient, 0.0)
            rows, definite = inverse_of(information.tolist(), _LEAST * self.n)
            inverse = np.array(rows)
            step = np.where(free, inverse @ gradient, 0.0)
            if free[1] and abs(here.theta[1]) == 1.0 and abs(step[1]) < AT_BOUND:
                pinned = True  # to where densities in the light tail are rounding
                continue
            gain = 0.5 * float(gradient @ step)
            if gain < (_AT_REST if to_rest else 1e-8):
                converged = True
                break
            if definite and here.value + _PROMISED * gain < least:
                break
            by_log = by_log_of_rest(here.theta, information, gradient, free, _LEAST * self.n)
            step, lost, inside = in_bounds(here.theta, self.problem.least_alpha, of_free(inverse, free), step)
            gain -= lost
            step, whole = limited(here.theta, step)
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
            if by_log is not None and not inside and self._cuts_off(self._moved(here, step)):
                step, by_log = by_log, None
            elif by_log is not None and inside and abs(step[1]) > _SHARE_OF_REST * (1.0 - abs(here.theta[1])):
                step, by_log = by_log, step
            better = self._search(
                here, step, by_log, gain, of_free(inverse, free) if definite and gain < _BY_SLOPE else None
            )
            if better is None:
                converged = gain < 1e-4
                break
            here = better
        free = self._free(here)
        free[1] &= not pinned
        rows, definite = inverse_of(restricted(-here.hessian, free).tolist(), _LEAST * self.n)
        return self._optimum(here, here.theta, here.value, np.array(rows), free, definite, converged)

    def _off_bound(self, here: Evaluation) -> Evaluation:
        """The evaluation at the bound of β, or that off it, where it is the likelier one.

        So close to it densities in the light tail are rounding, and so are the slopes by them.
        """
        theta = here.theta.copy()
        theta[1] = math.copysign(1.0 - min(_OFF_BOUND, _IN_LIGHT_TAIL / self.n), theta[1])
        theta = self.feasible(theta)
        if log_likelihood(self.problem, self.y, theta, self.counts) < here.value - _SURE:
            return here
        there = self.at(theta)
        return there if there.value > here.value else here

    def _cuts_off(self, theta: np.ndarray) -> bool:
        """Whether samples lie outside the support of a law that has an end."""
        alpha, beta = theta[:2]
        if alpha >= 1.0 or abs(beta) < 1.0:
            return False
        end = to_q(theta, True, self.problem.log_unit)[2]
        return bool((self.y < end).any() if beta > 0.0 else (self.y > end).any())

    def _rest(self, here: Evaluation, gain: float, step: np.ndarray) -> float:
        """What is left after a Newton step, in nats: of the order of gain² / n, and more toward the bounds.

        A location in a spike is known by the samples that are in it.
        """
        room = min(2.0 - here.theta[0], 0.3) / 0.3
        n = self.n * in_spike(here.theta[0]) if self.movable[2] else self.n
        skew_room = 1.0 - abs(here.theta[1])
        by_skew = (step[1] / skew_room) ** 2 if 0.0 < skew_room < NEXT_TO_BOUND else 0.0
        return max(max(20.0 / n, 4e-5) * (gain / room) ** 2, gain * by_skew)

    def _search(
        self, here: Evaluation, step: np.ndarray, other: np.ndarray | None, gain: float, inverse: np.ndarray | None
    ) -> Evaluation | None:
        """The first of some ever shorter steps that does not lose; after the first the `other` step is tried.

        With `inverse`, that of the information, the value does not decide alone: next to a maximum in a spike it has
        the larger error of interpolation, and the first step is taken where the slope all but ends with it.
        """
        room = ALPHA_RANGE[1] - here.theta[0]
        for k in range(14):
            there = self.at(self._moved(here, step))
            if there.value >= here.value - 1e-9:
                return there
            if k == 0 and inverse is not None and there.value > here.value - gain:
                before, after = (float(at.gradient @ inverse @ at.gradient) for at in (here, there))
                if after < _ENDS * before:
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
    first: Optimum | None = None
    if start.theta[0] > _SPIKE and search.n >= _FEW and problem.s1_loc is None and np.isnan(problem.fixed).all():
        found = search.run(search.feasible(start.theta))
        if found.converged and found.theta[0] > _SPIKE:
            return search.at_rest(found)
        first = found if found.converged else None
    begin = start.theta if first is None else first.theta
    laws = [search.feasible(theta) for theta in (begin, *spike_starts.starts(problem, y))]
    some = slice(None, None, max(y.size // _RANKING, 1))
    counts = None if search.counts is None else search.counts[some]
    ranked = sorted((-log_likelihood(problem, y[some], theta, counts), k) for k, theta in enumerate(laws))
    ranked = [pair for pair in ranked if math.isfinite(pair[0])] or ranked[:1]
    search.n_evaluations += len(laws)
    best = ranked[0][1]
    found = first if first is not None and best == 0 else search.run(laws[best])
    for _, k in ranked[1 : _SEVERAL if search.n < _FEW else 1]:
        found = max(found, search.run(laws[k]), key=lambda end: end.log_likelihood)
    if not (found.converged or math.isfinite(start.log_likelihood)):  # samples of another kind, far out in a light tail
        found = max(found, search.run(maximize([problem])[0].theta), key=lambda end: end.log_likelihood)
    if search.movable[2] and search.n * in_spike(found.theta[0]) < _CROWDED:
        found = among_neighbors(search, found)
    found = search.at_rest(found)
    found.n_evaluations = search.n_evaluations
    return found
