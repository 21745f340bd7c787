"""Newton's method on the weighted nodes, for several samples at once.

At a start law all derivatives up to the third are known for the price of a product (`start_laws`). Halley's step, which
uses the third ones, lands so near the maximum that one evaluation is enough: nine searches of ten end with the step
that it gives, and that is not evaluated unless it is so long that the information changes along it (`last_step`).
"""

from __future__ import annotations

import numpy as np

from gnicli.stable.fitting import last_step, start_laws
from gnicli.stable.fitting.node_likelihood import PAIR, TRIPLE, evaluate
from gnicli.stable.fitting.search_problem import FARTHEST, HIGH, LOW, Optimum, Problem
from gnicli.stable.fitting.small_inverses import IDENTITY, inverses, of_free, restricted
from gnicli.stable.parameterization import s1_bend, s1_shift

_LONGEST = np.array([0.25, 0.4, 0.5, 0.4])
MAX_EVALUATIONS = 40
FEW_EVALUATIONS = 8  # nine searches of ten have ended; where others end the nodes are not accurate
_LEAST = 1e-7  # of the information per sample, for a step; caps a standard error at 3162 / √n, near α = 2 that of β
_LEFT = 1e-7  # nats that a last step may leave


class Searches:
    """Several searches that share their evaluations: every array has one row per law that is still searched.

    `accept` takes the evaluation of `trial` and sets the next trial, `finished` hands out what has ended. Linear
    algebra is done for all laws at once, the decisions about a law on a handful of floats.
    """

    def __init__(self, problems: list[Problem], theta: np.ndarray, most: int = MAX_EVALUATIONS) -> None:
        self.problems, self.most = problems, most
        self.places = np.arange(len(problems))  # among the problems
        self.n = np.array([float(problem.weights.n) for problem in problems])
        fixed = np.array([problem.fixed for problem in problems])
        self.movable = np.isnan(fixed)
        self.tied = np.array([problem.s1_loc is not None for problem in problems])
        self.whole = bool(self.movable.all()) and not self.tied.any()  # the usual case: nothing is held
        if not self.whole:
            theta = np.where(self.movable, theta, fixed)
            self.movable[:, 2] &= ~self.tied
        self.bounded = self.movable[:, :3]
        self.n_evaluations = 0
        self.value = np.full(len(problems), -np.inf)
        self.third, self.cubic = np.zeros((len(problems), 4, 4, 4)), np.zeros(len(problems), dtype=bool)
        self.theta = self.step = self.trial = self._feasible(theta)

    def _tied(self) -> list[tuple[int, Problem]]:
        """The laws whose location in S1 is held, by row."""
        if self.whole:
            return []
        return [(row, self.problems[self.places[row]]) for row in np.flatnonzero(self.tied).tolist()]

    def _feasible(self, theta: np.ndarray) -> np.ndarray:
        """`theta` (laws, 4), drawn into the bounds of α, β and μ where they are free; S0 locations of fixed S1 ones."""
        for row, (alpha, beta, loc, _) in enumerate(theta.tolist()):
            if not (LOW[0] <= alpha <= HIGH[0] and -1.0 <= beta <= 1.0 and abs(loc) <= FARTHEST):
                inside = np.minimum(np.maximum(theta[row, :3], LOW), HIGH)
                np.copyto(theta[row, :3], inside, where=self.bounded[row])
        for row, problem in self._tied():
            assert problem.s1_loc is not None
            theta[row, 2] = problem.s1_loc + s1_shift(theta[row], problem.log_unit)[0]
        return theta

    def _free(self) -> np.ndarray:
        """Which of α, β, μ, log σ move: not held, and not pressed against a bound."""
        free = self.movable
        for row, (alpha, beta, _, _) in enumerate(self.theta.tolist()):
            if not (LOW[0] < alpha < HIGH[0] and -1.0 < beta < 1.0):
                outward = self.gradient[row, :2]
                low, high = self.theta[row, :2] <= LOW[:2], self.theta[row, :2] >= HIGH[:2]
                free = free.copy() if free is self.movable else free
                free[row, :2] &= ~(low & (outward <= 0.0) | high & (outward >= 0.0))
        return free

    def within(self) -> np.ndarray:
        """Which trials the nodes serve: not those whose location, held as it is, lies far from the sample's center."""
        return np.abs(self.trial[:, 2]) <= FARTHEST

    def evaluate(self, wanted: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """`evaluate` for all trials, or those `wanted`; −inf and zeros for the others and where the nodes fail."""
        if self.whole and wanted is None:
            return evaluate([self.problems[place].weights for place in self.places], self.trial)
        rows = np.flatnonzero(self.within() if wanted is None else self.within() & wanted)
        n_laws = self.places.size
        found = np.full(n_laws, -np.inf), np.zeros((n_laws, 4)), np.zeros((n_laws, 4, 4))
        if rows.size:
            some = evaluate([self.problems[place].weights for place in self.places[rows]], self.trial[rows])
            for each, part in zip(found, some, strict=True):
                each[rows] = part
        return found

    def accept(self, value: np.ndarray, gradient: np.ndarray, hessian: np.ndarray) -> None:
        """Take the evaluation of `trial`: value (laws,), gradient (laws, 4), Hessian (laws, 4, 4)."""
        finite = np.isfinite(value + hessian.sum(axis=(1, 2)))
        if not self.whole:
            finite &= self.within()
        better = finite & (value >= self.value - 1e-9) if self.n_evaluations else np.ones_like(finite)
        self.n_evaluations += 1
        for row, problem in self._tied():
            turn = np.eye(4)
            turn[2] = s1_shift(self.trial[row], problem.log_unit)[1]
            bend = s1_bend(self.trial[row], problem.log_unit)
            hessian[row] = turn.T @ hessian[row] @ turn + gradient[row, 2] * bend
            gradient[row] = turn.T @ gradient[row]
        if better.all():
            self.value, self.theta, self.gradient, self.information = value, self.trial, gradient, -hessian
            self.finite = finite
        else:
            self.value[better], self.theta[better] = value[better], self.trial[better]
            self.gradient[better], self.information[better] = gradient[better], -hessian[better]
            self.finite[better] = finite[better]
            self.cubic[~better] = False
        self._plan(better.tolist())

    def _newton(self) -> None:
        """Newton's steps (laws, 4), what they are to gain, and the covariances that they are made with."""
        self.free = self._free()
        information, gradient = self.information, self.gradient
        held = not (self.finite.all() and self.free.all())
        if held:
            self.free = self.free & self.finite[:, None]
            information, gradient = restricted(information, self.free), np.where(self.free, gradient, 0.0)
        self.covariance, self.definite = inverses(information, (_LEAST * self.n).tolist())
        self.step = np.matmul(self.covariance, gradient[:, :, None])[:, :, 0]
        if held:
            self.step[~self.free] = 0.0  # exactly: eigenvectors leak into what is held, and beta past its bound
        self.predicted = 0.5 * (gradient * self.step).sum(axis=1)

    def _halley(self) -> np.ndarray:
        """Bend the steps by the third derivatives; what Newton's own step would have left to gain, (laws,).

        With H = −Hessian and T the third derivatives, (H − ½ T·s) step = gradient where s is Newton's step. The third
        derivatives are those of the start law, and that makes one evaluation of two unnecessary.
        """
        self.third[~self.cubic] = 0.0
        relative = 0.5 * np.matmul(self.covariance, np.matmul(self.third, self.step[:, None, :, None])[:, :, :, 0])
        near = (relative * relative.transpose(0, 2, 1)).sum(axis=(1, 2)) < 0.25  # eigenvalues below ½
        if not near.all():
            self.cubic &= near
            relative[~near] = 0.0
        column = self.step[:, :, None]
        first = np.matmul(relative, column)
        left = 0.5 * (first * np.matmul(self.information, first)).sum(axis=(1, 2))
        column += first + np.matmul(relative, first + np.matmul(relative, first))  # the series of the inverse
        return left

    def _plan(self, better: list[bool]) -> None:
        """Set `trial`: the next step, or after a step that lost, a shorter one; end what has arrived."""
        before = self.step
        self._newton()
        self.cubic &= self.definite & self.free.all(axis=1)
        left = self._halley().tolist() if self.cubic.any() else []
        step, predicted = self.step, self.predicted
        longest = (np.abs(step) / _LONGEST).max(axis=1)
        self.cubic &= longest <= 1.0
        done, converged, arrived = [], [], []
        usable = (self.definite & self.finite).tolist()
        laws = zip(self.theta.tolist(), step.tolist(), longest.tolist(), predicted.tolist(), usable, strict=True)
        for row, ((alpha, beta, _, _), (forward, sideward, _, _), length, gain, proper) in enumerate(laws):
            if not better[row]:
                step[row] = 0.3 * before[row]
                done.append(np.abs(step[row]).max() < 1e-9)
                converged.append(gain < 1e-4)
                continue
            if length > 1.0:
                step[row] /= length
                forward, sideward, proper = forward / length, sideward / length, False
            room = 2.0 - alpha
            if alpha + forward > HIGH[0] and self.bounded[row, 0] and room > 1e-5:
                step[row] *= 0.8 * room / forward
                proper = False
            if proper and alpha + forward >= LOW[0] and abs(beta + sideward) <= 1.0:
                # what is left after a Newton step is of the order of gain² / n, and more as α nears 2
                if self.cubic[row]:
                    rest = left[row]
                else:
                    rest = max(10.0 / self.n[row], 4e-5) * (gain / min(room / 0.3, 1.0)) ** 2
                if rest < _LEFT and last_step.is_steady(alpha, beta, (forward, sideward), gain, self.n[row]):
                    arrived.append(row)
            finite = bool(self.finite[row])
            done.append(gain < 1e-9 or not finite)
            converged.append(gain < 1e-6 and finite)
        self.trial = self._feasible(self.theta + step)
        self.done, self.converged = np.array(done), np.array(converged)
        if self.n_evaluations >= self.most:
            self.done[:] = True
        if arrived:
            self.done[arrived] = self.converged[arrived] = True
            self.theta, self.value = self.theta.copy(), self.value.copy()
            self.theta[arrived] = self.trial[arrived]
            self.value[arrived] += predicted[arrived]

    def finished(self) -> list[tuple[int, Optimum]]:
        """What has ended, with its place among the problems; the rest goes on."""
        if not self.done.any():
            return []
        tied, found = dict(self._tied()), []
        for row in np.flatnonzero(self.done).tolist():
            free, loc_gradient = self.free[row], IDENTITY[2]
            matrix = of_free(self.covariance[row], free) if self.definite[row] else None
            if row in tied:
                loc_gradient = s1_shift(self.theta[row], tied[row].log_unit)[1]
            ends = (bool(self.converged[row]), self.n_evaluations)
            result = Optimum(self.theta[row], float(self.value[row]), matrix, free, loc_gradient, *ends)
            found.append((int(self.places[row]), result))
        if len(found) < self.done.size:
            on = ~self.done
            for name, rows in vars(self).items():
                if isinstance(rows, np.ndarray):
                    setattr(self, name, rows[on])
        return found


def search(problems: list[Problem], theta: np.ndarray, laws: list[int], most: int = MAX_EVALUATIONS) -> list[Optimum]:
    """From `theta` (problems, 4), where nothing is held the start laws with these numbers; `most` evaluations."""
    table = start_laws.starts()
    searches = Searches(problems, theta, most)
    known = ~table.from_inversion[laws] & searches.movable.all(axis=1)
    sums = np.zeros((len(problems), 35))
    for row in np.flatnonzero(known).tolist():
        sums[row] = table.first_evaluation(laws[row], problems[row].weights)
    value, gradient, hessian = sums[:, 0], sums[:, 1:5], sums[:, 5 + PAIR]
    searches.third, searches.cubic = sums[:, 15 + TRIPLE], known
    if not known.all():
        for sum_up, more in zip((value, gradient, hessian), searches.evaluate(~known), strict=True):
            sum_up[~known] = more[~known]
    searches.accept(value, gradient, hessian)
    found = dict(searches.finished())
    while len(found) < len(problems):
        searches.accept(*searches.evaluate())
        found |= searches.finished()
    return [found[place] for place in range(len(problems))]
