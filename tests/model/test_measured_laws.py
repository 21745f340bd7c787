"""Laws of gradient noise by layer, and the noise that models make of them."""

import numpy as np
import pytest
from measured_cases import Bowl, laws
from scipy import stats

from gnicli.model.measured.arms import Model
from gnicli.model.measured.laws import measure
from gnicli.sde.increments import Increments
from gnicli.sde.levy_noise import LevyNoise
from gnicli.stable import StableLaw

LAYERS = np.repeat([1, 2], [40, 60])


def gradients_of(noise, level=3.0):
    """Gradients whose noise U = ∇f − ∇L̃ is `noise(column)`, (d,)."""
    return lambda step, w, columns: np.stack([level * w[:, 0] - noise(column) for column in columns], axis=1)


def test_the_laws_of_the_noise_are_found_with_the_sign_of_their_skewness():
    """U is what training adds to −∇f; so its skewness is not that of the gradient, but the opposite."""
    own = {1: StableLaw(1.7, 0.8, 0, 0.3), 2: StableLaw(1.9, -0.9, 0, 0.02)}

    def noise(column):
        rng = np.random.default_rng((1, column))
        return np.concatenate([own[k].rvs(int((k == LAYERS).sum()), rng) for k in (1, 2)])

    w = np.random.default_rng(0).normal(size=(100, 2))
    found = measure(gradients_of(noise), LAYERS, w, 5, 400)
    for k, law in own.items():
        # 20,000 values; the mean of 400 draws that is taken off them has a scale of some percent of theirs.
        assert found.levy.alpha[k - 1] == pytest.approx(law.alpha, abs=0.05), k
        assert found.levy.beta[k - 1] == pytest.approx(law.beta, abs=0.15), k
        assert found.levy.scale[k - 1] == pytest.approx(law.scale, rel=0.05), k
    assert (found.levy.beta[0] > 0).all()
    assert (found.levy.beta[1] < 0).all()
    assert (found.symmetric.beta == 0).all()
    assert (found.symmetric.alpha[0] == found.symmetric.alpha[1]).all()
    assert (found.symmetric.alpha > 1.7).all()
    assert (found.symmetric.alpha < 1.95).all()
    assert found.moving.all()
    assert not np.array_equal(found.levy.alpha[:, 0], found.levy.alpha[:, 1])  # chains have draws of their own


def test_brownian_noise_has_the_variance_of_each_layer_and_silent_weights_have_none():
    std = np.concatenate([np.linspace(0.1, 2, 40), np.full(60, 0.05)])
    std[[3, 50]] = 0

    def noise(column):
        return std * np.random.default_rng((2, column)).standard_normal(100)

    n = 500
    w = np.ones((100, 3))
    w[7, 1] = np.nan
    found = measure(gradients_of(noise), LAYERS, w, 0, n)
    for k in (1, 2):
        own = std[(k == LAYERS) & (std > 0)]
        stderr = np.sqrt(2 * (own**4).sum() / n) / len(own)
        assert np.abs(2 * found.brownian.scale[k - 1, [0, 2]] ** 2 - (own**2).mean()).max() < 5 * stderr
    assert found.moving[:, 0].tolist() == (std > 0).tolist()
    assert not found.moving[:, 1].any()
    assert (found.levy.scale[:, 1] == 0).all()
    assert (found.brownian.alpha == 2).all()
    assert found.symmetric.alpha[1, 0] < 2  # layer 1 is a mixture of scales, which looks heavy-tailed


def test_a_layer_with_too_few_values_for_a_fit_has_no_noise():
    layers = np.array([1, 1, 1, 1, 2])
    found = measure(
        gradients_of(lambda column: np.random.default_rng(column).standard_normal(5)), layers, np.ones((5, 1)), 0, 20
    )
    assert found.levy.scale[0, 0] > 0
    assert found.levy.scale[1, 0] == 0
    assert found.n_failed == 0


