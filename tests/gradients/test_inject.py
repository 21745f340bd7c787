"""What `inject=` adds: the real noise exactly, its values in another order, or draws of the law fitted to it."""

import numpy as np
import pytest
import torch

from gnicli.contracts.components import NoisyNetwork
from gnicli.contracts.observer import SilentObserver
from gnicli.errors import UsageError
from gnicli.gradients.inject.gaussian import GaussianInjection
from gnicli.gradients.inject.none import NoInjection
from gnicli.gradients.inject.recorded import RecordedInjection
from gnicli.gradients.inject.shuffled import ShuffledInjection
from gnicli.gradients.inject.stable import StableInjection
from gnicli.gradients.inject.whitened_stable import WhitenedStableInjection
from gnicli.gradients.injected_laws import AT_BOUND, NormalFamily, StableFamily
from gnicli.gradients.injected_noise import FittedDraws, Shuffled
from gnicli.gradients.noisy import NoisyGradient
from gnicli.gradients.objective.clean import Clean
from gnicli.network.mlp import Mlp
from gnicli.noise.add import AdditiveNoise
from gnicli.noise.mult import MultiplicativeNoise
from gnicli.noise.none import NoNoise
from gnicli.seeding import numpy_stream, torch_stream
from gnicli.stable import StableLaw, fit
from gnicli.training.optimizer import take_step
from gnicli.training.tracking import COLUMNS, GradientNoiseTrack

M, WIDTH = 4, 60
NOISES = {"add": AdditiveNoise(std=0.3), "mult": MultiplicativeNoise(std=0.5)}


def network(dtype=torch.float64, width=WIDTH):
    return Mlp(depth=2, width=width).build((3,), 1, torch_stream(1, "init"), dtype)


def data(dtype=torch.float64):
    inputs = torch.randn(20, 3, generator=torch_stream(2, "data"), dtype=dtype)
    return inputs, torch.sin(inputs.sum(1, keepdim=True)) + 1


def built(injection, module, noise=NOISES["add"], draws=M):
    noisy = NoisyNetwork(module, "mse", noise, draws)
    return injection.build(NoisyGradient(noisy), noisy)


def gradients(function, step=0):
    return [gradient.clone().numpy() for gradient in function(step, *data())[1]]


def noise_of(module, noise=NOISES["add"], step=0):
    """Draw 0 minus the mean of the M draws, and that mean, written out."""
    function = NoisyGradient(NoisyNetwork(module, "mse", noise, M))
    each = []
    for draw in range(M):
        _, found = function.over(step, range(draw, draw + 1), *data())
        each.append([gradient.clone().numpy() for gradient in found])
    means = [np.mean(values, axis=0) for values in zip(*each, strict=True)]
    return [first - mean for first, mean in zip(each[0], means, strict=True)], means


@pytest.mark.parametrize("noise", NOISES.values(), ids=NOISES)
def test_recorded_about_its_own_mean_follows_one_draw_for_a_hundred_steps(noise):
    """The plumbing: G_M + (g_0 - G_M) is g_0, so the weights are those of M = 1 to 1e-9."""
    weights = []
    for draws, injection in ((1, NoInjection()), (16, RecordedInjection())):
        module = network()
        function = built(injection, module, noise, draws)
        optimizer = torch.optim.SGD(module.parameters(), lr=0.02)
        start = torch.cat([p.detach().reshape(-1) for p in module.parameters()]).clone()
        for step in range(100):
            take_step(optimizer, module.parameters(), function(step, *data())[1])
        weights.append(torch.cat([p.detach().reshape(-1) for p in module.parameters()]))
    assert float((weights[0] - start).norm()) > 0.1
    assert float((weights[0] - weights[1]).norm() / weights[0].norm()) < 1e-9
    worst = (weights[0] - weights[1]).abs().max() / weights[0].abs().max()
    assert float(worst) < 1e-9


