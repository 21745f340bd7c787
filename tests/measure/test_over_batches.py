"""Minibatch noise, equation (2.4): against the law of samples without replacement, and beside the other populations."""

import itertools

import numpy as np
import pytest
import torch

from gnicli.contracts.components import Bench, NoisyNetwork
from gnicli.contracts.observer import SilentObserver
from gnicli.errors import UsageError
from gnicli.gradients.noisy import NoisyGradient
from gnicli.gradients.stages import weight_tensors
from gnicli.measure.layers import draws, populations, results, sentences
from gnicli.network.mlp import Mlp
from gnicli.noise.mult import MultiplicativeNoise
from gnicli.noise.none import NoNoise

SIZE, N, N_DRAWS = 3, 7, 2000


@pytest.fixture(scope="module")
def bench():
    module = Mlp(depth=1, width=4, activation="elu").build((2,), 1, torch.Generator().manual_seed(3), torch.float64)
    generator = torch.Generator().manual_seed(8)
    inputs = torch.randn(N, 2, generator=generator, dtype=torch.float64)
    targets = inputs.prod(dim=1, keepdim=True).exp()  # skewed, so that the minibatch noise is
    return Bench(NoisyNetwork(module, "mse", MultiplicativeNoise(std=0.4), 2, 11), inputs, targets, 5)


@pytest.fixture(scope="module")
def found(bench):
    return draws.over_draws(bench, N_DRAWS, 4, SilentObserver(), SIZE)


def gradients_of(bench, rows):
    clean = NoisyGradient(bench.network._replace(noise=NoNoise(), M=1))
    _, gradients = clean(0, bench.inputs[list(rows)], bench.targets[list(rows)])
    return [each.reshape(-1).clone().numpy() for each in weight_tensors(gradients)]


def test_moments_are_those_over_all_minibatches(bench, found):
    """All 35 of them, one by one: mean, variance and skewness of every weight, in the standard errors of the draws."""
    every = [gradients_of(bench, rows) for rows in itertools.combinations(range(N), SIZE)]
    whole = gradients_of(bench, range(N))
    for layer, moments in enumerate(found["over_batches"].moments):
        each = np.array([gradients[layer] for gradients in every])
        assert each.mean(axis=0) == pytest.approx(whole[layer], abs=1e-12)  # U has mean 0
        noise = each - whole[layer]
        variance, third, fourth = ((noise**k).mean(axis=0) for k in (2, 3, 4))
        moving = variance > 1e-12
        assert moving.sum() > 1
        assert moments.mean[moving] == pytest.approx(whole[layer][moving], abs=5 * np.sqrt(variance.max() / N_DRAWS))
        spread = np.sqrt((fourth - variance**2) / N_DRAWS)[moving]
        assert (np.abs(moments.variance - variance)[moving] < 5 * spread).all()
        # (6/n)^½ is the error of a Gaussian's skewness; these laws are bounded, with a smaller one.
        assert moments.skewness[moving] == pytest.approx((third / variance**1.5)[moving], abs=5 * np.sqrt(6 / N_DRAWS))


def test_the_variance_has_the_factor_of_samples_without_replacement(bench, found):
    """Var ∇L(B) = S²/B · (1 − B/N), with S² the variance (N − 1) of the gradients of single examples."""
    single = [gradients_of(bench, [row]) for row in range(N)]
    for layer, moments in enumerate(found["over_batches"].moments):
        s2 = np.var([gradients[layer] for gradients in single], axis=0, ddof=1)
        moving = s2 > 1e-12
        assert moments.variance[moving] == pytest.approx((s2 / SIZE * (1 - SIZE / N))[moving], rel=0.25)


def test_injected_noise_plays_no_part_and_other_populations_stay(bench, found):
    louder = bench._replace(network=bench.network._replace(noise=MultiplicativeNoise(std=1.5), M=1))
    again = draws.over_draws(louder, 40, 4, SilentObserver(), SIZE)["over_batches"]
    for trace, other in zip(found["over_batches"].traces, again.traces, strict=True):
        assert np.array_equal(trace[:40], other)
    without = draws.over_draws(bench, 40, 4, SilentObserver())
    assert "over_batches" not in without
    for name, population in without.items():
        for trace, other in zip(population.traces, found[name].traces, strict=True):
            assert np.array_equal(trace, other[:40])


def test_minibatches_of_one_seed_are_equal_and_those_of_others_not(bench):
    same, other = (
        draws.over_draws(bench._replace(network=bench.network._replace(seed=seed)), 40, 4, SilentObserver(), SIZE)
        for seed in (11, 12)
    )
    assert not np.array_equal(same["over_batches"].traces[0], other["over_batches"].traces[0])


def test_it_has_a_table_values_and_a_sentence_and_only_where_it_was_asked_for(bench):
    for size in (SIZE, None):
        measured = populations.measure(bench, 100, 2, SilentObserver(), size)
        shown = results.results(measured, bench, 100, [], size)
        asked = size is not None
        assert any(name.startswith("over_batches") for name in shown.tables) == asked
        assert ("kurtosis/over_batches/layer1" in shown.values) == asked
        assert any("random minibatches of 3" in note for note in shown.notes) == asked
        assert ("trace/over_batches/layer2" in shown.arrays) == asked
        said = sentences.sentences(measured.statistics, measured.controls)
        assert any("random minibatches without injected noise" in sentence for sentence in said) == asked


@pytest.mark.parametrize("size", [N, N + 1])
def test_a_minibatch_of_all_examples_is_refused(bench, size):
    with pytest.raises(UsageError, match=f"measure.minibatch={size} must be below the {N} examples"):
        draws.over_draws(bench, 10, 4, SilentObserver(), size)
