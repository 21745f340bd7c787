"""Estimators that do not use the likelihood, as checks of the fit: quantiles, characteristic function, Hill."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gnicli.errors import NumericalError, UsageError
from gnicli.stable.density import inversion
from gnicli.stable.density.exact import exact
from gnicli.stable.domain import LEAST_FITTED
from gnicli.stable.fitting.standardize import Standardized, flat_array, standardize
from gnicli.stable.law import StableLaw
from gnicli.stable.parameterization import check_parameterization

if TYPE_CHECKING:
    from scipy.interpolate import RectBivariateSpline

LEVELS = np.array([0.05, 0.25, 0.5, 0.75, 0.95])  # of McCulloch's quantiles
ECF_POINTS = np.linspace(0.1, 1.0, 19)  # where the characteristic function is taken, in one over the scale


@lru_cache(maxsize=1)
def _quantile_splines() -> list[RectBivariateSpline]:
    """Splines over (α, β ≥ 0) of the five quantiles of McCulloch, S0: from our own distribution function.

    Built in memory at first use, in about two seconds. Their asinh is as smooth as the law's tails allow.
    """
    from scipy.interpolate import PchipInterpolator, RectBivariateSpline

    small = np.linspace(LEAST_FITTED, 0.5, 7)[:-1]  # where the density has a spike, which these x would miss
    alphas = np.concatenate([small, np.linspace(0.5, 1.0, 9), np.linspace(1.1, 2.0, 10)])
    betas = np.linspace(0.0, 1.0, 7)
    x = np.sinh(np.linspace(-6.5, 8.5, 181))
    values = np.empty((alphas.size, betas.size, LEVELS.size))
    for i, alpha in enumerate(alphas):
        for j, beta in enumerate(betas):
            if alpha < 0.5:
                values[i, j] = StableLaw(alpha, beta, parameterization="S0").ppf(LEVELS)
                continue
            tail = np.exp(exact(min(alpha, 2.0 - 1e-9), beta, x)[1])
            cdf = np.where(x < 0.0, tail, 1.0 - tail)
            keep = np.concatenate([[True], np.diff(cdf) > 1e-9]) & (cdf > 1e-9) & (cdf < 1.0 - 1e-9)
            logit = np.log(cdf[keep] / (1.0 - cdf[keep]))
            values[i, j] = np.sinh(PchipInterpolator(logit, np.arcsinh(x[keep]))(np.log(LEVELS / (1.0 - LEVELS))))
    return [RectBivariateSpline(alphas, betas, np.arcsinh(values[:, :, k])) for k in range(LEVELS.size)]


def _standard_quantiles(alpha: float, beta: float) -> np.ndarray:
    """The five quantiles of the standard S0 law, to about 1e-3."""
    q = np.array([float(np.sinh(s(alpha, abs(beta))[0, 0])) for s in _quantile_splines()])
    return q if beta >= 0.0 else -q[::-1]


def _ratios(q: np.ndarray) -> np.ndarray:
    """McCulloch's ν_α (its logarithm) and ν_β, free of location and scale."""
    wide = q[4] - q[0]
    return np.array([math.log(wide / (q[3] - q[1])), (q[4] + q[0] - 2.0 * q[2]) / wide])


def quantile_fit(samples: np.typing.ArrayLike, parameterization: str = "S1") -> StableLaw:
    """McCulloch (1986): alpha and beta from two ratios of five quantiles, then scale and location.

    samples, parameterization: as in `fit`. Good to a few percent and to its bounds [0.2, 2] × [−1, 1]; raises as `fit`
    does. Reference: J. H. McCulloch, Communications in Statistics B 15 (1986), 1109-1136.

    >>> x = StableLaw(1.5, 0.5).rvs(10_000, np.random.default_rng(0))
    >>> abs(quantile_fit(x).alpha - 1.5) < 0.1
    True
    """
    from scipy.optimize import least_squares

    check_parameterization(parameterization)
    s = standardize(samples)
    q = np.quantile(s.scaled(), LEVELS)
    if not q[3] > q[1]:
        raise NumericalError("the interquartile range is zero: no stable law has an atom")
    wanted = _ratios(q)

    def miss(p: np.ndarray) -> np.ndarray:
        return _ratios(_standard_quantiles(p[0], p[1])) - wanted

    starts = [(a, b) for a in (0.35, 0.7, 1.1, 1.6) for b in (math.copysign(0.4, wanted[1] or 1.0),)]
    best = min(
        (least_squares(miss, start, bounds=([LEAST_FITTED, -1.0], [2.0, 1.0]), xtol=1e-10) for start in starts),
        key=lambda found: found.cost,
    )
    alpha, beta = (float(v) for v in best.x)
    standard = _standard_quantiles(alpha, beta)
    scale = (q[3] - q[1]) / (standard[3] - standard[1])
    return _in_sample_units(s, alpha, beta, q[2] - scale * standard[2], scale, parameterization)


