"""The fit against a slow reference optimizer on the exact likelihood, for random laws."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize

from gnicli.stable import StableLaw, fit, quantile_fit
from gnicli.stable.fitting.exact_likelihood import Likelihood, polish
from gnicli.stable.fitting.maximize import maximize
from gnicli.stable.fitting.search_problem import Optimum, Problem
from gnicli.stable.fitting.standardize import standardize


def exact_value(x, q):
    """Exact log-likelihood; q = alpha, beta, S0 location, log scale."""
    alpha, beta, loc, log_scale = q
    if not (0.5 <= alpha <= 2.0 and -1.0 <= beta <= 1.0):
        return -math.inf
    return float(StableLaw(alpha, beta, loc, math.exp(log_scale), "S0").logpdf(x).sum())


def reference(x, starts, rng):
    """The best end of L-BFGS-B by differences from several starts, refined by Nelder and Mead's search."""
    low, middle, high = np.quantile(x, (0.25, 0.5, 0.75))
    unit = 0.5 * (high - low)
    y = (x - middle) / unit
    first = quantile_fit(y, "S0")
    bounds = [(0.5, 1.99999), (-1.0, 1.0), (None, None), (None, None)]

    def loss(q):
        value = -exact_value(y, q)
        return value if math.isfinite(value) else 1e10

    best = None
    for k in range(starts):
        q = np.array([first.alpha, 0.95 * first.beta, first.loc, math.log(first.scale)])
        if k:
            q += rng.normal(0.0, (0.15, 0.3, 0.2, 0.1))
        q[:2] = np.clip(q[:2], (0.55, -0.97), (1.98, 0.97))
        found = minimize(loss, q, method="L-BFGS-B", bounds=bounds, options={"eps": 1e-6, "maxiter": 80})
        best = found if best is None or found.fun < best.fun else best
    for size in (1e-2, 1e-3):
        simplex = np.vstack([best.x, *(best.x + size * np.diag(np.where(best.x > 0, -1.0, 1.0)))])
        options = {"initial_simplex": simplex, "xatol": 1e-7, "fatol": 1e-8, "maxfev": 250}
        best = min(best, minimize(loss, best.x, method="Nelder-Mead", options=options), key=lambda f: f.fun)
    return -float(best.fun) - x.size * math.log(unit)


def random_case(rng, most):
    alpha, beta = rng.uniform(0.6, 2.0), rng.uniform(-1.0, 1.0)
    n, scale = int(10 ** rng.uniform(math.log10(500), math.log10(most))), 10 ** rng.uniform(-8, 3)
    return StableLaw(alpha, beta, rng.uniform(-20.0, 20.0) * scale, scale, "S0").rvs(n, rng), (alpha, beta, n, scale)


def shortfall(x, starts, rng):
    found = fit(x, "S0")
    return reference(x, starts, rng) - exact_value(
        x, (found.alpha, found.beta, found.loc, math.log(found.scale))
    ), found


@pytest.mark.parametrize("seed", range(4))
def test_maximum_of_random_laws(seed):
    rng = np.random.default_rng(seed)
    x, case = random_case(rng, 2000)
    short, found = shortfall(x, 1, rng)
    assert short < 1e-5, (case, found)


def test_next_to_a_skewed_law_of_alpha_one_the_nodes_are_exact():
    """There integrals on rays that were the same for all laws left the maximum of 1e5 samples 2e-4 nats too low."""
    x = StableLaw(1.07, -0.84, 0.3, 2.0, "S0").rvs(10**5, np.random.default_rng(7))
    sample = standardize(x)
    problem, y = Problem(sample.weights), sample.scaled()
    near, found = maximize([problem])[0], fit(x, "S0")
    likelihood = Likelihood(y)
    best = likelihood(polish(problem, y, near).theta)
    assert best - likelihood(near.theta) < 1e-6
    theta = np.array(
        [found.alpha, found.beta, (found.loc - sample.center) / sample.unit, math.log(found.scale / sample.unit)]
    )
    assert best - likelihood(theta) < 1e-6


def edge_case(rng, low, high):
    """A law of the whole domain, a third of them at its edges: beta ±1, alpha 1 or 2."""
    alpha, beta = rng.uniform(low, high), rng.uniform(-1.0, 1.0)
    if rng.random() < 0.3:
        edges = [(alpha, -1.0), (alpha, 1.0), *([(1.0, beta), (2.0, beta)] if high == 2.0 else [])]
        alpha, beta = edges[rng.integers(len(edges))]
    return float(alpha), float(beta)


