"""How far means are from those of the law that a drift is made for: of chains, and of the sum b_{h,K} by itself."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from gnicli.contracts.components import Potential
from gnicli.contracts.results import Value
from gnicli.model import chains
from gnicli.model.coordinates import coordinate_names
from gnicli.model.keys import ModelConfig
from gnicli.model.stationary_laws import Laws
from gnicli.potential import members
from gnicli.sde import coordinates, distances, expression
from gnicli.sde.drift.fractional import FractionalForce
from gnicli.sde.laws import transition
from gnicli.sde.levy_noise import LevyNoise
from gnicli.sde.means import Mean
from gnicli.sde.simulation import Chains

_MOST = 1e6  # where expectations end; one that still grows there is not reported
_GROWTH = 1e-3


def weak_errors(config: ModelConfig, found: Chains, laws: Sequence[Laws]) -> dict[str, Value]:
    """|ν(g) − ν_N(g)| for each function g: ν is the law that the drift is for, Gibbs's for drift=fractional.

    The standard error is that of ν_N(g) over chains, where it has one. A mean that is infinite, or not known, has no
    weak error. Of separable potentials also `weak_error_sum`, that of Σ_i g(w_i), where all coordinates have one:
    coordinates are independent.
    """
    result: dict[str, Value] = {}
    for text, means in found.means.items():
        function = expression.parse(text)
        shifts: list[float | None] = []
        for mean, law, suffix in zip(means, laws, coordinate_names(len(laws)), strict=True):
            exact = _target(law.gibbs if config.drift == "fractional" else law.exact, function)
            if exact is None or isinstance(mean.value, str):
                shifts.append(None)
                continue
            shifts.append(mean.value - exact)
            result[f"weak_error/{text}{suffix}"] = Value(
                abs(mean.value - exact), mean.stderr, mean.n, caveat=chains.caveat_of(found)
            )
            result[f"target_mean/{text}{suffix}"] = Value(exact)
        known = [shift for shift in shifts if shift is not None]
        if is_sum(config.potential) and len(known) == len(shifts):
            caveat = chains.caveat_of(found)
            result[f"weak_error_sum/{text}"] = Value(abs(sum(known)), _stderr_of_sum(means), means[0].n, caveat=caveat)
    return result


def _target(law: distances.Law | None, function: distances.Function) -> float | None:
    """E g under a law; None where there is no law, or no finite expectation."""
    if law is None:
        return None
    exact, near = (distances.expectation(law, function, -end, end) for end in (_MOST, _MOST / 10))
    if not np.isfinite(exact) or abs(exact - near) > _GROWTH * (1 + abs(exact)):
        return None
    return exact


def _stderr_of_sum(means: Sequence[Mean]) -> float | None:
    each = [mean.stderr for mean in means]
    return None if None in each else math.hypot(*(one for one in each if one is not None))


def is_sum(potential: Potential) -> bool:
    """Whether the potential is a sum over coordinates, be it of one alone: then sums over coordinates are reported."""
    return members(potential) != (potential,)


def drift_errors(config: ModelConfig) -> dict[str, Value]:
    """|ν_{h,K}(g) − ν(g)| for each function g and coordinate: what the sum b_{h,K} alone does (Theorem 4.2).

    By the transition operator: no sampling, so no standard error; at a step of its own (`sde.transition`). With the
    theorem's bound, `drift_bound`, for the sum of order 1. Of separable potentials also `drift_error_sum` and
    `drift_bound_sum`, those of Σ_i g(w_i): coordinates are independent, so their shifts add up, with their signs.
    """
    functions = {text: expression.parse(text) for text in config.functions}

    def one(part: Potential, own: LevyNoise) -> dict[str, transition.DriftError]:
        return transition.drift_errors(FractionalForce(part, own, config.h, config.K, config.order), functions)

    each = coordinates.for_each(config.potential, config.noise, one)
    values: dict[str, Value] = {}
    for text in functions:
        errors = [found[text] for found in each]
        for error, suffix in zip(errors, coordinate_names(len(each)), strict=True):
            values |= _drift_error(f"{text}{suffix}", "", [error])
        if is_sum(config.potential):
            values |= _drift_error(text, "_sum", errors)
    return values


def _drift_error(name: str, kind: str, errors: Sequence[transition.DriftError]) -> dict[str, Value]:
    values = {f"drift_error{kind}/{name}": Value(abs(sum(error.shift for error in errors)))}
    bounds = [error.bound for error in errors if error.bound is not None]
    return values | ({f"drift_bound{kind}/{name}": Value(sum(bounds))} if bounds else {})
