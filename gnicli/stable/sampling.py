"""Draws from the standard S0 law: Chambers, Mallows and Stuck (1976), written so that nothing diverges at alpha = 1.

With U uniform on (−π/2, π/2), W exponential, ε = α − 1, h = πε/2 and

    D = cos εU + β sin(εU) / tan h,    Y = log(W cos U / D) / α,    E = exp(εY),

    X₀ = E (tan U cos εU + sin εU) − β [expm1(εY) − 2 E sin²(εU/2) − E tan U sin εU] / tan h,

which is the textbook X₁ − β tan(πα/2) after tan(πα/2) = −1/tan h. At ε → 0, sin(εU)/tan h → 2U/π and so on. Sines and
cosines are made from tangents of half the angle: NumPy's tan is a third of the price of its sin.
"""

from __future__ import annotations

import math

import numpy as np

from gnicli.stable.inversion import Shape, shape

_BLOCK = 8192
_LEAST_W = 2.0**-70  # drawn once in 1e21; keeps the logarithm finite
_LEAST_D = 2.0**-60


def draw_s0(alpha: float, beta: float, n: int, rng: np.random.Generator, out: np.ndarray | None = None) -> np.ndarray:
    """`n` draws, float64 (n,); in the memory of `out`, if given."""
    out = np.empty(n) if out is None else out
    for start in range(0, n, _BLOCK):
        size = min(_BLOCK, n - start)
        out[start : start + size] = transform(alpha, beta, rng.random(size), rng.standard_exponential(size))
    return out


def transform(alpha: float, beta: float, uniform: np.ndarray, exponential: np.ndarray) -> np.ndarray:
    """Chambers, Mallows and Stuck on uniforms in [0, 1] and exponentials in [0, inf): finite whatever these are."""
    law = shape(alpha, beta)
    angle = np.clip(uniform, 2.0**-54, 1.0 - 2.0**-54)
    angle -= 0.5
    angle *= math.pi
    tangent = np.tan(angle)
    if alpha == 1.0 and beta == 0.0:
        return tangent
    waiting = np.maximum(exponential, _LEAST_W)
    secant = tangent * tangent
    secant += 1.0  # squared
    if law.eps == 0.0:
        bent = angle
        bent *= (2.0 / math.pi) * beta
        bent += 1.0
        tangent *= bent
        # 2 log(W cos U / bent): the logarithm of a square spares the root
        square = np.maximum(bent, _LEAST_D, out=bent)
        square *= square
        square *= secant
        waiting *= waiting
        waiting /= square
        tangent -= (beta / math.pi) * np.log(waiting, out=waiting)
        return tangent
    np.sqrt(secant, out=secant)
    if alpha == 2.0:
        tangent *= 2.0 * np.sqrt(waiting)
        tangent /= secant
        return tangent
    return _general(law, angle, tangent, secant, waiting)


def _general(law: Shape, angle: np.ndarray, tangent: np.ndarray, secant: np.ndarray, waiting: np.ndarray) -> np.ndarray:
    """The formula of this module's head where ε ≠ 0; the arguments are used up."""
    skew = law.beta * law.cos_h / law.sin_h
    angle *= 0.5 * law.eps
    half = np.tan(angle, out=angle)
    square = half * half
    share = 2.0 / (square + 1.0)
    half *= share  # sin εU
    square *= share  # 1 − cos εU
    bent = skew * half
    bent -= square
    bent += 1.0
    secant *= np.maximum(bent, _LEAST_D)
    waiting /= secant
    power = np.log(waiting, out=waiting)
    power *= law.eps / law.alpha
    lifted = np.expm1(power, out=power)
    tangent *= bent
    tangent += half
    square *= skew
    tangent += square
    square = np.multiply(lifted, skew, out=square)
    lifted += 1.0
    tangent *= lifted
    tangent -= square
    return tangent
