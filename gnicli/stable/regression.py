"""Linear regression and autoregression with stable noise, by maximum likelihood."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gnicli.errors import DataError, NumericalError, UsageError
from gnicli.stable.fitting.result import interval95
from gnicli.stable.law import StableLaw
from gnicli.stable.scipy_words import fit

_SETTLED = 1e-6  # nats that a step promises, twice: below it the search ends
_LOOSE = 1e-3  # the same, where no step gains any more
_MOST_STEPS = 60
_STEP = 1e-4  # of differences of the scores, in standardized units
_BOUNDS = ((0.5, -1.0, -30.0), (2.0, 1.0, 30.0))  # of alpha, beta and log scale
_AT_BOUND = 2e-3


@dataclass(frozen=True)
class StableRegression:
    """A fitted regression y = X coef + noise.

    coef: float64 (p,); with an intercept it comes first. coef_stderr: their standard errors by the observed
    information, (p,). covariance: of the coefficients, (p, p). noise: the fitted law of the noise, in S0 with
    location 0.
    noise_stderr: standard errors of its alpha, beta and scale; NaN where one is at its bound, and of beta at alpha = 2.
    residuals: y − X coef, (n,). converged: whether the search ended at a maximum.

    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(100, 1))
    >>> found = regress(X, 3.0 * X[:, 0] + StableLaw(1.5, 0.0).rvs(100, rng))
    >>> found.converged, found.residuals.shape, found.noise.loc
    (True, (100,), 0.0)
    """

    coef: np.ndarray
    coef_stderr: np.ndarray
    covariance: np.ndarray
    noise: StableLaw
    noise_stderr: dict[str, float]
    log_likelihood: float
    residuals: np.ndarray
    converged: bool

    def ci95(self) -> np.ndarray:
        """The 95 % intervals of the coefficients, (p, 2).

        >>> rng = np.random.default_rng(0)
        >>> X = rng.normal(size=(100, 1))
        >>> regress(X, 3.0 * X[:, 0] + StableLaw(1.5, 0.0).rvs(100, rng)).ci95().shape
        (2, 2)
        """
        return np.stack(interval95(self.coef, self.coef_stderr), axis=1)  # type: ignore[arg-type]


def regress(X: np.typing.ArrayLike, y: np.typing.ArrayLike, *, intercept: bool = True) -> StableRegression:
    """Fit y = X coef + noise, where the noise is independent and stable, by maximum likelihood.

    X: real numbers (n, p), or (n,) for one regressor. y: (n,), at least 50 more than coefficients. intercept: whether a
    constant is fitted too, as the first coefficient. The noise has S0 location 0: the constant is the location of y
    where all regressors are 0. Without a constant that has to hold for the data.

    All parameters are fitted together, from least absolute deviations and the stable fit of their residuals. It takes
    seconds. Coefficients have the efficiency of the likelihood, where least squares has none:
    its error has infinite variance for alpha < 2.
    Raises `UsageError` for shapes that do not fit and for collinear regressors, `DataError` for values that are not
    finite, and what `fit` raises of the residuals.
    Reference: J. P. Nolan and D. Ojeda-Revah, Linear and nonlinear regression with stable errors, Journal of
    Econometrics 172 (2013), 186-194.

    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(150, 2))
    >>> found = regress(X, 1.0 + X @ [2.0, -1.0] + StableLaw(1.3, 0.0, scale=0.1).rvs(150, rng))
    >>> found.coef.round(1)
    array([ 1.,  2., -1.])
    """
    design, values = _checked(X, y, intercept)
    n, p = design.shape
    q, r = np.linalg.qr(design)
    q, r = q * math.sqrt(n), r / math.sqrt(n)  # columns of mean square 1: all coefficients are alike
    if not (np.abs(r.diagonal()) > 1e-10 * np.linalg.norm(r, axis=0)).all():
        raise UsageError(
            "the regressors are collinear (a constant among them counts with intercept=True): leave one out"
        )
    first = _least_absolute(q, values)
    rest = fit(values - q @ first, "S0")
    if intercept:
        first += np.linalg.lstsq(q, np.full(n, rest.loc), rcond=None)[0]
    unit = rest.scale
    theta, converged = _maximize(q, values / unit, np.array([*(first / unit), rest.alpha, rest.beta, 0.0]))
    covariance, errors = _covariance(q, values / unit, theta)
    to_coef = np.linalg.inv(r) * unit
    of_coef = to_coef @ covariance @ to_coef.T
    scale = unit * math.exp(theta[p + 2])
    noise = StableLaw(theta[p], theta[p + 1], 0.0, scale, "S0")
    residuals = values - q @ (theta[:p] * unit)
    return StableRegression(
        coef=to_coef @ theta[:p],
        coef_stderr=np.sqrt(of_coef.diagonal()),
        covariance=of_coef,
        noise=noise,
        noise_stderr={"alpha": errors[0], "beta": errors[1], "scale": errors[2] * scale},
        log_likelihood=float(np.sum(noise.logpdf(residuals))),
        residuals=residuals,
        converged=converged,
    )


def autoregress(x: np.typing.ArrayLike, order: int, *, intercept: bool = True) -> StableRegression:
    """Fit x_t = c + φ₁ x_{t−1} + … + φ_p x_{t−p} + noise with stable noise, given the first p values.

    x: a series (n,), at least 52 + 2·order long. order: p >= 1. The coefficients are c, if `intercept`, and φ₁, …, φ_p.
    They converge faster than in a regression, as n^(1/alpha), and their limit is not normal for alpha < 2: read the
    standard errors as a size. Raises as `regress` does.
    Reference: R. A. Davis, K. Knight and J. Liu, Stochastic Processes and their Applications 40 (1992), 145-180.

    >>> rng = np.random.default_rng(0)
    >>> x = np.zeros(200)
    >>> for t, noise in enumerate(StableLaw(1.5, 0.0).rvs(199, rng), 1):
    ...     x[t] = 0.7 * x[t - 1] + noise
    >>> autoregress(x, 1).coef[1].round(1)
    np.float64(0.7)
    """
    series = np.asarray(x, dtype=np.float64)
    if isinstance(order, bool) or not hasattr(order, "__index__") or order < 1:
        raise UsageError(f"order must be an integer >= 1, got {order!r}")
    if series.ndim != 1 or series.size < 52 + 2 * order:
        raise UsageError(
            f"x must be a series of at least {52 + 2 * order} values for order {order}, got {series.shape}"
        )
    lags = np.stack([series[order - k : series.size - k] for k in range(1, order + 1)], axis=1)
    return regress(lags, series[order:], intercept=intercept)


def _checked(X: np.typing.ArrayLike, y: np.typing.ArrayLike, intercept: bool) -> tuple[np.ndarray, np.ndarray]:
    design, values = np.asarray(X, dtype=np.float64), np.asarray(y, dtype=np.float64)
    design = design[:, None] if design.ndim == 1 else design
    if design.ndim != 2 or values.ndim != 1 or design.shape[0] != values.size:
        raise UsageError(f"X must be (n, p) and y (n,), got {design.shape} and {values.shape}")
    for name, array in (("X", design), ("y", values)):
        if not np.isfinite(array).all():
            raise DataError(
                f"{name} has {int((~np.isfinite(array)).sum())} values that are not finite: leave these rows out"
            )
    if intercept:
        design = np.column_stack([np.ones(values.size), design])
    if values.size < design.shape[1] + 50:
        raise UsageError(f"{design.shape[1]} coefficients need at least {design.shape[1] + 50} rows, got {values.size}")
    return design, values


def _least_absolute(q: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Coefficients of nearly least absolute deviations, by least squares with weights 1/|residual|."""
    coef: np.ndarray = np.zeros(q.shape[1])
    for _ in range(30):
        size = np.abs(y - q @ coef)
        middle = float(np.median(size))
        if middle == 0.0:
            break
        root = 1.0 / np.sqrt(np.maximum(size, 1e-3 * middle))
        coef = np.linalg.lstsq(q * root[:, None], y * root, rcond=None)[0]
    return coef


