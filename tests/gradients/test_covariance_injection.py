"""Noise with the covariance of the real gradient noise: weighted sums of draws, their law, and stable coordinates."""

import functools
import math

import numpy as np
import pytest
import torch
from gradient_oracles import data, kept, network, noisy_gradient, relative_error
from scipy import stats

from gnicli.contracts.components import NoisyNetwork
from gnicli.errors import UsageError
from gnicli.gradients.coordinates import NormalCoordinates, StableCoordinates
from gnicli.gradients.dense import DenseGradient
from gnicli.gradients.generic import GenericGradient
from gnicli.gradients.hooked import HookedGradient
from gnicli.gradients.inject.covariance import CovarianceInjection
from gnicli.gradients.inject.recorded import RecordedInjection
from gnicli.gradients.inject.whitened_stable import WhitenedStableInjection
from gnicli.gradients.injected_laws import NormalFamily
from gnicli.gradients.injected_noise import FittedDraws
from gnicli.gradients.noisy import NoisyGradient
from gnicli.gradients.objective.clean import Clean
from gnicli.gradients.objective.noisy import Noisy
from gnicli.gradients.truncated import Truncation
from gnicli.network.mlp import Mlp
from gnicli.noise.add import AdditiveNoise
from gnicli.noise.mult import MultiplicativeNoise
from gnicli.noise.none import NoNoise
from gnicli.seeding import numpy_stream, torch_stream
from gnicli.stable import StableLaw, fit

PATHS = {"dense": DenseGradient, "generic": GenericGradient, "hooked": HookedGradient}
NOISES = {"add": AdditiveNoise(std=0.3), "pairs": MultiplicativeNoise(std=[0.3, 0.6, 0.2], antithetic=True)}
M = 4


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize(("batch", "loss"), [(1, "mse"), (130, "cross_entropy"), (512, "mse"), (700, "cross_entropy")])
def test_weighted_gradients_are_sums_of_those_of_single_draws(path, noise, batch, loss):
    """Weights that differ between parameters, draws that do not begin at 0; the value stays the plain mean."""
    module = network(width=5)
    inputs, targets = data(batch, loss)
    draws = range(3, 8)
    weights = numpy_stream(0, "sample").normal(size=(len(list(module.parameters())), len(draws)))
    each = [noisy_gradient(module, loss, NOISES[noise], 9, 2, [draw], inputs, targets) for draw in draws]
    expected = [
        sum(float(w) * gradients[index] for w, (_, gradients) in zip(row, each, strict=True))
        for index, row in enumerate(weights)
    ]
    gradient = PATHS[path](NoisyNetwork(module, loss, NOISES[noise], seed=9))
    gradient(0, range(3), inputs, targets)  # buffers from a call of another kind
    value, found = gradient(2, draws, inputs, targets, weights)
    assert relative_error(found, expected) < 1e-10
    assert abs(float(value) / (sum(float(v) for v, _ in each) / len(draws)) - 1) < 1e-12


def test_without_noise_all_draws_are_alike_so_their_weights_add_up():
    module = network()
    inputs, targets = data(7, "mse")
    gradient = NoisyGradient(NoisyNetwork(module, "mse", NoNoise(), 3))
    weights = np.tile([0.5, -1.0, 4.0], (len(list(module.parameters())), 1))
    plain = kept(gradient(0, inputs, targets))
    found = kept(gradient.over(0, range(3), inputs, targets, weights))
    assert relative_error(found, [3.5 * each for each in plain]) < 1e-12


def linear_in_noise():
    """A network whose gradient is linear in its noise, hence normal: noise in front of a last layer that is fixed."""
    module = Mlp(depth=1, width=3, activation="linear").build((2,), 1, torch_stream(1, "init"), torch.float64)
    module.stages[1].weight.requires_grad_(False)
    module.stages[1].bias.requires_grad_(False)
    return module, AdditiveNoise(std=[0.0, 0.7])


