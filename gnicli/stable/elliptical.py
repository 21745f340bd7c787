"""Elliptical (sub-Gaussian) stable laws in d dimensions: draws, density, fit, and a test of ellipticity.

X = loc + √A · G, where G is normal with covariance 2 shape and A > 0 is stable with E exp(−sA) = exp(−s^a), a = α/2. So
E exp(it·X) = exp(−(t′ shape t)^(α/2) + i t·loc): every projection is symmetric stable. By Kanter's representation, with
U uniform on (0, π), W exponential and p = (1 − a)/a,

    A = K(U) W^−p,    K(U) = sin(aU) sin((1 − a)U)^p / sin(U)^(1/a),

so that the density at distance r is a double integral of a positive function: nothing cancels, in any dimension.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gnicli.errors import DataError, UsageError
from gnicli.stable.density.radial import log_kanter, radial
from gnicli.stable.domain import LEAST_FITTED

_MOST_DIMENSIONS = 100
_LEAST_SPREAD = 1e-6  # of the directions of samples, in their narrowest direction over their widest
_LEAST_OWN = 1e-4  # of the largest: what a coordinate has apart from others


@dataclass(frozen=True, eq=False)
class EllipticalStableLaw:
    """A stable law in d dimensions whose level sets are ellipsoids.

    alpha: in [0.2, 2]; at 2 the law is normal with covariance 2 shape. shape: symmetric and positive definite, (d, d),
    in the unit of the samples squared. loc: (d,), 0 by default. d is at most 100 for densities.
    A projection v·x is symmetric stable with scale √(v′ shape v) and location v·loc.
    Raises `UsageError` for other parameters.
    Reference: J. P. Nolan, Computational Statistics 28 (2013), 2067-2089.

    >>> law = EllipticalStableLaw(1.0, np.eye(2))  # Cauchy's law in two dimensions: 1/(2π) (1 + r²)^(−3/2)
    >>> round(law.pdf([0.0, 1.0]) * 2 * math.pi * 2**1.5, 9)
    1.0
    """

    alpha: float
    shape: np.ndarray
    loc: Any = None

    def __post_init__(self) -> None:
        shape = np.array(self.shape, dtype=np.float64)
        object.__setattr__(self, "alpha", float(self.alpha))
        if not LEAST_FITTED <= self.alpha <= 2.0:
            raise UsageError(f"alpha must be in [{LEAST_FITTED:g}, 2], got {self.alpha!r}")
        if shape.ndim != 2 or shape.shape[0] != shape.shape[1] or not np.allclose(shape, shape.T, rtol=1e-9, atol=0.0):
            raise UsageError(f"shape must be a symmetric matrix, got one of shape {shape.shape}")
        loc = np.zeros(len(shape)) if self.loc is None else np.array(self.loc, dtype=np.float64)
        if loc.shape != (len(shape),) or not np.isfinite(loc).all():
            raise UsageError(f"loc must be {len(shape)} finite numbers, got an array of shape {loc.shape}")
        try:
            object.__setattr__(self, "_root", np.linalg.cholesky(shape))
        except np.linalg.LinAlgError:
            raise UsageError("shape must be positive definite") from None
        object.__setattr__(self, "shape", shape)
        object.__setattr__(self, "loc", loc)

    def distance(self, x: np.typing.ArrayLike) -> np.ndarray:
        """√((x − loc)′ shape⁻¹ (x − loc)) of points (…, d), in the shape (…).

        >>> float(EllipticalStableLaw(1.5, 4.0 * np.eye(2)).distance([2.0, 0.0]))
        1.0
        """
        from scipy.linalg import solve_triangular

        at = np.asarray(x, dtype=np.float64)
        if at.shape[-1:] != (len(self.shape),):
            raise UsageError(f"points must have {len(self.shape)} coordinates in their last axis, got {at.shape}")
        at = at - self.loc
        z = solve_triangular(self._root, at.reshape(-1, len(self.shape)).T, lower=True)  # type: ignore[attr-defined]
        return np.sqrt(np.square(z).sum(axis=0)).reshape(at.shape[:-1])

    def logpdf(self, x: np.typing.ArrayLike) -> Any:
        """Natural logarithm of the density at points (…, d), in the shape (…); relative error of the density near 1e-9.

        >>> round(EllipticalStableLaw(2.0, np.eye(3)).logpdf(np.zeros(3)) + 1.5 * math.log(4 * math.pi), 9) + 0.0
        0.0
        """
        r, d = np.asarray(self.distance(x)), len(self.shape)
        if d > _MOST_DIMENSIONS:
            raise UsageError(f"densities are for at most {_MOST_DIMENSIONS} dimensions, got {d}")
        if self.alpha == 2.0:
            value = -0.25 * r * r - 0.5 * d * math.log(4.0 * math.pi)
        else:
            value = radial(self.alpha, d).log_pdf(r.ravel()).reshape(r.shape)
        value = value - np.log(np.diag(self._root)).sum()  # type: ignore[attr-defined]
        return value if value.ndim else float(value)

    def pdf(self, x: np.typing.ArrayLike) -> Any:
        """The density at points (…, d).

        >>> round(EllipticalStableLaw(2.0, np.eye(2)).pdf(np.zeros(2)) * 4 * math.pi, 9)
        1.0
        """
        return np.exp(self.logpdf(x)) if np.ndim(x) > 1 else math.exp(self.logpdf(x))

    def rvs(self, n: int, rng: np.random.Generator | int) -> np.ndarray:
        """`n` independent draws, (n, d), exact. rng: a NumPy `Generator`, or a seed to make one of.

        >>> EllipticalStableLaw(1.5, np.eye(3)).rvs(5, 0).shape
        (5, 3)
        """
        generator = rng if isinstance(rng, np.random.Generator) else np.random.default_rng(rng)
        normal = generator.standard_normal((n, len(self.shape))) @ self._root.T * math.sqrt(2.0)  # type: ignore[attr-defined]
        if self.alpha == 2.0:
            return self.loc + normal
        share = generator.random(n) * (1.0 - 2.0**-52) + 2.0**-53
        waiting = -np.log1p(-generator.random(n)) + 2.0**-70
        a = 0.5 * self.alpha
        log_a = log_kanter(a, math.pi * share, math.pi * (1.0 - share)) - (1.0 - a) / a * np.log(waiting)
        return self.loc + np.exp(0.5 * log_a)[:, None] * normal


class EllipticalFit(NamedTuple):
    """A fitted law. alpha_stderr: of alpha by the observed information of the distances, NaN at its bounds."""

    law: EllipticalStableLaw
    alpha_stderr: float
    log_likelihood: float
    n: int


def _checked(samples: np.typing.ArrayLike) -> np.ndarray:
    x = np.asarray(samples, dtype=np.float64)
    if x.ndim != 2 or x.shape[1] < 2 or x.shape[0] < 10 * x.shape[1] or x.shape[0] < 50:
        raise UsageError(f"samples must be (n, d), d >= 2, n >= 10 d and n >= 50, got {x.shape}")
    if not np.isfinite(x).all():
        raise DataError(f"samples have {int((~np.isfinite(x)).sum())} values that are not finite: leave these rows out")
    return x


def _tyler(x: np.ndarray) -> np.ndarray:
    """Tyler's estimate (1987) of the shape of centered samples, with trace d: it uses their directions alone."""
    d = x.shape[1]
    x = x[np.abs(x).max(axis=1) > 0.0]
    x = x / np.abs(x).max(axis=1, keepdims=True)
    shape = np.eye(d)
    for _ in range(500):
        inverse = np.linalg.inv(shape)
        new = (x.T / ((x @ inverse) * x).sum(axis=1)) @ x
        new *= d / np.trace(new)
        if np.abs(new - shape).max() < 1e-9:
            break
        shape = new
    return new


