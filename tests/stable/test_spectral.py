"""Discrete spectral measures: cf, projections and draws against one another, and a fit of random measures."""

import math

import numpy as np
import pytest
from scipy import stats

from gnicli.errors import DataError, UsageError
from gnicli.stable import SpectralStableLaw, StableLaw, fit_spectral
from gnicli.stable.elliptical import EllipticalStableLaw
from gnicli.stable.spectral import from_projections, sphere_points

SEED = 20261127


def unit(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def random_law(d, rng, alpha=None, m=None):
    """A law with some unequal masses at random points."""
    m = int(rng.integers(d, 2 * d + 3)) if m is None else m
    alpha = rng.uniform(0.5, 1.95) if alpha is None else alpha
    return SpectralStableLaw(
        alpha, unit(rng.standard_normal((m, d))), rng.exponential(size=m) + 0.1, rng.standard_normal(d)
    )


LAWS = [
    random_law(d, np.random.default_rng([SEED, d, k]), alpha)
    for d in (2, 3, 5)
    for k, alpha in enumerate((None, None, 1.0, 2.0, 0.4))
]


def cf_of_line(law, t):
    """E exp(itX) of a stable law in S1, from its definition."""
    u, size = law.scale * t, abs(law.scale * t)
    skew = -(2.0 / math.pi) * math.log(abs(t)) if law.alpha == 1.0 else math.tan(0.5 * math.pi * law.alpha)
    return np.exp(-(size**law.alpha) * (1.0 - 1j * law.beta * np.sign(u) * skew) + 1j * law.loc * t)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: f"{law.alpha:.2f} in {law.loc.size}")
def test_projections_have_the_characteristic_function_along_their_line(law):
    rng = np.random.default_rng(1)
    for v in rng.standard_normal((4, law.loc.size)):
        line = law.projection(v)
        for t in (-2.0, 0.3, 1.0):
            assert law.cf(t * v) == pytest.approx(cf_of_line(line, t), abs=1e-10)
    assert law.cf(np.zeros((2, 3, law.loc.size))).tolist() == np.ones((2, 3)).tolist()


@pytest.mark.parametrize("law", LAWS, ids=lambda law: f"{law.alpha:.2f} in {law.loc.size}")
def test_draws_have_the_projections_and_the_characteristic_function(law):
    rng = np.random.default_rng(2)
    x = law.rvs(4000, rng)
    assert x.shape == (4000, law.loc.size)
    for v in rng.standard_normal((2, law.loc.size)):
        assert stats.kstest(law.projection(v).cdf(x @ v), "uniform").pvalue > 1e-3
    scale = law.projection(np.ones(law.loc.size)).scale
    for t in rng.standard_normal((5, law.loc.size)) / scale:
        assert abs(np.exp(1j * x @ t).mean() - law.cf(t)) < 5.0 / math.sqrt(4000)  # of a mean of unit numbers


def test_masses_at_the_axes_are_independent_coordinates_and_one_mass_is_a_line():
    law = SpectralStableLaw(1.3, [[1.0, 0.0], [0.0, 1.0], [0.0, -1.0]], [2.0, 1.0, 3.0], [0.5, -1.0])
    t = np.array([0.7, -0.4])
    first, second = StableLaw(1.3, 1.0, 0.5, 2.0 ** (1 / 1.3)), StableLaw(1.3, -0.5, -1.0, 4.0 ** (1 / 1.3))
    assert law.cf(t) == pytest.approx(cf_of_line(first, 0.7) * cf_of_line(second, -0.4), abs=1e-12)
    x = SpectralStableLaw(0.9, [[0.6, 0.8]], [2.0]).rvs(50, 1)
    np.testing.assert_allclose(0.8 * x[:, 0], 0.6 * x[:, 1], rtol=1e-12)
    with pytest.raises(UsageError, match="constant"):
        SpectralStableLaw(0.9, [[1.0, 0.0]], [2.0]).projection([0.0, 1.0])