def skewed():
    """Products of two noises of which the first is large: far from normal."""
    module = Mlp(depth=1, width=3, activation="tanh").build((2,), 1, torch_stream(1, "init"), torch.float64)
    return module, MultiplicativeNoise(std=[1.5, 1.0])


@functools.cache
def sample(made, injection, mean="own", objective=Noisy, n=400):
    """The gradients with the injected noise at fixed weights, in n steps: (n, parameters)."""
    module, noise = made()
    noisy = NoisyNetwork(module, "mse", noise, M)
    gradient = injection(mean=mean).build(objective().build(noisy), noisy)
    inputs = torch.tensor([[0.4, -1.0], [1.3, 0.2]], dtype=torch.float64)
    targets = torch.tensor([[0.3], [-0.8]], dtype=torch.float64)
    rows = [torch.cat([each.reshape(-1) for each in kept(gradient(step, inputs, targets))]) for step in range(n)]
    return torch.stack(rows).numpy()


def directions(rows, like):
    """One weight, a mixture of weights and biases, and the squared length about the mean of `like`."""
    along = numpy_stream(3, "sample").normal(size=rows.shape[1])
    return rows[:, 0], rows @ along, np.square((rows - like.mean(axis=0)) / like.std(axis=0)).sum(axis=1)


def test_noise_that_is_normal_has_the_same_law_whether_injected_as_it_is_or_by_its_covariance():
    """Two-sample Kolmogorov-Smirnov tests; with noise far from normal the same test finds the difference."""
    real = sample(linear_in_noise, RecordedInjection)
    drawn = sample(linear_in_noise, CovarianceInjection)
    assert real.std(axis=0).min() > 0
    assert not np.allclose(real, drawn)
    p = [stats.ks_2samp(a, b).pvalue for a, b in zip(directions(real, real), directions(drawn, real), strict=True)]
    assert min(p) > 0.01, p
    assert stats.kstest((real[:, 0] - real[:, 0].mean()) / real[:, 0].std(), "norm").pvalue > 0.01
    real = sample(skewed, RecordedInjection)
    drawn = sample(skewed, CovarianceInjection)
    assert stats.ks_2samp(directions(real, real)[2], directions(drawn, real)[2]).pvalue < 1e-4


@pytest.mark.parametrize("made", [linear_in_noise, skewed])
def test_the_sample_covariance_of_weights_and_biases_is_that_of_the_real_noise(made):
    """Each entry of the difference within 4.5 standard errors, that of draws of unequal variances among them."""
    pairs = []
    for injection in (RecordedInjection, CovarianceInjection):
        rows = sample(made, injection)
        rows = rows - rows.mean(axis=0)
        products = rows[:, :, None] * rows[:, None, :]
        pairs.append((products.mean(axis=0), products.var(axis=0) / len(rows)))
    (real, real_error), (drawn, drawn_error) = pairs
    z = (drawn - real) / np.sqrt(real_error + drawn_error)
    assert np.abs(z).max() < 4.5
    off = real - np.diag(np.diag(real))
    assert np.abs(off / np.sqrt(real_error)).max() > 6  # there are covariances to be kept


def test_given_the_draws_the_covariance_is_that_of_their_deviations():
    """Exactly E zzᵀ = (I − 11ᵀ/M)/M, tested entry by entry over 8,000 steps; each z is centered and of fixed length."""
    made = NormalCoordinates()
    made.begin(2)
    z = np.array(
        [made(step, M, None, lambda layer, s=step: numpy_stream(0, "inject", s, layer)) for step in range(8000)]
    )
    np.testing.assert_array_equal(z[:, 0], z[:, 1])
    z = z[:, 0]
    assert np.abs(z.sum(axis=1)).max() < 1e-14
    np.testing.assert_allclose(np.square(z).sum(axis=1), 1 - 1 / M, rtol=1e-13)
    # So with the mean of M draws it is a sum with Σ c = 1 and Σ c² = 1, as one draw is.
    c = 1 / M + z
    np.testing.assert_allclose(np.square(c).sum(axis=1), 1, rtol=1e-13)
    products = z[:, :, None] * z[:, None, :]
    error = products.std(axis=0) / math.sqrt(len(z))
    assert (np.abs(products.mean(axis=0) - (np.eye(M) - 1 / M) / M) / error).max() < 4.5