def _scores(residuals: np.ndarray, law: np.ndarray) -> np.ndarray:
    """The derivatives of log pdf in each residual, alpha, beta and log scale, (n, 4); `law` is the last three."""
    noise = StableLaw(law[0], law[1], 0.0, math.exp(law[2]), "S0")
    slopes = noise.logpdf_derivatives(residuals)
    return np.stack([slopes.x, slopes.alpha, slopes.beta, noise.scale * slopes.scale], axis=1)


def _value(residuals: np.ndarray, law: np.ndarray) -> float:
    return float(np.sum(StableLaw(law[0], law[1], 0.0, math.exp(law[2]), "S0").logpdf(residuals)))


def _maximize(q: np.ndarray, y: np.ndarray, theta: np.ndarray) -> tuple[np.ndarray, bool]:
    """By scoring within the bounds. The information is that of the scores; residuals do not depend on regressors."""
    p = q.shape[1]
    low, high = (np.array([*[side] * p, *rest]) for side, rest in zip((-np.inf, np.inf), _BOUNDS, strict=True))
    value = _value(y - q @ theta[:p], theta[p:])
    if not math.isfinite(value):
        raise NumericalError("the residuals of least absolute deviations have no stable law with a likelihood above 0")
    for _ in range(_MOST_STEPS):
        rows = _scores(y - q @ theta[:p], theta[p:])
        gradient = np.concatenate([-(rows[:, 0] @ q), rows[:, 1:].sum(axis=0)])
        pressed = ((theta <= low) & (gradient <= 0.0)) | ((theta >= high) & (gradient >= 0.0)) | (gradient == 0.0)
        free = np.flatnonzero(~pressed)
        step = np.zeros_like(theta)
        information = _information(q, np.broadcast_to(rows.T @ rows / y.size, (y.size, 4, 4)))
        step[free] = np.linalg.pinv(information[np.ix_(free, free)], rcond=1e-10, hermitian=True) @ gradient[free]
        if not float(gradient @ step) > _SETTLED:
            return theta, True
        share = 1.0
        while True:
            moved = np.clip(theta + share * step, low, high)
            new = _value(y - q @ moved[:p], moved[p:])
            if new > value:
                break
            share *= 0.5
            if share < 1e-6:
                return theta, bool(gradient @ step < _LOOSE)
        theta, value = moved, new
    return theta, False


