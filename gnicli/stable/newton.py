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
_IDENTITY = np.eye(4)
_LOW, _HIGH = np.array([[ALPHA_RANGE[0], -1.0]]), np.array([[ALPHA_RANGE[1], 1.0]])


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
    """The end of a search: θ in S0 and standardized units, the covariance of what is free by the observed information.

    The covariance is (4, 4) with rows of 0 for what is not free, or None where the information is not definite.
    """

    theta: np.ndarray
    log_likelihood: float
    covariance: np.ndarray | None
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


def covariances(information: np.ndarray, free: np.ndarray) -> list[np.ndarray | None]:
    """For `Optimum.covariance`, of several laws: information (laws, 4, 4), which of its rows are free (laws, 4)."""
    inner = _restricted(information, free)
    finite = np.isfinite(inner).all(axis=(1, 2))
    values, vectors = np.linalg.eigh(inner if finite.all() else np.where(finite[:, None, None], inner, -_IDENTITY))
    definite = values[:, 0] > 0.0
    inverse = np.matmul(vectors / np.where(definite[:, None], values, 1.0)[:, None], vectors.transpose(0, 2, 1))
    if not free.all():
        inverse = np.where(free[:, :, None] & free[:, None, :], inverse, 0.0)
    return [each if is_definite else None for each, is_definite in zip(inverse, definite.tolist(), strict=True)]


