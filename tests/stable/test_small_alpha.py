"""Laws with alpha below 0.5, down to 0.1: all functions of the law, and across 0.5, where the coordinates change."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from gnicli.errors import UsageError
from gnicli.stable import StableLaw, fit
from gnicli.stable.density.coordinates import coordinates
from gnicli.stable.tensors import Stable, logpdf

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


@pytest.mark.parametrize("exact", [True, False])
def test_a_fit_finds_a_small_alpha(exact):
    """Also without the exact search, whose nodes end at 0.5: bootstraps refit so."""
    found = fit(StableLaw(0.3, -0.6, 2.0, 5.0).rvs(5000, np.random.default_rng(3)), exact=exact)
    assert found.converged
    for name, truth in (("alpha", 0.3), ("beta", -0.6), ("scale", 5.0)):
        assert abs(getattr(found, name) - truth) < 4.0 * getattr(found, f"{name}_stderr"), name
    # the location is known far better than by the square root of n: a spike is 1e-4 scales wide
    assert found.loc == pytest.approx(2.0, abs=1e-3)


def test_a_held_alpha_below_that_of_the_fit_is_refused():
    x = np.random.default_rng(0).standard_cauchy(100)
    with pytest.raises(UsageError, match=r"fixed: alpha must be in \[0\.2, 2\], got 0\.15"):
        fit(x, fixed={"alpha": 0.15})
    assert fit(x, fixed={"alpha": 0.25}).alpha == 0.25


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


# ---------------------------------------------------------------------- all functions, on laws of the whole domain


def random_laws(seed, n, least=0.1, most=2.0):
    """Laws with alpha on both sides of 0.5, where the coordinates change, and beta at and next to its bounds."""
    rng = np.random.default_rng(seed)
    for k in range(n):
        alpha = float(rng.uniform(least, min(0.5, most)) if k % 2 else rng.uniform(least, most))
        betas = (rng.uniform(-1.0, 1.0), rng.choice([-1.0, 1.0]), rng.choice([-1, 1]) * (1 - 10 ** rng.uniform(-9, -1)))
        beta, loc = float(rng.choice(betas)), float(rng.choice([0.0, rng.normal()]))
        yield StableLaw(alpha, beta, loc, float(10.0 ** rng.uniform(-3.0, 3.0)), str(rng.choice(["S0", "S1"]))), rng


def points(law, rng, n=20):
    """On both sides of the S1 location (of S0, where alpha is not small), from within the spike to far in the tails."""
    unit = coordinates(law.alpha, law.beta).unit
    sizes = 10.0 ** rng.uniform(math.log10(unit) - 1.0, 25.0, n) * rng.choice([-1.0, 1.0], n)
    return law.to("S1" if law.alpha < 0.5 else "S0").loc + law.scale * sizes


@pytest.mark.parametrize("seed", range(3))
def test_single_values_arrays_and_laws_of_arrays_agree(seed):
    for law, rng in random_laws(seed, 2):
        x, q = points(law, rng), rng.uniform(0.0, 1.0, 10)
        twice = StableLaw([law.alpha, 1.3], law.beta, [[law.loc], [law.loc]], law.scale, law.parameterization)
        for name, at in (("logpdf", x), ("pdf", x), ("cdf", x), ("logcdf", x), ("logsf", x), ("ppf", q), ("isf", q)):
            found = getattr(law, name)(at)
            np.testing.assert_array_equal(
                [getattr(law, name)(float(each)) for each in at], found, err_msg=f"{law} {name}"
            )
            many = getattr(twice, name)(at[:, None, None])[:, 1, 0]
            np.testing.assert_allclose(many, found, rtol=1e-12, atol=1e-300, err_msg=f"{law} {name}")
        both = np.exp(law.logcdf(x)) + np.exp(law.logsf(x))
        np.testing.assert_allclose(both, 1.0, rtol=1e-12, err_msg=f"{law}")
        np.testing.assert_allclose(law.cdf(x), np.exp(law.logcdf(x)), rtol=1e-12, err_msg=f"{law}")
        np.testing.assert_allclose(law.cdf(law.ppf(q)), q, rtol=1e-5, atol=1e-12, err_msg=f"{law}")


@pytest.mark.parametrize("seed", range(3))
def test_a_law_and_its_mirror_image(seed):
    """Signs of every function: X → −X, β → −β."""
    for law, rng in random_laws(seed, 2):
        x = points(law, rng)
        mirror = StableLaw(law.alpha, -law.beta, -law.loc, law.scale, law.parameterization)
        near = {"rtol": 1e-9, "atol": 1e-300, "err_msg": f"{law}"}
        np.testing.assert_allclose(mirror.logpdf(-x), law.logpdf(x), **near)
        np.testing.assert_allclose(mirror.logsf(-x), law.logcdf(x), **near)
        there, here = mirror.logpdf_derivatives(-x), law.logpdf_derivatives(x)
        for name, sign in (("x", -1.0), ("alpha", 1.0), ("beta", -1.0), ("loc", -1.0), ("scale", 1.0)):
            one, other = getattr(there, name), sign * getattr(here, name)
            size = np.abs(other[np.isfinite(other)]).max(initial=0.0)
            np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-9 * size, err_msg=f"{law} {name}")
        assert mirror.entropy() == pytest.approx(law.entropy(), rel=1e-10)


@pytest.mark.parametrize("seed", range(4))
def test_derivatives_are_those_of_the_density_of_another_contour(seed):
    """By differences of `reference`, in S1 with location 0, where nothing of a spike is rounded away."""
    rng = np.random.default_rng(seed)
    alpha, beta = float(rng.uniform(0.15, 0.49)), float(rng.uniform(-0.95, 0.95))
    law, step = StableLaw(alpha, beta), 1e-4
    for sign in (1.0, -1.0):
        z = 10.0 ** rng.uniform(-4.0, 4.0, 8)
        found = law.logpdf_derivatives(sign * z)

        def log_pdf(a, b, factor, sign=sign, z=z):
            return np.array([math.log(reference(a, sign * b, each * factor)) for each in z])

        expected = {
            "alpha": (log_pdf(alpha + step, beta, 1.0) - log_pdf(alpha - step, beta, 1.0)) / (2 * step),
            "beta": (log_pdf(alpha, beta + step, 1.0) - log_pdf(alpha, beta - step, 1.0)) / (2 * step),
            "x": sign * (log_pdf(alpha, beta, 1.0 + step) - log_pdf(alpha, beta, 1.0 - step)) / (2 * step),
        }
        for name, value in expected.items():
            # central differences leave step² times the third derivative, up to 1e5 in alpha at 0.15
            slope = getattr(found, name) * (z if name == "x" else 1.0)
            np.testing.assert_allclose(slope, value, rtol=1e-3, atol=2e-4, err_msg=f"{law} {name}")


def test_many_derivatives_are_interpolated():
    for alpha, beta in ((0.12, 0.4), (0.3, -0.97), (0.45, 1.0)):
        law = StableLaw(alpha, beta)
        z = np.sort(10.0 ** np.random.default_rng(3).uniform(-8.0, 20.0, 2000)) * (1.0 if beta > 0.0 else -1.0)
        many, some = law.logpdf_derivatives(z), law.logpdf_derivatives(z[::40])
        for one, other in zip(many, some, strict=True):
            finite = np.isfinite(other)
            assert finite.all() or beta == 1.0
            # by interpolation relative to the largest value of a panel
            np.testing.assert_allclose(one[::40][finite], other[finite], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(("alpha", "beta"), [(0.15, 0.5), (0.3, -0.9), (0.4, 1.0), (0.2, -1.0)])
def test_entropy_and_mean_score_by_draws(alpha, beta):
    """−E log f is the entropy, and E z f′/f = −1; both by 40,000 draws, to 4.5 standard errors."""
    law = StableLaw(alpha, beta, 0.0, 2.0)
    x = law.rvs(40_000, np.random.default_rng(8))
    surprise = -law.logpdf(x)
    assert abs(surprise.mean() - law.entropy()) < 4.5 * surprise.std() / 200.0
    virial = x * law.score(x)
    assert abs(virial.mean() - 1.0) < 4.5 * virial.std() / 200.0
    assert StableLaw(alpha, beta, 5.0, 6.0).entropy() == pytest.approx(law.entropy() + math.log(3.0), rel=1e-12)


def test_a_spike_at_an_s1_location_is_not_rounded_away():
    """At alpha 0.1 it is 1e-12 scales wide: in S1 values within it are those of any other scale."""
    law, wide = StableLaw(0.12, 0.7), StableLaw(0.12, 0.7, 0.0, 1e6)
    z = np.array([1e-18, 3e-15, 1e-12, 1e-9]) * np.array([[1.0], [-1.0]])
    assert np.unique(law.logpdf(z)).size == z.size
    np.testing.assert_allclose(wide.logpdf(1e6 * z) + math.log(1e6), law.logpdf(z), rtol=1e-12)
    np.testing.assert_allclose(wide.logcdf(1e6 * z), law.logcdf(z), rtol=1e-12)
    x = law.ppf(np.array([0.2, 0.35, 0.5]))
    np.testing.assert_allclose(law.cdf(x), [0.2, 0.35, 0.5], rtol=1e-12)


def test_the_support_needs_no_density():
    assert StableLaw(0.05, 1.0, 3.0).support() == (3.0, math.inf)
    assert StableLaw(0.05, -1.0, 3.0).support() == (-math.inf, 3.0)
    low, high = StableLaw(0.3, -1.0, 1.0, 2.0, "S0").support()
    assert (low, high) == (-math.inf, StableLaw(0.3, -1.0, 1.0, 2.0, "S0").to("S1").loc)


@pytest.mark.parametrize("ask", ["entropy", "median"])
def test_what_needs_a_density_is_refused_below_its_domain(ask):
    for alpha in (0.05, [1.5, 0.09]):
        with pytest.raises(UsageError, match=r"alpha in \[0\.1, 2\], got 0\.0"):
            getattr(StableLaw(alpha, 0.0), ask)()
    for name in ("logpdf", "ppf", "logsf", "score", "logpdf_derivatives"):
        with pytest.raises(UsageError, match=r"got 0\.05"):
            getattr(StableLaw(0.05, 0.0), name)(0.5)


@pytest.mark.parametrize("seed", range(2))
def test_draws_of_laws_of_arrays(seed):
    """Columns with alpha on both sides of 0.5: P(sqrt(n) D > 1.95) = 0.001 under the law."""
    laws, _ = zip(*random_laws(seed, 3), strict=True)
    for name in ("S0", "S1"):
        laws = [law.to(name) for law in laws]
        values = ([getattr(law, each) for law in laws] for each in ("alpha", "beta", "loc", "scale"))
        drawn = StableLaw(*values, name).rvs((20_000, 3), 13)
        for law, x in zip(laws, drawn.T, strict=True):
            assert stats.kstest(law.cdf(x), "uniform").statistic * math.sqrt(20_000) < 1.95, law


@pytest.mark.parametrize("name", ["S0", "S1"])
def test_tensors(name):
    """Values, gradients and draws, with laws on both sides of 0.5 in one tensor."""
    given = ([0.2, 0.45, 0.8, 1.0, 1.6], [0.5, -1.0, 0.3, 0.6, -0.7])
    alpha, beta = (torch.tensor(each, dtype=torch.float64, requires_grad=True) for each in given)
    x = torch.tensor([0.7, -2.0, 0.4, 3.0, -5.0], dtype=torch.float64)
    logpdf(x, alpha, beta, 0.3, 2.0, name).sum().backward()
    law = StableLaw(*given, 0.3, 2.0, name)
    np.testing.assert_array_equal(alpha.grad.numpy(), law.logpdf_derivatives(x.numpy()).alpha)
    torch.manual_seed(3)
    drawn = Stable(alpha, beta, 0.3, 2.0, name).rsample((20_000,))
    for k, u in enumerate(law.cdf(drawn.detach().numpy()).T):
        assert stats.kstest(u, "uniform").statistic * math.sqrt(20_000) < 1.95, given[0][k]


@pytest.mark.parametrize("name", ["S0", "S1"])
def test_draws_of_tensors_have_gradients(name):
    """By differences at the same random numbers."""
    values = [0.35, 0.4, 0.3, 1.7]

    def draws(parameters):
        torch.manual_seed(5)
        return Stable(*parameters, name).rsample((40,))

    parameters = [torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in values]
    at = draws(parameters)
    for k in range(4):
        slopes = torch.stack([torch.autograd.grad(each, parameters[k], retain_graph=True)[0] for each in at])
        step = 1e-6
        up, down = (
            draws([torch.tensor(v + sign * step * (i == k), dtype=torch.float64) for i, v in enumerate(values)])
            for sign in (1.0, -1.0)
        )
        expected, size = ((up - down) / (2 * step)).numpy(), np.abs(at.detach().numpy())
        # the difference of two draws is rounded to 1e-16 of their size, divided by the step
        assert (np.abs(slopes.numpy() - expected) < 1e-4 * np.abs(expected) + 1e-5 + 1e-9 * size).all()