@pytest.mark.parametrize("alpha", [0.7, 1.5])
def test_even_masses_on_the_circle_are_nearly_elliptical(alpha):
    """|v·s|^α averaged over the circle is Γ((α + 1)/2) / (√π Γ(α/2 + 1))."""
    share = math.gamma(0.5 * (alpha + 1.0)) / (math.sqrt(math.pi) * math.gamma(0.5 * alpha + 1.0))
    law = SpectralStableLaw(alpha, sphere_points(2, 400), np.full(400, 1.0 / (400 * share)))
    circle = EllipticalStableLaw(alpha, np.eye(2))
    for v in ([1.0, 0.0], [0.6, -0.8]):
        assert law.projection(v).scale == pytest.approx(1.0, abs=2e-3)
        assert abs(law.projection(v).beta) < 1e-9
    x, y = law.rvs(3000, 3), circle.rvs(3000, 4)
    assert stats.ks_2samp(np.hypot(*x.T), np.hypot(*y.T)).pvalue > 1e-3


@pytest.mark.parametrize("d", [2, 3, 4])
def test_exact_projections_give_the_masses_and_the_location_back(d):
    rng = np.random.default_rng([SEED, 7, d])
    for alpha in (None, 1.0, 0.999, 1.9):
        law = random_law(d, rng, alpha)
        decoys = unit(rng.standard_normal((3, d)))
        v = unit(rng.standard_normal((60, d)))
        lines = [law.projection(each) for each in v]
        found, residual = from_projections(law.alpha, v, lines, np.concatenate([law.points, decoys]))
        mass = np.zeros(len(law.masses) + 3)
        for point, each in zip(found.points, found.masses, strict=True):
            mass[np.linalg.norm(np.concatenate([law.points, decoys]) - point, axis=1).argmin()] += each
        np.testing.assert_allclose(mass, [*law.masses, 0.0, 0.0, 0.0], atol=1e-6)
        np.testing.assert_allclose(found.loc, law.loc, atol=1e-5 if law.alpha != 0.999 else 1e-3)  # tan(πα/2) = 640
        assert residual < 1e-7


def gap(found, law):
    """The largest difference of σ^α (1 ± β)/2 over random directions, in units of their mean."""
    v = unit(np.random.default_rng(1).standard_normal((200, law.loc.size)))
    u, w = law.points @ v.T, found.points @ v.T
    own = law.masses @ np.maximum(u, 0.0) ** law.alpha
    return np.abs(found.masses @ np.maximum(w, 0.0) ** found.alpha - own).max() / own.mean()


@pytest.mark.parametrize("d", [2, 3])
def test_random_measures_are_found_the_better_the_more_samples(d):
    """At known points in the order 1/√n; on the default points up to the distance between these."""
    rng = np.random.default_rng([SEED, 11, d])
    known, spread = [], []
    for _ in range(3):
        law = random_law(d, rng, rng.uniform(0.8, 1.7))
        x = law.rvs(16_000, rng)
        fits = [fit_spectral(x[:n], law.points) for n in (1000, 16_000)]
        known.append([gap(each.law, law) for each in fits])
        assert abs(fits[1].law.alpha - law.alpha) < 4.0 * fits[1].alpha_stderr + 0.01
        whole = fit_spectral(x).law
        spread.append(gap(whole, law))
        assert whole.masses.sum() == pytest.approx(law.masses.sum(), rel=0.25)
    small, large = np.mean(known, axis=0)
    assert large < 0.6 * small  # 1/4 in the limit
    assert large < 0.15  # of which the error of alpha, .01 to .02, makes most: masses have the unit to the power alpha
    assert np.mean(spread) < 0.2


