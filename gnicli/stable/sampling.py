"""Draws from the standard S0 law: Chambers, Mallows and Stuck (1976), written so that nothing diverges at alpha = 1.

With U uniform on (−π/2, π/2), W exponential, ε = α − 1, h = πε/2 and

    D = cos εU + β sin(εU) / tan h,    Y = log(W cos U / D) / α,    E = exp(εY),

    X₀ = E (tan U cos εU + sin εU) − β [expm1(εY) − 2 E sin²(εU/2) − E tan U sin εU] / tan h,

which is the textbook X₁ − β tan(πα/2) after tan(πα/2) = −1/tan h. At ε → 0, sin(εU)/tan h → 2U/π and so on. Sines and
cosines are made from tangents of half the angle: NumPy's tan is a third of the price of its sin. log(W cos U / D) is
half the logarithm of the square, which is a ratio of products: no root.
"""

from __future__ import annotations

import math

import numpy as np

from gnicli.stable.density.inversion import IN_S1, Shape, shape

_BLOCK = 1 << 14
_LEAST_W = 2.0**-70  # added to W, which is 0 once in 2^53 draws: keeps the logarithm finite
_LEAST_D = 2.0**-60
_LARGE = 1e150  # of a scale or location: sums in halves from there on
_SURE_D = 1e-9  # where D is known to be above it, its rounding (1e-16) cannot make it 0
_LEAST_COS = 2.0**-54


def draw(
    alpha: float, beta: float, loc: float, scale: float, n: int, rng: np.random.Generator, out: np.ndarray | None = None
) -> np.ndarray:
    """`n` draws, float64 (n,), of the law with this location in S0, below `IN_S1` in S1; in the memory of `out`."""
    out = np.empty(n) if out is None else out
    angle, waiting = np.empty(min(n, _BLOCK)), np.empty(min(n, _BLOCK))
    for start in range(0, n, _BLOCK):
        block = out[start : start + _BLOCK]
        uniform, exponential = angle[: block.size], waiting[: block.size]
        rng.random(out=uniform)
        rng.random(out=exponential)
        np.subtract(1.0, exponential, out=exponential)  # in (0, 1]
        np.negative(np.log(exponential, out=exponential), out=exponential)  # cheaper than NumPy's ziggurat
        if alpha < IN_S1:
            transform_by_logarithms(alpha, beta, uniform, exponential, block)
        else:
            transform(alpha, beta, uniform, exponential, block)
        moved(block, scale, loc, block)
    return out


def transform_by_logarithms(
    alpha: float, beta: float, uniform: np.ndarray, exponential: np.ndarray, out: np.ndarray
) -> None:
    """Chambers, Mallows and Stuck in S1 for alpha < 1, as products: exact relative to itself however small a draw is.

    With B = arctan(β tan(πα/2)) / α:  X = sin α(U + B) (cos αB cos U)^(−1/α) (cos(U − α(U + B)) / W)^((1 − α)/α).
    Standard draws are put into `out`; the other two arrays are used up.
    """
    turn = math.atan(beta * math.tan(0.5 * math.pi * alpha))  # αB
    log_size = np.log(np.maximum(np.sin(math.pi * uniform), _LEAST_COS))  # cos U
    angle = np.subtract(uniform, 0.5, out=uniform)
    angle *= math.pi
    rest = np.cos((1.0 - alpha) * angle - turn)
    log_size += math.log(math.cos(turn))
    log_size *= -1.0 / alpha
    exponential += _LEAST_W
    log_size += ((1.0 - alpha) / alpha) * np.log(np.maximum(rest, _LEAST_COS) / exponential)
    with np.errstate(over="ignore", under="ignore"):
        np.exp(log_size, out=out)
        angle *= alpha
        angle += turn
        out *= np.sin(angle, out=angle)


def moved(y: np.ndarray | float, scale: float, loc: float, out: np.ndarray | None = None) -> np.ndarray:
    """scale · y + loc; ±inf only where that itself is beyond the range of floats, not where scale · y alone is."""
    if scale < _LARGE and abs(loc) < _LARGE:
        return np.add(np.multiply(y, scale, out=out), loc, out=out)
    with np.errstate(over="ignore"):
        half = np.multiply(np.multiply(y, 0.5, out=out), scale, out=out)
        half = np.add(half, 0.5 * loc, out=out)
        return np.multiply(half, 2.0, out=out)


def transform(alpha: float, beta: float, uniform: np.ndarray, exponential: np.ndarray, out: np.ndarray) -> None:
    """Chambers, Mallows and Stuck on uniforms in [0, 1] and exponentials in [0, inf): finite whatever these are.

    Standard draws are put into `out`; the other two arrays are used up.
    """
    law = shape(alpha, beta)
    angle, waiting = uniform, exponential
    angle -= 0.5
    angle *= math.pi
    tangent = np.tan(angle, out=out)  # finite at ±π/2 too: these are rounded
    if alpha == 1.0 and beta == 0.0:
        return
    waiting += _LEAST_W
    secant = np.multiply(tangent, tangent)
    secant += 1.0  # squared
    if alpha == 2.0:
        waiting /= secant
        tangent *= np.sqrt(waiting, out=waiting)
        tangent *= 2.0
        return
    if law.eps == 0.0:
        bent = angle
        bent *= (2.0 / math.pi) * beta
        bent += 1.0
        tangent *= bent
        waiting = _log_square(law, waiting, bent, secant)
        waiting *= beta / math.pi
        tangent -= waiting
        return
    _general(law, angle, tangent, secant, waiting)


def _log_square(law: Shape, waiting: np.ndarray, bent: np.ndarray, secant: np.ndarray) -> np.ndarray:
    """2 log(W cos U / D) in the memory of `waiting`; `bent` is D and `secant` 1 / cos² U, which are used up."""
    if (1.0 - abs(law.beta)) * law.cos_h < _SURE_D:  # D is least at U = ±π/2, there (1 ± β) cos h
        np.maximum(bent, _LEAST_D, out=bent)
    bent *= bent
    secant *= bent
    waiting *= waiting
    waiting /= secant
    return np.log(waiting, out=waiting)


def _general(law: Shape, angle: np.ndarray, tangent: np.ndarray, secant: np.ndarray, waiting: np.ndarray) -> None:
    """The formula of this module's head where ε ≠ 0, put into `tangent`; `secant` is 1 / cos² U."""
    skew = law.beta * law.cos_h / law.sin_h
    angle *= 0.5 * law.eps
    half = np.tan(angle, out=angle)
    square = half * half
    share = 2.0 / (square + 1.0)
    half *= share  # sin εU
    square *= share  # 1 − cos εU
    bent = np.multiply(half, skew, out=share)
    bent -= square
    bent += 1.0
    tangent *= bent
    tangent += half
    square *= skew
    tangent += square
    power = _log_square(law, waiting, bent, secant)
    power *= 0.5 * law.eps / law.alpha
    lifted = np.expm1(power, out=power)
    square = np.multiply(lifted, skew, out=square)
    lifted += 1.0
    tangent *= lifted
    tangent -= square
