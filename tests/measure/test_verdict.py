"""Each sentence of the verdict from both sides of its condition, on made-up statistics."""

import re

import numpy as np
import pytest

from gnicli.measure.layers import sentences
from gnicli.measure.layers.controls import Control


def said(**populations):
    statistics = {name: dict(enumerate(layers, 1)) for name, layers in populations.items()}
    return " ".join(sentences.sentences(statistics, [])[1:])


def draws(*layers):
    """(alpha_each, kurtosis) or (alpha_each, kurtosis, alpha_scaled, alpha_sum16) by layer."""
    names = ("alpha_each", "kurtosis", "alpha_scaled", "alpha_sum16")
    return said(over_draws=[dict(zip(names, layer, strict=False)) for layer in layers])


@pytest.mark.parametrize(
    ("alpha", "kurtosis", "told"),
    [
        (0.89, 15.75, "layer 1 is heavier than Gaussian"),
        (2.0, -0.18, "layer 1 is next to Gaussian"),
        (1.9, 0.99, "layer 1 is next to Gaussian"),
        (1.9, 1.0, "layer 1 is Gaussian by alpha and heavier by kurtosis"),
        (1.94, 15.75, "layer 1 is Gaussian by alpha and heavier by kurtosis"),
        (2.0, -1.2, "layer 1 is lighter than Gaussian"),
        (2.0, -0.99, "layer 1 is next to Gaussian"),
        (1.89, 0.01, "layer 1 is heavier than Gaussian ("),
        (1.89, -0.01, "layer 1 is heavier than Gaussian by alpha and not by kurtosis"),
    ],
)
def test_the_word_on_a_layers_tails_needs_alpha_and_kurtosis(alpha, kurtosis, told):
    sentence = draws((alpha, kurtosis))
    assert told in sentence
    assert f"excess kurtosis {kurtosis:.2f}, alpha {alpha:.2f}" in sentence
    assert ("sums of 16" in sentence) == (told.rstrip(" (") == "layer 1 is heavier than Gaussian")


def test_layers_of_different_tails_are_told_apart_by_name():
    sentence = draws((1.94, 0.2), (0.89, 15.75, 0.9, 1.5), (1.91, 0.4))
    assert "layers 1 and 3 are next to Gaussian (excess kurtosis 0.20 … 0.40, alpha 1.91 … 1.94)" in sentence
    assert "layer 2 is heavier than Gaussian (excess kurtosis 15.75, alpha 0.89)" in sentence
    assert "layer 2 has 0.90 and sums have 1.50: a drift toward 2" in sentence


@pytest.mark.parametrize(
    ("scaled", "sums", "told"),
    [
        (1.2, 1.31, "toward 2, as under finite variance"),
        (1.2, 1.3, "no drift toward 2 is seen, which excludes neither"),
        (1.2, 0.9, "no drift toward 2 is seen, which excludes neither"),
        (1.81, 1.9, "too near 2 to show a drift"),
        (1.81, 1.95, "toward 2, as under finite variance"),
        (1.5, np.nan, "too few values in layer 1"),
    ],
)
def test_what_sums_of_sixteen_say(scaled, sums, told):
    sentence = draws((1.2, 5.0, scaled, sums))
    assert told in sentence
    assert sum(words in sentence for words in ("toward 2, as", "no drift", "too near", "too few values")) == 1


@pytest.mark.parametrize(
    ("noise", "clean", "told"),
    [
        (1.1, 1.2, "no lighter tails, so no evidence of heavy-tailed noise"),
        (1.1, 1.0, "no lighter tails, so no evidence of heavy-tailed noise"),
        (1.1, 1.21, "has lighter tails: 1.21"),
        (1.9, 1.95, "(a Gaussian has 2)"),
        (1.9, 1.2, "(a Gaussian has 2)"),
        (1.1, None, "with no clean gradient to compare"),
    ],
)
def test_noise_across_weights_beside_the_clean_gradient(noise, clean, told):
    sentence = said(across_weights=[{"alpha": noise}], clean=[{} if clean is None else {"alpha": clean}])
    assert told in sentence
    every = ("no lighter", "has lighter", "a Gaussian has", "with no clean")
    assert sum(words in sentence for words in every) == 1


@pytest.mark.parametrize(
    ("pooled", "scaled", "told"),
    [
        (1.1, 1.9, "unequal scales of the weights made the tails"),
        (1.1, 1.89, "unequal scales of the weights made part of the tails"),
        (1.1, 1.21, "unequal scales of the weights made part of the tails"),
        (1.1, 1.19, "unequal scales of the weights did not make the tails"),
        (1.1, 1.01, "unequal scales of the weights did not make the tails"),
        (1.1, 0.99, "scaling made the tails heavier"),
        (1.85, 1.92, "unequal scales of the weights did not make the tails"),
        (1.9, 2.0, None),  # no tails to explain
    ],
)
def test_what_scaling_says(pooled, scaled, told):
    sentence = said(across_weights=[{"alpha": pooled, "alpha_scaled": scaled}])
    assert ("units of its own standard deviation" in sentence) == (told is not None)
    assert told is None or told in sentence


@pytest.mark.parametrize(
    ("real", "told"), [(6.9, "far from uncorrelated"), (7.1, "within 30 % of that of uncorrelated")]
)
def test_the_effective_rank(real, told):
    sentence = said(over_draws=[{"effective_rank": real}], shuffled=[{"effective_rank": 10.0}])
    assert told in sentence
    assert ("far from" in sentence) != ("within 30 %" in sentence)


@pytest.mark.parametrize(
    ("passed", "told"), [((True, True), "passed:"), ((True, False), "failed (b)"), ((False, False), "failed (a and b)")]
)
def test_the_controls(passed, told):
    controls = [Control(name, 1.0, 2.0, "expected", ok) for name, ok in zip("ab", passed, strict=True)]
    (sentence,) = sentences.sentences({}, controls)
    assert f"controls {told}" in sentence


def test_no_sentence_says_more_than_its_layers_numbers_do():
    """2000 random tables: each layer is named once in each sentence on tails, with a range that holds its numbers."""
    rng = np.random.default_rng(0)
    for _ in range(2000):
        n = int(rng.integers(1, 6))
        alpha, kurtosis = rng.uniform(0.5, 2, n), rng.normal(0, 2, n) * rng.choice([0.1, 1, 10], n)
        scaled, sums = rng.uniform(0.5, 2, (2, n))
        sentences = draws(*zip(alpha, kurtosis, scaled, sums, strict=True))
        first = sentences.split(". Alpha of its")[0]
        pattern = (
            r"layers? ([\d, and]+?) (?:is|are) ([^(]+) \(excess kurtosis (\S+)(?: … (\S+))?, "
            r"alpha (\S+)(?: … (\S+))?\)"
        )
        parts = re.findall(pattern, first)
        named = []
        for numbers, words, low, high, *ends in parts:
            layers = [int(each) for each in re.findall(r"\d+", numbers)]
            named += layers
            for layer in layers:
                k, a = kurtosis[layer - 1], alpha[layer - 1]
                assert float(low) - 0.006 <= k <= float(high or low) + 0.006
                assert float(ends[0]) - 0.006 <= a <= float(ends[1] or ends[0]) + 0.006
                if words == "next to Gaussian":
                    assert a >= 1.9
                    assert abs(k) < 1
                if words == "heavier than Gaussian":
                    assert k > 0
                    assert a < 1.9
        assert sorted(named) == list(range(1, n + 1))
