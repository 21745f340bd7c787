"""Newton's method on the exact log-likelihood by finite differences: the slow fit, for the laws the nodes do not serve.

The nodes' polynomials cannot follow the steep edge of a nearly one-sided law, nor their contours the slow decay of the
characteristic function below alpha = 0.8. There the search on the nodes gives the start and this module the maximum,
in a fraction of a second to a few seconds.
"""

from __future__ import annotations

import math

import numpy as np

from gnicli.stable.newton import ALPHA_RANGE, Optimum, Problem, covariance
from gnicli.stable.origins import s1_shift
from gnicli.stable.table import table

_STEP = 2e-4
_MAX_ITERATIONS = 30
_ROOM = 1e-4  # from a bound, for differences


class Likelihood:
    """The exact log-likelihood of standardized samples as a function of q = (α, β, μ or the S1 location, log σ)."""

    def __init__(self, y: np.ndarray, s1_loc: float | None = None, log_unit: float = 0.0) -> None:
        self.y, self.s1_loc, self.log_unit = y, s1_loc, log_unit
        self.n_evaluations = 0

    def theta(self, q: np.ndarray) -> np.ndarray:
        """q with its location in S0."""
        if self.s1_loc is None:
            return q
        return np.array([q[0], q[1], self.s1_loc + s1_shift(q, self.log_unit)[0], q[3]])

    def __call__(self, q: np.ndarray) -> float:
        """−inf outside the domain, or where a sample is outside the support."""
        alpha, beta, loc, log_scale = self.theta(q)
        if not (0.5 <= alpha < 2.0 and -1.0 <= beta <= 1.0):
            return -math.inf
        self.n_evaluations += 1
        law = table(float(alpha), float(beta))
        value = law.log_pdf((self.y - loc) * math.exp(-log_scale))
        return float(value.sum() - self.y.size * log_scale)


def _steps(value: Likelihood, q: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Difference steps that stay inside the domain and move a location tied to them no farther than themselves."""
    room = np.array([min(2.0 - q[0], q[0] - 0.5) / 3.0, (1.0 - abs(q[1])) / 3.0, 1.0, 1.0])
    steps = np.where(free, np.minimum(_STEP, np.maximum(room, 1e-9)), _STEP)
    if value.s1_loc is None:
        return steps
    return steps / (1.0 + np.abs(s1_shift(q, value.log_unit)[1]) * math.exp(-q[3]))


def _derivatives(value: Likelihood, q: np.ndarray, at_q: float, free: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gradient and Hessian over the free parameters by central differences."""
    index = np.flatnonzero(free).tolist()
    h = _steps(value, q, free)
    gradient, hessian = np.zeros(len(index)), np.zeros((len(index), len(index)))

    def shifted(*moves: tuple[int, float]) -> float:
        point = q.copy()
        for k, sign in moves:
            point[k] += sign * h[k]
        return value(point)

    for a, i in enumerate(index):
        up, down = shifted((i, 1.0)), shifted((i, -1.0))
        gradient[a] = (up - down) / (2.0 * h[i])
        hessian[a, a] = (up - 2.0 * at_q + down) / h[i] ** 2
        for b, j in enumerate(index[:a]):
            cross = shifted((i, 1.0), (j, 1.0)) - shifted((i, 1.0), (j, -1.0))
            cross -= shifted((i, -1.0), (j, 1.0)) - shifted((i, -1.0), (j, -1.0))
            hessian[a, b] = hessian[b, a] = cross / (4.0 * h[i] * h[j])
    return gradient, hessian


def polish(problem: Problem, y: np.ndarray, start: Optimum) -> Optimum:
    """The maximum of the exact likelihood of the standardized samples `y` (float64), searched from `start`."""
    likelihood = Likelihood(y, problem.s1_loc, problem.log_unit)
    movable = np.isnan(problem.fixed)
    if problem.s1_loc is not None:
        movable[2] = False
    q = start.theta.copy()
    q[0] = min(q[0], ALPHA_RANGE[1])
    value = likelihood(q)
    free, information, converged = movable.copy(), np.zeros((4, 4)), False
    pinned = np.zeros(4, dtype=bool)
    for _ in range(_MAX_ITERATIONS):
        pinned[0] = q[0] >= ALPHA_RANGE[1]
        for k, bound, inward in (
            (0, ALPHA_RANGE[0], _ROOM),
            (1, math.copysign(1.0, q[1]), -math.copysign(_ROOM, q[1])),
        ):
            if movable[k] and abs(q[k] - bound) < 0.1 * _ROOM:
                q, value, pinned[k] = _at_bound(likelihood, q, k, (bound, bound + inward))
        free = movable & ~pinned
        if not free.any():
            converged = True
            break
        gradient, hessian = _derivatives(likelihood, q, value, free)
        index = np.flatnonzero(free)
        information[np.ix_(index, index)] = -hessian
        if not np.isfinite(hessian).all():
            break
        step, predicted = _newton_step(gradient, -hessian, y.size)
        q, new_value = _line_search(likelihood, q, value, index, step)
        gained, value = new_value - value, new_value
        if predicted < 1e-7 or gained < 1e-8:
            converged = predicted < 1e-4
            break  # the derivatives of a step this short serve as those of the end
    tied = problem.s1_loc is not None
    return Optimum(
        likelihood.theta(q),
        value,
        covariance(information, free) if np.isfinite(information).all() else None,
        free,
        s1_shift(q, problem.log_unit)[1] if tied else np.eye(4)[2],
        converged,
        start.n_evaluations + likelihood.n_evaluations,
    )


def _at_bound(
    likelihood: Likelihood, q: np.ndarray, k: int, places: tuple[float, float]
) -> tuple[np.ndarray, float, bool]:
    """q with its k-th coordinate at the bound or a little inside, the likelier; its value; whether at the bound."""
    edge, inward = q.copy(), q.copy()
    edge[k], inward[k] = places
    at_edge, at_inward = likelihood(edge), likelihood(inward)
    return (edge, at_edge, True) if at_edge >= at_inward else (inward, at_inward, False)


def _newton_step(gradient: np.ndarray, information: np.ndarray, n: int) -> tuple[np.ndarray, float]:
    values, vectors = np.linalg.eigh(information)
    along = vectors.T @ gradient
    bent = np.maximum(np.abs(values), 1e-7 * n)
    return vectors @ (along / bent), 0.5 * float((along * along / bent).sum())


def _line_search(
    likelihood: Likelihood, q: np.ndarray, value: float, index: np.ndarray, step: np.ndarray
) -> tuple[np.ndarray, float]:
    """The best of q and q + step, q + 0.3 step, …, each pulled into the domain."""
    for _ in range(12):
        trial = q.copy()
        trial[index] += step
        trial[0] = min(max(trial[0], ALPHA_RANGE[0]), 2.0 - 0.2 * (2.0 - q[0]))
        trial[1] = min(max(trial[1], -1.0), 1.0)
        new = likelihood(trial)
        if new >= value:
            return trial, new
        step = 0.3 * step
    return q, value
