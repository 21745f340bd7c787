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

from gnicli.stable.fitting.law_likelihood import log_likelihoods
from gnicli.stable.fitting.search_problem import ALPHA_RANGE, Problem
from gnicli.stable.fitting.weighting import every, total
from gnicli.stable.parameterization import s1_shift

_MOST = 20_000  # samples that are looked at
_MOST_ALPHA = 0.97
_RANKS = np.unique(np.round(1.8 ** np.arange(16)).astype(int))  # of samples next to a location that are tried
_SPIKE = 0.75  # alpha, below which a location is looked for again
_ONE_SIDED, _FEW = 0.2, 1000  # share of samples on one side, and number of samples, below which the ends are tried too
# the first sample's distance from where samples are densest over that of a quartile; one-sided laws have 1
_LIGHT = 5.0


def starts(problem: Problem, y: np.ndarray) -> list[np.ndarray]:
    """Some θ (α, β, μ, log σ in S0) for standardized samples `y` (n,); of what is held only a location in S1 counts."""
    n_all = int(total(y, problem.counts))
    in_order = np.sort(every(y, problem.counts, -(-n_all // _MOST)))
    if problem.s1_loc is not None:
        found = [_law_at(in_order, problem.s1_loc)]
    else:
        densest = _densest(in_order)
        below = float((in_order < densest).mean())
        found = [_law_at(in_order, densest)]
        if found[0] is not None and found[0][0] < _SPIKE:
            found = [_sharpened(in_order, densest, found[0])]
        if y.size < _FEW or (below < _ONE_SIDED and _ends_at_first(in_order, densest)):
            found += _at_end(in_order)
        if y.size < _FEW or (below > 1.0 - _ONE_SIDED and _ends_at_first(in_order[::-1], densest)):
            found += _at_end(in_order[::-1])
    likely = [law for law in found if law is not None and (law[0] < _MOST_ALPHA or abs(law[1]) == 1.0)]
    return likely or [law for law in found if law is not None]


def _ends_at_first(inwards: np.ndarray, densest: float) -> bool:
    """Whether the samples may end at the first: behind a light tail, not at the farthest sample of a heavy one."""
    return bool(abs(densest - inwards[0]) <= _LIGHT * abs(inwards[(3 * inwards.size) // 4] - densest))


def _at_end(inwards: np.ndarray) -> list[np.ndarray | None]:
    """Laws with their location a little outside of the first sample: as likely as may be, and next to it."""
    first, step = float(inwards[0]), max(inwards.size // 1000, 1)
    room = float(inwards[inwards.size // 20]) - first or float(inwards[inwards.size // 4]) - first  # many may be equal
    gap = math.copysign(max(float(np.abs(np.diff(inwards[:10])).min()), 1e-12), room)
    places = first - room * 2.0 ** -np.arange(-1.0, 9.0)
    law = _law_at(inwards, float(places[2]))
    for _ in range(2):
        if law is None or room == 0.0:
            break
        values = log_likelihoods(inwards[::step], law, places)
        law = _law_at(inwards, float(places[np.nanargmax(values)])) if np.isfinite(values).any() else None
    return [law, _law_at(inwards, first - gap)] if inwards.size < _FEW else [law]


def _sharpened(in_order: np.ndarray, place: float, law: np.ndarray) -> np.ndarray:
    """The law of the moments at the sample where it is likeliest, of samples ever nearer to `place`."""
    n = in_order.size
    middle, ranks = int(np.searchsorted(in_order, place)), np.concatenate([-_RANKS[::-1], [0], _RANKS])
    farthest = 1.01 * max(place - float(in_order[0]), float(in_order[-1]) - place)
    for n_seen in (600, 2000):
        tried = np.unique(np.clip(middle + ranks, 0, n - 1))
        values = log_likelihoods(in_order[:: max(n // n_seen, 1)], law, in_order[tried], farthest=farthest)
        if not np.isfinite(values).any():
            return law
        k = int(np.nanargmax(values))
        middle = int(tried[k])
        gap = int(np.diff(tried[max(k - 1, 0) : k + 2]).max())
        ranks = np.unique(np.linspace(-gap, gap, 11).astype(int))
    better = _law_at(in_order, float(in_order[middle]))
    return law if better is None else better


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