def test_a_recorded_noise_about_fresh_draws_is_another_one():
    module = network()
    fresh = gradients(built(RecordedInjection(mean="fresh"), module))
    single = gradients(NoisyGradient(NoisyNetwork(module, "mse", NOISES["add"], 1)))
    assert not np.allclose(fresh[0], single[0], rtol=1e-3)
    # G_M + g_0 - mean of draws 4 ... 7, written out.
    function = NoisyGradient(NoisyNetwork(module, "mse", NOISES["add"], M))
    others = [gradient.numpy() for gradient in function.over(0, range(M, 2 * M), *data())[1]]
    _, means = noise_of(module)
    for got, mean, one, other in zip(fresh, means, single, others, strict=True):
        np.testing.assert_allclose(got, mean + one - other, rtol=1e-9, atol=1e-12)


def test_shuffled_keeps_the_values_of_each_layer_and_moves_them():
    noise = [np.arange(500.0) - 7, np.ones(60)]
    moved = Shuffled()(3, noise, lambda layer: numpy_stream(0, "inject", 3, layer))
    for before, after in zip(noise, moved, strict=True):
        np.testing.assert_array_equal(np.sort(before), np.sort(after))
    assert not np.array_equal(noise[0], moved[0])
    module = network()
    expected, means = noise_of(module)
    got = gradients(built(ShuffledInjection(), module))
    for parameter, values, mean, noise in zip(module.parameters(), got, means, expected, strict=True):
        added = values - mean
        if parameter.dim() > 1:
            assert not np.allclose(added, noise)
            np.testing.assert_allclose(np.sort(added, axis=None), np.sort(noise, axis=None), rtol=1e-9, atol=1e-12)
        else:
            np.testing.assert_allclose(added, noise, rtol=1e-9, atol=1e-12)


def test_gaussian_draws_have_the_mean_and_the_variance_of_the_noise():
    """Within four standard errors over steps, from a noise that is skewed and not centered."""
    noise = [numpy_stream(5, "sample").exponential(2.0, 4000) - 0.5, numpy_stream(6, "sample").normal(0, 0.01, 300)]
    model = FittedDraws(NormalFamily())
    model.begin(2)
    drawn = [model(step, noise, lambda layer, s=step: numpy_stream(0, "inject", s, layer)) for step in range(50)]
    for index, values in enumerate(noise):
        sample = np.concatenate([each[index] for each in drawn])
        assert abs(sample.mean() - values.mean()) < 4 * values.std() / np.sqrt(sample.size)
        assert abs(sample.var() / values.var() - 1) < 4 * np.sqrt(2 / sample.size)
        assert abs((((sample - sample.mean()) / sample.std()) ** 3).mean()) < 4 * np.sqrt(6 / sample.size)


@pytest.mark.parametrize(("alpha", "beta", "loc"), [(1.6, 0.7, 2.0), (1.2, -0.5, -1.0), (1.01, 0.6, 0.3)])
def test_stable_draws_have_the_law_of_an_asymmetric_noise(alpha, beta, loc):
    """Fitted to draws of a known law and drawn again: its parameters come back within four standard errors."""
    law = StableLaw(alpha, beta, loc, 1e-3, "S0")
    noise = [law.rvs(20000, numpy_stream(7, "sample")).astype(np.float64)]
    model = FittedDraws(StableFamily())
    model.begin(1)
    (drawn,) = model(0, noise, lambda layer: numpy_stream(0, "inject", 0, layer))
    found = fit(drawn, "S0")
    for name in ("alpha", "beta", "loc", "scale"):
        # The draws' own fit and the fit they were drawn from err independently.
        error = 4 * np.sqrt(2) * getattr(found, f"{name}_stderr")
        assert abs(getattr(found, name) - getattr(law, name)) < error, name
    assert model.state()["counts"].tolist() == [[1, 0, 0]]


def test_fits_at_the_boundary_are_counted_and_told():
    normal = numpy_stream(1, "sample").normal(size=4000)
    small = numpy_stream(2, "sample").normal(1, 0.001, size=900)
    model = FittedDraws(StableFamily())
    model.begin(3)
    for step in range(2):
        drawn = model(step, [normal, small, np.zeros(70)], lambda layer, s=step: numpy_stream(0, "inject", s, layer))
    assert model.state()["counts"].tolist() == [[2, 2, 0], [2, 2, 0], [0, 0, 2]]
    assert model.values()["inject_at_boundary"].value == 4
    assert "4 of 4 fits (layer 1: 2, layer 2: 2) are at the parameter bound (" in model.warnings()[0]
    assert "where a parameter has no standard error" in model.warnings()[0]
    assert not drawn[2].any()


