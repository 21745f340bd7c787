"""Draws from the tempered stable law, by rejection from the stable one.

X = X₊ − X₋, each of them a totally skewed stable law with density f(x), tempered to f(x) exp(−λx) / L. A stable draw x
above −c is kept with probability exp(−λ(x + c)). Below −c nothing is drawn, where by Chernoff's bound the tempered law
has less than 1e-19: no draw of 53-bit uniforms could tell. Where few would be kept, X is a sum of k draws of weight
1/k, as the law is infinitely divisible: these are tempered less.
"""

from __future__ import annotations

import math

import numpy as np

from gnicli.stable.density import inversion as inv
from gnicli.stable.sampling import draw

_LOST = 44.0  # −log of the mass below −c
_KEPT = 2.0  # −log of the least share of draws that is kept
_SLOPES = np.exp(np.linspace(-6.0, 8.0, 141))


def _laplace(law: inv.Shape, s: np.ndarray | float) -> np.ndarray:
    """log E exp(−sX) of the S0 law with beta 1: (s^α − s cos h) / sin h."""
    s = np.asarray(s, dtype=np.float64)
    log_s = np.log(s)
    lift = (2.0 / math.pi) * log_s if law.eps == 0.0 else np.expm1(law.eps * log_s) / law.sin_h
    return s * (lift + law.tan_half_h)


def _plan(law: inv.Shape, tempering: float) -> tuple[float, float]:
    """c, and −log of the share of draws that is kept."""
    lifted = _laplace(law, tempering + _SLOPES) - _laplace(law, tempering)
    c = float(((lifted + _LOST) / _SLOPES).min())
    if law.alpha < 1.0:
        c = min(c, -inv.zeta(law))  # the edge of the support
    return c, float(tempering * c - _laplace(law, tempering))


def _one_sided(alpha: float, tempering: float, n: int, rng: np.random.Generator) -> np.ndarray:
    """`n` draws of the standard S0 law with beta 1, tempered."""
    law = inv.shape(alpha, 1.0)
    k = 1
    while _plan(law, tempering * k ** (-1.0 / alpha))[1] > _KEPT:
        k *= 2
    scale = k ** (-1.0 / alpha)
    c, cost = _plan(law, tempering * scale)
    out, found = np.empty(n * k), 0
    while found < n * k:
        wanted = min(n * k - found, 1 << 17)
        x = draw(alpha, 1.0, 0.0, 1.0, int(1.1 * wanted * math.exp(cost)) + 20, rng)
        with np.errstate(over="ignore", under="ignore"):
            kept = x[(x > -c) & (rng.random(x.size) < np.exp(-tempering * scale * (x + c)))][:wanted]
        out[found : found + kept.size] = kept
        found += kept.size
    # k laws with S0 location 0 and this scale have not 0 together: the shift is scale · tan(πα/2) for each
    return out.reshape(n, k).sum(axis=1) * scale - float(inv.growth(law, np.array(math.log(k) / alpha)))


def standard(alpha: float, beta: float, lower: float, upper: float, n: int, rng: np.random.Generator) -> np.ndarray:
    """`n` draws of the standard S0 law, float64 (n,)."""
    out = np.zeros(n)
    for sign, weight, tempering in ((1.0, 0.5 * (1.0 + beta), upper), (-1.0, 0.5 * (1.0 - beta), lower)):
        if weight > 0.0:
            log_scale = math.log(weight) / alpha
            scale = math.exp(log_scale)
            y = _one_sided(alpha, tempering * scale, n, rng)
            out += sign * scale * (y + float(inv.growth(inv.shape(alpha, 1.0), np.array(log_scale))))
    return out
