"""The fit where alpha is 2: the normal law, in closed form."""

from __future__ import annotations

import math

import numpy as np

from gnicli.errors import NumericalError
from gnicli.stable import normal
from gnicli.stable.fitting.node_likelihood import evaluate
from gnicli.stable.fitting.result import StableFit
from gnicli.stable.fitting.sandwich import of_normal
from gnicli.stable.fitting.search_problem import ALPHA_RANGE, Problem
from gnicli.stable.fitting.standardize import Standardized
from gnicli.stable.fitting.weighting import reported, weighted_sum
from gnicli.stable.parameterization import s1_shift


def words(held: dict[str, float]) -> str:
    """What is held, for a message."""
    return ", ".join(f"{name} {value:g}" for name, value in held.items()) or "nothing"


def normal_fit(s: Standardized, parameterization: str, held: dict[str, float], refuse: bool = True) -> StableFit:
    """alpha = 2: location and scale in closed form; beta is not identified."""
    y, center, unit = _in_range(s)
    standardized_loc = (held["loc"] - center) / unit if "loc" in held else None
    # one that is below the least normal float in units of the samples gives them a likelihood of 0 just the same
    standardized_std = max(held["scale"] * math.sqrt(2.0) / unit, 2.0**-1022) if "scale" in held else None
    mean, std = normal.moments(y, standardized_loc, standardized_std, s.counts)
    with np.errstate(over="ignore"):  # an outlier far beyond a held scale: −inf
        log_likelihood = weighted_sum(normal.log_density(y, mean, std), s.counts) - s.weights.n * math.log(unit)
    if refuse and not math.isfinite(log_likelihood):
        raise NumericalError(
            f"no normal law with {words(held)} held gives these {y.size} samples a likelihood above 0 in double "
            "precision: hold other values, or fewer"
        )
    n, size = reported(s.values.size, s.weighting)
    root_n = math.sqrt(s.weights.n * size)
    mean_error, log_std_error = std / root_n, 1.0 / (math.sqrt(2.0) * root_n)
    if s.weighting is not None and s.weighting.importance:
        mean_error, log_std_error = of_normal(y, s.weighting.counts, mean, std)
    root2 = math.sqrt(2.0)
    return StableFit(
        alpha=2.0,
        beta=held.get("beta", 0.0),
        loc=held.get("loc", center + unit * mean),
        scale=held.get("scale", unit * std / root2),
        alpha_stderr=None,
        beta_stderr=None,
        loc_stderr=None if "loc" in held else unit * mean_error,
        scale_stderr=None if "scale" in held else unit * std / root2 * log_std_error,
        parameterization=parameterization,
        n=n,
        n_free=4 - len(held | {"beta": 0.0}) if "alpha" in held else 4 - len(held),
        converged=True,
        at_boundary="alpha" not in held or "beta" not in held,
        n_evaluations=0,
        notes=s.notes,
        held=tuple(held),
        _log_likelihood=log_likelihood * size,
        _samples=s.kept(),
    )


def is_maximum(problem: Problem, s: Standardized, normal_law: StableFit) -> bool:
    """Whether the likelihood falls from the likeliest normal law toward smaller alpha, whatever beta is; by the nodes.

    Next to alpha = 2 its slope is linear in beta, and positive everywhere where it is at both ends.
    """
    loc, log_scale = (normal_law.loc - s.center) / s.unit, math.log(normal_law.scale / s.unit)
    betas = (-1.0, 1.0) if np.isnan(problem.fixed[1]) else (float(problem.fixed[1]),)
    theta = np.array([[ALPHA_RANGE[1], beta, loc, log_scale] for beta in betas])
    value, gradient, _ = evaluate([problem.weights] * len(betas), theta)
    slope = gradient[:, 0]
    if problem.s1_loc is not None:  # the location in S0 moves with alpha
        slope = slope + gradient[:, 2] * np.array([s1_shift(law, problem.log_unit)[1][0] for law in theta])
    return bool(np.isfinite(value).all() and (slope > 0.0).all())


def _in_range(s: Standardized) -> tuple[np.ndarray, float, float]:
    """Samples in units in which their squares do not overflow, with the center and the unit."""
    y, center, unit = s.scaled(), s.center, s.unit
    farthest = float(np.abs(y).max())
    if farthest > 1e140:
        center, unit = 0.0, float(np.abs(s.values).max())
        y = s.values.astype(np.float64) / unit
    return y, center, unit
