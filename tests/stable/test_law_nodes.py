"""The likelihood on nodes that lie where the law is: density, weights, derivatives, and the search on it."""

import math

import numpy as np
import pytest

from gnicli.stable import StableLaw
from gnicli.stable.density.coordinates import offset
from gnicli.stable.density.exact import exact
from gnicli.stable.density.inversion import shape, zeta
from gnicli.stable.fitting import law_density, law_nodes, spike_starts
from gnicli.stable.fitting.binning import in_cells
from gnicli.stable.fitting.climb import Climb, climb
from gnicli.stable.fitting.exact_likelihood import Likelihood, polish
from gnicli.stable.fitting.law_likelihood import evaluate, log_likelihood, log_likelihoods, to_q, to_theta
from gnicli.stable.fitting.maximize import maximize
from gnicli.stable.fitting.search_problem import Problem
from gnicli.stable.fitting.standardize import standardize

N_FAR = 8
PLACES = np.concatenate([law_nodes.near_places(), law_nodes.far_places(N_FAR)])


def random_laws(seed, n):
    """α, β over the whole domain of the fit, a third of them at its edges."""
    rng = np.random.default_rng(seed)
    for k in range(n):
        alpha, beta = rng.uniform(0.2, 1.98), rng.uniform(-1.0, 1.0)
        alpha = (alpha, 1.0, alpha, 2.0 - 1e-6)[k % 4] if k % 3 == 0 else alpha
        yield float(alpha), float(rng.choice([-1.0, 1.0])) if k % 5 == 0 else beta


def log_density(alpha, beta):
    """Log-density of ŷ at the nodes of the right side, by inversion."""
    wide = law_nodes.width(alpha)
    origin = zeta(shape(alpha, beta)) if alpha < law_nodes.FROM_S0 else 0.0
    return exact(alpha, beta, PLACES * wide + (origin - offset(alpha, beta)))[0] + math.log(wide)


@pytest.mark.parametrize("seed", range(3))
def test_density_at_the_nodes_is_that_of_the_inversion(seed):
    near = np.arange(PLACES.size) < law_nodes.N_NEAR
    for alpha, beta in random_laws(seed, 15):
        found, expected = law_density.side(alpha, beta, N_FAR, order=0)[0], log_density(alpha, beta)
        # of a density near the rays' resolution, 1e-13, and of a tail, relative to itself
        seen = near & (expected > math.log(1e-7))
        assert np.abs(found - expected)[seen].max(initial=0.0) < 1e-4, (seed, alpha, beta)
        seen = near & (expected > math.log(1e-3))
        assert np.abs(found - expected)[seen].max(initial=0.0) < 1e-7, (seed, alpha, beta)
        if beta > -1.0:
            assert np.abs(found - expected)[~near].max() < 1e-6, (seed, alpha, beta)


@pytest.mark.parametrize(
    ("alpha", "beta"), [(0.55, 0.4), (0.79, -0.7), (0.81, 0.6), (1.0, -0.3), (1.004, 0.8), (1.6, -0.5)]
)
def test_derivatives_at_the_nodes(alpha, beta):
    """Against differences, the center held where it is in S1 or S0: the columns of first and second derivatives."""
    h = 1e-4
    here = law_density.side(alpha, beta, N_FAR)
    seen = here[0] > math.log(1e-6)
    seen[law_nodes.N_NEAR :] = True

    def check(column, slope):
        assert np.abs(slope - column)[seen].max() < 1e-4 * (1.0 + np.abs(column)[seen].max())

    up, down = (law_density.side(alpha, beta + sign * h, N_FAR) for sign in (1.0, -1.0))
    for column, row in ((3, 0), (6, 1), (8, 2), (9, 3)):
        check(here[column], (up[row] - down[row]) / (2.0 * h))
    up, down = (law_density.side(alpha + sign * h, beta, N_FAR) for sign in (1.0, -1.0))
    # ŷ moves against the law when its width does
    stretch = math.log(law_nodes.width(alpha + h) / law_nodes.width(alpha - h)) / (2.0 * h)
    check(here[2], (up[0] - down[0]) / (2.0 * h) - stretch * (1.0 + PLACES * here[1]))
    check(here[8], (up[3] - down[3]) / (2.0 * h) - stretch * PLACES * here[6])
    check(here[7], (up[2] - down[2]) / (2.0 * h) - stretch * PLACES * here[5])