def test_two_draws_leave_but_the_choice_between_them():
    module, noise = linear_in_noise()
    noisy = NoisyNetwork(module, "mse", noise, 2)
    inputs, targets = torch.ones(1, 2, dtype=torch.float64), torch.zeros(1, 1, dtype=torch.float64)
    gradient = CovarianceInjection().build(NoisyGradient(noisy), noisy)
    chosen = set()
    for step in range(12):
        found = kept(gradient(step, inputs, targets))
        single = [kept(NoisyGradient(noisy).over(step, range(m, m + 1), inputs, targets)) for m in (0, 1)]
        near = [relative_error(found, each) < 1e-9 for each in single]
        assert any(near)
        chosen.add(near.index(True))
    assert chosen == {0, 1}


@pytest.mark.parametrize(("objective", "of_objective"), [(Noisy, 1 / M), (Clean, 0)])
def test_about_fresh_draws_the_variance_is_that_of_the_real_noise_about_them(objective, of_objective):
    """(1 + 1/M) of that of one draw, beside what the objective's own draws bring.

    Under objective=noisy the real noise has draw 0 in common with the objective, which adds 2/M.
    """
    single = sample(linear_in_noise, RecordedInjection)
    of_one = np.square(single - single.mean(axis=0)).sum(axis=1)
    for injection, shared in ((CovarianceInjection, 0), (RecordedInjection, 2 * of_objective)):
        rows = sample(linear_in_noise, injection, "fresh", objective)
        summed = np.square(rows - rows.mean(axis=0)).sum(axis=1)
        share = 1 + 1 / M + of_objective + shared
        difference = summed.mean() - share * of_one.mean()
        assert abs(difference) < 4 * math.hypot(summed.std(), share * of_one.std()) / math.sqrt(len(rows))


def test_no_further_gradient_is_computed():
    module, noise = skewed()
    noisy = NoisyNetwork(module, "mse", noise, M)
    gradient = NoisyGradient(noisy)
    built = CovarianceInjection().build(gradient, noisy)
    seen = []
    over = built._noise.draws.over
    built._noise.draws.over = lambda step, draws, *rest: seen.append(draws) or over(step, draws, *rest)
    gradient.over = None  # the objective's own function is not called
    value, _ = built(0, torch.ones(1, 2, dtype=torch.float64), torch.zeros(1, 1, dtype=torch.float64))
    assert seen == [range(M)]
    assert float(value) == float(NoisyGradient(noisy)(0, torch.ones(1, 2).double(), torch.zeros(1, 1).double())[0])


# ------------------------------------------------------------------------------------------------ stable coordinates


def stable_coordinates(laws, truncate=False):
    """Coordinates with given (alpha, beta) of each layer, and no fit at the steps that are asked for."""
    made = StableCoordinates(every=10**9, truncate=truncate)
    made.begin(len(laws))
    rows = np.array([[alpha, beta, 0.0, 1.0] for alpha, beta in laws])
    state = made.state() | {"laws": rows}
    made.restore(state)
    return made


def draws_of(made, n, m=M):
    found = [made(s, m, None, lambda layer, s=s: numpy_stream(0, "inject", s, layer)) for s in range(1, n + 1)]
    return np.array(found)


