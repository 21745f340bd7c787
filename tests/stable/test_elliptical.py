"""Elliptical stable laws: closed forms, the step from d to d + 2 dimensions, integrals, draws, fit and test."""

import math

import numpy as np
import pytest
from scipy import integrate, special, stats

from gnicli.errors import DataError, UsageError
from gnicli.stable import StableLaw
from gnicli.stable.elliptical import EllipticalStableLaw, ellipticity_null, ellipticity_test, fit_elliptical

R = np.array([0.0, 1e-3, 0.4, 1.0, 3.0, 25.0, 180.0, 5e3, 1e9, 1e30])


def along(alpha, d, r):
    """log pdf of the law with shape 1 at distances r."""
    return EllipticalStableLaw(alpha, np.eye(d)).logpdf(np.asarray(r)[:, None] * np.eye(d)[0])


@pytest.mark.parametrize("d", [1, 2, 3, 7, 40, 100])
def test_cauchys_law_in_every_dimension(d):
    constant = special.gammaln(0.5 * (d + 1)) - 0.5 * (d + 1) * math.log(math.pi)
    r = R[:-1]
    np.testing.assert_allclose(along(1.0, d, r), constant - 0.5 * (d + 1) * np.log1p(r * r), rtol=0, atol=1e-9)


@pytest.mark.parametrize("alpha", [0.5, 0.83, 1.37, 1.9, 1.999])
def test_values_at_the_center_and_the_power_far_out(alpha):
    for d in (1, 2, 5, 100):
        center = math.log(2.0 / alpha) + special.gammaln(d / alpha) - special.gammaln(0.5 * d)
        center -= 0.5 * d * math.log(4.0 * math.pi)
        near, far, farther = along(alpha, d, [0.0, 1e20, 1e25])
        assert near == pytest.approx(center, abs=1e-9)
        assert farther - far == pytest.approx(-(alpha + d) * 5.0 * math.log(10.0), rel=1e-9)