@pytest.mark.parametrize("counted", [False, True])
def test_weights_sum_functions(counted):
    """To the fourth power of a cell: what a panel's polynomials do not follow is less."""
    rng = np.random.default_rng(3)
    y = StableLaw(0.9, 0.5).rvs(3000, rng)
    counts = rng.integers(1, 5, y.size).astype(float) if counted else None
    weights = law_nodes.weigh(y, counts, 0.2, 0.25)
    places = np.concatenate([law_nodes.near_places(), law_nodes.far_places(weights.n_far)])
    hat = (y - 0.2) / 0.25
    for g in (lambda x: np.log1p(0.3 * x * x + 0.1 * np.tanh(x)), np.arctan, np.ones_like):
        total = sum(
            np.concatenate([weights.near[k], weights.far[k]]) @ g(sign * places) for k, sign in ((0, 1), (1, -1))
        )
        expected = g(hat).sum() if counts is None else g(hat) @ counts
        assert total == pytest.approx(expected, abs=1e-5 * y.size)


def test_samples_beyond_the_nodes_count_by_the_power_of_the_tail():
    x = np.concatenate([StableLaw(0.7, 0.3).rvs(500, np.random.default_rng(4)), [1e60, -1e90]])
    sample = standardize(x)
    y, problem = sample.scaled(), Problem(sample.weights)
    for theta in (np.array([0.7, 0.3, 0.0, -0.1]), np.array([1.3, -0.4, 0.1, 0.2])):
        found, likelihood = evaluate(problem, y, None, theta), Likelihood(y)
        assert found.value == pytest.approx(likelihood(theta), abs=1e-3)
        h = 1e-4 * np.eye(4)[0]
        slope = (likelihood(theta + h) - likelihood(theta - h)) / 2e-4
        gradient = found.gradient if not found.in_s1 else s0_gradient(found)
        assert gradient[0] == pytest.approx(slope, rel=1e-4)


def s0_gradient(found):
    """The gradient of an evaluation by θ."""
    h, turn = 1e-6, np.eye(4)
    for k in range(4):
        up, down = (to_q(found.theta + sign * h * np.eye(4)[k], True, 0.0)[2] for sign in (1.0, -1.0))
        turn[2, k] = (up - down) / (2.0 * h)
    return turn.T @ found.gradient


@pytest.mark.parametrize("seed", range(6))
def test_likelihood_and_derivatives_are_the_exact_ones(seed):
    """At a law next to that of the sample, which is where a search ends: value, gradient and Hessian."""
    rng = np.random.default_rng(seed)
    alpha, beta = (rng.uniform(0.55, 1.9), rng.uniform(-0.9, 0.9)) if seed else (1.0, 0.6)
    sample = standardize(StableLaw(alpha, beta, 0.3, 2.0, "S0").rvs(4000, rng))
    y, problem = sample.scaled(), Problem(sample.weights)
    theta = np.array([alpha, beta, (0.3 - sample.center) / sample.unit, math.log(2.0 / sample.unit)])
    found, likelihood, h = evaluate(problem, y, None, theta), Likelihood(y), 1e-4
    assert found.value == pytest.approx(likelihood(theta), abs=2e-3)
    q = to_q(theta, found.in_s1, 0.0)

    def at(*moves):
        return likelihood(to_theta(q + sum(sign * h * np.eye(4)[k] for k, sign in moves), found.in_s1, 0.0))

    for i in range(4):
        slope = (at((i, 1.0)) - at((i, -1.0))) / (2.0 * h)
        assert found.gradient[i] == pytest.approx(slope, abs=2e-2 + 1e-3 * abs(slope)), (seed, i)
        for j in range(i + 1):
            if i == j:
                bend = (at((i, 1.0)) - 2.0 * likelihood(theta) + at((i, -1.0))) / h**2
            else:
                bend = (
                    at((i, 1.0), (j, 1.0))
                    - at((i, 1.0), (j, -1.0))
                    - at((i, -1.0), (j, 1.0))
                    + at((i, -1.0), (j, -1.0))
                )
                bend /= 4.0 * h**2
            assert found.hessian[i, j] == pytest.approx(bend, rel=1e-3, abs=1e-3 * y.size), (seed, i, j)