def test_a_fit_moves_with_the_units_of_the_coordinates():
    law = SpectralStableLaw(1.4, unit(np.array([[1.0, 0.2], [-0.3, 1.0], [0.5, -1.0]])), [1.0, 2.0, 0.5], [3.0, -1.0])
    x = law.rvs(300, 5)
    stretch = np.array([1e-3, 50.0])
    found, other = fit_spectral(x, law.points).law, fit_spectral(x * stretch, law.points * stretch).law
    assert other.alpha == pytest.approx(found.alpha, abs=1e-4)  # where a search ends, by rounding
    v = np.array([0.7, -0.4])
    here, there = found.projection(v * stretch), other.projection(v)
    assert there.scale == pytest.approx(here.scale, rel=1e-3)
    assert there.beta == pytest.approx(here.beta, abs=1e-3)
    assert there.loc == pytest.approx(here.loc, rel=1e-2)
    assert gap(found, law) < 0.5


@pytest.mark.parametrize(("d", "alpha"), [(2, 2.0), (3, 2.0), (3, 1.997)])
def test_next_to_alpha_2_the_covariance_is_found_whatever_the_skewness(d, alpha):
    """2 Σ γ s s′ is the covariance at 2, of which 4000 Gaussian samples tell each entry to 2 % of the variances."""
    law = random_law(d, np.random.default_rng([SEED, 13, d]), alpha)
    x = law.rvs(4000, 14)
    for points in (None, law.points) if d == 2 else (law.points,):
        found = fit_spectral(x, points).law
        own, other = (2.0 * each.points.T @ (each.masses[:, None] * each.points) for each in (law, found))
        size = np.sqrt(np.diag(own))
        assert np.abs((other - own) / np.outer(size, size)).max() < 0.12
    exact = from_projections(
        alpha,
        v := unit(np.random.default_rng(15).standard_normal((40, d))),
        [law.projection(each) for each in v],
        law.points,
    )[0]
    for each in v:
        assert exact.projection(each).scale == pytest.approx(law.projection(each).scale, rel=1e-6)


def test_points_of_the_sphere_are_evenly_spread():
    for d, m in ((2, 7), (3, 50)):
        points = sphere_points(d, m)
        np.testing.assert_allclose(np.linalg.norm(points, axis=1), 1.0)
        assert np.linalg.norm(points.mean(axis=0)) < 2.0 / m
        np.testing.assert_allclose(points.T @ points / m, np.eye(d) / d, atol=0.02)


def test_wrong_arguments():
    good = {"alpha": 1.5, "points": [[1.0, 0.0], [0.0, 1.0]], "masses": [1.0, 2.0]}
    for wrong, words in (
        ({"alpha": 0.0}, "alpha"),
        ({"alpha": 2.1}, "alpha"),
        ({"points": [[1.0, 0.1], [0.0, 1.0]]}, "unit vectors"),
        ({"points": [1.0, 0.0]}, "unit vectors"),
        ({"masses": [1.0]}, "masses"),
        ({"masses": [1.0, 0.0]}, "masses"),
        ({"masses": [1.0, math.inf]}, "masses"),
        ({"loc": [1.0]}, "loc"),
        ({"loc": [1.0, math.nan]}, "loc"),
    ):
        with pytest.raises(UsageError, match=words):
            SpectralStableLaw(**(good | wrong))
    law = SpectralStableLaw(**good)
    for call in (lambda: law.cf([1.0, 2.0, 3.0]), lambda: law.projection([1.0]), lambda: sphere_points(4, 10)):
        with pytest.raises(UsageError):
            call()
    x = law.rvs(60, 1)
    for samples, points in ((x[:40], None), (x[:, :1], None), (x, [[0.0, 0.0]]), (x, [[1.0, 0.0, 0.0]])):
        with pytest.raises(UsageError):
            fit_spectral(samples, points)
    with pytest.raises(UsageError, match="points of your own"):
        fit_spectral(np.random.default_rng(1).normal(size=(60, 4)))
    with pytest.raises(DataError, match="not finite"):
        fit_spectral(np.where(np.arange(120).reshape(60, 2) == 3, np.inf, x))
    with pytest.raises(DataError, match="coordinate 1 "):
        fit_spectral(np.column_stack([x[:, 0], np.zeros(60)]))