def fit_elliptical(samples: np.typing.ArrayLike) -> EllipticalFit:
    """Fit an elliptical stable law: location, shape, and alpha with the scale.

    samples: real numbers (n, d), d from 2 to 100, n >= 10 d. The location is the median of each coordinate, the shape
    up to its size Tyler's estimate, which holds for every elliptical law. Alpha and the size maximize the likelihood of
    the distances. Raises `UsageError` for other shapes and `DataError` for values that are not finite.
    Reference: D. E. Tyler, Annals of Statistics 15 (1987), 234-251.

    >>> found = fit_elliptical(EllipticalStableLaw(1.5, [[2.0, 1.0], [1.0, 3.0]]).rvs(500, 0))
    >>> bool(abs(found.law.alpha - 1.5) < 4.0 * found.alpha_stderr)
    True
    """
    from scipy.optimize import minimize

    x = _checked(samples)
    n, d = x.shape
    loc = np.median(x, axis=0)
    shape = _tyler(x - loc)
    r = EllipticalStableLaw(2.0, shape, loc).distance(x)
    middle = float(np.median(r))

    def loss(theta: np.ndarray) -> float:
        alpha, log_size = theta.tolist()
        size = middle * math.exp(log_size)
        if alpha >= 2.0:
            return float(np.mean(0.25 * (r / size) ** 2)) + 0.5 * d * math.log(4.0 * math.pi) + d * log_size
        return -float(np.mean(radial(float(alpha), d).log_pdf(r / size))) + d * log_size

    start = np.array([1.5, -0.5 * math.log(2.0 * d)])
    bounds = [(LEAST_FITTED, 2.0), (-10.0, 10.0)]
    options = {"xatol": 1e-5, "fatol": 1e-8 / n * 100.0, "maxiter": 200}
    found = minimize(loss, start, method="Nelder-Mead", bounds=bounds, options=options)
    alpha, log_size = found.x.tolist()
    law = EllipticalStableLaw(alpha, shape * (middle * math.exp(log_size)) ** 2, loc)
    stderr = math.nan
    if LEAST_FITTED + 0.01 < alpha < 1.99:
        step = np.array([2e-3, 2e-3])
        bend = np.empty((2, 2))
        for i in range(2):
            for j in range(2):
                a, b = step * (np.arange(2) == i), step * (np.arange(2) == j)
                corners = loss(found.x + a + b) - loss(found.x + a - b) - loss(found.x - a + b) + loss(found.x - a - b)
                bend[i, j] = corners / (4.0 * step[i] * step[j])
        variance = np.linalg.inv(bend)[0, 0] / n
        stderr = math.sqrt(variance) if variance > 0.0 else math.nan
    return EllipticalFit(law, stderr, float(np.sum(law.logpdf(x))), n)


