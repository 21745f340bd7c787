"""Derivatives of log pdf of a stable law in x and in its four parameters, in the units of the samples."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from gnicli.stable import many_laws
from gnicli.stable.density import inversion
from gnicli.stable.density.located import require_density
from gnicli.stable.summaries import Summaries


class LogpdfDerivatives(NamedTuple):
    """The first derivatives of log pdf, each in the common shape of points and parameters."""

    x: Any
    alpha: Any
    beta: Any
    loc: Any
    scale: Any


class CdfDerivatives(NamedTuple):
    """The first derivatives of the distribution function, each in the common shape of points and parameters."""

    x: Any
    alpha: Any
    beta: Any
    loc: Any
    scale: Any


def _shift(alpha: float, beta: float, scale: np.ndarray, parameterization: str) -> tuple[Any, Any, Any, Any]:
    """The s of `of_pair` and its derivatives by alpha, beta and log scale."""
    law = inversion.shape(alpha, beta)
    if parameterization == "S1" and alpha == 1.0:
        by_beta = (2.0 / math.pi) * np.log(scale)
        return beta * by_beta, math.nan if beta else 0.0, by_beta, (2.0 / math.pi) * beta
    if (parameterization == "S1") == (alpha >= inversion.IN_S1):
        sign = 1.0 if parameterization == "S1" else -1.0
        tangent = -law.cos_h / law.sin_h
        return (
            beta * sign * tangent,
            sign * 0.5 * math.pi * beta * (1.0 + tangent * tangent),
            sign * tangent,
            0.0,
        )
    return 0.0, 0.0, 0.0, 0.0


def cdf_of_pair(
    alpha: float,
    beta: float,
    loc: np.ndarray,
    scale: np.ndarray,
    parameterization: str,
    x: np.ndarray,
    pdf: np.ndarray,
) -> np.ndarray:
    """The derivatives (5, n) of the distribution function at x (n,), by the chain rule of `of_pair`.

    `pdf` (n,) is the density there.
    """
    from gnicli.stable.density import distribution_derivatives

    shift, by_alpha, by_beta, by_log_scale = _shift(alpha, beta, scale, parameterization)
    with np.errstate(over="ignore", invalid="ignore"):
        z = (x - loc) / scale
        by_shape = distribution_derivatives.standard(alpha, beta, np.asarray(z - shift))
        standard_pdf = scale * pdf
        stretched = np.where(pdf > 0.0, (z + by_log_scale) * pdf, 0.0)
        return np.stack(
            [pdf, by_shape[0] - standard_pdf * by_alpha, by_shape[1] - standard_pdf * by_beta, -pdf, -stretched]
        )


def of_pair(
    alpha: float, beta: float, loc: np.ndarray, scale: np.ndarray, parameterization: str, x: np.ndarray
) -> np.ndarray:
    """The derivatives (5, n) at x (n,), with a location and a scale for each point.

    From the standard law by the chain rule, y = (x − loc)/scale − s. From α = 0.5 on that is the S0 law, s is 0 in S0,
    β tan(πα/2) in S1, and there (2/π) β log scale at α = 1. Below it is the S1 law, s is 0 in S1, −β tan(πα/2) in S0.
    """
    from gnicli.stable.density import derivatives

    shift, by_alpha, by_beta, by_log_scale = _shift(alpha, beta, scale, parameterization)
    with np.errstate(over="ignore", invalid="ignore"):
        z = (x - loc) / scale
        y = z - shift
        found = derivatives.standard(alpha, beta, y)
        z_slope = np.where(np.isinf(y), -(alpha + 1.0), z * found.x)  # the power of a tail
        by_x = found.x / scale
        return np.stack(
            [
                by_x,
                found.alpha - found.x * by_alpha,
                found.beta - found.x * by_beta,
                -by_x,
                -(1.0 + z_slope + found.x * by_log_scale) / scale,
            ]
        )


class Slopes(Summaries):
    """The derivatives of the density's logarithm."""

    def logpdf_derivatives(self, x: np.typing.ArrayLike) -> LogpdfDerivatives:
        """The derivatives of `logpdf` in x, alpha, beta, loc and scale, in the common shape of x and the parameters.

        By integration, with relative errors near 1e-10 (0.1 ms a point; from 1,500 points of one pair (alpha, beta) on
        by interpolation, in about 50 ms). They are those of this law's parameterization. NaN outside of the support.
        In S1 the law jumps at alpha = 1: the derivative in alpha is NaN there unless beta is 0, and the others hold
        alpha. At alpha = 2 and beta = ±1 those in alpha and beta are from inside of the domain. They may be infinite in
        a light tail.

        >>> from gnicli.stable import StableLaw
        >>> slopes = StableLaw(2.0, 0.0, loc=1.0, scale=2.0).logpdf_derivatives(5.0)  # normal, variance 8
        >>> round(slopes.x, 9), round(slopes.loc, 9), round(slopes.scale, 9)
        (-0.5, 0.5, 0.5)
        """
        return LogpdfDerivatives(*self._by_pair(x, of_pair))

    def cdf_derivatives(self, x: np.typing.ArrayLike) -> CdfDerivatives:
        """The derivatives of `cdf` in x (the density), alpha, beta, loc and scale; those of `sf` are minus these.

        By integration, with errors near 1e-10 of the nearer tail, 0.1 ms a point; otherwise as `logpdf_derivatives`.
        0 outside of the support.

        >>> from gnicli.stable import StableLaw
        >>> slopes = StableLaw(1.0, 0.0).cdf_derivatives(1.0)  # Cauchy's law: pdf 1 / 2π
        >>> round(slopes.x, 9), round(slopes.loc, 9), round(slopes.scale, 9)
        (0.159154943, -0.159154943, -0.159154943)
        """
        return CdfDerivatives(*self._by_pair(x, cdf_of_pair, many_laws.values(self, "pdf", x)))

    def _by_pair(self, x: np.typing.ArrayLike, function: Callable[..., np.ndarray], *known: np.ndarray) -> Any:
        """`function` of each pair (alpha, beta) at its points: five arrays in the common shape, or numbers.

        What is `known` at the points is handed on.
        """
        alpha, beta, loc, scale, at = many_laws.broadcast(self, np.asarray(x, dtype=np.float64))
        require_density(alpha)
        flat = [each.ravel() for each in (alpha, beta, loc, scale, at)]
        more = [np.broadcast_to(each, at.shape).ravel() for each in known]
        out = np.empty((5, at.size))
        for a, b, index in many_laws.pairs(flat[0], flat[1]) if at.size else ():
            own = [each[index] for each in more]
            out[:, index] = function(a, b, flat[2][index], flat[3][index], self.parameterization, flat[4][index], *own)
        return out.reshape(5, *at.shape) if at.ndim else out[:, 0].tolist()

    def score(self, x: np.typing.ArrayLike) -> Any:
        """The score −d log pdf / dx at x, in one over the samples' unit; otherwise as `logpdf_derivatives`.

        It is what makes the flow of a sampler, and it tends to (alpha + 1)/x in a heavy tail.

        >>> from gnicli.stable import StableLaw
        >>> round(StableLaw(1.0, 0.0, scale=2.0).score(1.0), 9)  # Cauchy's law: 2x / (scale² + x²)
        0.4
        """
        return -self.logpdf_derivatives(x).x