@pytest.mark.parametrize("n_bound", [0, 3])
def test_tracked_fits_at_the_parameter_bound_are_told_where_there_are_any(n_bound):
    module = Mlp(depth=1, width=8).build((3,), 1, torch_stream(0, "init"), torch.float32)
    track = GradientNoiseTrack(NoisyNetwork(module, "mse", MultiplicativeNoise(std=0.1)), 1, 2, 0, SilentObserver())
    flags = np.zeros((4, 1))
    flags[:n_bound] = 1
    track.of_layer = lambda layer: np.where(np.arange(len(COLUMNS)) == COLUMNS.index("at_boundary"), flags, 0.5)
    told = f"{2 * n_bound} of 8 tracked fits are {AT_BOUND}"
    assert track.warnings() == ((told,) if n_bound else ())


def test_weights_without_noise_get_none():
    noise = numpy_stream(1, "sample").normal(3, 1, size=1000)
    noise[:300] = 0
    model = FittedDraws(NormalFamily())
    model.begin(1)
    (drawn,) = model(0, [noise], lambda layer: numpy_stream(0, "inject", 0, layer))
    assert not drawn[:300].any()
    assert abs(drawn[300:].mean() - 3) < 0.2


@pytest.mark.parametrize(
    "injection",
    [
        StableInjection(every=3),
        GaussianInjection(every=3),
        StableInjection(every=3, truncate="observed"),
        WhitenedStableInjection(every=3),
        WhitenedStableInjection(every=3, truncate="observed"),
    ],
)
def test_a_law_is_fitted_every_so_many_steps_and_comes_back_with_the_state(injection):
    module = network()
    function = built(injection, module)
    for step in range(4):
        gradients(function, step)
    assert function.state()["inject/counts"][:, 0].tolist() == [2, 2, 2]
    kept = {name: array.copy() for name, array in function.state().items()}
    expected = gradients(function, 4)
    again = built(injection, module)
    again.restore(kept)
    for a, b in zip(gradients(again, 4), expected, strict=True):
        np.testing.assert_array_equal(a, b)
    assert all(array.nbytes < 200 for array in kept.values())


def test_streams_depend_on_step_and_layer():
    noise = [numpy_stream(1, "sample").normal(size=100)] * 2
    model = FittedDraws(NormalFamily())
    model.begin(2)
    draws = [model(s, noise, lambda layer, s=s: numpy_stream(0, "inject", s, layer)) for s in (0, 1, 0)]
    assert not np.array_equal(draws[0][0], draws[0][1])
    assert not np.array_equal(draws[0][0], draws[1][0])
    np.testing.assert_array_equal(draws[0][0], draws[2][0])


def test_a_gradient_that_is_not_finite_is_told_by_the_value():
    module = network(torch.float32)
    with torch.no_grad():
        module.stages[0].weight.mul_(1e25)
    value, _ = built(StableInjection(), module)(0, *data(torch.float32))
    assert not torch.isfinite(value)


def test_what_cannot_be_injected_is_a_usage_error():
    module, noise = network(), NOISES["add"]
    with pytest.raises(UsageError, match="inject=stable needs M >= 2, got M=1"):
        built(StableInjection(), module, draws=1)
    with pytest.raises(UsageError, match="inject=gaussian needs noise in the activations"):
        built(GaussianInjection(), module, NoNoise())
    noisy = NoisyNetwork(module, "mse", noise, M)
    with pytest.raises(UsageError, match=r"inject\.mean=own needs objective=noisy; use inject\.mean=fresh"):
        RecordedInjection().build(Clean().build(noisy), noisy)
    small = network(width=10)
    with pytest.raises(UsageError, match="inject=stable needs 50 weights in each layer, and layer 1 has 30"):
        built(StableInjection(), small)
    with pytest.raises(UsageError, match=r"inject\.every must be"):
        StableInjection(every=0)
    with pytest.raises(UsageError, match=r"inject\.mean must be one of own, fresh"):
        StableInjection(mean="mine")
