"""The covariances of the estimators by quantiles and by the characteristic function: simulation and identities."""

import math

import numpy as np
import pytest

from gnicli.errors import UsageError
from gnicli.stable import StableLaw, ecf_covariance, ecf_fit, fit, quantile_covariance, quantile_fit

PAIRS = [(quantile_fit, quantile_covariance), (ecf_fit, ecf_covariance)]


@pytest.mark.parametrize(("estimator", "covariance"), PAIRS)
@pytest.mark.parametrize(
    "law",
    [StableLaw(1.5, 0.5, 1.0, 2.0, "S1"), StableLaw(0.8, -0.4, 1.0, 2.0, "S0"), StableLaw(1.7, -0.3, 0.0, 0.01, "S0")],
    ids=str,
)
def test_it_is_the_spread_of_estimates(law, estimator, covariance):
    rng, n_samples, n = np.random.default_rng(1), 120, 2000
    found = [estimator(law.rvs(n, rng), law.parameterization) for _ in range(n_samples)]
    estimates = np.array([[each.alpha, each.beta, each.loc, each.scale] for each in found])
    expected = covariance(law, n)
    error = np.sqrt(expected.diagonal())
    # the standard error of a standard deviation of 120 is 6.5 %; beta may come near its bound, which cuts its law
    np.testing.assert_allclose(estimates.std(axis=0), error, rtol=0.25)
    correlation = expected / np.outer(error, error)
    # that of a correlation is at most 1/√120
    np.testing.assert_allclose(np.corrcoef(estimates.T), correlation, atol=0.35)


@pytest.mark.parametrize(("estimator", "covariance"), PAIRS)
def test_units_and_number_of_samples(estimator, covariance):
    base = covariance(StableLaw(1.4, 0.3, 0.0, 1.0, "S0"), 1)
    for law, name in ((StableLaw(1.4, 0.3, 7.0, 3.0, "S0"), "S0"), (StableLaw(1.4, 0.3, 7.0, 3.0, "S1"), "S1")):
        found = covariance(law, 50)
        units = np.array([1.0, 1.0, 3.0, 3.0])
        wanted = base * np.outer(units, units) / 50
        keep = [0, 1, 3] if name == "S1" else [0, 1, 2, 3]  # the location is another one in S1
        np.testing.assert_allclose(found[np.ix_(keep, keep)], wanted[np.ix_(keep, keep)], rtol=1e-10)
    mirrored = covariance(StableLaw(1.4, -0.3, 0.0, 1.0, "S0"), 1)
    turn = np.diag([1.0, -1.0, -1.0, 1.0])
    np.testing.assert_allclose(turn @ mirrored @ turn, base, rtol=1e-8, atol=1e-10)


def test_location_in_s1_follows_the_delta_method():
    for covariance in (quantile_covariance, ecf_covariance):
        in_s0, in_s1 = (covariance(StableLaw(1.3, 0.4, 0.0, 2.0, "S0").to(name), 1) for name in ("S0", "S1"))
        h = 1e-6
        gradient = np.zeros(4)
        for k in range(4):
            up, down = (StableLaw(*(np.array([1.3, 0.4, 0.0, 2.0]) + s * h * np.eye(4)[k]), "S0") for s in (1, -1))
            gradient[k] = (up.to("S1").loc - down.to("S1").loc) / (2 * h)
        assert in_s1[2, 2] == pytest.approx(gradient @ in_s0 @ gradient, rel=1e-6)


@pytest.mark.parametrize(("alpha", "beta"), [(1.2, 0.3), (1.6, -0.5), (0.8, 0.2)])
def test_neither_is_better_than_the_likelihood(alpha, beta):
    """Cramér and Rao: no estimator has a smaller variance than the inverse of the information."""
    law, n = StableLaw(alpha, beta, 0.0, 1.0, "S0"), 200_000
    slopes = law.logpdf_derivatives(law.rvs(n, np.random.default_rng(2)))
    scores = np.stack([slopes.alpha, slopes.beta, slopes.loc, slopes.scale])
    best = np.linalg.inv(scores @ scores.T / n)
    for covariance in (quantile_covariance, ecf_covariance):
        loss = covariance(law, 1) - best
        assert np.linalg.eigvalsh(loss)[0] > -0.02 * np.linalg.eigvalsh(best)[-1]  # the information is of draws


def test_at_the_normal_law_beta_is_not_identified():
    assert np.isnan(ecf_covariance(StableLaw(2.0, 0.0), 100)).any()
    assert np.isnan(quantile_covariance(StableLaw(2.0, 0.0), 100)).any()


@pytest.mark.parametrize(
    ("law", "n", "said"),
    [
        (StableLaw(0.4, 0.0), 100, r"alpha must be in \[0.5, 2\]"),
        (StableLaw([1.2, 1.4], 0.0), 100, "numbers for parameters"),
        (StableLaw(1.2, 0.0), 0, "n must be >= 1"),
    ],
)
def test_wrong_arguments(law, n, said):
    for covariance in (quantile_covariance, ecf_covariance):
        with pytest.raises(UsageError, match=said):
            covariance(law, n)


def test_a_fit_has_smaller_standard_errors():
    x = StableLaw(1.5, 0.3).rvs(4000, np.random.default_rng(3))
    found = fit(x, "S0")
    for covariance in (quantile_covariance, ecf_covariance):
        assert found.alpha_stderr < math.sqrt(covariance(found.law, 4000)[0, 0])
