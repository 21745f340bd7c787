"""Newton's method on the weighted nodes, for several samples at once.

At a start law all derivatives up to the third are known for the price of a product (`start_laws`). Halley's step, which
uses the third ones, lands so near the maximum that one evaluation is enough: nine searches of ten end with the step
that it gives, and that is not evaluated unless it is so long that the information changes along it (`last_step`).

A search has four parameters. Its algebra is done on floats: NumPy takes a microsecond to begin a sum of four.
"""

from __future__ import annotations

import math

import numpy as np

from gnicli.stable.fitting import last_step, law_table, start_laws
from gnicli.stable.fitting.node_likelihood import PAIR, TRIPLE, evaluate
from gnicli.stable.fitting.search_problem import (
    FARTHEST,
    HIGH,
    LOW,
    NEAR_NORMAL,
    TRUSTED_FROM,
    TRUSTED_TO,
    Optimum,
    Problem,
)
from gnicli.stable.fitting.small_inverses import IDENTITY, Rows, inverse_of, of_free
from gnicli.stable.parameterization import s1_bend, s1_shift

_LONGEST = (0.25, 0.4, 0.5, 0.4)
MAX_EVALUATIONS = 40
FEW_EVALUATIONS = 8  # nine searches of ten have ended; where others end the nodes are not accurate
_LEAST = 1e-7  # of the information per sample, for a step; caps a standard error at 3162 / √n, near α = 2 that of β
_SOME = 0.1  # nats that a step may gain, of a search that goes on elsewhere
_LEFT = 1e-7  # nats that a last step may leave
_LOW, _HIGH = LOW.tolist(), HIGH.tolist()
_FOUR = range(4)
Vector = list[float]
Row = Vector | tuple[float, float, float, float]


def times(matrix: Rows | list[Vector], v: Vector) -> Vector:
    """The product of a matrix (4, 4) and a vector."""
    a, b, c, d = v
    return [row[0] * a + row[1] * b + row[2] * c + row[3] * d for row in matrix]


def dot(u: Row, v: Vector) -> float:
    """Of two vectors of four."""
    return u[0] * v[0] + u[1] * v[1] + u[2] * v[2] + u[3] * v[3]


