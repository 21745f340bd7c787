"""Laws with alpha below 0.5, down to 0.1: density, tails, quantiles and draws."""

import math

import numpy as np
import pytest

from gnicli.errors import UsageError
from gnicli.stable import StableLaw

LAWS = [(0.1, 0.0), (0.1, -0.95), (0.13, 1.0), (0.2, 0.6), (0.2, -1.0), (0.3, 0.9999), (0.35, -0.4), (0.49, 1.0)]


def reference(alpha, beta, z):
    """The density at z > 0 in S1: the trapezoidal rule in log r on a ray that both factors fall along."""
    tangent = math.tan(0.5 * math.pi * alpha)
    angle = min(0.5 * (0.5 * math.pi - math.atan(beta * tangent)) / alpha, 0.3 * math.pi)
    v = np.arange(-75.0 - max(0.0, math.log(z)), math.log(60.0) / alpha + 8.0, 0.04)
    t = np.exp(v - 1j * angle)
    exponent = -1j * t * z - np.exp(alpha * (v - 1j * angle)) * (1.0 - 1j * beta * tangent)
    seen = np.minimum.accumulate(exponent.real) > -80.0
    return (np.exp(exponent[seen]) * t[seen]).real.sum() * 0.04 / math.pi


@pytest.mark.parametrize(("alpha", "beta"), LAWS)
def test_density_is_that_of_another_contour(alpha, beta):
    rng = np.random.default_rng(0)
    sizes = np.concatenate([10.0 ** rng.uniform(-6.0, 6.0, 15), 10.0 ** rng.uniform(-3.0, 40.0, 10)])
    for sign in (1.0, -1.0):
        expected = np.array([reference(alpha, sign * beta, size) for size in sizes])
        seen = expected * sizes > 1e-5  # the reference is good to 1e-13 / size
        found = StableLaw(alpha, beta).pdf(sign * sizes[seen])
        np.testing.assert_allclose(found, expected[seen], rtol=1e-7 if alpha > 0.14 else 1e-5)


@pytest.mark.parametrize(("alpha", "beta"), LAWS)
@pytest.mark.parametrize("name", ["S0", "S1"])
def test_tails_and_quantiles(alpha, beta, name):
    law = StableLaw(alpha, beta, 0.0, 2.0, name)
    sizes = 10.0 ** np.random.default_rng(1).uniform(-5.0, 60.0, 300)
    x = np.sort(np.concatenate([-sizes, sizes])) + StableLaw(alpha, beta, 0.0, 2.0).to(name).loc
    below, above = law.cdf(x), law.sf(x)
    np.testing.assert_allclose(below + above, 1.0, rtol=0.0, atol=1e-12)
    assert (np.diff(below) > -1e-12).all()
    assert (np.diff(above) < 1e-12).all()
    for q in (1e-6, 1e-3, 0.05, 0.3, 0.5, 0.8, 0.99):
        assert law.cdf(law.ppf(q)) == pytest.approx(q, rel=1e-5)
        assert law.sf(law.isf(q)) == pytest.approx(q, rel=1e-5)


@pytest.mark.parametrize(("alpha", "beta"), LAWS)
def test_the_tail_is_the_integral_of_the_density(alpha, beta):
    """Between points that lie far apart, by Gauss and Legendre's rule in log z."""
    law, node, weight = StableLaw(alpha, beta), *np.polynomial.legendre.leggauss(60)
    for sign in (1.0, -1.0):
        for low, high in ((-6.0, 0.0), (0.0, 12.0), (12.0, 60.0)):
            log_z = 0.5 * (high + low) + 0.5 * (high - low) * node
            inside = float((law.pdf(sign * np.exp(log_z)) * np.exp(log_z)) @ weight) * 0.5 * (high - low)
            ends = law.cdf(sign * np.exp(np.array([low, high])))
            assert inside == pytest.approx(sign * (ends[1] - ends[0]), rel=1e-6, abs=1e-12)


def test_far_tails_are_powers():
    for alpha, beta in ((0.1, 0.3), (0.3, -0.7)):
        law = StableLaw(alpha, beta)
        weight = math.sin(0.5 * math.pi * alpha) * math.gamma(alpha) * (1.0 + beta) / math.pi
        for x in (1e200, 1e300):
            assert law.sf(x) == pytest.approx(weight * x**-alpha, rel=1e-8)
            assert law.isf(law.sf(x)) == pytest.approx(x, rel=1e-8)


# P(sqrt(n) D > 1.95) = 0.001 under the law
@pytest.mark.parametrize(("alpha", "beta"), LAWS)
@pytest.mark.parametrize("name", ["S0", "S1"])
def test_draws_follow_the_law(alpha, beta, name):
    law = StableLaw(alpha, beta, 0.0, 3.0, name)
    u = np.sort(law.cdf(law.rvs(100_000, np.random.default_rng(11))))
    k = np.arange(u.size + 1) / u.size
    assert math.sqrt(u.size) * max((k[1:] - u).max(), (u - k[:-1]).max()) < 1.95


@pytest.mark.parametrize("alpha", [0.005, 0.05])
def test_draws_have_the_characteristic_function(alpha):
    """Where there is no density to compare with."""
    law = StableLaw(alpha, 0.6)
    x, t = law.rvs(200_000, np.random.default_rng(5)), 0.7
    value = np.exp(1j * t * x[np.abs(x) < 1e12]).sum() / x.size  # what is farther out turns evenly: its mean is 0
    assert abs(value - law.cf(t)) < 5.0 / math.sqrt(x.size)
    positive = 0.5 + math.atan(0.6 * math.tan(0.5 * math.pi * alpha)) / (math.pi * alpha)
    assert 1.0 - np.signbit(x).mean() == pytest.approx(positive, abs=5e-3)
    with pytest.raises(UsageError, match=r"density, distribution function and quantiles are for alpha in \[0\.1, 2\]"):
        law.pdf(1.0)