@pytest.mark.parametrize(("alpha", "beta"), [(1.6, 0.7), (1.0, 0.0), (0.8, -0.5)])
def test_each_weight_gets_a_stable_law_with_the_scale_of_its_deviations(alpha, beta):
    """A sum Σ a_m z_m of stable z is stable: alpha, beta and scale from the a_m in closed form."""
    z = draws_of(stable_coordinates([(alpha, beta)]), 2000)[:, 0]
    assert np.abs(z.sum(axis=1) / np.abs(z).max(axis=1)).max() < 1e-12
    a = np.array([0.3, -1.1, 0.2, 0.9])
    a -= a.mean()
    powers = np.abs(a) ** alpha
    found = fit(z @ a, "S1")
    scale = math.sqrt(0.5 / M) * powers.sum() ** (1 / alpha)
    skewness = beta * (np.sign(a) * powers).sum() / powers.sum()
    assert abs(found.alpha - alpha) < 4 * found.alpha_stderr
    assert abs(found.scale - scale) < 4 * found.scale_stderr
    assert abs(found.beta - skewness) < 4 * found.beta_stderr


def test_at_alpha_2_the_coordinates_are_normal_with_the_covariance_of_the_normal_ones():
    z = draws_of(stable_coordinates([(2.0, 0.0)]), 3000)[:, 0]
    products = z[:, :, None] * z[:, None, :]
    error = products.std(axis=0) / math.sqrt(len(z))
    assert (np.abs(products.mean(axis=0) - (np.eye(M) - 1 / M) / M) / error).max() < 4.5
    assert stats.kstest(z[:, 0] / math.sqrt((1 - 1 / M) / M), "norm").pvalue > 0.01


def test_layers_share_their_random_numbers_and_one_without_a_law_gets_no_noise():
    z = draws_of(stable_coordinates([(1.5, 0.4), (1.5, 0.4), (1.4, 0.4), (np.nan, 0.0)]), 300, 16)
    np.testing.assert_array_equal(z[:, 0], z[:, 1])
    ranks = [stats.spearmanr(a, b).statistic for a, b in zip(z[:, 0], z[:, 2], strict=True)]
    assert np.mean(ranks) > 0.98  # an extreme coordinate is extreme in each layer
    assert not np.array_equal(z[:, 0], z[:, 2])
    assert not z[:, 3].any()


def test_limited_coordinates_add_no_deviation_more_than_once():
    law = (1.1, 0.3)
    free = draws_of(stable_coordinates([law]), 400, 16)[:, 0]
    made = stable_coordinates([law], truncate=True)
    limited = draws_of(made, 400, 16)[:, 0]
    assert np.ptp(free, axis=1).max() > 2
    assert np.ptp(limited, axis=1).max() <= 2
    assert 0 < made.values()["inject_truncated"].number < 0.2
    assert made.values()["inject_truncated"].n == 400 * 16
    assert "no deviation is added more than once" in made.warnings()[-1]


def test_the_law_of_a_layer_is_fitted_to_its_real_noise_and_its_gradients_are_what_the_coordinates_say():
    module = network(width=16, n_in=4)
    noisy = NoisyNetwork(module, "mse", NOISES["add"], M)
    inputs, targets = data(9, "mse", n_in=4)
    built = WhitenedStableInjection(every=2).build(NoisyGradient(noisy), noisy)
    gradients = kept(built(0, inputs, targets))
    laws = built.state()["inject/laws"]
    single = NoisyGradient(noisy)
    each = [kept(single.over(0, range(m, m + 1), inputs, targets)) for m in range(M)]
    for layer, index in enumerate((0, 2, 4)):
        real = each[0][index] - sum(one[index] for one in each) / M
        found = fit(real.reshape(-1).numpy(), "S0", exact=False)
        np.testing.assert_allclose(laws[layer, :2], [found.alpha, found.beta], rtol=1e-9)
        z = StableLaw(found.alpha, found.beta, 0, math.sqrt(0.5 / M), "S0").rvs(M, numpy_stream(0, "inject", 0, 0))
        z -= z.mean()
        for place in (index, index + 1):  # the weight and the bias of the layer
            expected = sum((1 / M + w) * one[place] for w, one in zip(z.tolist(), each, strict=True))
            assert relative_error([gradients[place]], [expected]) < 1e-7
    kept(built(1, inputs, targets))
    assert built.values()["inject_fits"].number == 3  # one fit in each of three layers, none at step 1


