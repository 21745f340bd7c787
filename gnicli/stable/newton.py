"""Newton's method on the weighted nodes, for several samples at once."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from gnicli.stable import cells, nodes, starts

ALPHA_RANGE = (0.5, 2.0 - 1e-6)
_LONGEST = np.array([0.25, 0.4, 0.5, 0.4])
_MAX_EVALUATIONS = 40
_NEAR_FLOOR = 1e-12  # what the rays near the center resolve


@dataclass
class Problem:
    """One standardized sample. `fixed` holds values of α, β, μ, log σ, NaN where free.

    With `s1_loc` the location that is fixed (or fitted) is that of S1: μ = s1_loc + β σ T(α), in standardized units.
    """

    weights: cells.Weights
    fixed: np.ndarray = field(default_factory=lambda: np.full(4, np.nan))
    s1_loc: float | None = None
    log_unit: float = 0.0  # logarithm of the unit of the standardized sample; needed at alpha = 1 only


@dataclass
class Optimum:
    """The end of a search: θ in S0 and standardized units, information = minus the Hessian in θ."""

    theta: np.ndarray
    log_likelihood: float
    information: np.ndarray
    free: np.ndarray
    jacobian: np.ndarray
    converged: bool
    n_evaluations: int


def _sum_up(weights: list[cells.Weights], f: nodes.Density) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log-likelihood (laws,), gradient (laws, 4) and Hessian (laws, 4, 4) with respect to θ, each law on its sample."""
    n_laws = len(weights)
    value, first, second = np.zeros(n_laws), np.zeros((n_laws, 14)), np.zeros((n_laws, 4, 4))
    near = np.array([w.near for w in weights]).reshape(n_laws, -1)
    n_far = f.far.shape[-1]
    far = np.zeros((n_laws, 2, n_far))
    for k, sample in enumerate(weights):
        own = sample.far.reshape(2, -1)
        far[k, :, : own.shape[1]] = own
    for w, at_nodes, floor in ((near, f.near, _NEAR_FLOOR), (far.reshape(n_laws, -1), f.far, 1e-250)):
        if not w.size:
            continue
        columns = at_nodes.reshape(15, n_laws, -1)
        density = columns[0]
        if density.min() < floor:  # rounding, not density: these nodes must not steer the search
            lost = density < floor
            density = np.where(lost, floor, density)
            columns = np.where(lost, 0.0, columns)
        value += (w * np.log(density)).sum(axis=1)
        relative = columns[1:] / density
        weighted = relative * w
        first += weighted.sum(axis=2).T
        second -= np.matmul(weighted[:4].transpose(1, 0, 2), relative[:4].transpose(1, 2, 0))
    second[:, _ROWS, _COLUMNS] += first[:, 4:]
    second[:, _COLUMNS[_OFF], _ROWS[_OFF]] += first[:, 4:][:, _OFF]
    return value, first[:, :4], second


_ROWS = np.array([i for i, _ in nodes.PAIRS])
_COLUMNS = np.array([j for _, j in nodes.PAIRS])
_OFF = _ROWS != _COLUMNS


def s1_shift(theta: np.ndarray, log_unit: float) -> tuple[float, np.ndarray, np.ndarray]:
    """loc₀ − loc₁ in standardized units, its gradient and Hessian with respect to (α, β, μ, log σ).

    β σ tan(πα/2), and at α = 1, where it must be held fixed, (2/π) β σ log σ with σ in the units of the sample.
    """
    alpha, beta, _, log_scale = (float(v) for v in theta)
    scale = math.exp(log_scale)
    hessian = np.zeros((4, 4))
    if alpha == 1.0:
        log_sigma = log_scale + log_unit
        unit = (2.0 / math.pi) * scale
        hessian[1, 3] = hessian[3, 1] = unit * (log_sigma + 1.0)
        hessian[3, 3] = beta * unit * (log_sigma + 2.0)
        gradient = np.array([0.0, unit * log_sigma, 0.0, beta * unit * (log_sigma + 1.0)])
        return beta * unit * log_sigma, gradient, hessian
    tangent = -1.0 / math.tan(0.5 * math.pi * (alpha - 1.0))
    slope = 0.5 * math.pi * (1.0 + tangent * tangent)
    bend = math.pi * tangent * slope
    gradient = np.array([beta * scale * slope, scale * tangent, 0.0, beta * scale * tangent])
    hessian[0, 0], hessian[3, 3] = beta * scale * bend, beta * scale * tangent
    hessian[0, 1] = hessian[1, 0] = scale * slope
    hessian[0, 3] = hessian[3, 0] = beta * scale * slope
    hessian[1, 3] = hessian[3, 1] = scale * tangent
    return beta * scale * tangent, gradient, hessian


