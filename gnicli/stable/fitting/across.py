"""The search with a location in S1 that is held and alpha near 1, where (α, β, log σ) are no coordinates.

There the law's S0 location μ = loc + β σ tan(πα/2) runs away for every β but 0, and what is likely has β in proportion
to α − 1: a search by β creeps along this line and cannot pass its end at α = 1. By (α, μ, log σ), with

    β = −(μ − loc) / σ · tan(π (α − 1) / 2),

the likelihood is smooth across α = 1. There β is 0 whatever μ is, so that all Cauchy laws are limits of laws with the
location that is held.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from gnicli.stable.fitting import law_nodes
from gnicli.stable.fitting.law_likelihood import Evaluation, evaluate
from gnicli.stable.fitting.search_problem import Optimum, Problem
from gnicli.stable.parameterization import s1_shift

NEXT_TO_ONE = 0.15  # of alpha: where this search begins
_RANGE = (law_nodes.FROM_S0, 1.4)  # of alpha, where it goes on
_NEVER = 1e-7  # from alpha = 1, where the law with beta 0 has another location than the one that is held
_LONGEST = np.array([0.1, 1.0, 0.5])  # of a step; that of μ in scales
_MOST, _SHORTER, _GAIN, _FLAT = 40, 14, 1e-8, 1e-7


def serves(problem: Problem, theta: np.ndarray) -> bool:
    """Whether a search from θ is one for these coordinates."""
    if problem.s1_loc is None or not np.isnan(problem.fixed[1]) or problem.fixed[0] == 1.0:
        return False
    return bool(abs(theta[0] - 1.0) < NEXT_TO_ONE)


def skewness(problem: Problem, p: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """β of p = (α, μ, log σ), its gradient (3,) and second derivatives (3, 3)."""
    assert problem.s1_loc is not None
    alpha, loc, log_scale = p.tolist()
    t = math.tan(0.5 * math.pi * (alpha - 1.0))
    slope = 0.5 * math.pi * (1.0 + t * t)
    inverse = math.exp(-log_scale)
    shift = (loc - problem.s1_loc) * inverse
    gradient = np.array([-shift * slope, -inverse * t, shift * t])
    second = np.array(
        [
            [-shift * math.pi * t * slope, -inverse * slope, shift * slope],
            [-inverse * slope, 0.0, inverse * t],
            [shift * slope, inverse * t, -shift * t],
        ]
    )
    return -shift * t, gradient, second


class _Search:
    """One search by p."""

    def __init__(self, problem: Problem, y: np.ndarray, counts: np.ndarray | None) -> None:
        self.problem, self.y, self.counts = problem, y, counts
        # what is evaluated has its location in S0, which is not held
        self.plain = replace(problem, fixed=np.array([np.nan, np.nan, 0.0, np.nan]), s1_loc=None)
        self.free = np.isnan(problem.fixed[[0, 2, 3]])
        self.free[1] = True
        self.n_evaluations = 0

    def theta(self, p: np.ndarray) -> np.ndarray | None:
        """θ of p; None outside of the laws that this search is for."""
        beta = skewness(self.problem, p)[0]
        if not (_RANGE[0] <= p[0] <= _RANGE[1] and abs(beta) <= 1.0):
            return None
        return np.array([p[0], beta, p[1], p[2]])

    def at(self, theta: np.ndarray) -> Evaluation:
        self.n_evaluations += 1
        return evaluate(self.plain, self.y, self.counts, theta)

    def step(self, here: Evaluation, p: np.ndarray) -> tuple[np.ndarray, float, np.ndarray, np.ndarray | None]:
        """Newton's step, what it is to gain, θ by p (4, free), and the covariance by p, None at no maximum."""
        _, by_p, by_p2 = skewness(self.problem, p)
        turn = np.zeros((4, 3))
        turn[0, 0] = turn[2, 1] = turn[3, 2] = 1.0
        turn[1] = by_p
        turn = turn[:, self.free]
        gradient = turn.T @ here.gradient
        bend = by_p2[np.ix_(self.free, self.free)]
        information = -(turn.T @ here.hessian @ turn + here.gradient[1] * bend)
        values, vectors = np.linalg.eigh(information)
        along = vectors.T @ gradient
        bent = np.maximum(np.abs(values), _FLAT * float(self.problem.weights.n))
        move = np.zeros(3)
        move[self.free] = vectors @ (along / bent)
        covariance = (vectors / values) @ vectors.T if values[0] > 0.0 else None
        return move, 0.5 * float((along * along / bent).sum()), turn, covariance


# far from a law squares may leave the range of floats: what is not finite is looked for
@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def search(problem: Problem, y: np.ndarray, counts: np.ndarray | None, theta: np.ndarray) -> Optimum | None:
    """The maximum that is reached from a θ for standardized samples; None where the search leaves what it is for."""
    one = _Search(problem, y, counts)
    p = theta[[0, 2, 3]]
    if abs(p[0] - 1.0) < _NEVER:
        p[0] = 1.0 + math.copysign(_NEVER, p[0] - 1.0)
    start = one.theta(p)
    if start is None:
        return None
    here = one.at(start)
    while math.isfinite(here.value) and np.isfinite(here.hessian).all():
        move, gain, turn, covariance = one.step(here, p)
        if gain < _GAIN:
            return None if covariance is None else _optimum(one, here, turn, covariance)
        longest = _LONGEST * np.array([1.0, math.exp(p[2]), 1.0])
        move /= max(float((np.abs(move) / longest).max()), 1.0)
        if one.n_evaluations >= _MOST:
            return None
        for _ in range(_SHORTER):
            trial = p + move
            if one.free[0] and abs(trial[0] - 1.0) < _NEVER:
                trial[0] = 1.0 + math.copysign(_NEVER, trial[0] - 1.0)
            inside = one.theta(trial)
            there = None if inside is None else one.at(inside)
            if there is not None and there.value >= here.value - 1e-9:
                break
            move = 0.3 * move
        else:
            return _optimum(one, here, turn, covariance) if gain < 1e-6 and covariance is not None else None
        assert there is not None
        p, here = trial, there
    return None


def _optimum(one: _Search, here: Evaluation, turn: np.ndarray, covariance: np.ndarray) -> Optimum:
    matrix = turn @ covariance @ turn.T
    matrix[2], matrix[:, 2] = 0.0, 0.0
    free = np.isnan(one.problem.fixed)
    free[2] = False
    slope = s1_shift(here.theta, one.problem.log_unit)[1]
    return Optimum(here.theta, here.value, matrix, free, slope, True, one.n_evaluations)