def climbed(x, fixed=None, s1_loc=None):
    sample = standardize(x)
    problem = Problem(sample.weights, np.full(4, np.nan) if fixed is None else fixed, s1_loc)
    y, start = sample.scaled(), maximize([problem])[0]
    return problem, y, start, climb(problem, y, start)


@pytest.mark.parametrize("seed", range(10))
def test_own_nodes_gain_nothing_where_the_nodes_of_the_sample_are_trusted(seed):
    """A step of Newton's from the maximum on those, for random laws with alpha from 0.85 on and beta up to 0.9."""
    rng = np.random.default_rng(seed)
    alpha, beta = (1.0 if seed == 4 else rng.uniform(0.87, 1.95)), rng.uniform(-0.9, 0.9)
    sample = standardize(StableLaw(alpha, beta, 3.0, 2.0, "S0").rvs(20_000, rng))
    problem, y = Problem(sample.weights), sample.scaled()
    near = maximize([problem], few=True)[0]
    assert near.converged
    here = Climb(problem, y).at(near.theta)
    assert not here.in_s1
    gain = 0.5 * here.gradient @ np.linalg.solve(-here.hessian, here.gradient)
    assert 0.0 <= gain < 1e-6, (alpha, beta)
    np.testing.assert_allclose(near.covariance.diagonal(), np.linalg.inv(-here.hessian).diagonal(), rtol=0.15)


LAWS = [(0.21, 0.1), (0.3, -0.99), (0.35, 1.0), (0.45, 0.5), (0.6, 0.5), (0.7, -0.9), (0.8, 0.3), (0.89, -1.0)]
LAWS += [(1.0, 0.7), (1.0, 1.0), (1.3, 0.95), (1.9, 0.9), (1.97, -0.4)]


@pytest.mark.parametrize(("alpha", "beta"), LAWS)
def test_a_search_ends_at_the_exact_maximum_in_few_evaluations(alpha, beta):
    x = StableLaw(alpha, beta, 3e-5, 1e-5).rvs(10_000, np.random.default_rng(9))
    problem, y, start, found = climbed(x)
    best = polish(problem, y, found)
    assert best.log_likelihood - Likelihood(y)(found.theta) < 1e-6
    assert found.converged
    assert found.n_evaluations - start.n_evaluations < (25 if alpha > 0.5 else 90)


@pytest.mark.parametrize("seed", range(12))
def test_next_to_one_sided_laws_a_search_ends_at_its_maximum(seed):
    """In few evaluations, though few samples say how far beta is from ±1; another step of Newton's gains nothing."""
    rng = np.random.default_rng(seed)
    alpha = rng.uniform(0.5, 1.9)
    beta = rng.choice([-1.0, 1.0]) * (1.0 - 10.0 ** rng.uniform(-3.0, -1.3))
    problem, y, start, found = climbed(StableLaw(alpha, beta, 3e-5, 1e-5).rvs(10_000, rng))
    assert found.converged
    assert found.n_evaluations - start.n_evaluations < 20, (alpha, beta)
    here = Climb(problem, y).at(found.theta)
    free = np.abs(found.theta) != 1.0
    information = -here.hessian[np.ix_(free, free)]
    gain = 0.5 * here.gradient[free] @ np.linalg.solve(information, here.gradient[free])
    assert 0.0 <= gain < 1e-6, (alpha, beta, found.theta)
    if not free[1]:
        assert here.gradient[1] * found.theta[1] > 0.0


