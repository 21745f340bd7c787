"""Populations of gradient and forward noise against closed forms, on small linear networks with asymmetric weights."""

import math

import numpy as np
import pytest
import torch

from gnicli.contracts.components import Bench, NoisyNetwork
from gnicli.contracts.observer import SilentObserver
from gnicli.gradients.layer_noise import LayerNoise
from gnicli.measure.layers import controls, pooling, populations, results, sentences
from gnicli.measure.layers.draws import over_draws
from gnicli.network.mlp import Mlp
from gnicli.noise.add import COMPONENT as ADD
from gnicli.noise.mult import COMPONENT as MULT
from gnicli.seeding import torch_stream

STD = 0.3


def one_layer():
    """y = W (x + ε) + b at W = 0: the residual is constant, so the gradient of W is linear in ε, exactly Gaussian."""
    module = Mlp(depth=0).build((2,), 3, torch_stream(0, "init"), torch.float64)
    with torch.no_grad():
        module.stages[0].weight.zero_()
        module.stages[0].bias.copy_(torch.tensor([0.5, -2.0, 1.0]))
    inputs = torch.tensor([[0.3, -1.0], [2.0, 0.7], [-0.4, 0.1], [1.5, 1.5]], dtype=torch.float64)
    targets = torch.tensor([[1.0, 0.0, 2.0], [-1.0, 0.5, 0.2], [0.0, 3.0, -1.0], [0.7, 0.1, 1.1]], dtype=torch.float64)
    residual = torch.tensor([0.5, -2.0, 1.0], dtype=torch.float64) - targets
    # ∂L/∂W_lj = (2/(3 n)) Σ_x residual_xl (x_j + ε_xj)
    variance = (2 / (3 * len(inputs))) ** 2 * STD**2 * residual.square().sum(dim=0)
    return module, inputs, targets, variance.repeat_interleave(2).numpy()


def bench(module, noise, inputs, targets, M=1, n_mean=4):
    return Bench(NoisyNetwork(module, "mse", noise, M, 3), inputs, targets, 0, n_mean)


@pytest.mark.parametrize("M", [1, 3])
def test_gradient_noise_over_draws_is_gaussian_of_the_variance_in_closed_form(M):
    module, inputs, targets, variance = one_layer()
    n = 1200
    found = over_draws(bench(module, ADD(std=STD), inputs, targets, M), n, 4, SilentObserver())["over_draws"]
    (moments,) = found.moments
    np.testing.assert_allclose(moments.variance, variance / M, rtol=4 * math.sqrt(2 / n))
    assert np.abs(moments.skewness).max() < 4 * math.sqrt(6 / n)
    assert np.abs(moments.kurtosis).max() < 4 * math.sqrt(24 / n)


@pytest.mark.parametrize(("M", "n_mean"), [(1, 2), (3, 1)])
def test_the_variance_that_the_mean_of_fresh_draws_brings_along_is_taken_out(M, n_mean):
    """Without the correction it would be 1.5 and 4 times too large."""
    module, inputs, targets, variance = one_layer()
    noisy = NoisyNetwork(module, "mse", ADD(std=STD), M, 5)
    noise = LayerNoise(noisy, n_averaged=M, n_mean=n_mean, key="measure=layers")
    draws = np.array([noise(step, inputs, targets)[0] for step in range(500)])
    np.testing.assert_allclose((draws**2).mean(axis=0), variance / M, rtol=4.5 * math.sqrt(2 / 500))


def chain(weights):
    module = Mlp(depth=len(weights) - 1, width=1, activation="linear", bias=False).build(
        (1,), 1, torch_stream(0, "init"), torch.float64
    )
    with torch.no_grad():
        for stage, weight in zip(module.stages, weights, strict=True):
            stage.weight.fill_(weight)
    return module


