"""The profile-likelihood intervals of a fit, in the units of its samples."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np

from gnicli.stable import normal
from gnicli.stable.fitting import profile
from gnicli.stable.fitting.search_problem import ALPHA_RANGE, Problem, problem_of
from gnicli.stable.fitting.standardize import Standardized
from gnicli.stable.fitting.weighting import reported
from gnicli.stable.parameterization import NAMES, s1_shift

Interval = tuple[float, float]
_NO_BOUNDS = (-math.inf, math.inf)
_BOUNDS = (ALPHA_RANGE, (-1.0, 1.0), _NO_BOUNDS, _NO_BOUNDS)


def intervals(
    s: Standardized,
    estimates: Mapping[str, float],
    stderrs: Mapping[str, float | None],
    parameterization: str,
    held: Mapping[str, float],
    level: float,
    names: Iterable[str],
) -> dict[str, Interval | None]:
    """The intervals of `names`; None for a parameter that is held, and of beta where alpha is held at 2."""
    if held.get("alpha") == 2.0:
        return {name: _of_normal(s, name, held, level) for name in names}
    y = profile.bounded(s.scaled())
    log_scale = math.log(estimates["scale"] / s.unit)
    loc = (estimates["loc"] - s.center) / s.unit
    theta = np.array([estimates["alpha"], estimates["beta"], loc, log_scale])
    problem = problem_of(s, parameterization, dict(held))
    if parameterization == "S1":
        theta[2] += s1_shift(theta, problem.log_unit)[0]
    top = profile.highest(problem, y, theta)
    found: dict[str, Interval | None] = {}
    for name in names:
        found[name] = None
        if name in held:
            continue
        k = NAMES.index(name)

        def constrained(v: float, name: str = name) -> Problem:
            value = {"loc": s.center + s.unit * v, "scale": s.unit * math.exp(min(v, 700.0))}.get(name, v)
            return profile.within_search(problem_of(s, parameterization, {**held, name: value}))

        estimate = float(top[0][k])
        if name == "loc" and parameterization == "S1":
            estimate -= s1_shift(top[0], problem.log_unit)[0]
        stderr = stderrs[name]
        if stderr is not None:
            stderr /= {"loc": s.unit, "scale": estimates["scale"]}.get(name, 1.0)
        one = profile.Profile(y, k, constrained, top, reported(s.values.size, s.weighting)[1])
        low, high = profile.ends(one, estimate, stderr, _BOUNDS[k], level)
        found[name] = _in_units(s, name, low), _in_units(s, name, high)
    return found


def _in_units(s: Standardized, name: str, value: float) -> float:
    if name == "alpha":
        return 2.0 if value == ALPHA_RANGE[1] else value
    if name == "loc":
        return s.center + s.unit * value
    return s.unit * math.exp(value) if name == "scale" else value


def _of_normal(s: Standardized, name: str, held: Mapping[str, float], level: float) -> Interval | None:
    """Those of the normal law, whose D is known: n log(1 + (μ − m)²/s²), and n (s²/σ² − 1 − log(s²/σ²)) for σ."""
    if name in held or name not in ("loc", "scale"):
        return None
    y, root2 = profile.bounded(s.scaled()), math.sqrt(2.0)
    loc = (held["loc"] - s.center) / s.unit if "loc" in held else None
    mean, std = normal.moments(y, loc, None, s.counts)
    share = profile.limit(level, math.inf) / (s.weights.n * reported(s.values.size, s.weighting)[1])
    if name == "loc":
        width = (
            held["scale"] * root2 / s.unit * math.sqrt(share) if "scale" in held else std * math.sqrt(math.expm1(share))
        )
        return s.center + s.unit * (mean - width), s.center + s.unit * (mean + width)

    def root(low: float, high: float) -> float:
        """log(s²/σ²) between bounds, of which the second has the larger D."""
        for _ in range(100):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if math.exp(middle) - 1.0 - middle < share else (low, middle)
        return low

    narrow, wide = root(0.0, 2.0 + share), root(0.0, -1.0 - share)
    unit = s.unit * std / root2
    return unit * math.exp(-0.5 * narrow), unit * math.exp(-0.5 * wide)
