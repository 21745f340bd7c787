"""What the evidence allows, in sentences: which population is heavy-tailed, and what else would explain it.

Every sentence names the layers that it is about, and says of none more than its own numbers do.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from gnicli.measure.layers.controls import Control

NEAR_GAUSSIAN = 1.9  # alpha of a stable fit above which the tails are called next to Gaussian
NEAR_KURTOSIS = 1.0  # excess kurtosis below which, in size, the tails are called next to Gaussian
SAME = 0.1  # differences of alpha up to this one count as none
CORRELATED = 0.7  # share of the shuffled weights' effective rank below which weights are called correlated
HEAVIER = "heavier than Gaussian"
NEAR = "next to Gaussian"
NO_LIGHTER = "no evidence of heavy tails: the clean gradient is no lighter"
LIGHTER = "heavier than Gaussian: the clean gradient is lighter"
ALONE = "no clean gradient to compare"
FAILED = "not to be relied on: the controls failed"
Layers = Mapping[int, float]
Statistics = Mapping[str, Mapping[int, Mapping[str, float]]]


def sentences(statistics: Statistics, controls: Iterable[Control]) -> list[str]:
    """In the order in which they should be read: whether the controls passed, then what the network's noise is like."""
    said = [_controls(list(controls))]
    across = _across(statistics)
    return (
        said
        + across
        + _draws(statistics, "over_draws", "whole batch")
        + [
            *_draws(statistics, "over_draws_point", "single data point"),
            *_draws(statistics, "over_batches", "random minibatches without injected noise"),
            *_shuffled(statistics),
        ]
    )


def verdicts(statistics: Statistics, controls: Iterable[Control]) -> dict[tuple[str, int], str]:
    """A few words for each (population, layer) of the populations that the sentences judge.

    Over draws it is about the median weight's noise, across weights about one draw's noise beside the clean gradient.
    """
    found = {}
    clean = _by_layer(statistics, "clean", "alpha")
    for layer, alpha in _by_layer(statistics, "across_weights", "alpha").items():
        found["across_weights", layer] = _against_clean(alpha, clean.get(layer))
    for name in ("over_draws", "over_draws_point", "over_batches"):
        each, kurtosis = _by_layer(statistics, name, "alpha_each"), _by_layer(statistics, name, "kurtosis")
        found |= {(name, layer): _tails(each[layer], kurtosis[layer]) for layer in each if layer in kurtosis}
    passed = all(control.passed for control in controls)
    return found if passed else dict.fromkeys(found, FAILED)


def _controls(controls: list[Control]) -> str:
    found = ", ".join(f"{c.name}: pooled {c.pooled:.2f}, scaled {c.scaled:.3f} ({c.expected})" for c in controls)
    failed = [control.name for control in controls if not control.passed]
    if failed:
        return (
            f"The controls failed ({' and '.join(failed)}): do not rely on the alphas of this run; more draws may help "
            f"(measure.n_draws). {found}."
        )
    return f"The controls passed: made-up coordinates of known law, with log-normal scales, give {found}."


def _across(statistics: Statistics) -> list[str]:
    noise, clean = _by_layer(statistics, "across_weights", "alpha"), _by_layer(statistics, "clean", "alpha")
    if not noise:
        return []
    kinds = {layer: _against_clean(value, clean.get(layer)) for layer, value in noise.items()}
    near, others, lighter, alone = (
        [layer for layer, kind in kinds.items() if kind == one] for one in (NEAR, NO_LIGHTER, LIGHTER, ALONE)
    )
    parts = []
    if near:
        parts.append(f"{_has(near, noise)} (a Gaussian has 2)")
    if others:
        parts.append(
            f"{_has(others, noise)}, and the clean gradient, in which nothing is random, has {_range(clean, others)}: "
            "no lighter tails, so no evidence of heavy-tailed noise"
        )
    if lighter:
        parts.append(
            f"{_has(lighter, noise)}, and the clean gradient, in which nothing is random, has lighter tails: "
            f"{_range(clean, lighter)}"
        )
    if alone:
        parts.append(f"{_has(alone, noise)}, with no clean gradient to compare")
    found = [f"Alpha of one draw's noise across the weights of a layer: {'; '.join(parts)}."]
    scaled = _by_layer(statistics, "across_weights", "alpha_scaled")
    return found + _scales(noise, {layer: value for layer, value in scaled.items() if layer in noise})


def _against_clean(noise: float, clean: float | None) -> str:
    """What alpha of one draw's noise across weights says beside that of the clean gradient."""
    if noise >= NEAR_GAUSSIAN:
        return NEAR
    if clean is None:
        return ALONE
    return LIGHTER if clean > noise + SAME else NO_LIGHTER


def _scales(noise: Layers, scaled: Layers) -> list[str]:
    """What unequal scales explain, of the layers that have a tail to explain."""
    heavy = [layer for layer in scaled if noise[layer] < NEAR_GAUSSIAN]
    if not heavy:
        return []
    kinds = {
        "unequal scales of the weights made the tails": lambda a, b: b >= NEAR_GAUSSIAN and b > a + SAME,
        "unequal scales of the weights made part of the tails": lambda a, b: a + SAME < b < NEAR_GAUSSIAN,
        "unequal scales of the weights did not make the tails": lambda a, b: a - SAME <= b <= a + SAME,
        "scaling made the tails heavier": lambda a, b: b < a - SAME,
    }
    parts = []
    for meaning, holds in kinds.items():
        layers = [layer for layer in heavy if holds(noise[layer], scaled[layer])]
        if layers:
            parts.append(f"{_has(layers, scaled)} in place of {_range(noise, layers)}: {meaning}")
    return [f"Alpha with each weight's noise in units of its own standard deviation: {'; '.join(parts)}."]