def test_accumulated_noise_of_a_linear_chain_has_its_variance_in_closed_form():
    weights, x, n = (0.7, -1.3, 0.4), 1.7, 1500
    inputs, targets = torch.full((1, 1), x, dtype=torch.float64), torch.zeros(1, 1, dtype=torch.float64)
    for noise in (ADD(std=STD), MULT(std=STD)):
        found = over_draws(bench(chain(weights), noise, inputs, targets), n, 1, SilentObserver())["forward_point"]
        clean, additive = x, 0.0
        for layer, moments in enumerate(found.moments):
            if layer > 0:
                clean *= weights[layer - 1]
                additive *= weights[layer - 1] ** 2
            additive += STD**2
            expected = additive if noise.operation == "add" else clean**2 * ((1 + STD**2) ** (layer + 1) - 1)
            stderr = math.sqrt((float(moments.kurtosis[0]) + 2) / n)
            np.testing.assert_allclose(moments.variance, expected, rtol=4.5 * stderr)
            assert abs(moments.mean[0]) < 4.5 * math.sqrt(expected / n)


class Stopping(SilentObserver):
    """Keeps the state after so many draws and stops there."""

    def __init__(self, at):
        super().__init__()
        self.at = at

    def step_done(self, step, total, make_state, **shown):
        if step == self.at:
            self.state = make_state()
            raise InterruptedError


def test_draws_that_were_stopped_go_on_bit_for_bit():
    module, inputs, targets, _ = one_layer()
    where = bench(module, MULT(std=STD), inputs, targets, M=2)
    whole = over_draws(where, 100, 3, SilentObserver())
    stopping = Stopping(64)
    with pytest.raises(InterruptedError):
        over_draws(where, 100, 3, stopping)
    again = over_draws(where, 100, 3, SilentObserver(stopping.state))
    for name, population in whole.items():
        for a, b in zip(population.moments, again[name].moments, strict=True):
            np.testing.assert_array_equal(np.array(a), np.array(b))
        np.testing.assert_array_equal(population.traces, again[name].traces)