def test_what_has_no_covariance_is_a_usage_error():
    module, noise = skewed()
    noisy = NoisyNetwork(module, "mse", noise, M)
    one = noisy._replace(M=1)
    with pytest.raises(UsageError, match="inject=covariance needs M >= 2, got M=1"):
        CovarianceInjection().build(NoisyGradient(one), one)
    with pytest.raises(UsageError, match="inject=whitened_stable needs 50 weights in each layer, and layer 1 has 6"):
        WhitenedStableInjection().build(NoisyGradient(noisy), noisy)
    for stage in module.stages:
        stage.weight.requires_grad_(False)
    with pytest.raises(UsageError, match="inject=covariance needs a layer"):
        CovarianceInjection().build(NoisyGradient(noisy), noisy)
    with pytest.raises(UsageError, match=r"inject\.truncate must be one of none, observed"):
        WhitenedStableInjection(truncate="all")


def test_gradients_that_are_not_finite_are_told_by_the_value():
    for injection in (CovarianceInjection(), WhitenedStableInjection()):
        module = network(dtype=torch.float32, width=60, n_out=1)
        with torch.no_grad():
            module.stages[0].weight.mul_(1e25)
        noisy = NoisyNetwork(module, "mse", NOISES["add"], M)
        value, _ = injection.build(NoisyGradient(noisy), noisy)(0, *data(9, "mse", n_out=1, dtype=torch.float32))
        assert not torch.isfinite(value)


# ----------------------------------------------------------------------------------------------------- limited draws


def test_limited_draws_have_the_conditional_law():
    made = Truncation("words")
    stream = numpy_stream(0, "sample")
    low, high = -0.5, 1.2
    values = made(stream.standard_normal, 20_000, low, high)
    assert values.min() >= low
    assert values.max() <= high
    assert stats.kstest(values, stats.truncnorm(low, high).cdf).pvalue > 0.01
    share = 1 - (stats.norm.cdf(high) - stats.norm.cdf(low))
    found = made.values()["inject_truncated"]
    assert abs(found.number - share) < 4 * math.sqrt(share * (1 - share) / 20_000)
    assert made.warnings() == (
        f"inject.truncate=observed is a departure from the paper: {round(found.number * 20_000):,} of 20,000 words",
    )


def test_draws_that_are_never_inside_end_at_the_nearer_end():
    made = Truncation("words")
    np.testing.assert_array_equal(made(lambda n: np.full(n, 7.0), 3, 0.0, 1.0), [1, 1, 1])


def test_a_limited_injection_stays_in_the_range_of_its_fit():
    noise = [numpy_stream(5, "sample").normal(2.0, 1.0, 300)]
    free, limited = FittedDraws(NormalFamily(), 5), FittedDraws(NormalFamily(), 5, truncate=True)
    ends = []
    for made in (free, limited):
        made.begin(1)
        rows = [made(s, noise, lambda layer, s=s: numpy_stream(0, "inject", s, layer))[0] for s in range(60)]
        ends.append((np.min(rows), np.max(rows)))
    assert ends[0][0] < noise[0].min() <= ends[1][0]
    assert ends[1][1] <= noise[0].max() < ends[0][1]
    assert "inject_truncated" not in free.values()
    assert not free.warnings()
    assert "stay in the range of the layer's noise" in limited.warnings()[0]
    again = FittedDraws(NormalFamily(), 5, truncate=True)
    again.begin(1)
    again.restore({name: array.copy() for name, array in limited.state().items()})
    streams = lambda layer: numpy_stream(0, "inject", 61, layer)  # noqa: E731 - the same for both
    np.testing.assert_array_equal(again(61, noise, streams)[0], limited(61, noise, streams)[0])
    assert again.values() == limited.values()