def _information(q: np.ndarray, each: np.ndarray) -> np.ndarray:
    """Of all parameters, (p + 3, p + 3), from that of each residual in itself and the law's three, (n, 4, 4)."""
    across = -(q.T @ each[:, 0, 1:])  # a residual falls as a coefficient grows
    return np.block([[(q.T * each[:, 0, 0]) @ q, across], [across.T, each[:, 1:, 1:].sum(axis=0)]])


def _covariance(q: np.ndarray, y: np.ndarray, theta: np.ndarray) -> tuple[np.ndarray, list[float]]:
    """Of the coefficients in standardized units, and the standard errors of alpha, beta and log scale.

    The second derivatives of each residual's log pdf are differences of its scores: a step of all residuals gives those
    by all coefficients.
    """
    p, law, residuals = q.shape[1], theta[q.shape[1] :], y - q @ theta[: q.shape[1]]
    inner = 0.5 + _AT_BOUND < law[0] < 2.0 - _AT_BOUND
    free = [0, *([1] if inner else []), *([2] if inner and abs(law[1]) < 1.0 - _AT_BOUND else []), 3]
    bends = np.zeros((y.size, 4, 4))
    for k in free:
        up, down = (
            _scores(residuals + sign * _STEP * (k == 0), law + sign * _STEP * (np.arange(1, 4) == k))
            for sign in (1.0, -1.0)
        )
        bends[:, k] = (up - down) / (2.0 * _STEP)
    bends = 0.5 * (bends + bends.transpose(0, 2, 1))
    index = [*range(p), *(p - 1 + k for k in free[1:])]
    information = _information(q, -bends)
    inverse = np.linalg.pinv(information[np.ix_(index, index)], hermitian=True)
    variance = np.full(p + 3, np.nan)
    variance[index] = np.where(inverse.diagonal() > 0.0, inverse.diagonal(), np.nan)
    return inverse[:p, :p], np.sqrt(variance[p:]).tolist()
