"""The problem and the result of a search, and the bounds of the parameters."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from gnicli.stable.domain import LEAST_FITTED
from gnicli.stable.fitting.binning import Weights

if TYPE_CHECKING:
    from gnicli.stable.fitting.standardize import Standardized

ALPHA_RANGE = (LEAST_FITTED, 2.0 - 1e-6)
NODES_FROM = 0.5  # alpha, from which on the search on the sample's nodes goes; `climb` goes on below
NEAR_NORMAL = 1.97  # alpha, above which the normal law itself is tried
TRUSTED_FROM, TRUSTED_TO = 0.83, 0.93  # alpha and size of beta: the sample's nodes give the maximum to 1e-6 nats
FARTHEST = 2.0  # |μ|, beyond which the nodes' rays see nothing; the S0 location of every law and sample is well inside
LOW, HIGH = np.array([NODES_FROM, -1.0, -FARTHEST]), np.array([ALPHA_RANGE[1], 1.0, FARTHEST])


@dataclass
class Problem:
    """The problem of one search: a standardized sample. `fixed` holds values of α, β, μ, log σ, NaN where free.

    With `s1_loc` the location that is fixed (or fitted) is that of S1: μ = s1_loc + β σ T(α), in standardized units.
    """

    weights: Weights
    fixed: np.ndarray = field(default_factory=lambda: np.full(4, np.nan))
    s1_loc: float | None = None
    log_unit: float = 0.0  # logarithm of the unit of the standardized sample; needed at alpha = 1 only
    least_alpha: float = ALPHA_RANGE[0]  # below which a fitted one is not searched
    counts: np.ndarray | None = None  # how often each sample counts; None for once


@dataclass
class Optimum:
    """The end of a search: θ in S0 and standardized units, the covariance of what is free by the observed information.

    The covariance is (4, 4) with rows of 0 for what is not free, or None where the information is not definite. What
    is searched is θ, or with a location in S1 that is held, (α, β, log σ); `loc_gradient` is that of μ by it, (4,).
    It is that of θ, or where not `is_steady` that of a last step's beginning.
    """

    theta: np.ndarray
    log_likelihood: float
    covariance: np.ndarray | None
    free: np.ndarray
    loc_gradient: np.ndarray
    converged: bool
    n_evaluations: int
    is_steady: bool = True


def problem_of(s: Standardized, parameterization: str, held: dict[str, float]) -> Problem:
    """The problem of a sample with what is held, in its units."""
    fixed = np.array([held.get("alpha", np.nan), held.get("beta", np.nan), np.nan, np.nan])
    if "scale" in held:
        fixed[3] = math.log(held["scale"] / s.unit)
    s1_loc = None
    if "loc" in held:
        fixed[2] = (held["loc"] - s.center) / s.unit
        if parameterization == "S1" and held.get("beta") != 0.0:
            s1_loc = fixed[2]
    least = NODES_FROM if s.tied_in_bulk and "alpha" not in held else ALPHA_RANGE[0]
    return Problem(s.weights, fixed, s1_loc, math.log(s.unit), least, s.counts)
