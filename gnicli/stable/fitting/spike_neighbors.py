"""Maxima of the likelihood next to that of a law with a spike: each sample nearby may have its own."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np

from gnicli.stable.fitting import law_nodes
from gnicli.stable.fitting.law_likelihood import log_likelihoods, to_q, to_theta
from gnicli.stable.fitting.search_problem import Optimum, Problem

_NEIGHBORS, _NEAR_MAXIMUM = 24, 2.0  # samples that are tried, and nats that they may be below
_REPEATS = 8  # of a sample, about at most
_OFF = np.array([-0.5, 0.0, 0.5])  # of places from a sample, in widths of the spike
_AS_HIGH = 0.5  # nats, where the other parameters are held by many samples
_SO_FEW = 300  # samples, up to which all of them are tried


class Search(Protocol):
    """What is asked to climb from a law: see `climb.Climb`."""

    problem: Problem
    y: np.ndarray
    counts: np.ndarray | None
    n_evaluations: int

    def run(self, theta: np.ndarray, to_rest: bool = False, least: float = -math.inf) -> Optimum:
        """The maximum that is reached from a θ, or where that promises to be less than `least`, the way there."""


def in_spike(alpha: float) -> float:
    """The share of samples in the spike of the symmetric law, about: its height times its width."""
    height = math.gamma(1.0 + 1.0 / alpha) / math.pi
    return min(height * law_nodes.width(alpha), 1.0) if alpha < 0.5 else 1.0


def among_neighbors(search: Search, found: Optimum) -> Optimum:
    """The best of the maxima next to one whose law has a spike: each sample nearby may have its own."""
    few = search.y.size <= _SO_FEW
    seen = min(search.y.size, _SO_FEW if few else _REPEATS * _NEIGHBORS)
    for _ in range(3):
        q = to_q(found.theta, True, search.problem.log_unit)
        distance = np.abs(search.y - q[2])
        nearest = np.unique(search.y[np.argpartition(distance, seen - 1)[:seen]])  # each of repeats once
        if not few:
            nearest = nearest[np.argsort(np.abs(nearest - q[2]))[:_NEIGHBORS]]
        width = math.exp(q[3]) * law_nodes.width(q[0])
        places = np.sort(np.append((nearest[:, None] + width * _OFF).ravel(), q[2]))
        values = log_likelihoods(search.y, found.theta, places, search.counts)
        search.n_evaluations += 3  # about so long it takes
        here = values[np.searchsorted(places, q[2])]
        around = np.concatenate([[-np.inf], values, [-np.inf]])
        values[(values < around[:-2]) | (values < around[2:]) | (places == q[2])] = -np.inf  # no maxima, or that found
        last = found
        for k in np.argsort(-values)[: 4 if few else 2].tolist():
            if values[k] > here - (_NEAR_MAXIMUM if few else _AS_HIGH):
                q[2] = places[k]
                other = search.run(to_theta(q, True, search.problem.log_unit), least=found.log_likelihood)
                found = max(found, other, key=lambda end: end.log_likelihood)
        if not found.log_likelihood > last.log_likelihood + 1e-3:
            break
    return found
