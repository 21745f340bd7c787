"""The maximum of the likelihood on the nodes: one search, or where a location in S1 is held, several."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gnicli.stable.fitting import node_density, start_laws
from gnicli.stable.fitting.newton import FEW_EVALUATIONS, MAX_EVALUATIONS, Search, search
from gnicli.stable.fitting.search_problem import HIGH, LOW, Optimum, Problem
from gnicli.stable.parameterization import s1_shift

_FEW = 1000  # samples, below which a start more is cheap


def maximize(problems: list[Problem], few: bool = False) -> list[Optimum]:
    """The best end of a search for each problem.

    With `few` one that goes on elsewhere after some evaluations: none, where the nodes would mislead it.
    """
    table = start_laws.starts()
    chosen = table.best([problem.weights for problem in problems])
    seen = [k for k, law in enumerate(chosen) if not (few and table.from_inversion[law] and _whole(problems[k]))]
    some = [chosen[k] for k in seen]
    most = FEW_EVALUATIONS if few else MAX_EVALUATIONS
    ends = iter(search([problems[k] for k in seen], table.theta[some], some, most) if seen else ())
    found = []
    for k, law in enumerate(chosen):
        if k in seen:
            found.append(next(ends))
        else:
            theta = table.between(law, problems[k].weights)
            found.append(Optimum(theta, -np.inf, None, np.ones(4, dtype=bool), np.eye(4)[2], False, 0))
    for k, problem in enumerate(problems):
        if problem.s1_loc is not None:
            found[k] = max(_search_tied(problem) or [found[k]], key=lambda end: end.log_likelihood)
    return found


def _whole(problem: Problem) -> bool:
    """Whether nothing is held, and the search that goes on elsewhere needs no good start."""
    free = problem.s1_loc is None and bool(np.isnan(problem.fixed).all())
    return free and problem.weights.n >= _FEW and problem.least_alpha < LOW[0]


def _search_tied(problem: Problem) -> list[Optimum]:
    """Searches with a location in S1 that is held, from several laws that have it.

    At α = 1 such a law runs away for every β but 0, and no search can cross: so there are two on either side, from the
    likeliest start law and from the law next to the maximum with the location free.
    """
    table = start_laws.starts()
    trials = [Search(problem, theta) for theta in table.theta.tolist()]
    laws = np.array([each.trial for each in trials])
    value = np.full(table.theta.shape[0], -np.inf)
    n_far, within = problem.weights.n_far, np.array([each.within() for each in trials])
    if within.any():
        f = node_density.density(laws[within], n_far, order=0)[0]
        value[within] = np.log(np.maximum(f, node_density.grid(n_far).floor)) @ problem.weights.at_nodes
    theta = []
    for side in (laws[:, 0] < 1.0, laws[:, 0] > 1.0):
        best = int(np.where(side, value, -np.inf).argmax())
        if side[best] and np.isfinite(value[best]):
            theta.append(laws[best])
    untied = replace(problem, fixed=np.where([False, False, True, False], np.nan, problem.fixed), s1_loc=None)
    free = maximize([untied])[0]
    theta += [law for side in (-1.0, 1.0) for law in _next_to(free, problem, side)]
    return [search([problem], each[None], [0])[0] for each in theta]


def _next_to(free: Optimum, problem: Problem, side: float) -> list[np.ndarray]:
    """The law with the held location next to a maximum without it, by the information there, on a side of α = 1.

    [] where none is found.
    """
    alpha_held = not np.isnan(problem.fixed[0])
    if free.covariance is None or problem.s1_loc is None or (alpha_held and (free.theta[0] - 1.0) * side <= 0.0):
        return []
    theta = free.theta.copy()
    if not alpha_held:
        theta[0] = 1.0 + side * max(side * (theta[0] - 1.0), 0.05)
    for _ in range(30):
        shift, slope = s1_shift(theta, problem.log_unit)
        across = np.eye(4)[2] - slope
        along = free.covariance @ across
        size = float(across @ along)
        if not size > 0.0:
            return []
        last = theta[0]
        theta = free.theta + along * (float(across @ (theta - free.theta)) - theta[2] + problem.s1_loc + shift) / size
        if not np.abs(theta - free.theta).max() < 3.0:  # the iteration runs away, or is lost
            return []
        theta[:2] = np.clip(theta[:2], LOW[:2], HIGH[:2])
        if (theta[0] - 1.0) * side <= 0.0:
            theta[0] = 0.5 * (1.0 + last)
    return [theta]