def _restricted(information: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Information matrices with rows and columns of the identity for what is not free."""
    if free.all():
        return information
    return np.where(free[:, :, None] & free[:, None, :], information, _IDENTITY)


def _s1_jacobian(theta: np.ndarray, log_unit: float) -> tuple[np.ndarray, np.ndarray]:
    """Where the S1 location is held: ∂θ in S0 / ∂θ with that location, and the second derivatives of loc₀ (4, 4)."""
    turn = np.eye(4)
    _, turn[2], bend = s1_shift(theta, log_unit)
    return turn, bend


class Searches:
    """Several searches that share their evaluations: every array has one row per law that is still searched.

    `accept` takes the evaluation of `trial` and sets the next trial, `finished` hands out what has ended. Linear
    algebra is done for all laws at once, the decisions about a law on a handful of floats.
    """

    def __init__(self, problems: list[Problem], theta: np.ndarray) -> None:
        self.problems = problems
        self.places = np.arange(len(problems))  # among the problems
        n = np.array([problem.weights.n for problem in problems], dtype=np.float64)
        self.floor, self.tolerance = 1e-7 * n[:, None], np.minimum(1e-4 * np.sqrt(n), 0.05)
        fixed = np.array([problem.fixed for problem in problems])
        self.movable = np.isnan(fixed)
        self.bounded = self.movable[:, :2]
        theta = np.where(self.movable, theta, fixed)
        self.movable[:, 2] &= [problem.s1_loc is None for problem in problems]
        self.value = self.predicted = np.full(len(problems), -np.inf)
        self.n_evaluations = np.zeros(len(problems), dtype=np.int64)
        self.theta = self.step = self.trial = self._feasible(theta)

    def _tied(self) -> list[tuple[int, Problem]]:
        """The laws whose location in S1 is held, by row."""
        if self.movable[:, 2].all():
            return []
        rows = ((row, self.problems[place]) for row, place in enumerate(self.places.tolist()))
        return [(row, problem) for row, problem in rows if problem.s1_loc is not None]

    def _feasible(self, theta: np.ndarray) -> np.ndarray:
        """`theta` (laws, 4), drawn into the bounds of α and β where they are free; S0 locations of fixed S1 ones."""
        theta = theta.copy()
        np.copyto(theta[:, :2], np.minimum(np.maximum(theta[:, :2], _LOW), _HIGH), where=self.bounded)
        for row, problem in self._tied():
            assert problem.s1_loc is not None
            theta[row, 2] = problem.s1_loc + s1_shift(theta[row], problem.log_unit)[0]
        return theta

    def _free(self) -> np.ndarray:
        """Which of α, β, μ, log σ move: not held, and not pressed against a bound."""
        low, high = self.theta[:, :2] <= _LOW, self.theta[:, :2] >= _HIGH
        if not (low.any() or high.any()):
            return self.movable
        free = self.movable.copy()
        free[:, :2] &= ~(low & (self.gradient[:, :2] <= 0.0) | high & (self.gradient[:, :2] >= 0.0))
        return free

    def accept(self, value: np.ndarray, gradient: np.ndarray, hessian: np.ndarray) -> None:
        """Take the evaluation of `trial`: value (laws,), gradient (laws, 4), Hessian (laws, 4, 4)."""
        self.n_evaluations += 1
        finite = np.isfinite(value) & np.isfinite(hessian).all(axis=(1, 2))
        better = (self.n_evaluations == 1) | (finite & (value >= self.value - 1e-9))
        for row, problem in self._tied():
            turn, bend = _s1_jacobian(self.trial[row], problem.log_unit)
            hessian[row] = turn.T @ hessian[row] @ turn + gradient[row, 2] * bend
            gradient[row] = turn.T @ gradient[row]
        if better.all():
            self.value, self.theta, self.gradient, self.information = value, self.trial, gradient, -hessian
        else:
            self.value[better], self.theta[better] = value[better], self.trial[better]
            self.gradient[better], self.information[better] = gradient[better], -hessian[better]
        self._plan(better.tolist(), finite)

    def _newton_steps(self, finite: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Steps (laws, 4), what they are to gain, and whether minus the Hessian is definite."""
        free = self._free() & finite[:, None]
        values, vectors = np.linalg.eigh(_restricted(self.information, free))
        along = np.matmul(np.where(free, self.gradient, 0.0)[:, None], vectors)[:, 0]
        scaled = along / np.maximum(np.abs(values), self.floor)
        return np.matmul(vectors, scaled[:, :, None])[:, :, 0], 0.5 * (along * scaled).sum(axis=1), values[:, 0] > 0.0

    def _plan(self, better: list[bool], finite: np.ndarray) -> None:
        """Set `trial`: the next Newton step, or after a step that lost, a shorter one; end what has arrived."""
        lost = ~np.array(better)
        step, predicted, definite = self._newton_steps(finite | lost)
        longest = (np.abs(step) / _LONGEST).max(axis=1)
        step /= np.maximum(longest, 1.0)[:, None]
        before, self.step, self.predicted = self.step, step, predicted
        proper = (definite & (longest <= 1.0)).tolist()
        self.done, self.converged = np.zeros(lost.size, dtype=bool), np.zeros(lost.size, dtype=bool)
        arrived = []
        for row, (is_better, is_finite) in enumerate(zip(better, finite.tolist(), strict=True)):
            if not is_better:
                step[row] = 0.3 * before[row]
                self.done[row] = np.abs(step[row]).max() < 1e-9
                self.converged[row] = predicted[row] < 1e-4
                continue
            alpha, beta = self.theta[row, :2].tolist()
            forward, sideward = step[row, :2].tolist()
            room = 2.0 - alpha
            if alpha + forward > ALPHA_RANGE[1] and self.bounded[row, 0] and room > 1e-5:
                step[row] *= 0.8 * room / forward
                proper[row] = False
            gain = float(predicted[row])
            # what is left after a Newton step is of the order of predicted² / n, and more as α nears 2
            close = gain < min(1.0, room / 0.3) * self.tolerance[row]
            if (
                is_finite
                and proper[row]
                and close
                and abs(beta + sideward) <= 1.0
                and alpha + forward >= ALPHA_RANGE[0]
            ):
                arrived.append(row)
            self.done[row] = gain < 1e-9 or not is_finite
            self.converged[row] = gain < 1e-6 and is_finite
        self.done |= self.n_evaluations >= _MAX_EVALUATIONS
        self.trial = self._feasible(self.theta + step)
        if arrived:
            self.done[arrived] = self.converged[arrived] = True
            self.theta, self.value = self.theta.copy(), self.value.copy()
            self.theta[arrived] = self.trial[arrived]
            self.value[arrived] += predicted[arrived]

    def finished(self) -> list[tuple[int, Optimum]]:
        """What has ended, with its place among the problems; the rest goes on."""
        if not self.done.any():
            return []
        ended, free = np.flatnonzero(self.done), self._free()
        covariance = covariances(self.information[ended], free[ended])
        found = []
        held = dict(self._tied())
        for row, matrix in zip(ended.tolist(), covariance, strict=True):
            tied = held.get(row)
            result = Optimum(
                self.theta[row],
                float(self.value[row]),
                matrix,
                free[row],
                np.eye(4) if tied is None else _s1_jacobian(self.theta[row], tied.log_unit)[0],
                bool(self.converged[row]),
                int(self.n_evaluations[row]),
            )
            found.append((int(self.places[row]), result))
        if ended.size < self.done.size:
            on = ~self.done
            for name, rows in vars(self).items():
                if isinstance(rows, np.ndarray):
                    setattr(self, name, rows[on])
        return found


def maximize(problems: list[Problem]) -> list[Optimum]:
    """Search from the best start law of each problem."""
    table = starts.starts()
    chosen = np.array([starts.best(problem.weights) for problem in problems])
    searches = Searches(problems, table.theta[chosen])
    in_table = ~table.from_inversion[chosen] & searches.movable.all(axis=1) & searches.bounded.all(axis=1)
    value, gradient, hessian = np.empty(len(problems)), np.empty((len(problems), 4)), np.empty((len(problems), 4, 4))
    for rows, is_known in ((np.flatnonzero(in_table), True), (np.flatnonzero(~in_table), False)):
        if rows.size:
            n_far = max(problems[row].weights.far.shape[1] for row in rows)
            f = table.first_evaluation(chosen[rows], n_far) if is_known else nodes.density(searches.trial[rows], n_far)
            value[rows], gradient[rows], hessian[rows] = _sum_up([problems[row].weights for row in rows], f)
    searches.accept(value, gradient, hessian)
    found = dict(searches.finished())
    while len(found) < len(problems):
        running = [problems[place].weights for place in searches.places]
        searches.accept(*_sum_up(running, nodes.density(searches.trial, max(w.far.shape[1] for w in running))))
        found |= searches.finished()
    return [found[place] for place in range(len(problems))]