def test_the_weights_of_the_network_and_the_draws_of_other_populations_do_not_matter():
    """The draws are those of the gradient's own streams, by number: M = 1 draws make those of M = 2 in pairs."""
    module, inputs, targets, _ = one_layer()
    before = [weight.detach().clone() for weight in module.parameters()]
    traces = {}
    for M in (1, 2):
        where = bench(module, ADD(std=STD), inputs, targets, M, n_mean=16)
        traces[M] = over_draws(where, 40 // M, 6, SilentObserver())["over_draws"].traces[0]
    # M = 1 begins at draw 2 + 16, M = 2 too.
    np.testing.assert_allclose(traces[2], traces[1].reshape(20, 2, 6).mean(axis=1), rtol=1e-5, atol=1e-6)
    assert all(torch.equal(a, b) for a, b in zip(before, module.parameters(), strict=True))


def test_the_statistics_of_a_layer_name_every_population_and_the_verdict_speaks_of_what_is_there():
    module = Mlp(depth=1, width=40).build((2,), 3, torch_stream(1, "init"), torch.float32)
    inputs = torch.randn(30, 2, generator=torch_stream(0, "data"))
    targets = torch.randn(30, 3, generator=torch_stream(1, "data"))
    found = populations.measure(bench(module, MULT(std=0.5), inputs, targets), 200, 8, SilentObserver())
    asked_for = [name for name in populations.MEANINGS if name != "over_batches"]  # where measure.minibatch has a size
    assert list(found.statistics) == asked_for
    shuffled, real = found.statistics["shuffled"], found.statistics["over_draws"]
    for layer in (1, 2):
        assert shuffled[layer]["alpha"] == pytest.approx(real[layer]["alpha"], abs=1e-3)  # equal pooled values
        assert shuffled[layer]["effective_rank"] > real[layer]["effective_rank"]
    said = " ".join(sentences.sentences(found.statistics, found.controls))
    for words in ("controls passed", "clean gradient", "whole batch", "single data point", "shuffled"):
        assert words in said


def test_the_sentences_blame_the_controls_and_the_scales_where_they_are_to_blame():
    layer = {"alpha": 1.1, "alpha_scaled": 1.97}
    statistics = {"across_weights": {1: layer}, "clean": {1: {"alpha": 1.12}}}
    said = " ".join(sentences.sentences(statistics, populations.controls(25, 0)))
    assert "controls failed (Gaussian" in said
    assert "no lighter" in said
    assert "unequal scales of the weights made the tails" in said
    statistics = {"across_weights": {1: {"alpha": 1.1, "alpha_scaled": 1.12}}, "clean": {1: {"alpha": 1.9}}}
    said = " ".join(sentences.sentences(statistics, []))
    assert "has lighter tails: 1.90" in said
    assert "unequal scales of the weights did not make the tails" in said


def test_the_clean_gradient_is_the_same_in_both_arithmetics():
    found = {}
    for dtype in (torch.float32, torch.float64):
        module = (
            Mlp(depth=1, width=8, activation="tanh").build((3,), 1, torch_stream(0, "init"), torch.float64).to(dtype)
        )
        inputs, targets = np.random.default_rng(0).normal(size=(2, 12, 3))
        x, y = torch.from_numpy(inputs).to(dtype), torch.from_numpy(targets[:, :1].copy()).to(dtype)
        found[dtype] = populations.measure(bench(module, MULT(std=0.3), x, y), 8, 2, SilentObserver()).samples["clean"]
    for layer, values in found[torch.float32].items():
        assert values == pytest.approx(found[torch.float64][layer], rel=1e-3, abs=1e-6)


def test_alphas_at_their_bound_are_counted_and_told():
    def warnings(alphas):
        statistics = {"over_draws": {1: {"alpha": alphas[0], "alpha_scaled": alphas[1]}, 2: {"n": 9.0}}}
        return results._at_bound(populations.Found(statistics, {}, [], {}))

    assert warnings((1.5, 1.99)) == []
    assert warnings((1.5, 2.0)) == [
        "1 of 2 alphas (pooled or scaled) are at the parameter bound (2 or 0.2; 0.5 where many values are equal), "
        "where there are no standard errors."
    ]
    assert warnings((0.2, 2.0))[0].startswith("2 of 2 alphas")
    assert warnings((0.5, 0.3))[0].startswith("1 of 2 alphas")


@pytest.mark.parametrize("passed", [(True, True), (True, False)])
def test_controls_that_failed_are_a_warning_and_controls_that_passed_are_a_note(passed):
    module, inputs, targets, _ = one_layer()
    empty = {name: {} for name in populations.MEANINGS}
    made_up = [controls.Control(f"made-up {k}", 1.0, 1.5, "scaled 1.5", each) for k, each in enumerate(passed)]
    nothing = populations.Found(empty, empty, made_up, {})
    found = results.results(nothing, bench(module, ADD(std=STD), inputs, targets), 9, ())
    words = "The controls passed" if all(passed) else "The controls failed (made-up 1)"
    kept, other = (found.notes, found.warnings) if all(passed) else (found.warnings, found.notes)
    assert kept[0].startswith(words)
    assert not any("controls" in sentence for sentence in other)


@pytest.mark.parametrize(("alpha", "has_error"), [(1.5, True), (2.0, False), (0.5, False)])
def test_an_alpha_of_one_draw_at_its_bound_has_no_error(monkeypatch, alpha, has_error):
    module = Mlp(depth=1, width=4, activation="tanh").build((2,), 1, torch_stream(0, "init"), torch.float64)
    inputs = torch.linspace(-1, 1, 8, dtype=torch.float64).reshape(4, 2)
    on = bench(module, MULT(std=0.3), inputs, inputs[:, :1])
    monkeypatch.setattr(
        populations.pooling,
        "describe",
        lambda x: {"n": float(np.size(x)), "alpha": alpha, "kurtosis": float(np.mean(np.asarray(x) ** 4))},
    )
    found = populations.measure(on, 8, 2, SilentObserver()).statistics["across_weights"][1]
    assert ("alpha_stderr" in found) == has_error
    assert "kurtosis_stderr" in found


def test_draws_whose_squares_leave_float32_are_pooled_like_others():
    columns = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
    columns[:, 3] = 0.1  # does not move, though its standard deviation is not 0 in rounding
    found, far = (
        populations._of_pooled(values, np.random.default_rng(1), pooling.centered)
        for values in (columns, np.float32(2.0**100) * columns)
    )
    assert found.keys() == far.keys()
    assert far["alpha_scaled"] == pytest.approx(found["alpha_scaled"], rel=1e-6)
    assert far["effective_rank"] == pytest.approx(found["effective_rank"], rel=1e-6)
