"""Density and tails of a stable law by Zolotarev's integral in mpmath: slow, and by another road than the library's.

Nolan (1997), theorem 1, S0 with location 0 and scale 1: with a monotone g from 0 to infinity or back,
P(X > x) is an integral of exp(-g) and f(x) one of g exp(-g). The interval is cut where g passes given levels.
"""

from __future__ import annotations

from collections.abc import Callable

import mpmath as mp

_DIGITS = 30
_LEVELS = ("1e-8", "1e-4", "1e-2", "0.1", "1", "3", "8", "20", "50", "120")
_NOTHING = 1e4  # g beyond which exp(-g) is 0


def density_and_tails(alpha: float, beta: float, x: str) -> tuple[float, float, float]:
    """f(x), P(X < x), P(X > x) at a decimal x; alpha below 2, and beta not 0 at alpha 1.

    >>> f, below, above = density_and_tails(1.5, 0.5, "2")
    >>> round(f, 12), round(below + above, 12)
    (0.095831732574, 1.0)
    """
    with mp.workdps(_DIGITS):
        a, b, at = mp.mpf(repr(alpha)), mp.mpf(repr(beta)), mp.mpf(x)
        if a == 1:
            mirrored = b < 0
            low, high = -mp.pi / 2, mp.pi / 2
            g = _at_one(abs(b), -at if mirrored else at)
            rising, factor = False, 1 / (2 * abs(b))
        else:
            edge = -b * mp.tan(mp.pi * a / 2)
            mirrored = at < edge
            if mirrored:
                b, at, edge = -b, -at, -edge
            if at == edge:
                raise ValueError("x is at the location in S1, where the integral has another form")
            start = mp.atan(b * mp.tan(mp.pi * a / 2)) / a
            low, high = -start, mp.pi / 2
            g = _elsewhere(a, start, at - edge)
            rising, factor = bool(a < 1), a / (mp.pi * abs(a - 1) * (at - edge))
        cuts = [low, *sorted(_where(g, mp.mpf(level), low, high) for level in _LEVELS), high]
        density = factor * mp.quad(lambda t: _weighted(g, t, low, high, True), cuts)
        integral = mp.quad(lambda t: _weighted(g, t, low, high, False), cuts) / mp.pi
        if a == 1:
            below, above = integral, 1 - integral
        elif rising:
            above = (high - low) / mp.pi - integral
            below = 1 - above
        else:
            above, below = integral, 1 - integral
        if mirrored:
            below, above = above, below
        return float(density), float(below), float(above)


def _elsewhere(a: mp.mpf, start: mp.mpf, distance: mp.mpf) -> Callable[[mp.mpf], mp.mpf]:
    power, constant = a / (a - 1), mp.cos(a * start) ** (1 / (a - 1))

    def g(t: mp.mpf) -> mp.mpf:
        ratio = mp.cos(t) / mp.sin(a * (start + t))
        return constant * (distance * ratio) ** power * mp.cos(a * start + (a - 1) * t) / mp.cos(t)

    return g


def _at_one(b: mp.mpf, x: mp.mpf) -> Callable[[mp.mpf], mp.mpf]:
    def g(t: mp.mpf) -> mp.mpf:
        arm = mp.pi / 2 + b * t
        return 2 / mp.pi * mp.exp(arm * mp.tan(t) / b - mp.pi * x / (2 * b)) * arm / mp.cos(t)

    return g


def _weighted(g: Callable[[mp.mpf], mp.mpf], t: mp.mpf, low: mp.mpf, high: mp.mpf, by_g: bool) -> mp.mpf:
    value = g(min(max(t, low + (high - low) * mp.mpf("1e-28")), high - (high - low) * mp.mpf("1e-28")))
    if value > _NOTHING:
        return mp.mpf(0)
    return value * mp.exp(-value) if by_g else mp.exp(-value)


def _where(g: Callable[[mp.mpf], mp.mpf], level: mp.mpf, low: mp.mpf, high: mp.mpf) -> mp.mpf:
    """Where g passes the level, by halving."""
    third = (high - low) / 3
    up = g(high - third) > g(low + third)
    for _ in range(90):
        middle = (low + high) / 2
        if (g(middle) > level) == up:
            high = middle
        else:
            low = middle
    return (low + high) / 2
