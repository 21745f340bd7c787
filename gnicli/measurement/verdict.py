"""What the evidence allows, in sentences: which population is heavy-tailed, and what else would explain it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np

from gnicli.measurement.control import Control

NEAR_GAUSSIAN = 1.9  # alpha of a stable fit above which the tails are called next to Gaussian
SAME = 0.1  # differences of alpha that are not made much of
Statistics = Mapping[str, Mapping[int, Mapping[str, float]]]


def sentences(statistics: Statistics, controls: Iterable[Control]) -> list[str]:
    """In the order in which they should be read: whether the instrument works, then what it shows."""
    said = [_instrument(list(controls))]
    across = _across(statistics)
    return (
        said
        + across
        + _draws(statistics, "over_draws", "whole batch")
        + [
            *_draws(statistics, "over_draws_point", "single data point"),
            *_shuffled(statistics),
        ]
    )


def _instrument(controls: list[Control]) -> str:
    told = ", ".join(f"{c.name}: pooled {c.pooled:.2f}, scaled {c.scaled:.3f} ({c.expected})" for c in controls)
    failed = [control.name for control in controls if not control.passed]
    if failed:
        return (
            f"The instrument's controls failed ({' and '.join(failed)}): alphas of this run are not to be relied on; "
            f"more draws may help (measure.n_draws). {told}."
        )
    return f"The instrument's controls passed: coordinates with log-normal scales give {told}."


def _across(statistics: Statistics) -> list[str]:
    noise, clean = _of(statistics, "across_weights", "alpha"), _of(statistics, "clean", "alpha")
    if not noise.size:
        return []
    said = f"Across the weights of a layer one draw's noise fits alpha = {_range(noise)}"
    if not clean.size:
        return [f"{said}."]
    gap = float(np.median(clean) - np.median(noise))
    if gap <= SAME:
        said += (
            f"; the clean gradient, in which nothing is random, fits {_range(clean)}: no lighter, so such an alpha is "
            "no evidence of heavy-tailed noise"
        )
    else:
        said += f"; the clean gradient, in which nothing is random, is lighter: {_range(clean)}"
    found = [f"{said}."]
    scaled = _of(statistics, "across_weights", "alpha_scaled")
    if scaled.size:
        middle = float(np.median(scaled))
        meaning = "part of it is unequal scales" if middle > np.median(noise) + SAME else "it is not the scales"
        if middle >= NEAR_GAUSSIAN:
            meaning = "unequal scales of the weights made the tails"
        found.append(f"With each weight's noise in its own standard deviations it fits {_range(scaled)}: {meaning}.")
    return found


def _draws(statistics: Statistics, name: str, words: str) -> list[str]:
    each, kurtosis = _of(statistics, name, "alpha_each"), _of(statistics, name, "kurtosis")
    if not each.size or not kurtosis.size:
        return []
    said = (
        f"Over draws, {words}: by layer, the median weight's noise has excess kurtosis {_range(kurtosis)} and fits "
        f"alpha = {_range(each)}"
    )
    if float(np.median(each)) >= NEAR_GAUSSIAN:
        return [f"{said}: next to Gaussian."]
    scaled, sums = _of(statistics, name, "alpha_scaled"), _of(statistics, name, "alpha_sum16")
    if sums.size and float(np.median(sums)) > float(np.median(scaled)) + SAME:
        return [
            f"{said}; pooled in its own scale {_range(scaled)}, sums of 16 {_range(sums)}: heavier than Gaussian, but "
            "in the median layer drifting toward 2 as finite variance does, so not a stable law."
        ]
    return [f"{said}: heavier than Gaussian; sums of 16 of the pooled values do not drift toward 2."]


def _shuffled(statistics: Statistics) -> list[str]:
    real, mixed = _of(statistics, "over_draws", "effective_rank"), _of(statistics, "shuffled", "effective_rank")
    if not real.size or not mixed.size:
        return []
    return [
        f"The traced weights of a layer move with an effective rank of {_range(real)}, shuffled {_range(mixed)}: "
        + ("far from uncorrelated." if np.median(real) < 0.7 * np.median(mixed) else "pairs hardly correlate.")
    ]


def _of(statistics: Statistics, population: str, name: str) -> np.ndarray:
    layers = statistics.get(population, {}).values()
    return np.array([layer[name] for layer in layers if math.isfinite(layer.get(name, math.nan))])


def _range(values: np.ndarray) -> str:
    low, high = f"{values.min():.2f}", f"{values.max():.2f}"
    return low if low == high else f"{low} … {high}"
