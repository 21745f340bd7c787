"""Importance sampling of E|X(z)|^m, z standard normal in L dimensions: Student t components at the integrand's modes.

J(z) = m log|X(z)| − |z|²/2 is the logarithm of what is integrated. Its maxima are found by damped Newton steps from
every pattern of signs; each gives a component with the covariance of Laplace's approximation, and one wide component
at the origin covers what was missed. Student's t has heavier tails than the normal law, so no weight is unbounded.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

LogSize = Callable[[np.ndarray], np.ndarray]  # log|X| (n,) at z (n, L); -inf where X is 0

_DF = 8.0  # heavy enough to bound the weights, light enough to lose few draws
_DEFENSIVE = 0.1  # share of the wide component
_STARTS = 64
_STEPS = 40
_KEPT_NATS = 12.0  # modes whose mass is e^-12 of the largest are left to the wide component
_COMPONENTS = 16
_STRIDES = np.array([1.0, 0.5, 0.25, 0.0625, 0.004])


class Proposal(NamedTuple):
    """A mixture of t laws: shares (k,), centers (k, L), and Cholesky factors (k, L, L) of their scale matrices."""

    shares: np.ndarray
    centers: np.ndarray
    factors: np.ndarray

    def draw(self, n: int, stream: np.random.Generator) -> np.ndarray:
        """`n` points (n, L)."""
        which = stream.choice(len(self.shares), size=n, p=self.shares)
        normal = stream.standard_normal((n, self.centers.shape[1]))
        normal *= np.sqrt(_DF / stream.chisquare(_DF, n))[:, None]
        points = np.empty_like(normal)
        for index, (center, factor) in enumerate(zip(self.centers, self.factors, strict=True)):
            mine = which == index
            points[mine] = center + normal[mine] @ factor.T
        return points

    def log_density(self, points: np.ndarray) -> np.ndarray:
        """Of points (n, L), (n,)."""
        size = points.shape[1]
        constant = math.lgamma((_DF + size) / 2) - math.lgamma(_DF / 2) - 0.5 * size * math.log(_DF * math.pi)
        logs = np.full(len(points), -np.inf)
        for share, center, factor in zip(self.shares, self.centers, self.factors, strict=True):
            scaled = (points - center) @ np.linalg.inv(factor).T
            log_volume = float(np.log(np.diag(factor)).sum())
            shape = -0.5 * (_DF + size) * np.log1p(np.square(scaled).sum(axis=1) / _DF)
            logs = np.logaddexp(logs, math.log(share) + constant - log_volume + shape)
        return logs


def log_weights(proposal: Proposal, points: np.ndarray) -> np.ndarray:
    """log of the standard normal density over the proposal's, (n,)."""
    normal = -0.5 * np.square(points).sum(axis=1) - 0.5 * points.shape[1] * math.log(2 * math.pi)
    return normal - proposal.log_density(points)


def propose(log_size: LogSize, n_dimensions: int, order: float, stream: np.random.Generator) -> Proposal:
    """The mixture for E|X|^m at m = `order`; `stream` jitters the starts, so that none sits on a symmetry."""

    def objective(z: np.ndarray) -> np.ndarray:
        return order * log_size(z) - 0.5 * np.square(z).sum(axis=1)

    centers, covariances, heights = _modes(objective, _starts(n_dimensions, order, stream))
    centers, covariances, masses = _distinct(centers, covariances, heights)
    reach = 1.0 + (float(np.square(centers).sum(axis=1).max()) / n_dimensions if len(centers) else 0.0)
    shares = np.append((1.0 - _DEFENSIVE) * masses, _DEFENSIVE if len(centers) else 1.0)
    centers = np.vstack([centers, np.zeros((1, n_dimensions))])
    covariances = np.concatenate([covariances, reach * np.eye(n_dimensions)[None]])
    return Proposal(shares / shares.sum(), centers, np.linalg.cholesky(covariances))


