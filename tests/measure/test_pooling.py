"""Pooling and scaling on samples whose law is known."""

import math

import numpy as np
import pytest

from gnicli.gradients import layer_noise
from gnicli.measure.layers import pooling
from gnicli.measure.layers.controls import controls
from gnicli.stable import StableLaw


def test_the_controls_pass_with_enough_draws_and_do_not_with_too_few():
    normal, stable = controls(1000, seed=0)
    assert normal.passed
    assert stable.passed
    assert normal.pooled < 1.6 < 1.97 < normal.scaled
    assert stable.pooled < 1.2  # pooled, it too looks heavier than it is
    assert not controls(25, seed=0)[0].passed  # scales from 25 draws are too rough to scale by


def test_scaling_makes_columns_equal_whatever_their_scales_and_leaves_their_shape():
    rng = np.random.default_rng(0)
    x = rng.gamma(2.0, size=(4000, 3))
    scaled = layer_noise.scaled(x * np.array([1e-3, 1.0, 70.0]) + np.array([5.0, 0.0, -2.0]))
    np.testing.assert_allclose(scaled, layer_noise.scaled(x), rtol=1e-6, atol=1e-6)
    low, high = np.quantile(scaled, (0.25, 0.75), axis=0)
    np.testing.assert_allclose(high - low, layer_noise.IQR)
    assert layer_noise.scaled(np.c_[x[:, 0], np.ones(4000)]).shape == (4000, 1)


def test_shuffling_keeps_the_pooled_values_and_destroys_the_covariance():
    rng = np.random.default_rng(1)
    common = rng.standard_normal((3000, 1))
    x = (common + 0.5 * rng.standard_normal((3000, 6))) * np.array([1, 1, 2, 2, 4, 8.0])
    assert pooling.effective_rank(x) < 1.6  # correlations of 0.8: 36/(6 + 30 · .64) = 1.43
    # Signs by halves, so that the mean of a row, which a permutation keeps, is no common factor.
    x *= np.where(np.arange(6) % 2 == 0, 1, -1)
    mixed = pooling.shuffled(x, np.random.default_rng(2))
    np.testing.assert_array_equal(np.sort(mixed, axis=1), np.sort(x, axis=1))
    std = mixed.std(axis=0)
    np.testing.assert_allclose(std, math.sqrt((x**2).mean()), rtol=0.1)
    assert pooling.effective_rank(mixed) > 5


def test_the_positive_part_is_told_from_cauchy_and_gauss():
    rng = np.random.default_rng(3)
    normal, cauchy = rng.standard_normal(4000), rng.standard_cauchy(4000)
    assert pooling.describe(normal)["cauchy_gain"] < -0.1 < 0.1 < pooling.describe(cauchy)["cauchy_gain"]
    far = pooling.describe(rng.standard_normal(10**6))["exceedance"]  # 63 values are expected beyond 4
    assert abs(far - 1) < 4 / math.sqrt(63)
    assert pooling.describe(cauchy)["exceedance"] > 1000


def test_sums_of_sixteen_stay_for_a_stable_law_and_drift_for_a_finite_variance():
    rng = np.random.default_rng(4)
    laplace = rng.laplace(size=20_000)
    assert pooling.alpha(laplace)[0] < 1.7
    assert pooling.block_alpha(laplace, np.random.default_rng(5)) > 1.9
    from gnicli.stable import StableLaw

    stable = StableLaw(1.4, 0.3).rvs(20_000, rng)
    assert abs(pooling.block_alpha(stable, np.random.default_rng(6)) - 1.4) < 0.15  # 1250 sums: 3 standard errors
    assert math.isnan(pooling.block_alpha(stable[:100], rng))


def test_a_product_of_two_skewed_factors_has_the_product_of_their_skewnesses():
    """Section 4 of the paper: |skew(XY)| = |E X³ · E Y³| for independent factors of mean 0 and variance 1."""
    rng = np.random.default_rng(7)
    x, y = rng.standard_exponential((2, 400_000)) - 1.0
    found = pooling.describe(x * y)
    # E X³ = 2; the skewness' own standard error from blocks.
    parts = [float(((x * y)[i::40] ** 3).mean()) for i in range(40)]
    stderr = np.std(parts, ddof=1) / math.sqrt(40)
    assert found["skewness"] == pytest.approx(4.0, abs=4 * stderr)


def test_gaussians_of_unequal_scales_fool_sums_as_they_fool_the_likelihood():
    """The Gaussian control: what is known to be Gaussian has an alpha far from 2 by either estimator, until scaled."""
    gaussian, stable = controls(400, seed=3)
    assert gaussian.passed
    assert gaussian.mohammadi < 1.9
    assert gaussian.scaled > 1.97
    assert stable.mohammadi < 1.6
    rng = np.random.default_rng(0)
    assert pooling.sum_alpha(rng.normal(size=100_000), rng) > 1.95
    assert math.isnan(pooling.sum_alpha(np.zeros(500), rng))


def test_sums_take_no_notice_of_location_and_order():
    rng = np.random.default_rng(1)
    x = StableLaw(1.5, 0.8).rvs(50_000, rng)
    for values in (x, x + 50.0, np.sort(x)):
        assert abs(pooling.sum_alpha(values, rng) - 1.5) < 0.1  # some four standard errors
