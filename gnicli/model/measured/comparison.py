"""How a model's path compares with that of training, chain by chain: loss, distance, one-step increments, divergence.

The unit is the chain. Chain c has the same initialization in all arms, so that effects are differences within chains.
Their intervals are Student's: those of a bootstrap are too short where chains are few.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

from gnicli import intervals
from gnicli.model.measured.paths import Path

WITHIN = 0.05  # relative; a loss that is this close is said to be followed
WINDOW = 0.1  # the share of the steps, at their end, over which logarithms are averaged
_LEVEL, _LEVEL_WITHIN = 0.95, 0.90  # of intervals, and of those that have to lie within a margin


class Effect(NamedTuple):
    """A mean over `n` chains with its standard error, and its 95 % and 90 % intervals (NaN for fewer than 2 chains)."""

    mean: float
    stderr: float
    interval: tuple[float, float]
    inner: tuple[float, float]
    n: int


def effect(values: np.ndarray) -> Effect:
    """Of one value for each chain (n,); those that are NaN are left out."""
    values = values[~np.isnan(values)]
    n = len(values)
    mean = float(values.mean()) if n else math.nan
    if n < 2:
        return Effect(mean, math.nan, (math.nan, math.nan), (math.nan, math.nan), n)
    stderr = float(values.std(ddof=1)) / math.sqrt(n)
    ends = []
    for level in (_LEVEL, _LEVEL_WITHIN):
        half = float(intervals.half_width(stderr, n, (1 - level) / 2))
        ends.append((mean - half, mean + half))
    return Effect(mean, stderr, ends[0], ends[1], n)


class Comparison(NamedTuple):
    """An arm beside training.

    `loss` and `distance` are mean differences of logarithms, arm less training, over the last tenth of the steps; of
    the chains that diverged in neither. `increments` are the excess distances of each layer, and `distances` the
    distances themselves (see `excess`); `by_chain` (layers, n) are those of each chain. Of `n_chains`, the arm's
    diverged by the steps `diverged_by`.
    """

    loss: Effect
    distance: Effect
    increments: tuple[Effect, ...]
    distances: tuple[Effect, ...]
    n_chains: int
    diverged_by: tuple[int, ...]
    by_chain: np.ndarray

    @property
    def diverged(self) -> bool:
        """Whether a chain diverged: its mean is then no longer that of all chains."""
        return bool(self.diverged_by)


def compare(arm: Path, training: Path, again: Path, layers: np.ndarray) -> Comparison:
    """An arm beside training; `again` is training with other draws, `layers` those of the traced weights."""
    found = [excess(arm, training, again, layers == k) for k in range(1, int(layers.max()) + 1)]
    return Comparison(
        effect(_log_ratio(arm.loss, training.loss)),
        effect(_log_ratio(arm.distance, training.distance)),
        tuple(effect(over) for over, _ in found),
        tuple(effect(distance) for _, distance in found),
        len(arm.diverged_by),
        tuple(sorted(arm.diverged_by[arm.diverged_by >= 0].tolist())),
        np.array([distance for _, distance in found]),
    )


def _log_ratio(arm: np.ndarray, training: np.ndarray) -> np.ndarray:
    """Of (rows, n): the mean over the window of log arm − log training in each chain, NaN where one diverged."""
    rows = max(1, round(WINDOW * (len(arm) - 1)))
    tiny = np.finfo(float).tiny
    ratio: np.ndarray = (np.log(np.maximum(arm[-rows:], tiny)) - np.log(np.maximum(training[-rows:], tiny))).mean(
        axis=0
    )
    return ratio


def excess(arm: Path, training: Path, again: Path, here: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """D(arm, training) − D(again, training) of each chain (n,), and D(arm, training) itself; `here` picks the weights.

    D is Kolmogorov and Smirnov's distance between the one-step increments of two paths from one start, of the rows
    that all three reach. If the arm has the law of training its path and `again` can be exchanged, so that the excess
    is symmetric about 0, however increments depend on one another. NaN where no row is reached.
    """
    n = arm.increments.shape[2]
    over, distances = np.full(n, np.nan), np.full(n, np.nan)
    for chain in range(n):
        steps = [path.increments[:, here, chain] for path in (arm, again, training)]
        reached = np.logical_and.reduce([np.isfinite(each).all(axis=1) for each in steps])
        if reached.any():
            own, other, real = (np.sort(each[reached], axis=None) for each in steps)
            distances[chain] = ks_distance(own, real)
            over[chain] = distances[chain] - ks_distance(other, real)
    return over, distances


def ks_distance(a: np.ndarray, b: np.ndarray) -> float:
    """The largest difference of two empirical distribution functions; `a` (n,) and `b` (m,) are sorted."""
    at = np.concatenate([a, b])
    return float(np.abs(np.searchsorted(a, at, "right") / a.size - np.searchsorted(b, at, "right") / b.size).max())


def nearer(arm: Comparison, other: Comparison) -> Effect:
    """By how much an arm's increments are nearer to those of training than another arm's: D(other) − D(arm).

    The mean over the layers, of each chain; above 0 where the arm is nearer.
    """
    return effect(other.by_chain.mean(axis=0) - arm.by_chain.mean(axis=0))


def told_apart(found: Sequence[Effect], level: float = _LEVEL) -> list[int]:
    """The layers, from 1, whose increments are farther from those of training than training's own others are.

    One-sided t tests of the excess, at a level that holds for all layers together (Bonferroni).
    """
    apart = []
    for layer, each in enumerate(found, 1):
        if each.n < 2 or not each.mean > 0:
            continue
        p = float(stats.t.sf(each.mean / each.stderr, each.n - 1)) if each.stderr > 0 else 0.0
        if p < (1 - level) / len(found):
            apart.append(layer)
    return apart


def standing(compared: Comparison) -> str:
    """Where the loss at the end is: "diverged", "within" or "outside" of 5 % of that of training, or "open".

    Within: the 90 % interval lies in the margin (two one-sided tests at 5 %). Outside: the 95 % interval and the margin
    have no point in common. Open: neither.
    """
    margin = math.log1p(WITHIN)
    if compared.diverged:
        return "diverged"
    low, high = compared.loss.inner
    if -margin < low and high < margin:
        return "within"
    low, high = compared.loss.interval
    return "outside" if low > margin or high < -margin else "open"