class Search:
    """One search. `accept` takes the evaluation of `trial` and sets the next trial, or `done`."""

    def __init__(self, problem: Problem, theta: Vector, most: int = MAX_EVALUATIONS) -> None:
        self.problem, self.most, self.few = problem, most, most == FEW_EVALUATIONS
        self.n = float(problem.weights.n)
        fixed: Vector = problem.fixed.tolist()
        self.tied = problem.s1_loc is not None
        self.movable = [value != value for value in fixed]  # held is what is a number
        self.whole = all(self.movable) and not self.tied  # the usual case: nothing is held
        if not self.whole:
            theta = [mine if free else held for mine, free, held in zip(theta, self.movable, fixed, strict=True)]
            self.movable[2] &= not self.tied
        self.n_evaluations = 0
        self.value = -math.inf
        self.third: list[list[Vector]] | None = None
        self.done = self.converged = False
        self.theta = self.trial = self._feasible(theta)
        self.step = [0.0] * 4

    def _feasible(self, theta: Vector) -> Vector:
        """θ, drawn into the bounds of α, β and μ where they are free; the S0 location of a fixed S1 one."""
        alpha, beta, loc, _ = theta
        if not (_LOW[0] <= alpha <= _HIGH[0] and -1.0 <= beta <= 1.0 and abs(loc) <= FARTHEST):
            for k, (low, high) in enumerate(zip(_LOW, _HIGH, strict=True)):
                if self.movable[k]:
                    theta[k] = min(max(theta[k], low), high)
        if self.problem.s1_loc is not None:
            theta[2] = self.problem.s1_loc + s1_shift(np.array(theta), self.problem.log_unit)[0]
        return theta

    def _free(self) -> list[bool]:
        """Which of α, β, μ, log σ move: not held, and not pressed against a bound."""
        alpha, beta, _, _ = self.theta
        if _LOW[0] < alpha < _HIGH[0] and -1.0 < beta < 1.0:
            return self.movable
        free = self.movable.copy()
        for k in (0, 1):
            value, outward = self.theta[k], self.gradient[k]
            if (value <= _LOW[k] and outward <= 0.0) or (value >= _HIGH[k] and outward >= 0.0):
                free[k] = False
        return free

    def within(self) -> bool:
        """Whether the nodes serve the trial: not one whose location, held as it is, lies far from the sample's."""
        return abs(self.trial[2]) <= FARTHEST

    def accept(self, value: float, gradient: np.ndarray, hessian: np.ndarray) -> None:
        """Take the evaluation of `trial`: value, gradient (4,), Hessian (4, 4)."""
        if self.tied:
            trial = np.array(self.trial)
            turn = np.eye(4)
            turn[2] = s1_shift(trial, self.problem.log_unit)[1]
            hessian = turn.T @ hessian @ turn + gradient[2] * s1_bend(trial, self.problem.log_unit)
            gradient = turn.T @ gradient
        bend: list[Vector] = hessian.tolist()
        finite = math.isfinite(value + sum(map(sum, bend))) and (self.whole or self.within())
        better = self.n_evaluations == 0 or (finite and value >= self.value - 1e-9)
        self.n_evaluations += 1
        if better:
            self.value, self.theta, self.gradient, self.finite = value, self.trial, gradient.tolist(), finite
            self.information = [[-each for each in row] for row in bend]
        else:
            self.third = None
        self._plan(better)

    def _newton(self) -> None:
        """Newton's step, what it is to gain, and the covariance that it is made with."""
        free = self.free = self._free() if self.finite else [False] * 4
        information, gradient = self.information, self.gradient
        if not all(free):
            information = [[information[i][j] if free[i] and free[j] else float(i == j) for j in _FOUR] for i in _FOUR]
            gradient = [each if moves else 0.0 for each, moves in zip(gradient, free, strict=True)]
        self.covariance, self.definite = inverse_of(information, _LEAST * self.n)
        step = times(self.covariance, gradient)
        if not all(free):  # exactly: eigenvectors leak into what is held, and beta past its bound
            step = [each if moves else 0.0 for each, moves in zip(step, free, strict=True)]
        self.step, self.predicted = step, 0.5 * dot(gradient, step)

    def _halley(self, third: list[list[Vector]]) -> float | None:
        """Bend the step by the third derivatives; what Newton's step would leave to gain. None where it is long.

        With H = −Hessian and T the third derivatives, (H − ½ T·s) step = gradient where s is Newton's step. The third
        derivatives are those of the start law, and that makes one evaluation of two unnecessary.
        """
        step = self.step
        along = [times(rows, step) for rows in third]  # symmetric
        relative = [[0.5 * dot(row, column) for column in along] for row in self.covariance]
        size = sum(relative[i][j] * relative[j][i] for i in _FOUR for j in _FOUR)
        if not size < 0.25:  # else eigenvalues are below ½
            return None
        first = times(relative, step)
        second = times(relative, first)
        rest = times(relative, second)
        # the series of the inverse
        self.step = [s + a + b + c for s, a, b, c in zip(step, first, second, rest, strict=True)]
        return 0.5 * dot(first, times(self.information, first))

    def _plan(self, better: bool) -> None:
        """Set `trial`: the next step, or after a step that lost, a shorter one; end what has arrived."""
        before = self.step
        self._newton()
        left = None
        if self.third is not None:
            left = self._halley(self.third) if self.definite and all(self.free) else None
            if left is None:
                self.third = None
        gain = self.predicted
        if not better:
            self.step = [0.3 * each for each in before]
            self.done, self.converged = max(map(abs, self.step)) < 1e-9, gain < 1e-4
        else:
            if self._arrives(left):
                self.theta = self.trial = self._moved()
                self.value += gain
                self.done = self.converged = True
                return
            self.done, self.converged = gain < 1e-9 or not self.finite, gain < 1e-6 and self.finite
            self.done |= self.few and self._goes_elsewhere(gain)
        self.trial = self._moved()
        if self.few and self.trial[0] < law_table.FROM:  # where the nodes do not see a skewed law
            self.theta, self.done, self.converged = self.trial, True, False
        self.done |= self.n_evaluations >= self.most

    def _goes_elsewhere(self, gain: float) -> bool:
        """Whether the nodes do not give the end, and have said where about it is; or that it may be the normal law."""
        alpha, beta = self.theta[:2]
        if alpha > NEAR_NORMAL:
            return self.movable[0] and alpha + self.step[0] > 2.0 - 0.3 * (2.0 - alpha)
        return gain < _SOME and (alpha < TRUSTED_FROM or abs(beta) > TRUSTED_TO)

    def _moved(self) -> Vector:
        return self._feasible([value + move for value, move in zip(self.theta, self.step, strict=True)])

    def _arrives(self, left: float | None) -> bool:
        """Shorten a step that is too long or leaves the bounds; whether after it so little is left that it is the last.

        `left` is what Newton's step would have left, where Halley's is taken.
        """
        length = max(abs(each) / most for each, most in zip(self.step, _LONGEST, strict=True))
        proper = self.definite and self.finite
        if length > 1.0:
            self.step = [each / length for each in self.step]
            proper, self.third = False, None
        (alpha, beta, _, _), (forward, sideward, _, _) = self.theta, self.step
        room = 2.0 - alpha
        if alpha + forward > _HIGH[0] and self.movable[0] and room > 1e-5:
            self.step = [each * (0.8 * room / forward) for each in self.step]
            proper = False
        if not (proper and alpha + forward >= _LOW[0] and abs(beta + sideward) <= 1.0):
            return False
        gain = self.predicted
        if left is None:
            # what is left after a Newton step is of the order of gain² / n, and more as α nears 2
            left = max(10.0 / self.n, 4e-5) * (gain / min(room / 0.3, 1.0)) ** 2
        return left < _LEFT and last_step.is_steady(alpha, beta, (forward, sideward), gain, self.n)

    def optimum(self) -> Optimum:
        """The end of the search."""
        loc_gradient = IDENTITY[2]
        theta, free = np.array(self.theta), np.array(self.free)
        matrix = of_free(np.array(self.covariance), free) if self.definite else None
        if self.tied:
            loc_gradient = s1_shift(theta, self.problem.log_unit)[1]
        return Optimum(theta, self.value, matrix, free, loc_gradient, self.converged, self.n_evaluations)


def search(problems: list[Problem], theta: np.ndarray, laws: list[int], most: int = MAX_EVALUATIONS) -> list[Optimum]:
    """From `theta` (problems, 4), where nothing is held the start laws with these numbers; `most` evaluations."""
    table = start_laws.starts()
    searches = [Search(problem, start, most) for problem, start in zip(problems, theta.tolist(), strict=True)]
    for each, law in zip(searches, laws, strict=True):
        if all(each.movable) and not table.from_inversion[law]:
            sums = table.first_evaluation(law, each.problem.weights)
            each.third = sums[15 + TRIPLE].tolist()
            each.accept(float(sums[0]), sums[1:5], sums[5 + PAIR])
    while going := [each for each in searches if not each.done]:
        served = [each for each in going if each.whole or each.within()]
        if served:
            trials = np.array([each.trial for each in served])
            found = evaluate([each.problem.weights for each in served], trials)
            for each, value, gradient, hessian in zip(served, found[0].tolist(), *found[1:], strict=True):
                each.accept(value, gradient, hessian)
        for each in going:
            if not (each.whole or each.within()):
                each.accept(-math.inf, np.zeros(4), np.zeros((4, 4)))
    return [each.optimum() for each in searches]
