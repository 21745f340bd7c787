"""Asymptotic covariances of the estimators by quantiles and by the characteristic function, by the delta method.

Both are smooth functions of means: of indicators, whose covariances are p(1 − q) over densities, and of cos tX and
sin tX, whose covariances are values of the characteristic function. Neither depends on a sample. References:
J. H. McCulloch, Communications in Statistics B 15 (1986), 1109-1136; I. A. Koutrouvelis, Communications in Statistics B
10 (1981), 17-28.
"""

from __future__ import annotations

import math

import numpy as np

from gnicli.errors import UsageError
from gnicli.stable.density import inversion
from gnicli.stable.density.derivatives import growth_and_slopes
from gnicli.stable.estimators import ECF_POINTS, LEVELS, certainty
from gnicli.stable.law import StableLaw
from gnicli.stable.parameterization import s1_shift


def quantile_covariance(law: StableLaw, n: int) -> np.ndarray:
    """The covariance (4, 4) of `quantile_fit` for `n` samples of a law: of alpha, beta, loc, scale, in its units.

    law: with numbers for parameters, alpha in [0.5, 2) and |beta| < 1; loc is that of its parameterization. n: from 1
    on. Put a fitted law in for the true one. It holds for large n: next to a bound of the parameters the estimate is
    not normal. NaN where it is not defined, as for beta next to alpha = 2. Raises `UsageError` for other arguments.

    >>> errors = np.sqrt(quantile_covariance(StableLaw(1.5, 0.0), 10_000).diagonal())
    >>> errors.round(3)
    array([0.02 , 0.034, 0.03 , 0.013])
    """
    _check(law, n)
    standard = StableLaw(law.alpha, law.beta, 0.0, 1.0, "S0")
    q = standard.ppf(LEVELS)
    slopes = standard.cdf_derivatives(q)
    spread = (np.minimum.outer(LEVELS, LEVELS) - np.outer(LEVELS, LEVELS)) / np.outer(slopes.x, slopes.x)
    by_law = -np.stack([slopes.alpha, slopes.beta, slopes.loc, slopes.scale], axis=1) / slopes.x[:, None]
    wide, middle, lean = q[4] - q[0], q[3] - q[1], q[4] + q[0] - 2.0 * q[2]
    by_quantiles = np.array(
        [
            [-1.0 / wide, 1.0 / middle, 0.0, -1.0 / middle, 1.0 / wide],
            [(1.0 + lean / wide) / wide, 0.0, -2.0 / wide, 0.0, (1.0 - lean / wide) / wide],
            [0.0, 0.0, 1.0, 0.0, 0.0],
            [0.0, -1.0, 0.0, 1.0, 0.0],
        ]
    )
    return _in_units(_solve(by_quantiles @ by_law, by_quantiles @ spread @ by_quantiles.T), law, n)


def ecf_covariance(law: StableLaw, n: int) -> np.ndarray:
    """The covariance (4, 4) of `ecf_fit` for `n` samples of a law; otherwise as `quantile_covariance`.

    >>> by_ecf, by_quantiles = (each(StableLaw(1.5, 0.0), 10_000) for each in (ecf_covariance, quantile_covariance))
    >>> bool(by_ecf[0, 0] < by_quantiles[0, 0])
    True
    """
    _check(law, n)
    standard, t = StableLaw(law.alpha, law.beta, 0.0, 1.0, "S0"), ECF_POINTS
    phi = standard.cf(t)
    size = np.abs(phi)
    spread = _cf_covariance(standard, t)
    # of log(−log|φ|) and of arg φ by the real and the imaginary part
    by_parts = np.block([[np.diag(phi.real / size**2), np.diag(phi.imag / size**2)]])
    by_size = by_parts / np.log(size)[:, None]
    by_angle = np.block([[np.diag(-phi.imag / size**2), np.diag(phi.real / size**2)]])
    weight = certainty(size)
    line = np.column_stack([np.log(t), np.ones_like(t)]) * weight[:, None]
    to_line = np.linalg.pinv(line) * weight  # of slope alpha and intercept alpha log σ
    first = np.stack([to_line[0], to_line[1] / law.alpha]) @ by_size
    growth, by_alpha, by_log_t = growth_and_slopes(inversion.shape(law.alpha, law.beta), np.log(t))
    # the angle μt − βσt g(log σt) with alpha and σ of the first regression
    moved = by_angle + law.beta * t[:, None] * (np.outer(by_alpha, first[0]) + np.outer(growth + by_log_t, first[1]))
    columns = np.column_stack([t, -t * growth]) * size[:, None]
    shift, beta = (np.linalg.pinv(columns) * size) @ moved
    linear = np.stack([first[0], beta, shift, first[1]])
    found = linear @ spread @ linear.T
    if not np.isfinite(found).all() or law.alpha == 2.0:
        found = np.full((4, 4), np.nan)
    return _in_units(found, law, n)


def _check(law: StableLaw, n: int) -> None:
    if law.shape:
        raise UsageError(f"law must have numbers for parameters, got arrays of shape {law.shape}")
    if not 0.5 <= law.alpha <= 2.0:
        raise UsageError(f"alpha must be in [0.5, 2], as the estimators have it, got {law.alpha!r}")
    if isinstance(n, bool) or not n >= 1:
        raise UsageError(f"n must be >= 1, got {n!r}")


def _solve(slopes: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """J⁻¹ S J⁻ᵀ; NaN where J has none."""
    if not np.isfinite(slopes).all() or np.linalg.cond(slopes) > 1e8:
        return np.full((4, 4), np.nan)
    inverse = np.linalg.inv(slopes)
    return np.asarray(inverse @ spread @ inverse.T)


def _cf_covariance(standard: StableLaw, t: np.ndarray) -> np.ndarray:
    """Of cos tX for all t and then sin tX, one sample, (2 n_t, 2 n_t)."""
    phi = standard.cf(t)
    total, difference = standard.cf(t[:, None] + t), standard.cf(t[:, None] - t)
    u, v = phi.real, phi.imag
    cosines = 0.5 * (difference.real + total.real) - np.outer(u, u)
    sines = 0.5 * (difference.real - total.real) - np.outer(v, v)
    mixed = 0.5 * (total.imag - difference.imag) - np.outer(u, v)  # cos of the row, sin of the column
    return np.block([[cosines, mixed], [mixed.T, sines]])


def _in_units(found: np.ndarray, law: StableLaw, n: int) -> np.ndarray:
    """From S0 and a scale of 1 to the law's own location and scale."""
    units = np.diag([1.0, 1.0, law.scale, law.scale])
    if law.parameterization == "S1":
        theta = np.array([law.alpha, law.beta, 0.0, 0.0])
        units[2] -= law.scale * s1_shift(theta, math.log(law.scale))[1]
    return np.asarray(units @ found @ units.T) / n
