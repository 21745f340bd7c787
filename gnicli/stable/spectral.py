"""Stable laws in d dimensions whose spectral measure has finitely many points: cf, projections, draws, and a fit.

With masses γ_j at unit vectors s_j, and in S1,

    log E exp(it·X) = −Σ γ_j ψ(t·s_j) + i t·loc,    ψ(u) = |u|^α (1 − i sign(u) tan(πα/2)),

or |u| (1 + i (2/π) sign(u) log|u|) at α = 1. So X = loc + Σ γ_j^(1/α) Z_j s_j with independent totally skewed Z_j, and
a projection v·X is stable with σ^α = Σ γ_j |v·s_j|^α and σ^α β = Σ γ_j sign(v·s_j) |v·s_j|^α: linear in the masses.
Every stable law is near such a one (T. Byczkowski, J. P. Nolan, B. Rajput, J. of Multivariate Analysis 46 (1993),
13-31).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gnicli.errors import DataError, UsageError
from gnicli.stable.law import StableLaw
from gnicli.stable.scipy_words import fit_many

_GRID = {2: 36, 3: 80}  # points of the measure that is fitted, by dimension
_MOST_POINTS = 2000
_ON_SPHERE = 1e-6  # by how much the length of a point may differ from 1: rounded numbers are taken


@dataclass(frozen=True, eq=False)
class SpectralStableLaw:
    """A stable law in d dimensions with masses at points of the unit sphere.

    alpha: in (0, 2]; at 2 the law is normal with covariance 2 Σ γ_j s_j s_j′. points: unit vectors, (m, d), d >= 2.
    masses: (m,), each > 0, in the unit of the samples to the power alpha. loc: (d,) in S1, 0 by default.
    Raises `UsageError` for other parameters.
    Reference: G. Samorodnitsky and M. S. Taqqu, Stable Non-Gaussian Random Processes (1994), chapter 2.

    >>> law = SpectralStableLaw(1.5, [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]], [1.0, 2.0, 1.0])
    >>> law.projection([1.0, 0.0])  # independent coordinates, the first symmetric
    StableLaw(alpha=1.5, beta=0.0, loc=0.0, scale=1.5874010519681994, parameterization='S1')
    """

    alpha: float
    points: np.ndarray
    masses: np.ndarray
    loc: Any = None

    def __post_init__(self) -> None:
        points, masses = (np.array(each, dtype=np.float64) for each in (self.points, self.masses))
        object.__setattr__(self, "alpha", float(self.alpha))
        if not 0.0 < self.alpha <= 2.0:
            raise UsageError(f"alpha must be in (0, 2], got {self.alpha!r}")
        points = unit_points(points)
        if masses.shape != (len(points),) or not ((masses > 0.0) & np.isfinite(masses)).all():
            raise UsageError(f"masses must be {len(points)} numbers > 0, one for each point, got {_briefly(masses)}")
        d = points.shape[1]
        loc = np.zeros(d) if self.loc is None else np.array(self.loc, dtype=np.float64)
        if loc.shape != (d,) or not np.isfinite(loc).all():
            raise UsageError(f"loc must be {d} finite numbers, got {_briefly(loc)}")
        for name, value in (("points", points), ("masses", masses), ("loc", loc)):
            object.__setattr__(self, name, value)

    def cf(self, t: np.typing.ArrayLike) -> Any:
        """The characteristic function E exp(it·X) at t (…, d), complex128 in the shape (…).

        >>> law = SpectralStableLaw(1.0, [[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]], [0.5, 0.5, 1.0])
        >>> round(float(abs(law.cf([1.0, 2.0]))), 9) == round(math.exp(-3.0), 9)
        True
        """
        at = np.asarray(t, dtype=np.float64)
        if at.shape[-1:] != (self.points.shape[1],):
            raise UsageError(f"t must have {self.points.shape[1]} coordinates in its last axis, got {at.shape}")
        u = at @ self.points.T
        size = np.abs(u)
        if self.alpha == 1.0:
            skew = -(2.0 / math.pi) * np.log(np.where(size > 0.0, size, 1.0))
        else:
            skew = np.full_like(u, math.tan(0.5 * math.pi * self.alpha) if self.alpha < 2.0 else 0.0)
        power = size**self.alpha
        return np.exp(-(power @ self.masses) + 1j * ((np.sign(u) * power * skew) @ self.masses + at @ self.loc))[()]

    def projection(self, v: np.typing.ArrayLike) -> StableLaw:
        """The law of v·X in S1, for v (d,), of any length > 0.

        Raises `UsageError` for a v of another shape, and where v·X is constant.

        >>> law = SpectralStableLaw(0.8, [[1.0, 0.0], [0.0, -1.0]], [1.0, 1.0])
        >>> law.projection([0.0, 2.0]).beta
        -1.0
        """
        direction = np.asarray(v, dtype=np.float64)
        if direction.shape != self.loc.shape:
            raise UsageError(f"v must have {self.loc.size} coordinates, got an array of shape {direction.shape}")
        u = self.points @ direction
        power = np.abs(u) ** self.alpha * self.masses
        total = float(power.sum())
        if not 0.0 < total < math.inf:
            raise UsageError(
                f"v·X is constant or not finite for v = {direction.tolist()}: no point of the measure is along v"
            )
        loc = float(direction @ self.loc)
        if self.alpha == 1.0:
            loc -= (2.0 / math.pi) * float((self.masses * u) @ np.log(np.where(u == 0.0, 1.0, np.abs(u))))
        beta = float((np.sign(u) * power).sum() / total) if self.alpha < 2.0 else 0.0
        return StableLaw(self.alpha, min(max(beta, -1.0), 1.0), loc, total ** (1.0 / self.alpha))

    def rvs(self, n: int, rng: np.random.Generator | int) -> np.ndarray:
        """`n` independent draws, (n, d), exact: a totally skewed draw for each point of the measure.

        rng: a NumPy `Generator`, or a seed to make one of.
        Reference: R. Modarres and J. P. Nolan, Computational Statistics 9 (1994), 11-19.

        >>> SpectralStableLaw(1.5, [[1.0, 0.0], [0.6, 0.8]], [1.0, 2.0]).rvs(4, 0).shape
        (4, 2)
        """
        generator = rng if isinstance(rng, np.random.Generator) else np.random.default_rng(rng)
        size = self.masses ** (1.0 / self.alpha)
        z = StableLaw(self.alpha, 1.0 if self.alpha < 2.0 else 0.0).rvs((n, size.size), generator)
        if self.alpha == 1.0:
            z = z + (2.0 / math.pi) * np.log(size)
        return self.loc + (z * size) @ self.points


class SpectralFit(NamedTuple):
    """A fitted law. alpha_stderr: a bound of the standard error of alpha, the mean of those of the projections.

    residual: of σ^α and σ^α β over the projections, root mean square in units of the mean σ^α.
    n: number of samples.
    """

    law: SpectralStableLaw
    alpha_stderr: float
    residual: float
    n: int


def sphere_points(d: int, m: int) -> np.ndarray:
    """`m` points that are evenly spread on the unit circle or sphere, (m, d): equal angles, or Fibonacci's lattice.

    d: 2 or 3. Raises `UsageError` for another d, and for fewer than 3 points.

    >>> sphere_points(2, 4).round(6).tolist()
    [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [-0.0, -1.0]]
    """
    if d not in _GRID:
        raise UsageError(f"evenly spread points are for 2 and 3 dimensions, got {d}: give points of your own")
    if m < 3:
        raise UsageError(f"m must be >= 3, got {m!r}")
    k = np.arange(m)
    if d == 2:
        angle = 2.0 * math.pi * k / m
        return np.stack([np.cos(angle), np.sin(angle)], axis=1)
    height = 1.0 - (2.0 * k + 1.0) / m
    turn = math.pi * (3.0 - math.sqrt(5.0)) * k
    around = np.sqrt(1.0 - height * height)
    return np.stack([around * np.cos(turn), around * np.sin(turn), height], axis=1)


def fit_spectral(samples: np.typing.ArrayLike, points: np.typing.ArrayLike | None = None) -> SpectralFit:
    """Fit a stable law with masses at given points of the sphere, by its projections.

    samples: real numbers (n, d), n >= 50. points: where masses may be, (m, d), not 0; by default evenly spread ones, 36
    for d = 2 and 80 for d = 3, on the sphere of the coordinates in units of their interquartile ranges. A mass between
    them is shared by its neighbors.
    Alpha is the mean of those of stable fits to the projections on twice as many directions. With alpha held at it
    their scales and skewnesses give the masses by least squares with masses >= 0 (`from_projections`), and their
    locations give loc. Points without mass are left out. Next to alpha = 2, where a skewness is not told, masses
    at s and −s are exchanged. Next to alpha = 1 the S1 location has a large error, as tan(πα/2) grows; S0 locations of
    projections have not. Takes some tenths of a second for 10,000 samples.
    Raises `UsageError` for other shapes, `DataError` for values that are not finite or a coordinate without spread, and
    what `fit` raises.
    Reference: J. P. Nolan, A. K. Panorska and J. H. McCulloch, Mathematical and Computer Modelling 34
    (2001), 1113-1122.

    >>> law = SpectralStableLaw(1.4, [[1.0, 0.0], [0.0, 1.0]], [1.0, 2.0])
    >>> found = fit_spectral(law.rvs(2000, 0), law.points)
    >>> found.law.masses.round(0).tolist()
    [1.0, 2.0]
    """
    x = np.asarray(samples, dtype=np.float64)
    if x.ndim != 2 or x.shape[1] < 2 or x.shape[0] < 50:
        raise UsageError(f"samples must be (n, d), d >= 2 and n >= 50, got {x.shape}")
    if not np.isfinite(x).all():
        raise DataError(f"samples have {int((~np.isfinite(x)).sum())} values that are not finite: leave these rows out")
    d = x.shape[1]
    low, high = np.quantile(x, (0.25, 0.75), axis=0)
    unit = high - low
    if not (unit > 0.0).all():
        raise DataError(f"coordinate {int(np.argmin(unit > 0.0))} (from 0) has half of its values at one place")
    grid = sphere_points(d, _GRID.get(d, 3)) if points is None else np.asarray(points, dtype=np.float64)
    if points is not None:
        grid = _directions(grid, d) / unit
        grid = grid / np.linalg.norm(grid, axis=1, keepdims=True)
    middle = np.median(x, axis=0)
    scaled = (x - middle) / unit
    directions = _half_sphere(d, 2 * max(len(grid), 2 * d))
    projected = list(directions @ scaled.T)
    first = fit_many(projected, "S0", exact=False)
    alpha = float(np.mean([each.alpha for each in first]))
    errors = [each.alpha_stderr for each in first if each.alpha_stderr is not None]
    laws = [each.law for each in fit_many(projected, "S0", {"alpha": alpha}, exact=False)]
    found, residual = from_projections(alpha, directions, laws, grid)
    # back to the unit of the samples: a mass γ at s goes to |Ds|^α γ at Ds/|Ds|
    stretched = found.points * unit
    length = np.linalg.norm(stretched, axis=1)
    masses, at = found.masses * length**alpha, stretched / length[:, None]
    law = SpectralStableLaw(alpha, at, masses, middle + unit * found.loc + _shift(alpha, at, masses, length))
    return SpectralFit(law, float(np.mean(errors)) if errors else math.nan, residual, len(x))


def from_projections(
    alpha: float, directions: np.typing.ArrayLike, laws: list[StableLaw], points: np.typing.ArrayLike
) -> tuple[SpectralStableLaw, float]:
    """The law of masses at `points` (m, d) whose projections on `directions` (k, d) are nearest to `laws`.

    Each law has this alpha. σ^α and σ^α β are fitted by least squares, above alpha = 1.5 with the weight |tan(πα/2)| of
    the second in the characteristic function: at 2 there is no skewness. Masses are >= 0, and left out where 0.
    Returns the law and the residual of `SpectralFit`.
    Raises `UsageError` where all are 0, or where shapes do not agree.

    >>> law = SpectralStableLaw(1.2, [[1.0, 0.0], [0.0, 1.0]], [1.0, 2.0], [3.0, 4.0])
    >>> v = sphere_points(2, 9)
    >>> from_projections(1.2, v, [law.projection(each) for each in v], law.points)[0].masses.round(9).tolist()
    [1.0, 2.0]
    """
    from scipy.optimize import nnls

    v, at = np.asarray(directions, dtype=np.float64), unit_points(np.asarray(points, dtype=np.float64))
    if v.ndim != 2 or v.shape != (len(laws), at.shape[1]):
        raise UsageError(f"directions must be ({len(laws)}, {at.shape[1]}), one for each law, got {v.shape}")
    u = v @ at.T
    power = np.array([law.scale**alpha for law in laws])
    beta = np.array([law.beta for law in laws])
    told = min(1.0, abs(math.tan(0.5 * math.pi * alpha))) if 1.0 < alpha < 2.0 else float(alpha <= 1.0)
    size = np.abs(u) ** alpha
    matrix, wanted = np.concatenate([size, told * np.sign(u) * size]), np.concatenate([power, told * power * beta])
    masses, rest = nnls(matrix, wanted)
    kept = masses > 0.0
    if not kept.any():
        raise UsageError("no mass at these points explains the projections: give points on both sides")
    central = SpectralStableLaw(alpha, at[kept], masses[kept])
    # in S0, whose locations are stable next to alpha = 1
    moves = (np.abs(v @ central.points.T) @ central.masses) > 0.0
    moved = [
        law.to("S0").loc - central.projection(direction).to("S0").loc
        for law, direction, is_moving in zip(laws, v, moves, strict=True)
        if is_moving
    ]
    loc = np.linalg.lstsq(v[moves], np.array(moved), rcond=None)[0]
    residual = float(rest / math.sqrt(len(power)) / power.mean())
    return SpectralStableLaw(alpha, at[kept], masses[kept], loc), residual


def _shift(alpha: float, points: np.ndarray, masses: np.ndarray, length: np.ndarray) -> np.ndarray:
    """What the S1 location gains at alpha = 1 where the points of the measure are stretched to `length`."""
    if alpha != 1.0:
        return np.zeros(points.shape[1])
    return -(2.0 / math.pi) * (masses * np.log(length)) @ points


def _half_sphere(d: int, k: int) -> np.ndarray:
    """Some `k` directions, no two of them opposite."""
    if d == 2:
        return sphere_points(2, 2 * k)[:k]
    if d == 3:
        return sphere_points(3, 2 * k)[:k]
    spread = np.random.default_rng(0).standard_normal((k, d))
    return np.asarray(spread / np.linalg.norm(spread, axis=1, keepdims=True))


def _directions(points: np.ndarray, d: int) -> np.ndarray:
    """Points of any length > 0, (m, d), checked."""
    if points.ndim != 2 or points.shape[1] != d or not 1 <= len(points) <= _MOST_POINTS:
        raise UsageError(f"points must be (m, {d}), m from 1 to {_MOST_POINTS}, got an array of shape {points.shape}")
    length = np.linalg.norm(points, axis=1)
    if not ((length > 0.0) & np.isfinite(length)).all():
        raise UsageError("points must be finite and not 0")
    return points


def unit_points(points: np.ndarray) -> np.ndarray:
    """Unit vectors (m, d), d >= 2, made exactly so. Raises `UsageError` for others."""
    if points.ndim != 2 or points.shape[1] < 2 or not len(points):
        raise UsageError(f"points must be unit vectors (m, d), d >= 2, got an array of shape {points.shape}")
    length = np.linalg.norm(points, axis=1)
    if not (np.abs(length - 1.0) <= _ON_SPHERE).all():
        raise UsageError("points must be unit vectors: divide each by its length")
    return np.asarray(points / length[:, None])


def _briefly(values: np.ndarray) -> str:
    return str(values.tolist()) if values.size <= 4 and values.ndim <= 1 else f"an array of shape {values.shape}"
