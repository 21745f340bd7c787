"""Moves of the search on the exact likelihood: into its domain, to a bound, along a step, away from a saddle."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Protocol

import numpy as np

from gnicli.stable.density.inversion import shape, zeta

WIDEST = 690.0  # of |log σ|: its exponential stays in the range of floats
_LONGEST_OFF, _GAINED_OFF = 0.3, 5e-4  # step away from a saddle, and nats that it has to gain


class Likelihood(Protocol):
    """What is searched, as far as its moves need it: see `exact_likelihood.Likelihood`."""

    y: np.ndarray
    atom: float | None
    least_alpha: float

    def __call__(self, q: np.ndarray) -> float:
        """The log-likelihood at q = (α, β, location, log σ)."""


def inside(likelihood: Likelihood, q: np.ndarray, movable: np.ndarray) -> tuple[np.ndarray, float]:
    """q and its value; where that is −inf, the first law that its light tail does not forbid: see `_less_strict`."""
    value = likelihood(q)
    if math.isfinite(value):
        return q, value
    for trial in _less_strict(likelihood, q, movable):
        value = likelihood(trial)
        if math.isfinite(value):
            return trial, value
    return q, -math.inf


def _less_strict(likelihood: Likelihood, q: np.ndarray, movable: np.ndarray) -> Iterator[np.ndarray]:
    """Less skewed laws, then moved ones, wider ones, those with light tails on both sides."""
    if movable[1]:
        yield np.array([q[0], math.copysign(min(abs(q[1]), 0.99), q[1]), q[2], q[3]])
    if movable[2] and likelihood.atom is None:
        scale = math.exp(q[3])
        last, inward = (likelihood.y[0], -scale) if q[1] > 0.0 else (likelihood.y[-1], scale)
        if q[0] < 1.0:
            yield np.array([q[0], q[1], last + inward - zeta(shape(q[0], q[1])) * scale, q[3]])
        yield np.array([q[0], q[1], last, q[3]])
    if movable[3]:
        for widening in (0.7, 1.4, 3.0, 6.0, 12.0, 25.0, 50.0, 100.0, 200.0, 350.0, 500.0, 650.0):
            yield np.array([q[0], q[1], q[2], min(q[3] + widening, WIDEST)])
    if movable[0]:
        for alpha in (1.2, 1.5, 1.9):
            yield np.array([alpha, q[1], q[2], q[3]])


def at_bound(
    likelihood: Likelihood, q: np.ndarray, k: int, places: tuple[float, float]
) -> tuple[np.ndarray, float, bool]:
    """q with its k-th coordinate at the bound or a little inside, the likelier; its value; whether at the bound."""
    edge, inward = q.copy(), q.copy()
    edge[k], inward[k] = places
    at_edge, at_inward = likelihood(edge), likelihood(inward)
    return (edge, at_edge, True) if at_edge >= at_inward else (inward, at_inward, False)


def newton_step(gradient: np.ndarray, information: np.ndarray, n: float) -> tuple[np.ndarray, float]:
    """Newton's step with the sizes of the curvatures, and the nats that it is to gain."""
    values, vectors = np.linalg.eigh(information)
    along = vectors.T @ gradient
    bent = np.maximum(np.abs(values), 1e-7 * n)
    with np.errstate(over="ignore"):  # a light tail far out: the line search tries shorter steps
        return vectors @ (along / bent), 0.5 * float((along * along / bent).sum())


def line_search(
    likelihood: Likelihood, q: np.ndarray, value: float, index: np.ndarray, step: np.ndarray, tries: int = 12
) -> tuple[np.ndarray, float]:
    """The first of q + step, q + 0.3 step, …, pulled into the domain, that is as likely as `value`; q if none is."""
    for _ in range(tries):
        trial = q.copy()
        trial[index] += step
        trial[0] = min(max(trial[0], likelihood.least_alpha), 2.0 - 0.2 * (2.0 - q[0]))
        trial[1] = min(max(trial[1], -1.0), 1.0)
        trial[3] = min(max(trial[3], -WIDEST), WIDEST)
        new = likelihood(trial)
        if new >= value:
            return trial, new
        step = 0.3 * step
    return q, value


def off_saddle(
    likelihood: Likelihood, q: np.ndarray, value: float, index: np.ndarray, information: np.ndarray
) -> tuple[np.ndarray, float] | None:
    """A likelier law from where the slope is 0 at no maximum; None where the likelihood bends down in every direction.

    By the curvature a step to either side gains half a nat, of which a thousandth counts: what is flat bends either way
    by rounding.
    """
    values, vectors = np.linalg.eigh(information)
    if not values[0] < 0.0:
        return None
    step = vectors[:, 0] * min(1.0 / math.sqrt(-values[0]), _LONGEST_OFF)
    found = [line_search(likelihood, q, value + _GAINED_OFF, index, sign * step, 3) for sign in (1.0, -1.0)]
    return max((end for end in found if end[0] is not q), key=lambda end: end[1], default=None)