def left_by(seed, low, high):
    """Nats that Newton's method on the exact likelihood gains from the end of a fit of 1e4 draws of such a law."""
    rng = np.random.default_rng(seed)
    law = edge_case(rng, low, high)
    sample = standardize(StableLaw(*law, 3e-5, 1e-5).rvs(10_000, rng))
    found, y, problem = fit(sample.values), sample.scaled(), Problem(sample.weights)
    loc, scale = (found.loc - sample.center) / sample.unit, found.scale / sample.unit
    at = StableLaw(found.alpha, found.beta, loc, scale).to("S0")
    theta = np.array([min(found.alpha, 2.0 - 1e-6), found.beta, at.loc, math.log(scale)])
    likelihood = Likelihood(y)
    value = likelihood(theta) if found.alpha < 2.0 else found.log_likelihood + y.size * math.log(sample.unit)
    start = Optimum(theta, value, None, np.zeros(4, dtype=bool), np.eye(4)[2], False, 0)
    return polish(problem, y, start).log_likelihood - value, (law, found)


def allowed(found):
    """The normal law is taken where it is within 1e-4 nats of the maximum."""
    return 1e-4 if found.alpha == 2.0 else 1e-6 if found.alpha >= 0.5 else 1e-5


@pytest.mark.parametrize("seed", range(6))
def test_the_exact_likelihood_gains_nothing_from_the_end_of_a_fit(seed):
    """Of laws of the whole domain, its edges among them."""
    left, case = left_by(seed, *((0.5, 2.0) if seed % 3 else (0.2, 0.5)))
    assert left < allowed(case[1]), case


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 160))
def test_nor_from_the_ends_of_sixty_fits(seed):
    left, case = left_by(seed, *((0.5, 2.0) if seed % 3 else (0.2, 0.5)))
    assert left < allowed(case[1]), case


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 400))
def test_maximum_of_three_hundred_random_laws(seed):
    rng = np.random.default_rng(seed)
    x, case = random_case(rng, 1e5)
    short, found = shortfall(x, 20 if seed < 130 else 3, rng)
    assert short < 1e-5, (case, found)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("alpha", "beta"),
    [(1.982, 0.8), (1.97, -0.5), (1.9, 0.3), (1.5, -0.8), (1.2, 0.84), (1.1, 0.75), (1.07, -0.72), (0.95, 0.45)],
)
def test_the_nodes_serve_a_million_samples(alpha, beta):
    """Against the exact search from there: what the nodes miss grows with n, and is most near alpha = 2."""
    sample = standardize(StableLaw(alpha, beta, 0.3, 2.0, "S0").rvs(10**6, np.random.default_rng(7)))
    problem, y = Problem(sample.weights), sample.scaled()
    found = maximize([problem])[0]
    assert found.converged
    likelihood = Likelihood(y)
    # ten times what is allowed at 1e5, less a half
    assert likelihood(polish(problem, y, found).theta) - likelihood(found.theta) < 5e-5


@pytest.mark.parametrize(("alpha", "offset"), [(0.9, 0.0), (1.6, 0.0), (1.2, 0.4)])
def test_a_search_that_starts_where_the_likelihood_is_flat_but_least_leaves_it(alpha, offset):
    """Halfway between two equal groups of samples the slope by the location is 0 by symmetry."""
    rng = np.random.default_rng(3)
    group = 0.2 * rng.standard_normal(100)
    y = np.concatenate([offset + 3.0 + group, offset - 3.0 - group])
    problem = Problem(standardize(y).weights, np.array([alpha, 0.0, np.nan, math.log(0.3)]))
    start = np.array([alpha, 0.0, offset, math.log(0.3)])
    found = polish(problem, y, Optimum(start, -math.inf, None, np.zeros(4, dtype=bool), np.eye(4)[2], False, 0))
    likelihood = Likelihood(y)
    assert found.converged
    assert found.covariance is not None
    assert abs(abs(found.theta[2] - offset) - 3.0) < 0.2
    for sign in (1.0, -1.0):
        assert likelihood(found.theta + sign * 1e-3 * np.eye(4)[2]) < found.log_likelihood
