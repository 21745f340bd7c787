"""Maximum likelihood for the four parameters of a stable law: `fit` and `fit_many`.

The search runs on weighted nodes (`binning`, `node_density`, `maximize`): a millisecond for 1e4 samples. Where these
are not accurate (near a one-sided law, alpha small, alpha near 2) it goes on on nodes in the law's own coordinates
(`climb`), in a few milliseconds, and where those fail on the exact likelihood (`exact_likelihood`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import repeat

import numpy as np

from gnicli.errors import GniError, NumericalError, UsageError
from gnicli.stable.density import inversion
from gnicli.stable.fitting import across, law_density, law_nodes, ties
from gnicli.stable.fitting.climb import climb
from gnicli.stable.fitting.exact_likelihood import Likelihood, polish
from gnicli.stable.fitting.held_values import check_fixed, check_support, is_far, is_lost, start_far
from gnicli.stable.fitting.maximize import maximize
from gnicli.stable.fitting.normal_fit import is_maximum, normal_fit, words
from gnicli.stable.fitting.result import StableFit
from gnicli.stable.fitting.sandwich import with_sandwich
from gnicli.stable.fitting.search_problem import (
    NEAR_NORMAL,
    NODES_FROM,
    TRUSTED_FROM,
    TRUSTED_TO,
    Optimum,
    Problem,
    problem_of,
)
from gnicli.stable.fitting.standardize import BEYOND, Standardized, flat_array, standardize
from gnicli.stable.fitting.weighting import check_kind, checked, reported
from gnicli.stable.parameterization import NAMES, check_parameterization, s1_shift

_CLEAR = 0.02  # nats between it and the maximum, from which on the likelihood on the sample's nodes decides
_CLEAR_ON_OWN = 1e-8  # and that on the law's own nodes, a sample; measured: its errors are below 4e-9 a sample


def fit(
    samples: np.typing.ArrayLike,
    parameterization: str = "S1",
    fixed: Mapping[str, float] | None = None,
    *,
    weights: np.typing.ArrayLike | None = None,
    weight_kind: str = "frequency",
    exact: bool = True,
) -> StableFit:
    """`gnicli.stable.fit`, which says what arguments and errors are, with all that is held in `fixed`."""
    check_parameterization(parameterization)
    check_kind(weight_kind)
    held = check_fixed(fixed or {})
    return _fit_all([_checked(samples, weights, weight_kind, parameterization, held)], parameterization, held, exact)[0]


def fit_many(
    list_of_samples: Iterable[np.typing.ArrayLike],
    parameterization: str = "S1",
    fixed: Mapping[str, float] | None = None,
    *,
    weights: Iterable[np.typing.ArrayLike | None] | None = None,
    weight_kind: str = "frequency",
    exact: bool = True,
) -> list[StableFit]:
    """`gnicli.stable.fit_many`, with all that is held in `fixed`."""
    check_parameterization(parameterization)
    check_kind(weight_kind)
    held = check_fixed(fixed or {})
    ready = []
    of_each: Iterable[np.typing.ArrayLike | None] = repeat(None)
    if weights is not None:
        listed, given = list(list_of_samples), list(weights)
        if len(given) != len(listed):
            raise UsageError(f"weights must have an entry for each sample, {len(listed)}, got {len(given)}")
        list_of_samples, of_each = listed, given
    for k, (samples, each) in enumerate(zip(list_of_samples, of_each, strict=False)):
        try:
            ready.append(_checked(samples, each, weight_kind, parameterization, held))
        except GniError as error:
            raise error.at(f"sample {k}") from None
    return _fit_all(ready, parameterization, held, exact) if ready else []


def _checked(
    samples: np.typing.ArrayLike,
    weights: np.typing.ArrayLike | None,
    weight_kind: str,
    parameterization: str,
    held: dict[str, float],
) -> Standardized:
    weighting = None
    if weights is not None:
        samples, weighting = checked(samples, flat_array(samples), weights, weight_kind)
    s = standardize(samples, atom=True, weighting=weighting)
    if s.tie is not None:
        ties.check(s.values, s.unit, s.tie, parameterization, held, s.counts)
    if held:
        check_support(s, parameterization, held)
    return s


def _fit_all(
    samples: list[Standardized], parameterization: str, held: dict[str, float], exact: bool
) -> list[StableFit]:
    if held.get("alpha") == 2.0:
        return [normal_fit(s, parameterization, held) for s in samples]
    problems = [problem_of(s, parameterization, held) for s in samples]
    far = [bool(held) and is_far(problem) for problem in problems]
    spiky = held.get("alpha", 2.0) < NODES_FROM  # below what the sample's nodes see
    near = [problem for problem, away in zip(problems, far, strict=True) if not (away or spiky)]
    starts = iter(maximize(near, few=exact) if near else ())
    found = []
    for s, problem, away in zip(samples, problems, far, strict=True):
        start = None if away or spiky else next(starts)
        if start is None or is_lost(problem, start):
            start, away = start_far(problem, s.scaled()), away or start is not None
        found.append(_finish(s, problem, start, away, parameterization, held, exact or spiky))
    return found


def _trusted(problem: Problem, found: Optimum) -> bool:
    """Whether the nodes give the exact maximum to 1e-6 nats, as measured."""
    if across.serves(problem, found.theta):
        return False
    inside = found.theta[0] >= TRUSTED_FROM and abs(found.theta[1]) <= TRUSTED_TO
    return bool(found.converged and inside and not problem.weights.n_beyond)


def _finish(
    s: Standardized,
    problem: Problem,
    found: Optimum,
    far: bool,
    parameterization: str,
    held: dict[str, float],
    exact: bool,
) -> StableFit:
    atom = _atom(s) if exact and "loc" not in held else None  # the search for it takes a second
    trusted = _trusted(problem, found)
    exact = exact or (found.theta[0] <= NODES_FROM and not s.tied_in_bulk and "alpha" not in held)  # the nodes' end
    value, clear = found.log_likelihood if trusted else None, _CLEAR
    searched = exact and not trusted and not far and atom is None and not problem.weights.n_beyond
    if searched and "alpha" not in held and found.theta[0] > NEAR_NORMAL:
        as_normal = normal_fit(s, parameterization, held, refuse=False)
        if math.isfinite(as_normal.log_likelihood) and is_maximum(problem, s, as_normal):
            as_normal.n_evaluations = found.n_evaluations
            return as_normal
    if exact and not trusted and not far:
        y = s.scaled()
        finite = bool(np.isfinite(y).all())
        # what is beyond the range of floats counts as there: a good start for the exact likelihood
        found = climb(problem, y if finite else np.clip(y, -BEYOND, BEYOND), found)
        trusted = found.converged and finite
        clear = max(_CLEAR_ON_OWN * s.weights.n, 1e-3)
        value = found.log_likelihood if trusted else None
    slow = atom is not None or far or _may_miss(s, found)
    if trusted and not slow and found.theta[0] <= NEAR_NORMAL:
        return _report(s, problem, found, parameterization, held)
    slow = slow or (exact and not trusted)
    if value is not None and not slow and "alpha" not in held:
        as_normal = normal_fit(s, parameterization, held, refuse=False)
        as_normal.n_evaluations = found.n_evaluations
        _, size = reported(s.values.size, s.weighting)
        above = value - as_normal.log_likelihood / size - s.weights.n * math.log(s.unit)
        if above > clear:
            return _report(s, problem, found, parameterization, held)
        # the likelihood grows toward alpha = 2, or is larger there
        if math.isfinite(as_normal.log_likelihood) and (above < -clear or not found.free[0]):
            return as_normal
    return _improve(s, problem, found, far, slow, atom, parameterization, held)


# far from a law squares and sums of logarithms may leave the range of floats: what is not finite is looked for
@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def _improve(
    s: Standardized,
    problem: Problem,
    found: Optimum,
    far: bool,
    slow: bool,
    atom: float | None,
    parameterization: str,
    held: dict[str, float],
) -> StableFit:
    """By the exact likelihood, if `slow`, and by the normal law next to it."""
    likelihood: float | None = None
    _, size = reported(s.values.size, s.weighting)
    if slow:
        found = polish(problem, s.scaled(), found, s.excess(), atom)
        likelihood = found.log_likelihood
    if "alpha" not in held and (found.theta[0] > NEAR_NORMAL or far):
        if likelihood is None:
            likelihood = Likelihood(s.scaled(), excess=s.excess(), counts=s.counts)(found.theta)
        as_normal = normal_fit(s, parameterization, held, refuse=False)
        if as_normal.log_likelihood / size + s.weights.n * math.log(s.unit) >= likelihood - 1e-4:
            as_normal.n_evaluations = found.n_evaluations
            likelihood = as_normal.log_likelihood
            if math.isfinite(likelihood):
                return as_normal
    if likelihood is not None and not math.isfinite(likelihood):
        raise NumericalError(
            f"no stable law with {words(held)} held gives these {s.values.size} samples a likelihood above 0 in "
            "double precision: hold other values, or fewer"
        )
    result = _report(s, problem, found, parameterization, held)
    if likelihood is not None:
        result._log_likelihood = (likelihood - s.weights.n * math.log(s.unit)) * size
    return result


def _atom(s: Standardized) -> float | None:
    """The commonest value in standardized units, where so many have it that a law of small scale may be likeliest."""
    if s.tie is None or not s.tied_in_bulk:
        return None
    return (s.tie.value - s.center) / s.unit


def _may_miss(s: Standardized, found: Optimum) -> bool:
    """Whether samples may be where the nodes see no density of a law with a light tail: outside its support, or far."""
    alpha, beta, loc, log_scale = found.theta.tolist()
    if abs(beta) < 1.0:
        return False
    if alpha >= 1.0 and s.weights.n_beyond:
        return True
    y = s.scaled()
    last = y.min() if beta > 0.0 else y.max()  # farthest out in the light tail
    depth = abs(loc - last) * math.exp(-log_scale) if (loc > last) == (beta > 0.0) else 0.0
    if alpha < 1.0 and depth >= abs(inversion.zeta(inversion.shape(alpha, beta))):
        return True
    if depth == 0.0:
        return False
    seen = math.log(law_density.NEAR_FLOOR / law_nodes.width(alpha)) - log_scale
    return not float(Likelihood(np.array([last]))(found.theta)) > seen


def _report(
    s: Standardized, problem: Problem, found: Optimum, parameterization: str, held: dict[str, float]
) -> StableFit:
    """From θ and its covariance in standardized S0 to values and standard errors as asked for."""
    n, size = reported(s.values.size, s.weighting)
    if s.importance:
        found = with_sandwich(problem, s.scaled(), found)
    alpha, beta, loc, log_scale = found.theta.tolist()
    loc_gradient = found.loc_gradient
    if parameterization == "S1":
        shift, slope = s1_shift(found.theta, problem.log_unit)
        loc -= shift
        loc_gradient = loc_gradient - slope
    scale = math.exp(log_scale)
    errors: list[float | None] = [None] * 4
    if found.covariance is not None and found.free.any():
        variance = found.covariance.diagonal().tolist()
        variance[2] = float(loc_gradient @ found.covariance @ loc_gradient)
        pressed = (not found.free[0], not found.free[1], False, False)
        for k, (name, unit) in enumerate(zip(NAMES, (1.0, 1.0, s.unit, s.unit * scale), strict=True)):
            if name not in held and not pressed[k]:
                errors[k] = math.sqrt(max(variance[k], 0.0) / size) * unit
    at_bound = any(name not in held and not found.free[k] for k, name in enumerate(("alpha", "beta")))
    return StableFit(
        alpha=held.get("alpha", alpha),
        beta=held.get("beta", beta),
        loc=held.get("loc", s.center + s.unit * loc),
        scale=held.get("scale", s.unit * scale),
        alpha_stderr=errors[0],
        beta_stderr=errors[1],
        loc_stderr=errors[2],
        scale_stderr=errors[3],
        parameterization=parameterization,
        n=n,
        n_free=4 - len(held),
        converged=found.converged,
        at_boundary=at_bound,
        n_evaluations=found.n_evaluations,
        notes=s.notes,
        held=tuple(held),
        _samples=s.kept(),
    )
