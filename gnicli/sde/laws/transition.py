"""The stationary law of Strang's chain without sampling: its transition operator as a matrix.

Just after the noise a chain is at u, and one step on at Φ_η(u) + ΔL, Φ the flow of the drift. So the density of u
solves p(v) = ∫ k(v − Φ_η(u)) p(u) du, k the density of the increment: a linear system on Gauss-Legendre nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from gnicli.sde.drift.fractional import FractionalForce
from gnicli.sde.drift.fractional_flow import FractionalDrift
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
        self.density: np.ndarray = np.linalg.solve(system, right)

    def mean(self, function: Function) -> float:
        """E g of the position in the middle of the flow, which is where a scheme with one phase records."""
        return float((self.weights * self.density) @ function(self._flow(self.u, 0.5 * self.eta)))


def comparable_step(noise: LevyNoise) -> float:
    """A step whose increment has the scale that `drift_errors` takes."""
    return (_SCALE / noise.epsilon) ** noise.alpha


def drift_errors(
    force: FractionalForce, functions: Mapping[str, Function], eta: float | None = None
) -> dict[str, float]:
    """|ν_{h,K}(g) − ν(g)| of each function g: what the sum b_{h,K} in place of the drift b does to the law.

    Both laws are those of the same scheme with the same step `eta`, so that its error, of order η², cancels but for a
    share of that order. Theorem 4.2 bounds the limit η → 0. Without sampling, hence without a standard error.
    """
    exact = FractionalForce(force.potential, force.noise)
    eta = eta or comparable_step(force.noise)
    core = max(8.0, 1.5 * float(np.abs(force.gibbs.reach).max()))
    laws = [TransitionLaw(FractionalDrift(each).flow, force.noise, eta, core) for each in (force, exact)]
    return {name: abs(laws[0].mean(g) - laws[1].mean(g)) for name, g in functions.items()}