class Search:
    """The state of one search; `propose` and `accept` alternate, so that several searches share their evaluations."""

    def __init__(self, problem: Problem, theta: np.ndarray) -> None:
        self.problem = problem
        self.held = ~np.isnan(problem.fixed)
        self.best: tuple[float, np.ndarray, np.ndarray, np.ndarray] | None = None
        self.jacobian = np.eye(4)
        self.step = np.zeros(4)
        self.predicted = math.inf
        self.done = False
        self.converged = False
        self.n_evaluations = 0
        self.trial = self._feasible(np.where(self.held, problem.fixed, theta))

    def _feasible(self, theta: np.ndarray) -> np.ndarray:
        theta = theta.copy()
        for k, (low, high) in ((0, ALPHA_RANGE), (1, (-1.0, 1.0))):
            if not self.held[k]:
                theta[k] = min(max(theta[k], low), high)
        if self.problem.s1_loc is not None:
            theta[2] = self.problem.s1_loc + s1_shift(theta, self.problem.log_unit)[0]
        return theta

    def accept(self, value: float, gradient: np.ndarray, hessian: np.ndarray) -> None:
        """Take the evaluation of `trial` and set the next trial, or end."""
        self.n_evaluations += 1
        finite = math.isfinite(value) and np.isfinite(hessian).all()
        if self.best is not None and not (finite and value >= self.best[0] - 1e-9):
            self.step *= 0.3
            if np.abs(self.step).max() < 1e-9 or self.n_evaluations >= _MAX_EVALUATIONS:
                self.done = True
                self.converged = self.predicted < 1e-4
                return
            self.trial = self._feasible(self.best[1] + self.step)
            return
        self.jacobian = np.eye(4)
        if self.problem.s1_loc is not None:
            _, slope, bend = s1_shift(self.trial, self.problem.log_unit)
            self.jacobian[2] = slope
            hessian = self.jacobian.T @ hessian @ self.jacobian + gradient[2] * bend
            gradient = self.jacobian.T @ gradient
        self.best = (value, self.trial, gradient, -hessian)
        if finite:
            self._plan()
        else:
            self.done = True

    def free(self) -> np.ndarray:
        """Which of α, β, μ, log σ move: not held, and not pressed against a bound."""
        assert self.best is not None
        _, theta, gradient, _ = self.best
        free = ~self.held
        if self.problem.s1_loc is not None:
            free[2] = False
        for k, (low, high) in ((0, ALPHA_RANGE), (1, (-1.0, 1.0))):
            if (theta[k] <= low and gradient[k] <= 0.0) or (theta[k] >= high and gradient[k] >= 0.0):
                free[k] = False
        return free

    def _plan(self) -> None:
        assert self.best is not None
        value, theta, gradient, information = self.best
        free = np.flatnonzero(self.free())
        self.step = np.zeros(4)
        if not free.size:
            self.done = self.converged = True
            return
        values, vectors = np.linalg.eigh(information if free.size == 4 else information[np.ix_(free, free)])
        along = vectors.T @ gradient[free]
        bent = np.maximum(np.abs(values), 1e-7 * self.problem.weights.n)
        self.step[free] = vectors @ (along / bent)
        self.predicted = 0.5 * float((along * along / bent).sum())
        shrink = float((np.abs(self.step) / _LONGEST).max())
        if shrink > 1.0:
            self.step /= shrink
        target = theta + self.step
        crossing = target[0] > ALPHA_RANGE[1] and not self.held[0] and 2.0 - theta[0] > 1e-5
        if crossing:
            self.step *= 0.8 * (2.0 - theta[0]) / (target[0] - theta[0])
        proper = bool((values > 0.0).all()) and shrink <= 1.0 and not crossing and abs(target[1]) <= 1.0
        proper = proper and target[0] >= ALPHA_RANGE[0]
        self.trial = self._feasible(theta + self.step)
        # what is left after a Newton step is of the order of predicted² / n, and more as α nears 2
        bend = min(1.0, (2.0 - theta[0]) / 0.3)
        close = self.predicted < bend * min(1e-4 * math.sqrt(self.problem.weights.n), 0.05)
        if (proper and close) or self.predicted < 1e-9 or self.n_evaluations >= _MAX_EVALUATIONS:
            self.done = True
            self.converged = (proper and close) or self.predicted < 1e-6
            if proper and close:
                self.best = (value + self.predicted, self.trial, gradient, information)

    def result(self) -> Optimum:
        """Where the search ended."""
        assert self.best is not None
        value, theta, _, information = self.best
        return Optimum(theta, value, information, self.free(), self.jacobian, self.converged, self.n_evaluations)


def maximize(problems: list[Problem]) -> list[Optimum]:
    """Search from the best start law of each problem."""
    table = starts.starts()
    searches, known = [], []
    for problem in problems:
        k = starts.best(problem.weights)
        search = Search(problem, table.theta[k])
        searches.append(search)
        if not search.held.any() and not table.from_inversion[k]:
            known.append((search, k))
    if known:  # their first evaluation is in the table
        n_far = max(search.problem.weights.far.shape[1] for search, _ in known)
        f = table.first_evaluation([k for _, k in known], n_far)
        _accept_all([search for search, _ in known], f)
    running = [s for s in searches if not s.done]
    while running:
        n_far = max(s.problem.weights.far.shape[1] for s in running)
        _accept_all(running, nodes.density(np.stack([s.trial for s in running]), n_far))
        running = [s for s in running if not s.done]
    return [s.result() for s in searches]


def _accept_all(searches: list[Search], f: nodes.Density) -> None:
    value, gradient, hessian = _sum_up([s.problem.weights for s in searches], f)
    for k, search in enumerate(searches):
        search.accept(float(value[k]), gradient[k], hessian[k])
