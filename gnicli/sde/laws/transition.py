"""The stationary law of Strang's chain without sampling: its transition operator as a matrix.

Just after the noise a chain is at u, and one step on at Φ_η(u) + ΔL, Φ the flow of the drift. So the density of u
solves p(v) = ∫ k(v − Φ_η(u)) p(u) du, k the density of the increment: a linear system on Gauss-Legendre nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from scipy import linalg

from gnicli.sde.drift.fractional import FractionalForce
from gnicli.sde.drift.fractional_flow import FractionalDrift
from gnicli.sde.laws import drift_bound
from gnicli.sde.levy_noise import LevyNoise
from gnicli.stable.law import StableLaw

FAR = 1e7  # what lies beyond is cut off: less than 1e-8 of the mass for alpha > 1.1
_NODES = 6  # of a cell, whose width is _WIDTH times the scale of the increment
_WIDTH = 0.6
_OUTER = 80
_SCALE = 0.1  # of the increment at which `drift_errors` compares, over the width of a well of size 1

Function = Callable[[np.ndarray], np.ndarray]


class TransitionLaw:
    """Density `density` of the positions `u` (n,) just after the noise, with quadrature `weights`; ∫ = 1.

    `flow(w, time)` is the drift's solution map, `core` bounds where the law has its bulk. `landed` is Φ_η(u).
    """

    def __init__(
        self,
        flow: Callable[[np.ndarray, float], np.ndarray],
        noise: LevyNoise,
        eta: float,
        core: float = 8.0,
    ) -> None:
        scale = noise.epsilon * eta ** (1 / noise.alpha)
        self.eta, self.law, self._flow = eta, StableLaw(noise.alpha, noise.skewness, 0.0, scale), flow
        inner = np.arange(0, core + _WIDTH * scale, _WIDTH * scale)
        outer = np.geomspace(inner[-1], FAR, _OUTER)
        edges = np.concatenate([-outer[::-1], -inner[-2:0:-1], inner, outer[1:]])
        t, weights = np.polynomial.legendre.leggauss(_NODES)
        self.u = (edges[:-1, None] + np.diff(edges)[:, None] * (t + 1) / 2).ravel()
        self.weights = (np.diff(edges)[:, None] * weights / 2).ravel()
        self.landed = flow(self.u, eta)
        system = self.law.pdf(self.u[:, None] - self.landed[None, :]) * self.weights
        system[np.diag_indices(len(system))] -= 1
        # (K − 1) p = 0 with ∫ p = 1 in place of one equation.
        middle = len(self.u) // 2
        system[middle] = self.weights
        right = np.zeros(len(self.u))
        right[middle] = 1
        self._factors = linalg.lu_factor(system, overwrite_a=True, check_finite=False)
        self.density: np.ndarray = linalg.lu_solve(self._factors, right)

    def mean(self, function: Function) -> float:
        """E g of the position in the middle of the flow, which is where a scheme with one phase records."""
        return float((self.weights * self.density) @ self._recorded(function))

    def poisson(self, function: Function) -> np.ndarray:
        """ψ at the nodes `u` (n,), up to a constant: the sum over all steps to come of η (E g − the mean of g).

        In the limit η → 0 it solves Aψ = ν(g) − g, A the generator. The operator that takes functions back is the
        transposed of the one that takes densities on, between weights, so that its equation has the same factors.
        """
        recorded = self._recorded(function)
        excess = self.eta * (recorded - (self.weights * self.density) @ recorded)
        found: np.ndarray = linalg.lu_solve(self._factors, -self.weights * excess, trans=1) / self.weights
        return found

    def _recorded(self, function: Function) -> np.ndarray:
        return np.asarray(function(self._flow(self.u, 0.5 * self.eta)))


def comparable_step(noise: LevyNoise) -> float:
    """A step whose increment has the scale that `drift_errors` takes."""
    return (_SCALE / noise.epsilon) ** noise.alpha


class DriftError(NamedTuple):
    """What the sum b_{h,K} does to a mean: `shift` = ν_{h,K}(g) − ν(g), and a `bound` on its size.

    Sums of order 2 have no bound. The shifts of independent coordinates add up, and so do their bounds.
    """

    shift: float
    bound: float | None


def drift_errors(
    force: FractionalForce, functions: Mapping[str, Function], eta: float | None = None
) -> dict[str, DriftError]:
    """Of each function g, what the sum b_{h,K} in place of the drift b does to the law.

    Both laws are those of the same scheme with the same step `eta`, so that its error, of order η², cancels but for a
    share of that order. Theorem 4.2 bounds the limit η → 0 (`drift_bound`), for the sum of order 1. Without sampling,
    hence without a standard error.
    """
    exact = FractionalForce(force.potential, force.noise)
    eta = eta or comparable_step(force.noise)
    core = max(8.0, 1.5 * float(np.abs(force.gibbs.reach).max()))
    laws = [TransitionLaw(FractionalDrift(each).flow, force.noise, eta, core) for each in (force, exact)]
    found = {}
    for name, g in functions.items():
        bound = None if force.order != 1 else drift_bound.bound(force, laws[1].u, laws[1].poisson(g))
        found[name] = DriftError(laws[0].mean(g) - laws[1].mean(g), bound)
    return found