@pytest.mark.parametrize("alpha", [0.65, 1.4])
@pytest.mark.parametrize("s1", [False, True])
def test_a_held_location_is_the_exact_maximum_too(alpha, s1):
    """On either side of where the coordinates of the search change, in both parameterizations."""
    x = StableLaw(alpha, 0.4, 0.0, 1.0).rvs(5000, np.random.default_rng(2))
    sample = standardize(x)
    origin = -sample.center / sample.unit
    fixed = np.array([np.nan, np.nan, origin, np.nan])
    if not s1:
        fixed[2] += StableLaw(alpha, 0.4).to("S0").loc / sample.unit
    problem, y, _, found = climbed(x, fixed, origin if s1 else None)
    best = polish(problem, y, found)
    assert found.converged
    assert best.log_likelihood - Likelihood(y)(found.theta) < 1e-6
    np.testing.assert_allclose(np.diag(found.covariance), np.diag(best.covariance), rtol=0.02, atol=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_values_at_many_places_are_the_exact_ones(seed):
    """Of laws with and without a spike: what is far from all places moves the values by a parabola."""
    rng = np.random.default_rng(seed)
    alpha, beta = (rng.uniform(0.2, 0.79) if seed % 2 else rng.uniform(0.8, 1.95)), rng.uniform(-0.95, 0.95)
    name = "S1" if alpha < law_nodes.FROM_S0 else "S0"
    y = StableLaw(alpha, beta, 0.4, 1.3, name).rvs(3000, rng)
    width = 1.3 * law_nodes.width(alpha)
    theta = np.array([alpha, beta, 0.0, math.log(1.3)])
    for places in (np.array([0.4]), 0.4 + width * rng.normal(0.0, 2.0, 15)):
        found = log_likelihoods(y, theta, places)
        expected = [StableLaw(alpha, beta, place, 1.3, name).logpdf(y).sum() for place in places.tolist()]
        np.testing.assert_allclose(found, expected, rtol=0.0, atol=1e-5 * y.size, err_msg=f"{alpha} {beta}")


@pytest.mark.parametrize("seed", range(4))
def test_starts_of_laws_with_a_spike_are_near_their_maximum(seed):
    """The best of them; the likelihood at the truth is some nats below that at the maximum."""
    rng = np.random.default_rng(seed)
    alpha, beta = rng.uniform(0.22, 0.55), (-1.0, 0.97, rng.uniform(-0.9, 0.9))[seed % 3]
    sample = standardize(StableLaw(alpha, beta, 3.0, 2.0).rvs(8000, rng))
    y, problem = sample.scaled(), Problem(sample.weights)
    laws = spike_starts.starts(problem, y)
    truth = StableLaw(alpha, beta, (3.0 - sample.center) / sample.unit, 2.0 / sample.unit)
    best = max(log_likelihood(problem, y, theta) for theta in laws)
    assert best > truth.logpdf(y).sum() - 0.02 * y.size
    assert climb(problem, y, maximize([problem], few=True)[0]).log_likelihood > truth.logpdf(y).sum()


@pytest.mark.parametrize(("alpha", "beta"), [(0.96, 0.8), (1.02, -0.95), (1.4, 1.0)])
def test_cells_stand_for_many_samples(alpha, beta):
    """Sums over them are those over the samples, and so is the maximum."""
    sample = standardize(StableLaw(alpha, beta).rvs(60_000, np.random.default_rng(5)))
    y, problem = sample.scaled(), Problem(sample.weights)
    places, counts = in_cells(y)
    assert counts.sum() == pytest.approx(y.size, rel=1e-12)
    assert places.size < 0.1 * y.size
    # the square of what a sample is off its cell's center is not known: at random, 1/64 of |y| + 1/2, squared
    for g in (np.arctan, lambda y: np.log1p(0.3 * y * y + 0.1 * np.tanh(y))):
        assert counts @ g(places) == pytest.approx(g(y).sum(), abs=2e-4 * math.sqrt(y.size))
    found, all_of_them = climb(problem, y, maximize([problem], few=True)[0]), Climb(problem, y)
    assert found.converged
    assert all_of_them.run(found.theta).log_likelihood - all_of_them.at(found.theta).value < 1e-6