def _in_sample_units(
    s: Standardized, alpha: float, beta: float, loc: float, scale: float, parameterization: str
) -> StableLaw:
    return StableLaw(alpha, beta, s.center + s.unit * loc, s.unit * scale, "S0").to(parameterization)


def ecf_fit(samples: np.typing.ArrayLike, parameterization: str = "S1") -> StableLaw:
    """Koutrouvelis (1980): two regressions on the empirical characteristic function, repeated four times.

    log(−log|φ|) = α log t + α log σ gives alpha and scale; arg φ = μt − β σt g(σt), linear in μ and β (g as in
    `inversion`), the rest. samples, parameterization: as in `fit`; raises as it does.
    Reference: I. A. Koutrouvelis, Journal of the American Statistical Association 75 (1980), 918-928.

    >>> x = StableLaw(1.5, 0.5).rvs(10_000, np.random.default_rng(0))
    >>> abs(ecf_fit(x).alpha - 1.5) < 0.1
    True
    """
    check_parameterization(parameterization)
    s = standardize(samples)
    y = s.scaled()
    alpha, beta, loc, scale = 1.5, 0.0, 0.0, 1.0
    t = ECF_POINTS
    floor = 1.0 / math.sqrt(y.size)
    for _ in range(4):
        phi = _empirical_cf((y - loc) / scale, t)
        size = np.clip(np.abs(phi), floor, 1.0 - 1e-12)
        slope, intercept = np.polyfit(np.log(t), np.log(-np.log(size)), 1, w=certainty(size))
        alpha = float(np.clip(slope, LEAST_FITTED, 2.0))
        sigma = math.exp(intercept / alpha)
        shape = inversion.shape(alpha, 0.0)
        twist = -sigma * t * inversion.growth(shape, np.log(sigma * t))
        columns = np.column_stack([t, twist]) * size[:, None]
        shift, beta = np.linalg.lstsq(columns, np.unwrap(np.angle(phi)) * size, rcond=1e-8)[0]
        beta = float(np.clip(beta, -1.0, 1.0))
        loc, scale = loc + scale * float(shift), scale * sigma
    return _in_sample_units(s, alpha, beta, loc, scale, parameterization)


def _empirical_cf(y: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Mean of exp(ity) over the samples, for each t."""
    return np.array([complex(np.cos(each * y).mean(), np.sin(each * y).mean()) for each in t])


def certainty(size: np.ndarray) -> np.ndarray:
    """Weights of the first regression: one over the spread of log(−log|φ̂|), up to a constant."""
    return size * -np.log(size) / np.sqrt(1.0 - size**2 + 1e-3)


class TailIndex(NamedTuple):
    """Hill's estimate `alpha` from the `n_tail` largest |x|, with its standard error alpha / √n_tail.

    >>> TailIndex(2.0, 0.2, 100).alpha
    2.0
    """

    alpha: float
    stderr: float
    n_tail: int


def hill(samples: np.typing.ArrayLike, n_tail: int | None = None) -> TailIndex:
    """Hill's tail index of |x − median|, from the `n_tail` largest (default: the square root of n, at least 10).

    It estimates the exponent of a power tail whatever its value: above 2 where the law is not stable. Raises as `fit`
    does for the samples, `UsageError` for `n_tail` outside [1, n), and `NumericalError` where there is no tail.
    Reference: B. M. Hill, Annals of Statistics 3 (1975), 1163-1174.

    >>> x = StableLaw(1.2, 0.0).rvs(100_000, np.random.default_rng(0))
    >>> abs(hill(x).alpha - 1.2) < 0.3
    True
    """
    size = distances(samples)
    n_tail = checked_tail(size, n_tail)
    largest = np.partition(size, size.size - n_tail - 1)[size.size - n_tail - 1 :]
    if largest[0] <= 0.0:
        raise NumericalError(f"fewer than {n_tail + 1} samples differ from the median: no tail to measure")
    mean_log = float(np.log(largest[1:] / largest[0]).mean())
    if mean_log <= 0.0:
        raise NumericalError("the largest samples are equal: no tail to measure")
    return TailIndex(1.0 / mean_log, 1.0 / mean_log / math.sqrt(n_tail), n_tail)


def distances(samples: np.typing.ArrayLike) -> np.ndarray:
    """|x − median| of at least 50 finite samples, float64 (n,). Raises as `fit` does."""
    x = flat_array(samples).astype(np.float64)
    if x.size < 50 or not np.isfinite(x).all():
        standardize(samples)  # raises the error that names the cause
    return np.asarray(np.abs(x - np.median(x)))


def checked_tail(size: np.ndarray, n_tail: int | None) -> int:
    """How many of the largest to take: `n_tail`, or by default the square root of n. Raises `UsageError`."""
    n_tail = max(10, math.isqrt(size.size)) if n_tail is None else n_tail
    if isinstance(n_tail, bool) or not hasattr(n_tail, "__index__") or not 1 <= n_tail < size.size:
        raise UsageError(f"n_tail must be an integer >= 1 and < {size.size}, got {n_tail!r}")
    return int(n_tail)
