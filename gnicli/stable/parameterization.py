"""Where S0 and S1 put their locations: the difference in scales, and with derivatives in standardized units."""

from __future__ import annotations

import math

import numpy as np

from gnicli.errors import UsageError
from gnicli.stable.density import inversion

PARAMETERIZATIONS = ("S0", "S1")
NAMES = ("alpha", "beta", "loc", "scale")


def shift_in_scales(alpha: float, beta: float, scale: float) -> float:
    """(loc₀ − loc₁) / scale."""
    if alpha == 1.0:
        return beta * (2.0 / math.pi) * math.log(scale)
    return -inversion.zeta(inversion.shape(alpha, beta))


def check_parameterization(value: str) -> None:
    """Raise `UsageError` unless `value` is "S0" or "S1"."""
    if value not in PARAMETERIZATIONS:
        raise UsageError(f"parameterization must be S0 or S1, got {value!r}")


def s1_shift(theta: np.ndarray, log_unit: float) -> tuple[float, np.ndarray]:
    """loc₀ − loc₁ in standardized units and its gradient (4,) with respect to (α, β, μ, log σ).

    β σ tan(πα/2), and at α = 1, where it must be held fixed, (2/π) β σ log σ with σ in the units of the sample.
    """
    alpha, beta, _, log_scale = theta.tolist()
    scale = math.exp(log_scale)
    if alpha == 1.0:
        log_sigma = log_scale + log_unit
        unit = (2.0 / math.pi) * scale
        return beta * unit * log_sigma, np.array([0.0, unit * log_sigma, 0.0, beta * unit * (log_sigma + 1.0)])
    tangent = -1.0 / math.tan(0.5 * math.pi * (alpha - 1.0))
    slope = 0.5 * math.pi * (1.0 + tangent * tangent)
    shift = beta * scale * tangent
    return shift, np.array([beta * scale * slope, scale * tangent, 0.0, shift])


def s1_bend(theta: np.ndarray, log_unit: float) -> np.ndarray:
    """The second derivatives (4, 4) of `s1_shift`."""
    alpha, beta, _, log_scale = theta.tolist()
    scale = math.exp(log_scale)
    hessian = np.zeros((4, 4))
    if alpha == 1.0:
        log_sigma = log_scale + log_unit
        unit = (2.0 / math.pi) * scale
        hessian[1, 3] = hessian[3, 1] = unit * (log_sigma + 1.0)
        hessian[3, 3] = beta * unit * (log_sigma + 2.0)
        return hessian
    tangent = -1.0 / math.tan(0.5 * math.pi * (alpha - 1.0))
    slope = 0.5 * math.pi * (1.0 + tangent * tangent)
    hessian[0, 0], hessian[3, 3] = beta * scale * math.pi * tangent * slope, beta * scale * tangent
    hessian[0, 1] = hessian[1, 0] = scale * slope
    hessian[0, 3] = hessian[3, 0] = beta * scale * slope
    hessian[1, 3] = hessian[3, 1] = scale * tangent
    return hessian
