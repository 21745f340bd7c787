"""Standard errors of fits against the exact observed information, for random laws and in places where it is sharp."""

import math

import numpy as np
import pytest

from gnicli.stable import StableLaw, fit, fit_many
from gnicli.stable.fitting import last_step

WELL = 0.3  # standard errors of alpha, beta, location and scale in scales, below which the information tells them
NAMES = ("alpha", "beta", "loc", "scale")


def scores(theta, y):
    """Σ of the derivatives of log pdf by (alpha, beta, S0 location, log scale)."""
    found = StableLaw(*theta[:3], math.exp(theta[3]), "S0").logpdf_derivatives(y)
    return np.array(
        [found.alpha.sum(), found.beta.sum(), found.loc.sum(), found.scale.sum() * math.exp(theta[3])], dtype=float
    )


def exact_stderrs(found, y, free=(True,) * 4):
    """Of alpha, beta, location and scale by the observed information at a fit, from differences of exact scores."""
    law = found.law.to("S0")
    theta = np.array([law.alpha, law.beta, law.loc, math.log(law.scale)])
    guess = [getattr(found, f"{name}_stderr") or 0.05 for name in NAMES]
    guess[2] = guess[3]  # that of an S1 location may be very large
    guess[3] /= found.scale
    room = (2.0 - theta[0], 1.0 - abs(theta[1]), math.inf, math.inf)
    index = np.flatnonzero(free)
    information, shift = np.zeros((4, 4)), np.zeros(4)
    for k in index:
        h = np.eye(4)[k] * min(0.01 * guess[k], room[k] / 3.0)
        information[k] = (scores(theta - h, y) - scores(theta + h, y)) / (2.0 * h[k])
        up, down = (StableLaw(*t[:3], math.exp(t[3]), "S0").to("S1").loc for t in (theta + h, theta - h))
        shift[k] = (up - down) / (2.0 * h[k])
    some = np.ix_(index, index)
    covariance = np.zeros((4, 4))
    covariance[some] = np.linalg.inv(0.5 * (information + information.T)[some])
    gradient = shift if found.parameterization == "S1" else np.eye(4)[2]
    variance = covariance.diagonal().copy()
    variance[2] = gradient @ covariance @ gradient
    return np.sqrt(variance) * [1.0, 1.0, 1.0, found.scale]


def check(found, y, rel=0.01):
    """Compare those that the samples tell; how many they are."""
    expected = exact_stderrs(found, y)
    told = np.flatnonzero(expected / [1.0, 1.0, found.scale, found.scale] < WELL)
    got = np.array([getattr(found, f"{name}_stderr") for name in NAMES])
    np.testing.assert_allclose(got[told], expected[told], rtol=rel, err_msg=repr(found))
    return told.size


def random_fit(rng, most, parameterization):
    """Of every third law a side is next to empty, and every third law has a sharp center."""
    kind = rng.integers(3)
    alpha = rng.uniform(0.5, 0.85) if kind == 1 else rng.uniform(0.5, 2.0)
    beta = math.copysign(1.0 - 10.0 ** rng.uniform(-3.0, -0.5), rng.normal()) if kind == 2 else rng.uniform(-1.0, 1.0)
    n = int(math.exp(rng.uniform(math.log(60), math.log(most))))
    y = StableLaw(alpha, beta, 3.0, 2.0, "S0").rvs(n, rng)
    return fit(y, parameterization), y


def has_all(found):
    return found.converged and all(getattr(found, f"{name}_stderr") is not None for name in NAMES)


@pytest.mark.parametrize(
    ("seed", "n_laws", "most", "least_told"),
    [(7, 12, 250, 20), pytest.param(8, 100, 2000, 200, marks=pytest.mark.slow)],
)
def test_random_laws(seed, n_laws, most, least_told):
    rng = np.random.default_rng(seed)
    n_told = 0
    for k in range(n_laws):
        found, y = random_fit(rng, most, ("S0", "S1")[k % 2])
        n_told += check(found, y) if has_all(found) else 0
    assert n_told > least_told


@pytest.mark.parametrize("parameterization", ["S0", "S1"])
def test_a_last_step_of_a_twentieth_of_a_standard_error(parameterization):
    """The information before it gave a standard error of the location that was 2 % off."""
    y = StableLaw(0.8, -0.6, 3.0, 2.0, "S0").rvs(200, 1)
    check(fit(y, parameterization), y, 0.005)


def test_of_several_samples_at_once():
    """Searches that end after different numbers of evaluations, each with the covariance of its own end."""
    rng = np.random.default_rng(9)
    samples = [
        StableLaw(alpha, beta, scale=2.0, parameterization="S0").rvs(n, rng)
        for alpha, beta, n in ((1.3, -0.6, 100), (1.8, 0.5, 240), (0.9, 0.3, 80), (1.6, -0.85, 120), (0.7, 0.4, 90))
    ]
    for found, y in zip(fit_many(samples, "S0"), samples, strict=True):
        check(found, y)


def test_what_a_step_changes():
    """More for fewer samples, longer steps, sharp centers and next to bounds; what leaves a bound is not known."""
    step = [0.001, 0.002]
    one = last_step.change(1.5, 0.5, step, 1e-4, 1000.0)
    assert one == pytest.approx(10.0 * math.sqrt(2e-7) + 0.002 + 0.004)
    assert last_step.change(1.5, -0.5, step, 1e-4, 100.0) > one
    assert last_step.change(1.5, -0.5, step, 1e-3, 1000.0) > one
    assert last_step.change(1.5, 0.999, step, 1e-4, 1000.0) > 1.0
    assert last_step.change(1.9999, 0.5, step, 1e-4, 1000.0) > 1.0
    assert last_step.change(0.79, 0.5, step, 1e-4, 1000.0) == pytest.approx(
        30.0 * math.sqrt(2e-7) + 0.001 / 1.21 + 5.0 * 0.004
    )
    assert last_step.change(1.5, 1.0, step, 1e-4, 1000.0) == math.inf
    assert last_step.change(1.5, 1.0, [0.001, 0.0], 1e-12, 1000.0) == pytest.approx(0.002, rel=1e-2)