def ellipticity_null(n: int, d: int, rng: np.random.Generator, n_simulated: int = 199) -> np.ndarray:
    """The null of `ellipticity_test` for n samples in d dimensions, (n_simulated,): one serves all samples of a size.

    >>> ellipticity_null(100, 3, np.random.default_rng(0), 19).shape
    (19,)
    """
    return np.array([_unevenness(rng.standard_normal((n, d))) for _ in range(n_simulated)])


def ellipticity_test(
    samples: np.typing.ArrayLike, rng: np.random.Generator, n_simulated: int = 199, null: np.ndarray | None = None
) -> float:
    """p-value of the null that samples (n, d) are elliptical, of any law of the distances.

    By Tyler's shape the directions of an elliptical law are uniform on the sphere. The statistic is how far the means
    of their products u_i² u_j² are from those of the uniform law; its null depends on n and d alone and is simulated.
    Independent stable coordinates with alpha below 2 are rejected: their directions lie near the axes. A p-value above
    0.05 does not show that a law is elliptical. null: what `ellipticity_null` gave for this n and d, if it is there.
    Raises as `fit_elliptical` does, and `DataError` where too many samples lie in a subspace for Tyler's shape.

    >>> rng = np.random.default_rng(0)
    >>> ellipticity_test(rng.standard_cauchy((300, 2)), rng)
    0.005
    """
    x = _checked(samples)
    n, d = x.shape
    scaled = _scaled(x)
    spread = np.linalg.svd(_apart(scaled), compute_uv=False)
    try:
        statistic = _unevenness(scaled) if spread[-1] > _LEAST_SPREAD * spread[0] else math.nan
    except np.linalg.LinAlgError:
        statistic = math.nan
    if not math.isfinite(statistic):
        raise DataError(
            "too many samples lie in a subspace for Tyler's shape: leave out coordinates that are functions of others, "
            "which free_coordinates finds"
        )
    if null is None:
        null = ellipticity_null(n, d, rng, n_simulated)
    return float((1 + (null >= statistic).sum()) / (1 + null.size))


def free_coordinates(samples: np.typing.ArrayLike) -> np.ndarray:
    """Positions of coordinates of samples (n, d) that are no linear functions of one another, ascending.

    With others no shape is positive definite. What is left of a coordinate beside the others counts from 1e-4 of its
    spread on, so that samples rounded to float32 are told.

    >>> x = np.random.default_rng(0).normal(size=(50, 2))
    >>> free_coordinates(np.column_stack([x[:, :1], 3.0 - x[:, :1], x[:, 1:]])).size
    2
    """
    from scipy.linalg import qr

    _, triangle, order = qr(_apart(_scaled(_checked(samples))), mode="economic", pivoting=True)
    size = np.abs(np.diag(triangle))
    return np.sort(order[size > _LEAST_OWN * size[0]])


def _scaled(x: np.ndarray) -> np.ndarray:
    """About the median of each coordinate, in units of its median distance from it."""
    centered = x - np.median(x, axis=0)
    size = np.median(np.abs(centered), axis=0)
    return np.asarray(centered / np.where(size > 0.0, size, 1.0))


def _apart(scaled: np.ndarray) -> np.ndarray:
    """Directions of samples from the one nearest to 0. About it what is a function of other coordinates stays so."""
    apart = scaled - scaled[np.abs(scaled).max(axis=1).argmin()]
    largest = np.abs(apart).max(axis=1, keepdims=True)
    return np.asarray(apart / np.where(largest > 0.0, largest, 1.0))


def _unevenness(x: np.ndarray) -> float:
    """Of the directions after Tyler's shape is taken out."""
    x = x[np.abs(x).max(axis=1) > 0.0]
    d = x.shape[1]
    z = np.linalg.solve(np.linalg.cholesky(_tyler(x)), (x / np.abs(x).max(axis=1, keepdims=True)).T).T
    square = np.square(z) / np.square(z).sum(axis=1, keepdims=True)
    uniform = (1.0 + 2.0 * np.eye(d)) / (d * (d + 2.0))
    return float(np.square(square.T @ square / len(square) - uniform).sum())