@pytest.mark.parametrize("seed", range(6))
def test_a_step_has_the_scale_that_was_measured_whatever_alpha_and_step(seed):
    """ε η^{1/α} = ησ: a step of the model has the law S_α(ησ, β, 0) of ηU; so has Increments with that ε."""
    rng = np.random.default_rng(seed)
    alpha, beta, scale = rng.uniform(1.1, 2), rng.uniform(-1, 1), 10 ** rng.uniform(-3, 1)
    eta, n = 10 ** rng.uniform(-3, 0), 40
    own = laws([alpha, 2.0], [beta, 0.0], [scale, 2 * scale], n)
    epsilon = own.epsilon(eta)
    assert epsilon[0] * eta ** (1 / alpha) == pytest.approx(eta * scale, rel=1e-12)
    assert np.sqrt(2) * epsilon[1] == pytest.approx(
        np.sqrt(eta * 2 * (2 * scale) ** 2), rel=1e-12
    )  # (2.6): sqrt(η var)
    layers = np.repeat([1, 2], [25, 15])
    model = Model(Bowl(np.zeros(40)), eta, layers, [own], [np.ones((40, n), bool)], seed)
    moved = np.stack([model.step(k, np.zeros((40, n)), np.arange(n)) for k in range(3)])
    expected = StableLaw(alpha, beta, 0, eta * scale)
    assert stats.kstest(moved[:, :25].ravel(), expected.cdf).pvalue > 1e-4
    assert stats.kstest(moved[:, 25:].ravel(), stats.norm(0, eta * 2 * scale * np.sqrt(2)).cdf).pvalue > 1e-4
    same = Increments(LevyNoise(alpha, beta, float(epsilon[0, 0]))).block(seed, 0, 0, np.full(3, eta), 1000)
    assert stats.kstest(same.ravel(), expected.cdf).pvalue > 1e-4


def test_after_k_steps_on_a_parabola_positions_have_their_exact_law():
    """scale^α = (ησ)^α (1 − q^k)/(1 − q), q = (1 − λη)^α: sums of independent stable variables are stable."""
    eta, n, n_steps = 0.2, 600, 40
    curvatures, alphas, betas, scales = [1.0, 0.5], [1.4, 1.8], [0.7, -0.9], [0.5, 2.0]
    model = Model(Bowl(curvatures), eta, np.array([1, 2]), [laws(alphas, betas, scales, n)], [np.ones((2, n), bool)], 3)
    w = np.zeros((2, n))
    for k in range(n_steps):
        w = model.step(k, w, np.arange(n))
    for row, curvature, alpha, beta, scale in zip(w, curvatures, alphas, betas, scales, strict=True):
        q = (1 - curvature * eta) ** alpha
        law = StableLaw(alpha, beta, 0, eta * scale * ((1 - q**n_steps) / (1 - q)) ** (1 / alpha))
        assert stats.kstest(row, law.cdf).pvalue > 1e-3


def test_draws_of_a_chain_depend_on_its_number_and_the_stream_alone():
    def moved(n, chains, stream=0, alpha=1.5):
        own = laws([alpha], [0.5], [1.0], n)
        model = Model(Bowl(np.zeros(4)), 0.1, np.ones(4, int), [own], [np.ones((4, n), bool)], 8, stream=stream)
        return model.step(33, np.zeros((4, len(chains))), np.array(chains))

    few, many = moved(3, [0, 2]), moved(7, [0, 1, 2, 6])
    assert np.array_equal(few, many[:, [0, 2]])
    assert not np.isclose(few, moved(3, [0, 2], stream=1)).any()
    other = moved(3, [0, 2], alpha=1.6)  # other laws, the same random numbers
    assert (np.sign(other) == np.sign(few)).all()
    assert not np.isclose(other, few).any()


def test_laws_hold_from_the_step_at_which_they_were_measured():
    """Laws of steps 0, 40 and 80, of which the second has no noise; weights without noise get none."""
    n, moving = 2, np.ones((3, 2), bool)
    quiet = np.array([[True, True], [True, False], [True, True]])
    each = [laws([1.6], [0.3], [scale], n) for scale in (1.0, 0.0, 5.0)]
    model = Model(Bowl(np.zeros(3)), 0.1, np.ones(3, int), each, [moving, moving, quiet], 1, every=40)
    moved = np.stack([model.step(k, np.zeros((3, n)), np.arange(n)) for k in range(130)])
    silent = (moved == 0).all(axis=(1, 2))
    assert np.flatnonzero(silent).tolist() == list(range(40, 80))
    assert (moved[80:, 1, 1] == 0).all()
    assert (moved[:40, 1, 1] != 0).all()
    assert np.median(np.abs(moved[80:, 0])) > 2 * np.median(np.abs(moved[:40, 0]))  # five times the scale
