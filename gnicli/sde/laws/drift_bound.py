"""The bound of Theorem 4.2 on the weak error of the sum b_{h,K} of order 1, with its constants as numbers.

With ψ of the Poisson equation Aψ = ν(g) − g the error is exactly ν_{h,K}((b_{h,K} − b) ψ'). To first order ν_{h,K} is
ν, whose density φ/Z cancels with that in b = (ε^α/φ) D(∂φ), so

    |ν_{h,K}(g) − ν(g)| ≤ (ε^α/Z) ∫ |D_h(∂φ) − D(∂φ)| |ψ'| dw + O(h²).

D_h differs from D in two ways. With all terms its multiplier is off by |k|^γ (β + i sgn(k) tan(γπ/2)) times |γ||k|h/2
and O(h²), which gives the theorem's term in h with C̃/(|γ| + 2) = (ε^α/Z) ∫|ψ'| dw · ∫ |k|^{γ+1} |F(∂φ)(k)| dk. The
terms beyond K give the other; they are added up as they are, for that term falls to nothing once K h reaches the
support of φ, and not like 1/(hK).
"""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from gnicli.errors import UsageError
from gnicli.sde.drift.fractional import FractionalForce

_GRID = 2**15
_WIDER = 8  # the grid's width over that of φ: so fine is k
_NEARBY = 3.0  # times the reach of φ: beyond, ψ has settled


def bound(force: FractionalForce, points: np.ndarray, poisson: np.ndarray) -> float:
    """The bound for the function whose ψ = `poisson` is given at ascending `points` (n,); `force` has h and K."""
    if force.h is None or force.K is None:
        raise UsageError("the bound is that of the sum b_{h,K}: give h and K")
    changes = np.abs(np.diff(poisson))
    middles = (points[1:] + points[:-1]) / 2
    spacing = spacing_part(force, force.h) * float(changes.sum())
    near = np.abs(middles) < _NEARBY * float(np.abs(force.gibbs.reach).max())
    terms = float(changes[near] @ np.abs(terms_part(force, force.h, force.K, middles[near])))
    return _scale(force) * (spacing + terms)


def spacing_part(force: FractionalForce, h: float) -> float:
    """|γ| h (|β| + |tan(γπ/2)|)/(4π) ∫ |k|^{γ+1} |F(∂φ)(k)| dk.

    But for O(h²) at least |D_h(∂φ) − D(∂φ)| with all terms.
    """
    gamma = force.alpha - 2
    low, high = force.gibbs.reach
    step = (high - low) * _WIDER / _GRID
    x = (low + high) / 2 + (np.arange(_GRID) - _GRID // 2) * step
    k = 2 * np.pi * np.fft.rfftfreq(_GRID, step)
    transform = np.abs(np.fft.rfft(force.slope_of_density(x))) * step
    integral = 2 * float(np.trapezoid(k ** (gamma + 1) * transform, k))
    factor = abs(force.beta) + abs(math.tan(gamma * math.pi / 2))
    return abs(gamma) * h * factor / (4 * math.pi) * integral


def terms_part(force: FractionalForce, h: float, K: int, w: np.ndarray) -> np.ndarray:
    """What the terms beyond K add to D_h(∂φ) at `w` (n,)."""
    gamma = force.alpha - 2
    reach = float(np.abs(force.gibbs.reach).max()) + float(np.abs(w).max(initial=0.0))
    last = math.ceil(reach / h)  # φ is nothing beyond
    k = np.arange(K + 1, last + 1)
    weights = np.exp(special.gammaln(k - gamma) - special.gammaln(k + 1.0) - special.gammaln(-gamma))
    result = np.zeros(len(w))
    for number, weight in zip(k, weights, strict=True):
        for side in (-1, 1):
            result += (1 - side * force.beta) * weight * force.slope_of_density(w + side * number * h)
    return result * h**-gamma / (2 * math.cos(gamma * math.pi / 2))


def _scale(force: FractionalForce) -> float:
    """ε^α/Z, with the Z of φ = exp(−(f − min f)/ε^α)."""
    place = force.gibbs.modes[:1]
    density = float(force.gibbs.pdf(place)[0])
    return force.noise.intensity * density / float(np.exp(-force.gibbs.exponent(place))[0])
