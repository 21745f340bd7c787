"""The searched likelihood of a tempered stable law against the exact density, and its slopes against differences."""

import math

import numpy as np
import pytest

from gnicli.errors import UsageError
from gnicli.stable import StableLaw
from gnicli.stable.tempered import TemperedStableLaw, fit_tempered, fitting, inversion, tempering_test
from gnicli.stable.tempered.likelihood import likelihood
from gnicli.stable.tempered.shared_paths import density

SEED = 20261127
EDGES = [
    (1.0, 0.4, 0.3, 2.0),
    (1.00003, -0.4, 0.01, 5.0),
    (0.7, 0.98, 0.5, 0.2),
    (1.9, 0.2, 1e-5, 0.1),
    (0.51, -0.7, 0.2, 1e-3),
]


def parameters(n):
    """alpha, beta and both temperings: edges, then random ones."""
    rng = np.random.default_rng(SEED)
    return EDGES + [
        (rng.uniform(0.5, 1.98), rng.uniform(-1, 1), *np.exp(rng.uniform(-11.0, 1.0, 2)).tolist()) for _ in range(n)
    ]


@pytest.mark.parametrize("law", parameters(4), ids=str)
def test_neighbors_on_one_path_have_the_density_and_the_slopes_of_their_own(law):
    edges = np.arange(0.0, 5.0, 0.5)
    x = np.sinh(edges[:, None] + np.array([0.02, 0.2, 0.45]))

    def exact(at, points=x):
        return inversion.upper(inversion.standard(*at), points)[0]

    log_pdf, slopes = density(inversion.standard(*law), x)
    told = exact(law)
    seen = told > -60.0  # far below it no sample lies
    assert seen.sum() >= 10
    np.testing.assert_allclose(log_pdf[seen], told[seen], atol=3e-6)
    for k in range(4):
        h = 1e-5 * (law[k] if k > 1 else 1.0)
        up, down = (np.array(law) + sign * h * np.eye(4)[k] for sign in (1.0, -1.0))
        by_difference = (exact(up) - exact(down)) / (2.0 * h)
        # differences of 1e-13 over 2e-5 of the parameter
        np.testing.assert_allclose(slopes[k][seen], by_difference[seen], rtol=1e-4, atol=1e-4 + 1e-8 / h)
    by_difference = (exact(law, x + 1e-5) - exact(law, x - 1e-5)) / 2e-5
    np.testing.assert_allclose(slopes[4][seen], by_difference[seen], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("law", parameters(3), ids=str)
def test_the_likelihood_is_that_of_the_density_and_its_gradient_its_slope(law):
    """Sums over 300 samples to 5e-3, where one search is to end within 1e-3 nats of its maximum."""
    alpha, beta, lower, upper = law
    x = TemperedStableLaw(alpha, beta, 0.0, 1.0, max(lower, 1e-3), max(upper, 1e-3), "S0").rvs(300, SEED)
    theta = np.array([alpha, 0.9 * beta, 0.02, 0.05, math.log(lower), math.log(upper)])
    found = likelihood(theta, x)
    exact = TemperedStableLaw(alpha, 0.9 * beta, 0.02, math.exp(0.05), lower, upper, "S0").logpdf(x).sum()
    assert found.value == pytest.approx(exact, abs=5e-3)
    for k in range(6):
        h = 1e-4
        up, down = (likelihood(theta + sign * h * np.eye(6)[k], x).value for sign in (1.0, -1.0))
        spread = math.sqrt(1.0 + abs(found.information[k, k]))
        assert found.gradient[k] == pytest.approx((up - down) / (2.0 * h), abs=2e-2 * spread)


def test_the_information_is_that_of_the_scores_of_each_sample():
    x = TemperedStableLaw(1.4, 0.3, 0.0, 1.0, 0.1, 0.3, "S0").rvs(60, SEED)
    theta = np.array([1.4, 0.3, 0.1, 0.0, math.log(0.1), math.log(0.3)])
    scores = np.array([likelihood(theta, x[k : k + 1]).gradient for k in range(x.size)])
    together = likelihood(theta, x)
    np.testing.assert_allclose(together.gradient, scores.sum(axis=0), atol=1e-3)
    np.testing.assert_allclose(together.information, scores.T @ scores, rtol=1e-2, atol=1e-2)


def test_mirrored_samples_have_the_mirrored_fit():
    x = TemperedStableLaw(0.8, 0.5, 1.0, 2.0, 0.1, 0.4).rvs(300, SEED)
    one, other = (fit_tempered(sign * x, stderr=False) for sign in (1.0, -1.0))
    assert one.log_ratio == pytest.approx(other.log_ratio, abs=5e-3)
    assert one.log_ratio > 1.0
    assert one.law.beta == pytest.approx(-other.law.beta, abs=0.05)
    assert one.law.upper_tempering == pytest.approx(other.law.lower_tempering, rel=0.1)


@pytest.mark.parametrize(
    ("observed", "null", "enough", "drawn", "p"),
    [
        (2.0, [1.0, 2.0, 0.0, 3.0, 9.0], 2, 4, 2 / 4),  # as large counts
        (2.0, [9.0] * 3, 3, 3, 1.0),
        (2.0, [1.0] * 18 + [9.0, 1.0], 2, 20, 2 / 21),  # the samples themselves count where draws do not end early
        (2.0, [1.0] * 20, 2, 20, 1 / 21),
        (0.0, [], 2, 0, 1.0),  # nothing is as large as none
    ],
)
def test_draws_end_once_enough_are_as_far_out_as_the_samples(monkeypatch, observed, null, enough, drawn, p):
    x = StableLaw(1.5, 0.3).rvs(100, 3)
    fitted = fit_tempered(x, stderr=False)._replace(log_ratio=0.5 * observed)
    ratios, told = iter(null), []
    monkeypatch.setattr(fitting, "fit_tempered", lambda x, stderr: fitted._replace(log_ratio=0.5 * next(ratios)))
    tested = tempering_test(x, 20, np.random.default_rng(1), fitted, enough=enough, tell=lambda *at: told.append(at))
    assert (tested.statistic, tested.p) == (observed, pytest.approx(p, rel=1e-12))
    assert tested.null.tolist() == null[:drawn]
    assert told == [(k + 1, 20) for k in range(drawn)]


def test_wrong_numbers_of_draws_are_refused():
    for wrong in ({"n_bootstrap": 18}, {"n_bootstrap": 19, "enough": 0}):
        with pytest.raises(UsageError, match=list(wrong)[-1]):
            tempering_test(np.arange(60.0), rng=np.random.default_rng(1), **wrong)
