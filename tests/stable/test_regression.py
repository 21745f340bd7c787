"""Regression with stable noise: the fit where only a constant is fitted, least squares at alpha = 2, and it covers."""

import math

import numpy as np
import pytest

from gnicli.errors import DataError, UsageError
from gnicli.stable import StableLaw, autoregress, fit, regress


@pytest.mark.parametrize(("alpha", "beta"), [(1.5, 0.5), (0.8, -0.6)])
def test_a_constant_alone_is_the_fit(alpha, beta):
    y = StableLaw(alpha, beta, 3.0, 2.0, "S0").rvs(200, 1)
    found, expected = regress(np.empty((200, 0)), y), fit(y, "S0")
    assert found.converged
    assert found.log_likelihood == pytest.approx(expected.log_likelihood, abs=1e-3)
    assert found.coef[0] == pytest.approx(expected.loc, abs=0.02 * expected.loc_stderr)
    assert found.noise.alpha == pytest.approx(expected.alpha, abs=0.02 * expected.alpha_stderr)
    assert found.noise.beta == pytest.approx(expected.beta, abs=0.02 * expected.beta_stderr)
    assert found.coef_stderr[0] == pytest.approx(expected.loc_stderr, rel=0.02)
    for name in ("alpha", "beta", "scale"):
        assert found.noise_stderr[name] == pytest.approx(getattr(expected, f"{name}_stderr"), rel=0.02)


def test_with_normal_noise_it_is_least_squares():
    rng = np.random.default_rng(2)
    X = rng.uniform(-1.0, 2.0, (300, 2))
    noise = rng.uniform(-1.0, 1.0, 300)  # lighter than normal: alpha ends at 2
    y = 1.0 + X @ [2.0, -3.0] + noise
    found = regress(X, y)
    design = np.column_stack([np.ones(300), X])
    expected = np.linalg.lstsq(design, y, rcond=None)[0]
    assert found.noise.alpha == 2.0
    np.testing.assert_allclose(found.coef, expected, atol=1e-4)
    variance = np.mean((y - design @ expected) ** 2)
    np.testing.assert_allclose(found.covariance, variance * np.linalg.inv(design.T @ design), rtol=1e-3, atol=1e-7)
    assert math.isnan(found.noise_stderr["beta"])


def test_units_and_moves():
    """Other units of y and X, and a line added to y, do the same to the coefficients."""
    rng = np.random.default_rng(3)
    X = rng.standard_t(3, (200, 2))
    y = X @ [0.5, 2.0] + StableLaw(1.4, -0.6).rvs(200, rng)
    one = regress(X, y)
    other = regress(X * [100.0, 0.01], 7.0 * y + 3.0 - X[:, 1])
    expected = np.array([7.0 * one.coef[0] + 3.0, 0.07 * one.coef[1], 100.0 * (7.0 * one.coef[2] - 1.0)])
    size = np.array([7.0, 0.07, 700.0]) * one.coef_stderr
    assert (np.abs(other.coef - expected) < 1e-2 * size).all()
    np.testing.assert_allclose(other.coef_stderr, size, rtol=1e-2)
    mirrored = regress(X, -y)
    assert (np.abs(mirrored.coef + one.coef) < 1e-2 * one.coef_stderr).all()
    assert mirrored.noise.beta == pytest.approx(-one.noise.beta, abs=5e-3)


def test_it_is_a_maximum_and_better_than_the_truth():
    rng = np.random.default_rng(4)
    X = rng.normal(size=(250, 2))
    law = StableLaw(1.3, 0.6, 0.0, 0.5, "S0")
    y = 1.0 + X @ [2.0, -1.0] + law.rvs(250, rng)
    found = regress(X, y)
    np.testing.assert_allclose(found.residuals, y - found.coef[0] - X @ found.coef[1:], atol=1e-10)
    assert found.log_likelihood >= law.logpdf(y - 1.0 - X @ [2.0, -1.0]).sum()
    for k in range(3):
        for sign in (1.0, -1.0):
            coef = found.coef + sign * 0.3 * found.coef_stderr[k] * np.eye(3)[k]
            value = found.noise.logpdf(y - coef[0] - X @ coef[1:]).sum()
            loss = 0.5 * 0.09 * found.covariance[k, k] * np.linalg.inv(found.covariance)[k, k]
            assert found.log_likelihood - value == pytest.approx(loss, rel=0.5)  # the noise is held here
    assert (found.ci95()[:, 0] < found.coef).all()


@pytest.mark.slow
def test_intervals_cover():
    """60 regressions with two coefficients each: of 120 intervals at 95 % fewer than 104 cover once in 1,000."""
    inside = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(200, 1))
        found = regress(X, 1.0 + 2.0 * X[:, 0] + StableLaw(1.4, 0.5, 0.0, 0.5, "S0").rvs(200, rng))
        low, high = found.ci95().T
        inside += int(((low < [1.0, 2.0]) & (high > [1.0, 2.0])).sum())
    assert inside >= 104


def test_autoregression():
    rng = np.random.default_rng(5)
    noise = StableLaw(1.5, 0.4, parameterization="S0").rvs(250, rng)
    x = np.zeros(250)
    for t in range(2, 250):
        x[t] = 0.5 + 0.6 * x[t - 1] - 0.3 * x[t - 2] + noise[t]
    found = autoregress(x, 2)
    lags = np.stack([x[1:-1], x[:-2]], axis=1)
    np.testing.assert_array_equal(found.coef, regress(lags, x[2:]).coef)
    assert np.abs((found.coef - [0.5, 0.6, -0.3]) / found.coef_stderr).max() < 5.0
    assert abs(found.coef[1] - 0.6) < 0.05
    for order in (0, 1.5, True):
        with pytest.raises(UsageError, match="order"):
            autoregress(x, order)
    with pytest.raises(UsageError, match="series"):
        autoregress(x[:50], 2)


def test_wrong_data():
    X, y = np.random.default_rng(6).normal(size=(2, 100))
    for wrong in ((X[:50], y), (X, y[:, None]), (X[None, None], y)):
        with pytest.raises(UsageError, match="X must be"):
            regress(*wrong)
    with pytest.raises(UsageError, match="collinear"):
        regress(np.stack([X, 2.0 * X], axis=1), y)
    with pytest.raises(UsageError, match="collinear"):
        regress(np.ones(100), y)
    with pytest.raises(UsageError, match="rows"):
        regress(X[:40], y[:40])
    with pytest.raises(DataError, match="X has 1 values"):
        regress(np.where(np.arange(100) == 3, np.nan, X), y)