def _starts(size: int, order: float, stream: np.random.Generator) -> np.ndarray:
    if 2**size <= _STARTS:
        signs = np.array(list(itertools.product((1.0, -1.0), repeat=size)))
    else:
        signs = stream.choice((1.0, -1.0), size=(_STARTS, size))
        signs[:2] = [[1.0], [-1.0]]
    # The last radius leaves the half-space around the origin where a ReLU may be dead.
    radii = np.array([math.sqrt(order), 0.5 * math.sqrt(order), math.sqrt(order) + 3.0])
    starts = (radii[:, None, None] * signs).reshape(-1, size)
    return starts * (1.0 + 0.1 * stream.standard_normal(starts.shape))


def _modes(objective: Callable[[np.ndarray], np.ndarray], z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where damped Newton steps from `z` (s, L) end, −1/Hessian there and the objective; failed starts left out."""
    heights = objective(z)
    z, heights = z[np.isfinite(heights)], heights[np.isfinite(heights)]
    if len(z) == 0:
        return z, np.empty((0, z.shape[1], z.shape[1])), heights
    for _ in range(_STEPS):
        slopes, precisions = _derivatives(objective, z)
        steps = np.linalg.solve(precisions, slopes[..., None])[..., 0]
        tried = z[None] + _STRIDES[:, None, None] * steps[None]
        found = objective(tried.reshape(-1, z.shape[1])).reshape(len(_STRIDES), -1)
        found = np.where(np.isfinite(found), found, -np.inf)
        best = found.argmax(axis=0)
        at = np.arange(len(z))
        better = found[best, at] > heights
        z = np.where(better[:, None], tried[best, at], z)
        gain = np.where(better, found[best, at] - heights, 0.0)
        heights = heights + gain
        if gain.max(initial=0.0) < 1e-7:
            break
    _, precisions = _derivatives(objective, z)
    return z, np.linalg.inv(precisions), heights


def _derivatives(objective: Callable[[np.ndarray], np.ndarray], z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gradient (s, L) and minus the Hessian (s, L, L) by central differences, made positive definite."""
    n, size = z.shape
    h = 1e-3
    pairs = list(itertools.combinations(range(size), 2))
    unit = h * np.eye(size)
    moves = [np.zeros(size), *unit, *-unit]
    for i, j in pairs:
        moves += [unit[i] + unit[j], unit[i] - unit[j], unit[j] - unit[i], -unit[i] - unit[j]]
    f = objective((z[:, None] + np.array(moves)[None]).reshape(-1, size)).reshape(n, -1)
    f = np.maximum(f, -1e9)  # -inf where X is 0: steps away from there, without infinite differences
    up, down = f[:, 1 : 1 + size], f[:, 1 + size : 1 + 2 * size]
    hessian = np.zeros((n, size, size))
    hessian[:, range(size), range(size)] = (up - 2 * f[:, :1] + down) / h**2
    for index, (i, j) in enumerate(pairs):
        corner = f[:, 1 + 2 * size + 4 * index :][:, :4]
        mixed = (corner[:, 0] - corner[:, 1] - corner[:, 2] + corner[:, 3]) / (4 * h**2)
        hessian[:, i, j] = hessian[:, j, i] = mixed
    slopes = (up - down) / (2 * h)
    # The normal law alone gives 1; less than a third would make a component wider than any tail needs.
    values, vectors = np.linalg.eigh(-hessian)
    return slopes, (vectors * np.maximum(values, 1 / 3)[:, None, :]) @ vectors.transpose(0, 2, 1)


def _distinct(
    centers: np.ndarray, covariances: np.ndarray, heights: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The modes that differ, those with mass to speak of, and their shares of it."""
    masses = heights + 0.5 * np.linalg.slogdet(covariances)[1]
    kept: list[int] = []
    for index in np.argsort(-masses):
        near = any(np.abs(centers[index] - centers[other]).max() < 0.05 for other in kept)
        if not near and len(kept) < _COMPONENTS and masses[index] > masses.max() - _KEPT_NATS:
            kept.append(int(index))
    shares = np.exp(masses[kept] - masses.max(initial=-np.inf)) if kept else np.empty(0)
    return centers[kept], covariances[kept], np.maximum(shares, 0.01) / max(shares.sum(), 1.0)
