"""Fits with a location in S1 that is held, where alpha is near 1: searched by (α, μ, log σ), with β by the location."""

import math

import numpy as np
import pytest

from gnicli.stable import StableLaw, fit
from gnicli.stable.fitting import across
from gnicli.stable.fitting.search_problem import Problem
from gnicli.stable.fitting.standardize import standardize


def problem_of(samples, s1_loc, fixed=None):
    return Problem(standardize(samples).weights, np.full(4, np.nan) if fixed is None else fixed, s1_loc)


@pytest.mark.parametrize("seed", range(4))
def test_the_skewness_is_that_of_the_held_location(seed):
    """On either side of alpha = 1; its derivatives are those of differences."""
    rng = np.random.default_rng(seed)
    p = np.array([1.0 + rng.choice([-1.0, 1.0]) * rng.uniform(0.01, 0.3), rng.normal(), rng.normal(0.0, 0.5)])
    problem, h = problem_of(rng.standard_cauchy(100), rng.normal()), 1e-5
    beta, gradient, second = across.skewness(problem, p)
    held = StableLaw(p[0], 0.5, p[1], math.exp(p[2]), "S0").to("S1").loc
    # the S1 location is linear in beta
    assert p[1] + (held - p[1]) * beta / 0.5 == pytest.approx(problem.s1_loc, abs=1e-9)
    for k, step in enumerate(h * np.eye(3)):
        (up, by_up, _), (down, by_down, _) = (across.skewness(problem, p + sign * step) for sign in (1.0, -1.0))
        assert gradient[k] == pytest.approx((up - down) / (2.0 * h), rel=1e-6, abs=1e-8)
        np.testing.assert_allclose(second[k], (by_up - by_down) / (2.0 * h), rtol=1e-6, atol=1e-8)


def near(found, x, size=1e-3):
    """The largest log-likelihood of laws around a fit with its S1 location: steps of alpha, S0 location, scale."""
    s0 = found.law.to("S0")
    best = -math.inf
    for k in range(3):
        for sign in (1.0, -1.0):
            alpha, mu, log_scale = (
                np.array([s0.alpha, s0.loc, math.log(s0.scale)]) + sign * size * np.eye(3)[k]
            ).tolist()
            beta = -(mu - found.loc) * math.exp(-log_scale) * math.tan(0.5 * math.pi * (alpha - 1.0))
            if abs(beta) <= 1.0:
                best = max(best, StableLaw(alpha, beta, mu, math.exp(log_scale), "S0").logpdf(x).sum())
    return best


@pytest.mark.parametrize(
    ("alpha", "beta", "off", "n"),
    [
        (1.0, 0.0, 0.1, 400),
        (1.02, 0.6, 0.0, 400),
        (0.98, -0.5, 0.3, 400),
        (1.01, 0.1, -0.2, 3000),
        (0.995, 0.9, 0.5, 3000),
    ],
)
def test_a_search_passes_alpha_one(alpha, beta, off, n):
    """It ends in tens of evaluations at a maximum, which no Cauchy law exceeds: these are limits of such laws."""
    x = StableLaw(alpha, beta, 0.0, 1.0, "S0").rvs(n, np.random.default_rng(5))
    found = fit(x, fixed={"loc": off})
    assert found.converged
    assert found.loc == off
    assert found.n_evaluations < 200
    value = found.law.logpdf(x).sum()
    assert value == pytest.approx(found.log_likelihood, abs=1e-6)
    assert near(found, x) < value
    assert value > fit(x, "S0", {"alpha": 1.0, "beta": 0.0}).log_likelihood - 1e-3
    for name in ("alpha", "beta", "scale"):
        assert getattr(found, f"{name}_stderr") > 0.0


def test_standard_errors_are_those_of_the_observed_information():
    """By differences of the likelihood in (α, β, log σ), away from alpha = 1, where these are coordinates."""
    x = StableLaw(1.12, 0.4, 0.0, 1.0).rvs(4000, np.random.default_rng(2))
    found = fit(x, fixed={"loc": 0.0})
    assert abs(found.alpha - 1.0) < across.NEXT_TO_ONE
    center = np.array([found.alpha, found.beta, math.log(found.scale)])

    def value(*moves):
        alpha, beta, log_scale = center + sum(sign * 1e-3 * np.eye(3)[k] for k, sign in moves)
        return StableLaw(alpha, beta, 0.0, math.exp(log_scale)).logpdf(x).sum()

    information = np.empty((3, 3))
    for i in range(3):
        for j in range(3):
            cross = value((i, 1), (j, 1)) - value((i, 1), (j, -1)) - value((i, -1), (j, 1)) + value((i, -1), (j, -1))
            information[i, j] = -cross / 4e-6
    expected = np.sqrt(np.linalg.inv(information).diagonal())
    errors = [found.alpha_stderr, found.beta_stderr, found.scale_stderr / found.scale]
    np.testing.assert_allclose(errors, expected, rtol=0.02)


@pytest.mark.parametrize("seed", range(4))
def test_a_location_far_from_the_samples_is_no_slow_fit(seed):
    """The S1 location of a skewed law next to alpha = 1 lies many scales off: a search over 20,000 took minutes."""
    rng = np.random.default_rng(seed)
    alpha, beta = (
        1.0 + rng.choice([-1.0, 1.0]) * rng.uniform(0.003, 0.1),
        rng.choice([-1.0, 1.0]) * rng.uniform(0.3, 0.9),
    )
    law = StableLaw(alpha, beta, 5.0, 2.0)
    x = law.rvs(2000, rng)
    found = fit(x, fixed={"loc": 5.0})
    assert abs(np.median(x) - 5.0) > 3.0
    assert found.converged
    assert found.n_evaluations < 60, (alpha, beta)
    value = found.law.logpdf(x).sum()
    assert near(found, x) < value
    assert value > law.logpdf(x).sum()
    for name, truth in (("alpha", alpha), ("beta", beta), ("scale", 2.0)):
        assert abs(getattr(found, name) - truth) < 4.5 * getattr(found, f"{name}_stderr"), (alpha, beta, name)
