"""The modified drift (4.6) that makes the Gibbs law stationary, exactly and in the corrected form of (4.8).

With φ = exp(−f/ε^α) and γ = α − 2, b = (ε^α/φ) D(∂φ), where D multiplies by |k|^γ (1 − iβ sgn(k) tan(γπ/2)), that is

    Dψ(w) = c_γ/Γ(−γ) ∫_0^∞ y^{−γ−1} [(1 + β) ψ(w − y) + (1 − β) ψ(w + y)] dy,    c_γ = 1/(2 cos(γπ/2)).

The sum that approximates it carries four corrections of the printed (4.8), which does not converge: no (−1)^k in g̃_k;
|k| in g̃_k for k < 0; weight 2 at k = 0 (with weight 1 the order is 2 − α); and h0 = cos(γπ/2)^{1/(2−α)}, which gives
−f' for K = 0 at every ε.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from gnicli import checks
from gnicli.contracts.components import Potential
from gnicli.errors import UsageError
from gnicli.sde.choices import ORDERS
from gnicli.sde.laws.gibbs import GibbsLaw
from gnicli.sde.levy_noise import LevyNoise

_PANEL_NODES = 16
_PANELS_PER_REACH = 24
_CHUNK = 2**20


def zero_step(alpha: float) -> float:
    """h0 = cos(γπ/2)^{1/(2−α)}: with K = 0 and this h the sum is −f' for every ε."""
    return math.cos((alpha - 2) * math.pi / 2) ** (1 / (2 - alpha))


class FractionalForce:
    """b(w) for 1 < alpha < 2 and |beta| < 1.

    By quadrature; or, given `h` and `K`, as the sum b_{h,K} of `order` 1 (nodes at w ∓ kh) or 2 (at w ∓ (k + |γ|/2) h).
    """

    def __init__(
        self,
        potential: Potential,
        noise: LevyNoise,
        h: float | None = None,
        K: int | None = None,
        order: int = 2,
    ) -> None:
        alpha, beta = noise.alpha, noise.skewness
        if not 1 < alpha < 2 or abs(beta) >= 1:
            raise UsageError(
                f"the fractional drift needs 1 < alpha < 2 and |beta| < 1, got alpha={alpha:g}, beta={beta:g}; "
                "at alpha=2 it is the gradient drift"
            )
        if (h is None) != (K is None):
            raise UsageError("h and K go together: give both, or neither for the drift by quadrature")
        if h is not None:
            checks.number("h", h, above=0)
            checks.integer("K", K, least=0, below=10**7)
        checks.choice("order", order, ORDERS)
        self.potential, self.noise, self.alpha, self.beta = potential, noise, alpha, beta
        self.h, self.K, self.order = h, K, order
        self.gibbs = GibbsLaw(potential, noise)
        self._intensity = noise.intensity
        self._c = 1 / (2 * math.cos((alpha - 2) * math.pi / 2))

    def numerator(self, w: np.ndarray) -> np.ndarray:
        """D(∂φ)(w), or the sum for it, with φ = exp(−(f − min f)/ε^α); any shape. Decays like |w|^{−α} only."""
        if self.h is not None and self.K is not None:
            return self._sum(w, relative=False)
        flat = np.ravel(w)
        rows = max(1, _CHUNK // 4096)
        parts = [self._quadrature(flat[start : start + rows]) for start in range(0, flat.size, rows)]
        return np.concatenate(parts).reshape(np.shape(w))

    def rate(self, w: np.ndarray) -> np.ndarray:
        """b(w), any shape; infinite where it overflows."""
        if self.h is not None and self.K is not None:
            return self._intensity * self._sum(w, relative=True)
        with np.errstate(over="ignore"):
            return self._intensity * self.numerator(w) * np.exp(self.gibbs.exponent(w))

    def slope_of_density(self, w: np.ndarray) -> np.ndarray:
        """∂φ(w)."""
        return -self.potential.gradient(w) / self._intensity * np.exp(-self.gibbs.exponent(w))

    def _sum(self, w: np.ndarray, relative: bool) -> np.ndarray:
        """D_h(∂φ), divided by φ(w) if `relative` (without ever forming φ, so that K = 0 is exact)."""
        gamma = self.alpha - 2
        h, n = float(self.h or 0.0), int(self.K or 0)
        # With K = 0 and the shift of order 2 the only node would be off w: the single term is a matter of order 1.
        shift = -gamma / 2 if self.order == 2 and n > 0 else 0.0
        here = self.gibbs.exponent(w) if relative else 0.0
        result = np.zeros(np.shape(w))
        weight = 1.0
        with np.errstate(over="ignore"):
            for k in range(n + 1):
                if k:
                    weight *= (k - 1 - gamma) / k
                for side in (-1, 1):
                    at = w + side * (k + shift) * h
                    share = (1 - side * self.beta) * weight
                    result -= (
                        share / self._intensity * self.potential.gradient(at) * np.exp(here - self.gibbs.exponent(at))
                    )
        return self._c * h**-gamma * result

    def _quadrature(self, w: np.ndarray) -> np.ndarray:
        """The integral for points w (n,): Gauss-Jacobi at the kink y = 0, then Gauss-Legendre panels over φ's reach."""
        low, high = self.gibbs.reach
        exponent = 1 - self.alpha  # of the kernel y^{−γ−1}
        panel = (high - low) / _PANELS_PER_REACH
        x, weights = special.roots_jacobi(24, 0.0, exponent)
        y = panel * (1 + x) / 2
        weights = weights * (panel / 2) ** (1 + exponent)
        total = np.zeros(len(w))
        for side in (-1, 1):
            share = (1 - side * self.beta) * self._c / math.gamma(2 - self.alpha)
            near = self.slope_of_density(w[:, None] + side * y) @ weights
            total += share * (near + self._far(w, side, panel, exponent))
        return total

    def _far(self, w: np.ndarray, side: int, panel: float, exponent: float) -> np.ndarray:
        """∫_panel^∞ y^{1−α} ψ(w + side·y) dy: over the part of φ's reach that lies there."""
        low, high = self.gibbs.reach
        begin = np.maximum(panel, side * ((low if side > 0 else high) - w))
        end = np.maximum(begin, side * ((high if side > 0 else low) - w))
        t, weights = np.polynomial.legendre.leggauss(_PANEL_NODES)
        n = _PANELS_PER_REACH
        t = ((np.arange(n)[:, None] + (1 + t) / 2) / n).ravel()
        weights = np.tile(weights / (2 * n), n)
        length = end - begin
        y = begin[:, None] + length[:, None] * t
        return ((y**exponent * self.slope_of_density(w[:, None] + side * y)) @ weights) * length
