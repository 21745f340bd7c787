"""The covariance of a fit whose weights are not counts: H⁻¹ (Σ w² s sᵀ) H⁻¹, the sandwich of Huber and White.

s are the derivatives of each sample's log pdf and H = −Σ w ∂s. Where the weights are those of importance sampling, or
of a survey, the inverse of H is no covariance: how much the weights vary is not in it. References: P. J. Huber, Fifth
Berkeley Symposium 1 (1967), 221-233; H. White, Econometrica 50 (1982), 1-25.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from gnicli.stable.fitting import law_density, law_nodes
from gnicli.stable.fitting.law_likelihood import Evaluation, evaluate, to_q
from gnicli.stable.fitting.search_problem import Optimum, Problem
from gnicli.stable.fitting.small_inverses import covariance, of_free
from gnicli.stable.fitting.standardize import BEYOND
from gnicli.stable.parameterization import s1_shift


def with_sandwich(problem: Problem, y: np.ndarray, found: Optimum) -> Optimum:
    """The same end of a search with the sandwich for its covariance, for standardized samples `y` with counts."""
    assert problem.counts is not None
    y = np.clip(y, -BEYOND, BEYOND)  # what is beyond the range of floats counts as there
    here = evaluate(problem, y, problem.counts, found.theta)
    bread = covariance(-here.hessian, found.free) if np.isfinite(here.hessian).all() else None
    if bread is None:
        return replace(found, covariance=None)
    filling = outer_scores(problem, y, problem.counts**2, here)
    loc_gradient = np.eye(4)[2]
    if here.in_s1:
        slope = s1_shift(found.theta, problem.log_unit)[1]
        loc_gradient = slope if problem.s1_loc is not None else loc_gradient + slope
    matrix = of_free(bread @ filling @ bread, found.free)
    return replace(found, covariance=matrix, loc_gradient=loc_gradient)


def outer_scores(problem: Problem, y: np.ndarray, counts: np.ndarray, here: Evaluation) -> np.ndarray:
    """Σ counts · s sᵀ over the samples, (4, 4), with s by the q of an evaluation. On nodes, as that is."""
    alpha, beta, _, log_scale = here.theta.tolist()
    at_s1 = alpha < law_nodes.FROM_S0
    center = float(to_q(here.theta, at_s1, problem.log_unit)[2])
    unit = math.exp(log_scale) * law_nodes.width(alpha)
    weights = law_nodes.weigh(y, counts, center, unit)
    places = law_nodes.places(weights.n_far)
    total = np.zeros((4, 4))
    for k, sign in ((0, 1.0), (1, -1.0)):
        _, by_y, by_alpha, by_beta = law_density.side(alpha, sign * beta, weights.n_far)[:4]
        rows = np.stack([by_alpha, sign * by_beta, -sign * by_y / unit, -(1.0 + places * by_y)])
        total += (rows * np.concatenate([weights.near[k], weights.far[k]])) @ rows.T
    if at_s1 != here.in_s1:
        turned = np.eye(4)
        sign = 1.0 if here.in_s1 else -1.0
        turned[2] += sign * s1_shift(to_q(here.theta, here.in_s1, problem.log_unit), problem.log_unit)[1]
        total = turned.T @ total @ turned
    return total


def of_normal(y: np.ndarray, counts: np.ndarray, mean: float, std: float) -> tuple[float, float]:
    """Standard errors of the mean and of the logarithm of the standard deviation of a normal law fitted to `y` (n,)."""
    z = (y - mean) / std
    n = float(counts.sum())
    root = np.sqrt(np.sum((counts * z) ** 2)), 0.5 * np.sqrt(np.sum((counts * (z * z - 1.0)) ** 2))
    return std * float(root[0]) / n, float(root[1]) / n