@pytest.mark.parametrize("alpha", [0.6, 1.2, 1.7, 1.97])
def test_two_dimensions_more_are_a_derivative(alpha):
    """f_{d+2}(r) = −f_d′(r) / (2πr): from the line to three dimensions by the score, then on by differences."""
    line = StableLaw(alpha, 0.0)
    r = np.array([0.3, 1.0, 4.0, 30.0, 1e4])
    expected = line.logpdf(r) + np.log(line.score(r) / (2.0 * math.pi * r))
    np.testing.assert_allclose(along(alpha, 3, r), expected, rtol=0, atol=1e-8)
    for d in (2, 11, 60):
        h = 1e-3
        rise = [along(alpha, d, r * math.exp(k * h)) for k in (-2, -1, 1, 2)]
        slope = (8.0 * (rise[2] - rise[1]) - (rise[3] - rise[0])) / (12.0 * h)  # d log f / d log r
        expected = along(alpha, d, r) + np.log(-slope / (2.0 * math.pi * r * r))
        np.testing.assert_allclose(along(alpha, d + 2, r), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize(("alpha", "r"), [(0.9, 0.7), (1.4, 2.0), (1.8, 5.0)])
def test_in_the_plane_it_is_the_integral_over_frequencies(alpha, r):
    """(1/2π) ∫ t J₀(rt) exp(−t^α) dt, and over the sphere sin for three dimensions."""
    end = 45.0 ** (1.0 / alpha)
    edges = np.linspace(0.0, end, 40 + int(end * r))
    node, weight = np.polynomial.legendre.leggauss(20)
    half = 0.5 * np.diff(edges)[:, None]
    t, share = (edges[:-1, None] + half * (node + 1.0)).ravel(), (half * weight).ravel()
    plane = (share @ (t * special.j0(r * t) * np.exp(-(t**alpha)))) / (2.0 * math.pi)
    space = (share @ (t * np.sin(r * t) * np.exp(-(t**alpha)))) / (2.0 * math.pi**2 * r)
    assert math.exp(along(alpha, 2, [r])[0]) == pytest.approx(plane, rel=1e-8)
    assert math.exp(along(alpha, 3, [r])[0]) == pytest.approx(space, rel=1e-8)


def test_it_has_mass_one_and_moves_with_its_shape():
    shape = np.array([[2.0, -0.6, 0.0], [-0.6, 1.0, 0.3], [0.0, 0.3, 0.5]])
    law = EllipticalStableLaw(1.3, shape, [1.0, -2.0, 0.5])
    mass = integrate.quad(
        lambda u: math.exp(along(1.3, 3, [math.exp(u)])[0] + 3 * u) * 4 * math.pi, -20, 40, limit=300
    )[0]
    assert mass == pytest.approx(1.0, abs=1e-7)
    x = np.array([[0.3, 1.0, -1.0], [5.0, -3.0, 2.0]])
    at = x - law.loc
    r = np.sqrt(np.einsum("ij,jk,ik->i", at, np.linalg.inv(shape), at))
    np.testing.assert_allclose(law.distance(x), r)
    np.testing.assert_allclose(law.logpdf(x), along(1.3, 3, r) - 0.5 * math.log(np.linalg.det(shape)), rtol=1e-9)
    assert law.pdf(x[0]) == pytest.approx(law.pdf(x)[0])


@pytest.mark.parametrize(("alpha", "d"), [(0.5, 2), (1.3, 3), (1.9, 100), (2.0, 4)])
def test_every_projection_of_draws_is_stable(alpha, d):
    rng = np.random.default_rng(d)
    factor = rng.normal(size=(d, d + 2))
    shape, loc = factor @ factor.T, rng.normal(size=d)
    x = EllipticalStableLaw(alpha, shape, loc).rvs(20_000, rng)
    assert x.shape == (20_000, d)
    for _ in range(3):
        v = rng.normal(size=d)
        line = StableLaw(alpha, 0.0, float(v @ loc), math.sqrt(v @ shape @ v))
        assert stats.kstest(line.cdf(x @ v), "uniform").pvalue > 1e-3


@pytest.mark.slow
@pytest.mark.parametrize(("alpha", "d"), [(1.4, 2), (0.8, 4), (1.8, 20)])
def test_a_fit_finds_the_law(alpha, d):
    rng = np.random.default_rng(7)
    factor = rng.normal(size=(d, 2 * d))
    law = EllipticalStableLaw(alpha, factor @ factor.T / d, rng.normal(size=d))
    x = law.rvs(1500, rng)
    found = fit_elliptical(x)
    assert abs(found.law.alpha - alpha) < 4.0 * found.alpha_stderr
    # the shape's directions have errors of √(2 (d + 2)/(d n)) and its size one of a few percent, whatever alpha
    ratio = np.linalg.eigvals(np.linalg.solve(law.shape, found.law.shape)).real
    assert 0.6 < ratio.min() < ratio.max() < 1.7
    assert found.log_likelihood == pytest.approx(found.law.logpdf(x).sum())
    wide = fit_elliptical(1e6 * x)
    assert wide.law.alpha == pytest.approx(found.law.alpha, abs=1e-3)
    np.testing.assert_allclose(wide.law.shape, 1e12 * found.law.shape, rtol=1e-2, atol=1e10)


@pytest.mark.slow
def test_ellipticity_keeps_its_level_and_finds_independent_coordinates():
    rng = np.random.default_rng(8)
    law = EllipticalStableLaw(1.2, np.array([[2.0, 0.9], [0.9, 1.0]]), [3.0, -1.0])
    p = [ellipticity_test(law.rvs(200, rng), rng, 39) for _ in range(40)]
    assert sum(each <= 0.05 for each in p) <= 8  # of 40 at 5 %: more has probability 1e-4
    assert min(p) < 0.5 < max(p)
    independent = StableLaw(1.2, 0.0).rvs((500, 3), rng)
    assert ellipticity_test(independent, rng, 99) == 0.01


def test_wrong_arguments():
    for wrong in ([[1.0, 2.0], [2.0, 1.0]], [[1.0, 0.5], [0.0, 1.0]], [1.0, 2.0], np.zeros((2, 3))):
        with pytest.raises(UsageError, match="shape must be"):
            EllipticalStableLaw(1.5, wrong)
    with pytest.raises(UsageError, match="alpha"):
        EllipticalStableLaw(2.1, np.eye(2))
    with pytest.raises(UsageError, match="loc"):
        EllipticalStableLaw(1.5, np.eye(2), [0.0])
    with pytest.raises(UsageError, match="coordinates"):
        EllipticalStableLaw(1.5, np.eye(2)).pdf(np.zeros(3))
    with pytest.raises(UsageError, match="at most 100"):
        EllipticalStableLaw(1.5, np.eye(101)).logpdf(np.zeros(101))
    with pytest.raises(UsageError, match="samples must be"):
        fit_elliptical(np.zeros((30, 2)))
    flat = np.random.default_rng(1).normal(size=(100, 2)) @ [[1.0, 2.0, 3.0], [0.0, 1.0, -1.0]]
    with pytest.raises(DataError, match="functions of others"):
        ellipticity_test(flat, np.random.default_rng(1))
    with pytest.raises(DataError, match="1 values"):
        fit_elliptical(np.where(np.arange(200).reshape(100, 2) == 3, np.nan, 1.0))


def test_ellipticity_depends_on_no_scale_and_takes_a_null_of_its_size():
    rng = np.random.default_rng(9)
    x = EllipticalStableLaw(1.3, np.array([[2.0, 0.9, 0.0], [0.9, 1.0, 0.2], [0.0, 0.2, 1.0]])).rvs(150, rng)
    null = ellipticity_null(150, 3, rng, 59)
    p = [ellipticity_test(each, rng, null=null) for each in (x, x * [1e-7, 1.0, 1e5])]
    assert p[0] == p[1]
    assert round(p[0] * 60) == pytest.approx(p[0] * 60)  # 59 simulated samples and the own
