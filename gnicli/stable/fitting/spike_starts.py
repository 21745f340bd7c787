"""Laws to start from where alpha may be small: next to a spike or an edge nothing else finds the location.

With Z the distance from the location in S1, θ = arctan(β tan(πα/2)) and γ Euler's constant (alpha < 1)

    P(Z > 0) = 1/2 + θ / (πα),   Var log|Z| = (π²/6)(1/α² + 1/2) − θ²/α²,
    E log|Z| = log σ + γ (1/α − 1) − log(cos θ) / α,

three equations for α, β and σ. The location is where samples are densest, or next to an end of them, as for a one-sided
law. Source: C. L. Nikias and M. Shao, Signal Processing with Alpha-Stable Distributions, Wiley 1995, chapter 5.
"""

from __future__ import annotations

import math

import numpy as np

from gnicli.stable.fitting.search_problem import ALPHA_RANGE, Problem
from gnicli.stable.fitting.weighting import every, total
from gnicli.stable.parameterization import s1_shift

_MOST = 20_000  # samples that are looked at
_MOST_ALPHA = 0.97
_ONE_SIDED, _FEW = 0.2, 1000  # share of samples on one side, and number of samples, below which the ends are tried too


def starts(problem: Problem, y: np.ndarray) -> list[np.ndarray]:
    """Some θ (α, β, μ, log σ in S0) for standardized samples `y` (n,); of what is held only a location in S1 counts."""
    n_all = int(total(y, problem.counts))
    in_order = np.sort(every(y, problem.counts, -(-n_all // _MOST)))
    if problem.s1_loc is not None:
        places = [problem.s1_loc]
    else:
        n, densest = in_order.size, _densest(in_order)
        below = float((in_order < densest).mean())
        places = [densest]
        gap = max(float(np.diff(in_order[:10]).min()), float(np.diff(in_order[-10:]).min()), 1e-12)
        if below < _ONE_SIDED or n < _FEW:
            low = float(in_order[0])
            places += [low - 0.5 * float(in_order[n // 20] - low), low - gap]
        if below > 1.0 - _ONE_SIDED or n < _FEW:
            high = float(in_order[-1])
            places += [high + 0.5 * (high - float(in_order[-1 - n // 20])), high + gap]
    return [found for place in places if (found := _law_at(in_order, place)) is not None]


def _densest(in_order: np.ndarray) -> float:
    """The half-sample mode: of the halves of the samples the narrowest, and so on (D. R. Bickel, 2002)."""
    while in_order.size > 3:
        half = -(-in_order.size // 2)
        width = in_order[half - 1 :] - in_order[: in_order.size - half + 1]
        first = int(width.argmin())
        in_order = in_order[first : first + half]
    return float(np.median(in_order))


def _law_at(y: np.ndarray, place: float) -> np.ndarray | None:
    """θ of the law with its S1 location at `place`, by the three moments; None where they have no solution."""
    z = y - place
    log_size = np.log(np.abs(z[z != 0.0]))
    if log_size.size < 10:
        return None
    angle = math.pi * (float((z > 0.0).mean()) - 0.5)  # θ / α
    inverse_square = 6.0 / math.pi**2 * (float(log_size.var()) + angle * angle) - 0.5
    if not math.isfinite(inverse_square):
        return None
    alpha = min(max(max(inverse_square, 1e-2) ** -0.5, ALPHA_RANGE[0]), _MOST_ALPHA)
    theta = alpha * angle
    beta = min(max(math.tan(theta) / math.tan(0.5 * math.pi * alpha), -1.0), 1.0)
    theta = math.atan(beta * math.tan(0.5 * math.pi * alpha))
    log_scale = float(log_size.mean()) - np.euler_gamma * (1.0 / alpha - 1.0) + math.log(math.cos(theta)) / alpha
    found = np.array([alpha, beta, place, log_scale])
    found[2] += s1_shift(found, 0.0)[0]
    return found if np.isfinite(found).all() else None
