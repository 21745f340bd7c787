"""The tempered stable law against its characteristic function, its draws, and the stable law that is its limit."""

import itertools
import math
import pickle

import numpy as np
import pytest
from scipy import integrate, stats

from gnicli.errors import UsageError
from gnicli.stable import StableLaw
from gnicli.stable.tempered import TemperedStableLaw, fit_tempered, tempering_test


def laws(n, seed):
    """Random laws, after those at edges: alpha = 1, one-sided, tempered much and hardly."""
    rng = np.random.default_rng(seed)
    edges = [
        (1.0, 0.4, 0.3, 2.0),
        (1.0, 0.0, 0.01, 5.0),
        (0.7, 1.0, 0.5, 0.2),
        (1.4, -1.0, 0.5, 0.2),
        (1.9, 0.2, 0.05, 0.1),
    ]
    rows = [(rng.uniform(0.5, 1.95), rng.uniform(-1, 1), *np.exp(rng.uniform(-3.5, 1.5, 2))) for _ in range(n)]
    return [
        TemperedStableLaw(a, b, rng.normal(), scale, low / scale, high / scale, str(rng.choice(["S0", "S1"])))
        for a, b, low, high in edges + rows
        for scale in [math.exp(rng.normal())]
    ]


def by_fourier(law, x):
    """pdf and cdf at x by Gauss's rule on the real line: (1/π) ∫ Re e^{−itx} φ dt, and Gil-Pelaez."""
    node, weight = np.polynomial.legendre.leggauss(16)
    edge = np.concatenate([[0.0], np.geomspace(1e-7, 400.0 ** (1.0 / law.alpha), 4000)]) / law.scale
    half = 0.5 * np.diff(edge)[:, None]
    t, share = (edge[:-1, None] + half * (node + 1.0)).ravel(), (half * weight).ravel()
    wave = np.exp(-1j * t * x) * law.cf(t)
    return (wave.real @ share) / math.pi, 0.5 - ((wave.imag / t) @ share) / math.pi


@pytest.mark.parametrize("law", laws(10, 1), ids=str)
def test_density_and_distribution_are_those_of_the_characteristic_function(law):
    std = math.sqrt(law.var())
    for x in law.mean() + std * np.array([-3.0, -0.7, 0.0, 0.4, 2.0]):
        pdf, cdf = by_fourier(law, x)
        # cancellation of the real line leaves 1e-12 absolute
        assert abs(law.pdf(x) - pdf) < 1e-8 * pdf + 1e-10 / law.scale
        assert abs(law.cdf(x) - cdf) < 1e-8 * cdf + 1e-10
        assert abs(law.cdf(x) + law.sf(x) - 1.0) < 1e-14


@pytest.mark.parametrize("law", laws(6, 2), ids=str)
def test_moments_are_the_integrals(law):
    std = math.sqrt(law.var())
    ends = law.ppf(1e-17), law.isf(1e-17)
    inner = sorted({float(law.ppf(q)) for q in (1e-6, 0.01, 0.2, 0.5, 0.8)} | {float(law.isf(q)) for q in (0.01, 1e-6)})

    def integral(function):
        edges = [ends[0], *inner, ends[1]]
        pairs = itertools.pairwise(edges)
        return sum(integrate.quad(function, low, high, epsabs=1e-12, limit=200)[0] for low, high in pairs)

    assert abs(integral(law.pdf) - 1.0) < 1e-7
    assert abs(integral(lambda x: (x - law.mean()) / std * law.pdf(x))) < 1e-6
    assert abs(integral(lambda x: ((x - law.mean()) / std) ** 2 * law.pdf(x)) - 1.0) < 1e-5


@pytest.mark.parametrize("law", laws(8, 3), ids=str)
def test_draws_follow_the_law(law):
    x = law.rvs(20_000, 4)
    assert stats.kstest(law.cdf(x), "uniform").pvalue > 1e-3
    assert abs(x.mean() - law.mean()) < 4.5 * math.sqrt(law.var() / x.size)


