"""`track=antithetic`: mirrored pairs cancel what is odd in the noise, no more; closed forms of a linear model."""

import numpy as np
import pytest
import torch

from gnicli.contracts.components import NoisyNetwork
from gnicli.contracts.observer import SilentObserver
from gnicli.errors import UsageError
from gnicli.network.mlp import Mlp
from gnicli.noise.add import AdditiveNoise
from gnicli.noise.mult import MultiplicativeNoise
from gnicli.seeding import torch_stream
from gnicli.training.antithetic import AntitheticTrack

N, REPEATS = 20, 600


def linear(weight):
    """A model y = w x without bias, and a batch that it does not fit."""
    module = Mlp(depth=0, bias=False).build((1,), 1, torch_stream(0, "init"), torch.float64)
    with torch.no_grad():
        module.stages[0].weight.fill_(weight)
    inputs = torch.linspace(-0.7, 1.3, N, dtype=torch.float64)[:, None]
    return module, inputs, inputs.sin() - 0.4


def measured(module, noise, M, inputs, targets, repeats=REPEATS, seed=3):
    track = AntitheticTrack(NoisyNetwork(module, "mse", noise, M, seed), 1, repeats, SilentObserver())
    track(0, inputs, targets)
    return track


@pytest.mark.parametrize("M", [2, 4])
@pytest.mark.parametrize(("kind", "std"), [(AdditiveNoise, 0.3), (AdditiveNoise, 1.1), (MultiplicativeNoise, 0.6)])
def test_the_ratio_of_a_linear_model_has_a_closed_form(M, kind, std):
    """The gradient of (w h − t)² is 2 (w h − t) h; with h = x + δ its odd part is 2 (2 w x − t) δ, its even 2 w δ²."""
    weight = 0.8
    module, inputs, targets = linear(weight)
    x, t = inputs.numpy(), targets.numpy()
    scale = std * np.abs(x) if kind is MultiplicativeNoise else np.full_like(x, std)
    odd = np.sum((2 * (2 * weight * x - t) * scale) ** 2) / N**2
    even = np.sum(8 * weight**2 * scale**4) / N**2
    found = measured(module, kind(std=std), M, inputs, targets).last(1)
    # Variances from n repeats have a relative error of sqrt(κ/n), κ = 2 for normal values; sums of δ² have up to κ = 3.
    tolerance = 4 * np.sqrt(3 / REPEATS)
    assert found["plain_variance"] == pytest.approx((odd + even) / M, rel=tolerance)
    assert found["antithetic_variance"] == pytest.approx(even / (M / 2), rel=tolerance)
    assert found["variance_ratio"] == pytest.approx(2 * even / (odd + even), rel=1.5 * tolerance)


def test_a_gradient_that_is_linear_in_the_noise_has_no_variance_left():
    module, inputs, targets = linear(0.0)  # 2 (0 − t) (x + ε)
    found = measured(module, AdditiveNoise(std=0.5), 4, inputs, targets, repeats=10).last(1)
    assert found["plain_variance"] > 1e-3
    assert found["antithetic_variance"] < 1e-28


def test_the_ratio_of_a_smooth_network_is_of_second_order_in_the_noise():
    module = Mlp(depth=2, width=12, activation="elu").build((1,), 1, torch_stream(1, "init"), torch.float64)
    _, inputs, targets = linear(1.0)
    stds = (0.01, 0.02, 0.04)
    ratios = [measured(module, AdditiveNoise(std=std), 2, inputs, targets, repeats=12).ratios()[0] for std in stds]
    # The same draws at each std, so that slopes need few repeats.
    slope = np.polyfit(np.log(stds), np.log(ratios), 1)[0]
    assert slope == pytest.approx(2, abs=0.1)


def test_measuring_takes_none_of_the_draws_of_training_and_both_kinds_use_the_noise_as_given():
    module, inputs, targets = linear(0.8)
    noise = AdditiveNoise(std=0.3)
    first = measured(module, noise, 2, inputs, targets, repeats=5)
    assert noise.antithetic is False
    assert min(draws.start for draws in first._draws) == 2
    mirrored = measured(module, AdditiveNoise(std=0.3, antithetic=True), 2, inputs, targets, repeats=5)
    assert first.history == mirrored.history


def test_an_odd_number_of_draws_has_no_pairs():
    module, *_ = linear(0.8)
    with pytest.raises(UsageError, match="M must be even, got M=3"):
        AntitheticTrack(NoisyNetwork(module, "mse", AdditiveNoise(), 3, 0), 1, 4, SilentObserver())


def test_layers_are_recorded_for_a_run_that_goes_on():
    module, inputs, targets = linear(0.8)
    track = measured(module, AdditiveNoise(), 2, inputs, targets, repeats=4)
    other = AntitheticTrack(NoisyNetwork(module, "mse", AdditiveNoise(), 2, 3), 1, 4, SilentObserver())
    other.restore(track.state())
    other(1, inputs, targets)
    track(1, inputs, targets)
    np.testing.assert_array_equal(other.history, track.history)
    assert track.values()["variance_ratio"].n == 2
