"""The log-likelihood of a sample with its gradient and Hessian, on nodes that lie where the law is (`law_nodes`)."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from gnicli.stable.fitting import law_density, law_nodes
from gnicli.stable.fitting.search_problem import Problem
from gnicli.stable.fitting.weighting import total
from gnicli.stable.parameterization import s1_bend, s1_shift

_BY_S1 = 0.57  # alpha; measured: a search of samples with beta of .8 to .95 takes 3 to 5 evaluations then, not 6 to 7
_FAR = 16.0  # half widths of the places
# of `law_density.COLUMNS`, and of these times ŷ and its square
_MIRROR = np.outer([1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 1.0, 1.0, -1.0, 1.0], [1.0, -1.0, 1.0])


class Evaluation(NamedTuple):
    """At θ = (α, β, μ, log σ), S0 and standardized units: the value, and its derivatives by q.

    q is θ, or with a location in S1 (`in_s1`) that in place of μ.
    """

    theta: np.ndarray
    value: float
    gradient: np.ndarray
    hessian: np.ndarray
    in_s1: bool


def moves_in_s1(problem: Problem, theta: np.ndarray) -> bool:
    """Whether the search goes by the location in S1: where it is held, or where a spike or an edge is next to it.

    From `_BY_S1` on the bulk of the samples says more of a location than these do.
    """
    if problem.s1_loc is not None:
        return True
    return bool(np.isnan(problem.fixed[2]) and theta[0] < _BY_S1)


def to_q(theta: np.ndarray, in_s1: bool, log_unit: float) -> np.ndarray:
    """The q of a θ."""
    q = theta.copy()
    if in_s1:
        q[2] -= s1_shift(theta, log_unit)[0]
    return q


def to_theta(q: np.ndarray, in_s1: bool, log_unit: float) -> np.ndarray:
    """The θ of a q."""
    theta = q.copy()
    if in_s1:
        theta[2] += s1_shift(q, log_unit)[0]
    return theta


def log_likelihoods(
    y: np.ndarray, theta: np.ndarray, places: np.ndarray, counts: np.ndarray | None = None, farthest: float = 0.0
) -> np.ndarray:
    """The values alone, those of `evaluate`, of the law θ with its S1 location (from `FROM_S0` on S0) at `places`.

    (k,). Samples that are far from all places move the likelihood by a parabola. Calls with one law and its `farthest`
    sample share what is worked out for the law.
    """
    alpha, beta, _, log_scale = theta.tolist()
    unit = math.exp(log_scale) * law_nodes.width(alpha)
    middle = 0.5 * float(places.min() + places.max())
    reach = 0.5 * float(places.max() - places.min())
    distance = np.abs(y - middle)
    n_far = law_nodes.far_octaves(max(float(distance.max()) + reach, farthest) / unit + 0.5)
    cells = _cells(alpha, beta, n_far)

    def values(some: np.ndarray | slice, at: np.ndarray) -> np.ndarray:
        own = None if counts is None else counts[some]
        found, excess = law_nodes.sum_at(cells, (y[some] - at[:, None]) / unit, own)
        return found - (alpha + 1.0) * excess

    constant = -total(y, counts) * math.log(unit)
    far = distance > _FAR * reach if places.size > 3 else np.zeros(y.size, dtype=bool)
    if not far.any():
        return values(slice(None), places) + constant
    low, at_middle, high = values(far, np.array([middle - reach, middle, middle + reach]))
    shift = (places - middle) / reach
    parabola = at_middle + 0.5 * shift * (high - low) + shift * shift * (0.5 * (high + low) - at_middle)
    return values(~far, places) + parabola + constant


@lru_cache(maxsize=8)
def _cells(alpha: float, beta: float, n_far: int) -> np.ndarray:
    """The parabolas of log f̂; not to be written to."""
    log_f = np.stack([law_density.side(alpha, sign * beta, n_far, order=0)[0] for sign in (1.0, -1.0)])
    return law_nodes.parabolas(log_f)


def log_likelihood(problem: Problem, y: np.ndarray, theta: np.ndarray, counts: np.ndarray | None = None) -> float:
    """The value of `evaluate` alone, in a fraction of the time."""
    center = to_q(theta, bool(theta[0] < law_nodes.FROM_S0), problem.log_unit)[2:3]
    return float(log_likelihoods(y, theta, center, counts)[0])


def evaluate(problem: Problem, y: np.ndarray, counts: np.ndarray | None, theta: np.ndarray) -> Evaluation:
    """For standardized samples `y` (n,), each of them `counts` times."""
    alpha, beta, _, log_scale = theta.tolist()
    at_s1, in_s1 = alpha < law_nodes.FROM_S0, moves_in_s1(problem, theta)
    center = float(to_q(theta, at_s1, problem.log_unit)[2])
    scale, wide = math.exp(log_scale), law_nodes.width(alpha)
    weights = law_nodes.weigh(y, counts, center, scale * wide)
    places = law_nodes.places(weights.n_far)
    moments = np.zeros((10, 3))
    for k, sign in ((0, 1.0), (1, -1.0)):
        w = np.concatenate([weights.near[k], weights.far[k]])
        of_place = np.empty((3, w.size))
        of_place[0] = w
        np.multiply(w, places, out=of_place[1])
        np.multiply(of_place[1], places, out=of_place[2])
        columns = law_density.side(alpha, sign * beta, weights.n_far)
        moments += (columns @ of_place.T) * (1.0 if sign > 0.0 else _MIRROR)
    sums, by_y, by_y2 = moments.T.tolist()
    n = float(problem.weights.n)
    unit = scale * wide
    value, a, b, y1 = sums[0], sums[2], sums[3], sums[1]
    log_f = value - n * math.log(unit) - (alpha + 1.0) * weights.excess
    gradient = np.array([a - weights.excess, b, -y1 / unit, -by_y[1] - n])
    hessian = np.empty((4, 4))
    hessian[0, 0], hessian[1, 1], hessian[2, 2] = sums[7], sums[9], sums[4] / (unit * unit)
    hessian[3, 3] = by_y2[4] + by_y[1]
    hessian[0, 1] = hessian[1, 0] = sums[8]
    hessian[0, 2] = hessian[2, 0] = -sums[5] / unit
    hessian[1, 2] = hessian[2, 1] = -sums[6] / unit
    hessian[0, 3] = hessian[3, 0] = -by_y[5]
    hessian[1, 3] = hessian[3, 1] = -by_y[6]
    hessian[2, 3] = hessian[3, 2] = (by_y[4] + y1) / unit
    if at_s1 != in_s1:
        q = to_q(theta, in_s1, problem.log_unit)
        sign = 1.0 if in_s1 else -1.0
        turned = np.eye(4)
        turned[2] += sign * s1_shift(q, problem.log_unit)[1]
        hessian = turned.T @ hessian @ turned + sign * gradient[2] * s1_bend(q, problem.log_unit)
        gradient = turned.T @ gradient
    return Evaluation(theta, float(log_f), gradient, hessian, in_s1)