@pytest.mark.parametrize("law", laws(6, 5), ids=str)
def test_quantiles_mirrors_and_units(law):
    q = np.array([1e-9, 1e-3, 0.2, 0.5, 0.9])
    np.testing.assert_allclose(law.cdf(law.ppf(q)), q, rtol=1e-7)
    np.testing.assert_allclose(law.sf(law.isf(q)), q, rtol=1e-7)
    x = law.ppf(q)
    mirrored = TemperedStableLaw(
        law.alpha, -law.beta, -law.loc, law.scale, law.upper_tempering, law.lower_tempering, law.parameterization
    )
    np.testing.assert_allclose(mirrored.logsf(-x), law.logcdf(x), rtol=1e-8)
    np.testing.assert_allclose(mirrored.logpdf(-x), law.logpdf(x), rtol=1e-7, atol=1e-9)
    base = law.stable.to("S0")
    wide = TemperedStableLaw(
        law.alpha, law.beta, 3.0 * base.loc, 3.0 * law.scale, law.lower_tempering / 3, law.upper_tempering / 3, "S0"
    )
    np.testing.assert_allclose(wide.logpdf(3.0 * x), law.logpdf(x) - math.log(3.0), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(("alpha", "beta"), [(1.5, 0.3), (0.7, -0.5), (1.0, 0.2)])
def test_the_limit_of_no_tempering_is_the_stable_law(alpha, beta):
    """log pdf differs by O(λ^min(alpha, 1) log λ) where λ|x| is small."""
    x = np.array([-30.0, -2.0, 0.0, 0.5, 3.0, 100.0])
    stable = StableLaw(alpha, beta, parameterization="S0")
    gaps = []
    for tempering in (1e-5, 1e-7):
        law = TemperedStableLaw(alpha, beta, 0.0, 1.0, tempering, tempering, "S0")
        gaps.append(np.abs(law.logpdf(x) - stable.logpdf(x)).max())
    assert gaps[1] < 0.1 * gaps[0] < 1e-3


def test_a_one_sided_law_is_the_stable_density_tilted():
    """β = 1: f(x) exp(−λ x) / E exp(−λ X), and E exp(−λ X) = exp(−λ^α / cos(πα/2)) in S1."""
    x = np.array([0.2, 1.0, 4.0, 30.0])
    law = TemperedStableLaw(0.7, 1.0, lower_tempering=1.0, upper_tempering=0.4)
    expected = StableLaw(0.7, 1.0).logpdf(x) - 0.4 * x + 0.4**0.7 / math.cos(0.35 * math.pi)
    np.testing.assert_allclose(law.logpdf(x), expected, rtol=1e-8)
    heavy = TemperedStableLaw(1.6, 1.0, lower_tempering=9.0, upper_tempering=0.4)
    x = np.array([-2.0, 0.3, 6.0, 50.0, 400.0])
    expected = StableLaw(1.6, 1.0).logpdf(x) - 0.4 * x + 0.4**1.6 / math.cos(0.8 * math.pi)
    np.testing.assert_allclose(heavy.logpdf(x), expected, rtol=1e-8)


def test_far_tails_are_the_power_times_the_tempering():
    law = TemperedStableLaw(1.4, 0.3, 0.0, 1.0, 0.5, 0.2, "S0")
    slopes = np.diff(law.logpdf([4000.0, 8000.0])) + 0.2 * 4000.0
    assert abs(slopes[0] / math.log(2.0) + 2.4) < 0.01


def test_wrong_parameters_and_pickle():
    law = TemperedStableLaw(1.4, 0.3, 0.0, 1.0, 0.5, 0.2)
    assert pickle.loads(pickle.dumps(law)) == law
    assert isinstance(law.pdf(0.3), float)
    assert law.pdf(np.zeros((2, 3))).shape == (2, 3)
    assert np.isnan(law.ppf([-0.1, 1.1])).all()
    assert law.ppf([0.0, 1.0]).tolist() == [-math.inf, math.inf]
    for wrong in (
        {"alpha": 2.0},
        {"beta": 1.1},
        {"lower_tempering": 0.0},
        {"upper_tempering": np.inf},
        {"scale": -1.0},
    ):
        with pytest.raises(UsageError):
            TemperedStableLaw(**({"alpha": 1.5, "beta": 0.0} | wrong))
    with pytest.raises(UsageError, match="n_bootstrap"):
        tempering_test(np.zeros(100), 3, np.random.default_rng(0))


def test_a_fit_is_a_maximum_and_knows_tempered_from_stable():
    law = TemperedStableLaw(1.3, 0.4, 2.0, 3.0, 0.1, 0.05)
    x = law.rvs(1500, 6)
    found = fit_tempered(x, stderr=False)
    assert found.log_likelihood == pytest.approx(found.law.logpdf(x).sum(), abs=1e-5)
    assert found.log_likelihood > law.logpdf(x).sum() - 1e-2
    assert found.log_ratio == pytest.approx(found.log_likelihood - found.stable.log_likelihood, abs=1e-6)
    assert found.log_ratio > 8.0
    assert fit_tempered(StableLaw(1.3, 0.4).rvs(1500, 7), stderr=False).log_ratio < 4.0


@pytest.mark.slow
def test_intervals_cover_and_tempered_samples_are_found():
    law = TemperedStableLaw(1.4, 0.0, 0.0, 1.0, 0.3, 0.3, "S0")
    inside = []
    for seed in range(20):
        found = fit_tempered(law.rvs(2000, seed))
        inside += [
            abs(found.law.alpha - 1.4) < 1.96 * found.stderr["alpha"],
            abs(found.law.beta) < 1.96 * found.stderr["beta"],
        ]
    assert sum(inside) >= 32  # of 40 at 95 %: fewer have probability 1e-4 if the two were independent
    assert tempering_test(law.rvs(2000, 1), 19, np.random.default_rng(2)).p == 0.05


def p_of_stable_samples(n_laws, n, enough, seed):
    """p of samples of random stable laws, 19 bootstrap samples each."""
    rng = np.random.default_rng(seed)
    laws = [StableLaw(rng.uniform(0.6, 1.95), rng.uniform(-1, 1)) for _ in range(n_laws)]
    return [tempering_test(law.rvs(int(rng.choice(n)), rng), 19, rng, enough=enough).p for law in laws]


def test_few_stable_samples_are_called_tempered():
    p = p_of_stable_samples(2, [60], 1, 11)
    assert max(p) > 0.05  # both have probability 0.0025


@pytest.mark.slow
def test_the_bootstrap_keeps_its_level_over_random_stable_laws():
    p = p_of_stable_samples(30, [100, 300, 1000], 4, 12)
    assert sum(each <= 0.05 for each in p) <= 6  # more than 6 of 30 at 5 % have probability 6e-4
    assert sum(each <= 0.25 for each in p) <= 16  # and more than 16 at 25 % 1e-4
    assert sum(each <= 0.5 for each in p) >= 5  # fewer have probability 3e-5 at 50 %
