"""Fits with held parameters: checks, start laws for a location far from the samples, the normal law."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping

import numpy as np

from gnicli.errors import NumericalError, UsageError
from gnicli.stable.density.inversion import shape, zeta
from gnicli.stable.fitting.exact_likelihood import Likelihood
from gnicli.stable.fitting.search_problem import ALPHA_RANGE, Optimum, Problem
from gnicli.stable.fitting.standardize import Standardized
from gnicli.stable.fitting.weighting import every, total
from gnicli.stable.law import StableLaw
from gnicli.stable.parameterization import NAMES, s1_shift

_FAR, _FAR_IN_S1 = 1.5, 1000.0  # units between a held location and the samples' center; in S1 beta may bridge them
_NARROW, _WIDE = -2.5, 1.0  # of a held log σ in units; that of a free one is -1.2 to 0.2
_ALPHAS = (0.25, 0.4, 0.55, 0.7, 0.85, 0.95, 0.98, 1.02, 1.05, 1.15, 1.3, 1.5, 1.7, 1.9, 1.99)
_RANKED = 1000  # samples that rank the start laws


def check_fixed(fixed: Mapping[str, float]) -> dict[str, float]:
    """The held values as floats; raises `UsageError` for a name that is no parameter, or a value out of its range."""
    for name, value in fixed.items():
        if name not in NAMES:
            raise UsageError(f"fixed: {name!r} is no parameter; choose from {', '.join(NAMES)}")
        if isinstance(value, np.ndarray) and value.ndim == 0:
            value = value[()]
        if isinstance(value, bool) or not (isinstance(value, numbers.Real) and math.isfinite(value)):
            raise UsageError(f"fixed: {name} must be a finite number, got {value!r}")
    held = {name: float(value) for name, value in fixed.items()}
    if not ALPHA_RANGE[0] <= held.get("alpha", 1.5) <= 2.0:
        raise UsageError(f"fixed: alpha must be in [{ALPHA_RANGE[0]:g}, 2], got {held['alpha']!r}")
    if held:  # a law checks the ranges, and takes a tenth of a fit to make
        StableLaw(held.get("alpha", 1.5), held.get("beta", 0.0), held.get("loc", 0.0), held.get("scale", 1.0))
    return held


def check_support(s: Standardized, parameterization: str, held: dict[str, float]) -> None:
    """Raise `NumericalError` where a one-sided law that is held has samples outside its support."""
    alpha, beta = held.get("alpha", 2.0), held.get("beta", 0.0)
    if not (alpha < 1.0 and abs(beta) == 1.0 and "loc" in held):
        return
    edge = held["loc"]
    if parameterization == "S0":
        if "scale" not in held:
            return  # the support grows with the scale
        edge += held["scale"] * zeta(shape(alpha, beta))
    outside = int(np.count_nonzero(s.values <= edge if beta > 0.0 else s.values >= edge))
    if outside:
        support = f"({edge:.6g}, inf)" if beta > 0.0 else f"(-inf, {edge:.6g})"
        raise NumericalError(
            f"{outside} of {s.values.size} values lie outside the support {support} of the law with alpha {alpha:g}, "
            f"beta {beta:g} and loc {held['loc']:g} held: leave them out, or hold another location or beta"
        )


def _held_loc(problem: Problem) -> float:
    return float(problem.s1_loc if problem.s1_loc is not None else problem.fixed[2])


def is_lost(problem: Problem, found: Optimum) -> bool:
    """Whether no search on the nodes ended at a law with a location in S1 that is held off the samples."""
    return problem.s1_loc is not None and abs(problem.s1_loc) > _FAR and not found.converged


def is_far(problem: Problem) -> bool:
    """Whether what is held puts the law where the nodes do not see it: far away, or very wide or narrow."""
    loc, log_scale = _held_loc(problem), problem.fixed[3]
    bridged = problem.s1_loc is not None and np.isnan(problem.fixed[1])
    return bool(
        abs(loc) > (_FAR_IN_S1 if bridged else _FAR) or log_scale < _NARROW or log_scale > _WIDE
    )  # False for NaN


# far from a law squares and sums of logarithms may leave the range of floats: what is not finite is looked for
@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def start_far(problem: Problem, y: np.ndarray) -> Optimum:
    """The likeliest of many laws that have what is held; of the exact likelihood of some of the samples `y`."""
    some = every(y, problem.counts, max(1, int(total(y, problem.counts)) // _RANKED))
    likelihood = Likelihood(some, problem.s1_loc, problem.log_unit)
    fixed, best, most = problem.fixed, None, -math.inf
    loc = 0.0 if np.isnan(fixed[2]) else float(fixed[2])
    laws = _next_to_normal(problem, y, loc)
    for alpha in _alphas(problem, loc) if np.isnan(fixed[0]) else [float(fixed[0])]:
        laws += [(alpha, *rest) for rest in _trials(problem, alpha, loc)]
    for alpha, beta, log_scale in laws:
        q = np.array([alpha, beta, loc, log_scale])
        value = likelihood(q)
        if best is None or value > most:
            best, most = q, value
    assert best is not None
    return Optimum(likelihood.theta(best), most, None, np.isnan(fixed), np.eye(4)[2], False, likelihood.n_evaluations)


def _alphas(problem: Problem, loc: float) -> list[float]:
    """Trials of α; for a location in S1 far away also those next to 1, where a skewness shifts the law that far."""
    if problem.s1_loc is None or abs(loc) < 10.0:
        return list(_ALPHAS)
    near = [(2.0 / math.pi) * beta * 0.7 / abs(loc) for beta in (0.9, 0.5, 0.2)]
    return [*_ALPHAS, *(1.0 + each for each in near), *(1.0 - each for each in near)]


def _next_to_normal(problem: Problem, y: np.ndarray, loc: float) -> list[tuple[float, float, float]]:
    """The law next to the normal one, whose scale is known."""
    alpha, beta, _, log_scale = problem.fixed.tolist()
    size = float(np.abs(y - loc).max())
    if not math.isnan(alpha) or not 0.0 < size < math.inf:
        return []
    if math.isnan(log_scale):
        log_scale = math.log(size) + 0.5 * math.log(
            0.5 * float(np.average(np.square((y - loc) / size), weights=problem.counts))
        )
    return [(ALPHA_RANGE[1], 0.0 if math.isnan(beta) else beta, log_scale)]


def _trials(problem: Problem, alpha: float, loc: float) -> list[tuple[float, float]]:
    """β and log σ: wide laws around the location; in S1 also laws of the samples' width that their skewness shifts."""
    beta, log_scale = (None if np.isnan(held) else float(held) for held in (problem.fixed[1], problem.fixed[3]))
    betas = (-0.9, 0.0, 0.9) if beta is None else (beta,)
    wide = math.log(max(abs(loc), 1.0))
    found = [(each, width) for each in betas for width in ((wide, wide - 1.5) if log_scale is None else (log_scale,))]
    if problem.s1_loc is None or alpha == 1.0 or loc == 0.0:
        return found
    unit_shift = s1_shift(np.array([alpha, 1.0, 0.0, 0.0]), 0.0)[0]
    if beta is None:
        scale = max(0.7, abs(loc / unit_shift)) if log_scale is None else math.exp(min(log_scale, 600.0))
        skew = -loc / (scale * unit_shift)
        return [*found, (max(-1.0, min(1.0, skew)), math.log(scale))]
    needed = -loc / (beta * unit_shift) if beta else 0.0
    return [*found, (beta, math.log(needed))] if needed > 0.0 and log_scale is None else found
