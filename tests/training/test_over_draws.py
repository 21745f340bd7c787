"""Scales and laws of single weights over draws along training: exact against whole draws, and what they tell apart."""

import numpy as np
import pytest
import torch

from gnicli.contracts.components import NoisyNetwork
from gnicli.contracts.observer import SilentObserver
from gnicli.errors import UsageError
from gnicli.gradients import noise_over_draws
from gnicli.gradients.layer_noise import statistics
from gnicli.gradients.noise_over_draws import OverDraws, over_draws, shapes
from gnicli.gradients.noisy import NoisyGradient
from gnicli.network.mlp import Mlp
from gnicli.noise.mult import MultiplicativeNoise
from gnicli.seeding import torch_stream
from gnicli.training.track.gradient_noise import GradientNoise
from gnicli.training.tracking import COLUMNS, OVER_DRAWS


def network():
    module = Mlp(depth=1, width=70).build((2,), 1, torch_stream(0, "init"), torch.float32)
    return NoisyNetwork(module, "mse", MultiplicativeNoise(std=0.4), 2)


def batch():
    inputs = torch.randn(9, 2, generator=torch_stream(1, "data"))
    return inputs, inputs.sum(1, keepdim=True)


def test_scales_and_traces_are_those_of_whole_draws(monkeypatch):
    monkeypatch.setattr(noise_over_draws, "TRACED", 30)
    gradient = NoisyGradient(network())
    found = over_draws(gradient, 4, range(5, 17), *batch())
    rows = [
        [each.reshape(-1).double().numpy().copy() for each in gradient.over(4, range(m, m + 1), *batch())[1][::2]]
        for m in range(5, 17)
    ]
    for layer, one in enumerate(found):
        each = np.array([row[layer] for row in rows])
        np.testing.assert_allclose(one.std, each.std(axis=0, ddof=1), rtol=1e-6, atol=1e-12)
        assert one.traces.shape == (12, 30)
        np.testing.assert_array_equal(one.traces[:, [0, -1]], each[:, [0, -1]])


def made(draw, scales, n=64):
    """Noise of weights with given scales, and draws of it: independent, so that only scales and tails are there."""
    rng = np.random.default_rng(0)
    traces = draw(rng, (n, scales.size)) * scales
    noise = draw(rng, scales.size) * scales
    return noise, OverDraws(traces.std(axis=0, ddof=1), traces[:, :: max(1, scales.size // 256)])


def student(rng, size):
    return rng.standard_t(3, size)


def test_a_mixture_of_scales_is_told_from_tails():
    """Pooled as they are both look heavy-tailed; scaled, normal weights of unequal scales are normal."""
    unequal, equal = np.exp(np.random.default_rng(1).normal(0, 1, 4000)), np.ones(4000)
    noise, draws = made(lambda rng, size: rng.standard_normal(size), unequal)
    mixture = shapes(noise, draws)
    assert statistics(noise)["alpha"] < 1.3
    assert mixture["alpha_scaled"] > 1.95
    assert mixture["alpha_over_draws"] > 1.95
    assert abs(mixture["kurtosis_over_draws"]) < 0.2
    assert abs(mixture["kurtosis_scaled"]) < 0.6
    noise, draws = made(student, equal)
    tails = shapes(noise, draws)
    assert statistics(noise)["alpha"] < 1.8
    assert tails["alpha_over_draws"] < 1.8
    assert tails["kurtosis_over_draws"] > 1


def test_what_cannot_be_told_is_left_out():
    nothing = shapes(np.zeros(80), OverDraws(np.zeros(80), np.zeros((4, 80))))
    assert nothing == {}
    broken = np.full((4, 80), np.nan)
    assert shapes(np.ones(80), OverDraws(np.full(80, np.nan), broken)) == {}


@pytest.mark.parametrize("n_draws", [0, 6])
def test_the_track_has_them_where_it_is_asked_to(n_draws):
    track = GradientNoise(every=1, n_mean=2, n_draws=n_draws).build(network(), 5, SilentObserver())
    assert track.columns == COLUMNS + (OVER_DRAWS if n_draws else ())
    track(3, *batch())
    names = {name.partition("/")[0] for name in track.values()}
    assert (set(OVER_DRAWS) <= names) is bool(n_draws)
    assert len(track.figure().panels) == (5 if n_draws else 2)
    assert ("over 6 draws" in track.figure().caption) is bool(n_draws)
    again = GradientNoise(every=1, n_mean=2, n_draws=n_draws).build(network(), 5, SilentObserver())
    again.restore(track.state())
    assert again.values() == track.values()


def test_one_draw_has_no_spread():
    with pytest.raises(UsageError, match=r"track\.n_draws=1 has no spread over draws; use 0 or at least 2"):
        GradientNoise(n_draws=1)
