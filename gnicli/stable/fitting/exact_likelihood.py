"""Newton's method on the exact log-likelihood by finite differences: the slow fit, for what no nodes serve.

These are laws with a parameter that is held far from the samples, laws of small scale at a value that many samples
have, and laws with a light tail whose support may end before the samples do. A fraction of a second to a few seconds.
It is also what tests compare the fast searches with.
"""

from __future__ import annotations

import math

import numpy as np

from gnicli.stable.density.coordinates import offset
from gnicli.stable.density.ends import log_power
from gnicli.stable.density.interpolation import table
from gnicli.stable.fitting.exact_moves import WIDEST, at_bound, inside, line_search, newton_step, off_saddle
from gnicli.stable.fitting.search_problem import ALPHA_RANGE, Optimum, Problem
from gnicli.stable.fitting.small_inverses import covariance
from gnicli.stable.fitting.standardize import BEYOND
from gnicli.stable.fitting.weighting import in_order, total
from gnicli.stable.parameterization import s1_shift

_STEP = 2e-4
_MAX_ITERATIONS = 30
_ROOM = 1e-4  # from a bound, for differences
_AT_REST = 1e-7  # nats that a step is to gain, below which the slope is 0
_NORMAL = 2.0 - 1e-5  # alpha, above which the skewness is not identified
_LOG_SCALES = np.concatenate([np.arange(-0.5, -6.0, -0.5), np.arange(-6.0, -22.0, -1.5)])
_GRID_LOSS = 0.01  # nats a sample that the best of them may be below its maximum
_SMALL = -3.0  # log σ in units: such a law is searched in the coordinates of the atom


class Likelihood:
    """The exact log-likelihood of standardized samples as a function of q = (α, β, location, log σ).

    The location is that of S0, or with `s1_loc` that of S1, or with `atom` (μ − atom) / σ: next to a value that many
    samples have, what is likely depends on it in scales. Samples beyond the range of floats are given as ±inf, with
    the `excess` of their logarithms (`Standardized.excess`). Each is taken `counts` times. Equal ones
    are looked up once.
    """

    def __init__(
        self,
        y: np.ndarray,
        s1_loc: float | None = None,
        log_unit: float = 0.0,
        excess: tuple[float, float] = (0.0, 0.0),
        atom: float | None = None,
        least_alpha: float = ALPHA_RANGE[0],
        counts: np.ndarray | None = None,
    ) -> None:
        self.least_alpha = least_alpha
        self.y, self.counts = _distinct(np.where(np.isinf(y), np.copysign(BEYOND, y), y), counts)
        self.n = total(y, counts)
        self.s1_loc, self.log_unit, self.atom = s1_loc, log_unit, atom
        self.excess = excess if np.isinf(y).any() else (0.0, 0.0)
        self.n_evaluations = 0

    def theta(self, q: np.ndarray) -> np.ndarray:
        """q with its location in S0."""
        if self.s1_loc is not None:
            return np.array([q[0], q[1], self.s1_loc + s1_shift(q, self.log_unit)[0], q[3]])
        return q if self.atom is None else np.array([q[0], q[1], self.atom + q[2] * math.exp(q[3]), q[3]])

    def coordinates(self, theta: np.ndarray) -> np.ndarray:
        """The q of a θ."""
        q = theta.copy()
        if self.atom is not None:
            q[2] = (theta[2] - self.atom) * math.exp(-theta[3])
        return q

    def loc_gradient(self, q: np.ndarray) -> np.ndarray:
        """Of μ by q, (4,)."""
        if self.s1_loc is not None:
            return s1_shift(q, self.log_unit)[1]
        if self.atom is None:
            return np.eye(4)[2]
        scale = math.exp(q[3])
        return np.array([0.0, 0.0, scale, q[2] * scale])

    def __call__(self, q: np.ndarray) -> float:
        """−inf outside the domain, or where a sample is outside the support."""
        alpha, beta, loc, log_scale = self.theta(q)
        if not (self.least_alpha <= alpha < 2.0 and -1.0 <= beta <= 1.0):
            return -math.inf
        self.n_evaluations += 1
        law = table(float(alpha), float(beta))
        origin = offset(float(alpha), float(beta))
        if origin and self.s1_loc is not None:  # the table is in S1, and so is the location that is known exactly
            loc, origin = self.s1_loc, 0.0
        with np.errstate(over="ignore"):  # outliers beyond the range of floats in scales, and sums of their logarithms
            z = (self.y - loc) * math.exp(-log_scale) - origin
            value = law.log_pdf(z)
            lost = np.isinf(z)
            if lost.any():
                log_size = np.log(np.abs(self.y[lost])) - log_scale
                value[lost] = log_power(alpha, beta, z[lost] > 0.0, log_size, 0)
            log_f = float(value.sum() if self.counts is None else value @ self.counts) - self.n * log_scale
        # the power of a light tail is none: there the sum is −inf already
        return log_f - (alpha + 1.0) * (self.excess[0] + self.excess[1])


def _distinct(y: np.ndarray, counts: np.ndarray | None) -> tuple[np.ndarray, np.ndarray | None]:
    """In order, which the look-up likes; where many are equal or have weights, each once and with its count."""
    ordered, ends = in_order(y, counts)
    first = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    starts = np.flatnonzero(first)
    if counts is None and starts.size > 0.8 * y.size:
        return ordered, None
    return ordered[starts], np.diff(np.concatenate([[0], ends])[np.append(starts, y.size)]).astype(np.float64)