def _draws(statistics: Statistics, name: str, words: str) -> list[str]:
    """Layer by layer: of the median weight, whose kurtosis and alpha must agree for a word on its tails."""
    each, kurtosis = _by_layer(statistics, name, "alpha_each"), _by_layer(statistics, name, "kurtosis")
    known = [layer for layer in each if layer in kurtosis]
    if not known:
        return []
    kinds: dict[str, list[int]] = {}
    for layer in known:
        kinds.setdefault(_tails(each[layer], kurtosis[layer]), []).append(layer)
    parts = [
        f"{layer_list(layers)} {'is' if len(layers) == 1 else 'are'} {kind} "
        f"(excess kurtosis {_range(kurtosis, layers)}, alpha {_range(each, layers)})"
        for kind, layers in kinds.items()
    ]
    said = f"Noise of the median weight over draws, {words}: {'; '.join(parts)}."
    return [said, *_sums(statistics, name, kinds.get(HEAVIER, []))]


def _tails(alpha: float, kurtosis: float) -> str:
    if alpha >= NEAR_GAUSSIAN:
        if kurtosis <= -NEAR_KURTOSIS:
            return "lighter than Gaussian"
        return NEAR if kurtosis < NEAR_KURTOSIS else "Gaussian by alpha and heavier by kurtosis"
    return HEAVIER if kurtosis > 0 else "heavier than Gaussian by alpha and not by kurtosis"


def _sums(statistics: Statistics, name: str, heavier: Sequence[int]) -> list[str]:
    """Whether sums of 16 of the layers that are heavier than Gaussian drift toward 2, where they have room to."""
    scaled, sums = _by_layer(statistics, name, "alpha_scaled"), _by_layer(statistics, name, "alpha_sum16")
    known = [layer for layer in heavier if layer in scaled and layer in sums]
    drifting = [layer for layer in known if sums[layer] > scaled[layer] + SAME]
    without_room = [layer for layer in known if layer not in drifting and scaled[layer] > 2 - 2 * SAME]
    staying = [layer for layer in known if layer not in drifting and layer not in without_room]
    parts = []
    if drifting:
        parts.append(
            f"{_has(drifting, scaled)} and sums have {_range(sums, drifting)}: a drift toward 2, as under finite "
            "variance and not under a stable law"
        )
    if staying:
        parts.append(
            f"{_has(staying, scaled)} and sums have {_range(sums, staying)}: no drift toward 2 is seen, which excludes "
            "neither a stable law nor a slow drift"
        )
    if without_room:
        parts.append(
            f"{_has(without_room, scaled)} and sums have {_range(sums, without_room)}: too near 2 to show a drift"
        )
    if len(known) < len(heavier):
        missing = layer_list([layer for layer in heavier if layer not in known])
        parts.append(f"too few values in {missing} (measure.n_draws)")
    return (
        [f"Alpha of its pooled values, each in units of its own scale, and of sums of 16: {'; '.join(parts)}."]
        if parts
        else []
    )


def _shuffled(statistics: Statistics) -> list[str]:
    real, mixed = (
        _by_layer(statistics, "over_draws", "effective_rank"),
        _by_layer(statistics, "shuffled", "effective_rank"),
    )
    known = [layer for layer in real if layer in mixed]
    if not known:
        return []
    far = [layer for layer in known if real[layer] < CORRELATED * mixed[layer]]
    near = [layer for layer in known if layer not in far]
    parts = [
        f"{_has(layers, real)} (shuffled {_range(mixed, layers)}), {words}"
        for layers, words in ((far, "far from uncorrelated"), (near, "within 30 % of that of uncorrelated weights"))
        if layers
    ]
    return [f"Effective rank of the noise of the traced weights: {'; '.join(parts)}."]


def _by_layer(statistics: Statistics, population: str, name: str) -> Layers:
    layers = statistics.get(population, {}).items()
    return {layer: found[name] for layer, found in layers if math.isfinite(found.get(name, math.nan))}


def layer_list(layers: Sequence[int]) -> str:
    """`layer 2`, `layers 1 and 3`, `layers 1, 2 and 4`."""
    numbers = [str(layer) for layer in layers]
    if len(numbers) == 1:
        return f"layer {numbers[0]}"
    return f"layers {', '.join(numbers[:-1])} and {numbers[-1]}"


def _has(layers: Sequence[int], values: Layers) -> str:
    return f"{layer_list(layers)} {'has' if len(layers) == 1 else 'have'} {_range(values, layers)}"


def _range(values: Layers, layers: Sequence[int]) -> str:
    chosen = [values[layer] for layer in layers]
    low, high = f"{min(chosen):.2f}", f"{max(chosen):.2f}"
    return low if low == high else f"{low} … {high}"