def _steps(value: Likelihood, q: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Difference steps that stay inside the domain and move a location tied to them no farther than themselves."""
    room = np.array([min(2.0 - q[0], q[0] - value.least_alpha) / 3.0, (1.0 - abs(q[1])) / 3.0, 1.0, 1.0])
    steps = np.where(free, np.minimum(_STEP, np.maximum(room, 1e-9)), _STEP)
    if value.s1_loc is None:
        if value.atom is None:
            # a law far wider or narrower than the samples moves with its scale
            steps[2] *= math.exp(min(max(q[3], -30.0), WIDEST)) if abs(q[3]) > 2.0 else 1.0
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
            point[k] += sign * float(h[k])
        return float(value(point))  # a Python float: a difference of infinite ones is not a number, without a warning

    for a, i in enumerate(index):
        up, down = shifted((i, 1.0)), shifted((i, -1.0))
        gradient[a] = (up - down) / (2.0 * h[i])
        hessian[a, a] = (up - 2.0 * at_q + down) / h[i] ** 2
        for b, j in enumerate(index[:a]):
            cross = shifted((i, 1.0), (j, 1.0)) - shifted((i, 1.0), (j, -1.0))
            cross -= shifted((i, -1.0), (j, 1.0)) - shifted((i, -1.0), (j, -1.0))
            hessian[a, b] = hessian[b, a] = 0.25 * cross / float(h[i]) / float(h[j])
    return gradient, hessian


# far from a law squares and sums of logarithms may leave the range of floats: what is not finite is looked for
@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def polish(
    problem: Problem,
    y: np.ndarray,
    start: Optimum,
    excess: tuple[float, float] = (0.0, 0.0),
    atom: float | None = None,
) -> Optimum:
    """The maximum of the exact likelihood of the standardized samples `y` (float64), searched from `start`.

    atom: a value that many samples have. A law of small scale there may be the likelier one, and is tried too.
    """
    known = (problem.log_unit, excess)
    first = Likelihood(y, problem.s1_loc, *known, None, problem.least_alpha, problem.counts)
    found = _climb(first, problem, start)
    if atom is None:
        return found
    likelihood = Likelihood(y, None, *known, atom, problem.least_alpha, problem.counts)
    there = _start_at_atom(likelihood, problem)
    if there.log_likelihood < found.log_likelihood - _GRID_LOSS * likelihood.n:
        if found.theta[3] > _SMALL:
            return found
        there = found
    return max(found, _climb(likelihood, problem, there), key=lambda each: each.log_likelihood)


def _start_at_atom(likelihood: Likelihood, problem: Problem) -> Optimum:
    """The likeliest of laws at the atom with scales down to 1e-9 units."""
    fixed, best, most = problem.fixed, np.zeros(4), -math.inf
    alphas = (0.5, 0.7, 1.0) if np.isnan(fixed[0]) else (float(fixed[0]),)
    for alpha in alphas:
        beta = 0.0 if np.isnan(fixed[1]) else float(fixed[1])
        for log_scale in _LOG_SCALES if np.isnan(fixed[3]) else fixed[3:]:
            q = np.array([alpha, beta, 0.0, log_scale])
            value = likelihood(q)
            if value > most:
                best, most = q, value
    evaluations = likelihood.n_evaluations
    return Optimum(likelihood.theta(best), most, None, np.isnan(fixed), np.eye(4)[2], False, evaluations)


def _climb(likelihood: Likelihood, problem: Problem, start: Optimum) -> Optimum:
    """Newton's method from `start`."""
    movable = np.isnan(problem.fixed)
    if problem.s1_loc is not None:
        movable[2] = False
    q = likelihood.coordinates(start.theta)
    q[0] = min(max(q[0], likelihood.least_alpha) if movable[0] else q[0], ALPHA_RANGE[1])
    q, value = inside(likelihood, q, movable)
    free, information, converged = movable.copy(), np.zeros((4, 4)), False
    pinned = np.zeros(4, dtype=bool)
    for _ in range(_MAX_ITERATIONS if math.isfinite(value) else 0):
        pinned[0] = movable[0] and q[0] >= ALPHA_RANGE[1]
        for k, bound, inward in (
            (0, likelihood.least_alpha, _ROOM),
            (1, math.copysign(1.0, q[1]), -math.copysign(_ROOM, q[1])),
        ):
            if movable[k] and abs(q[k] - bound) < 0.1 * _ROOM:
                q, value, pinned[k] = at_bound(likelihood, q, k, (bound, bound + inward))
        free = movable & ~pinned
        if not free.any():
            converged = True
            break
        gradient, hessian = _derivatives(likelihood, q, value, free)
        index = np.flatnonzero(free)
        information[np.ix_(index, index)] = -hessian
        if not np.isfinite(hessian).all():
            break
        step, predicted = newton_step(gradient, -hessian, likelihood.n)
        if predicted < _AT_REST and q[0] < _NORMAL:
            higher = off_saddle(likelihood, q, value, index, -hessian)
            if higher is not None:
                q, value = higher
                continue
        q, new_value = line_search(likelihood, q, value, index, step)
        gained, value = new_value - value, new_value
        # next to the normal law β moves the likelihood by no more than rounding does
        enough = 1e-8 if q[0] < _NORMAL else 1e-4
        if predicted < _AT_REST or gained < enough:
            converged = predicted < 1e-4 or (q[0] >= _NORMAL and gained < enough)
            break  # the derivatives of a step this short serve as those of the end
    return Optimum(
        likelihood.theta(q),
        value,
        covariance(information, free) if np.isfinite(information).all() else None,
        free,
        likelihood.loc_gradient(q),
        converged,
        start.n_evaluations + likelihood.n_evaluations,
    )
