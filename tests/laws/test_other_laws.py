"""The other laws: SciPy is the oracle of what is our own, where SciPy has an answer."""

import dataclasses
import math

import numpy as np
import pytest
from scipy import integrate, stats

from gnicli import laws
from gnicli.errors import DataError, NumericalError
from gnicli.laws.student import largest_tie

LAWS = [
    laws.Normal(0.5, 2.0),
    laws.StudentT(3.0, 0.5, 2.0),
    laws.StudentT(0.9, -1.0, 0.1),
    laws.Laplace(0.5, 2.0),
    laws.SubWeibull(0.8, 2.0),
    laws.SubWeibull(2.0, 1e-5),
    laws.HalfNormal(3.0),
    laws.HalfCauchy(2.0),
    laws.LogNormal(0.5, 2.0),
    laws.Gamma(0.3, 2.0),
    laws.Gamma(40.0, 0.1),
    laws.Weibull(0.6, 2.0),
    laws.Weibull(3.0, 0.1),
    laws.Pareto(1.3, 2.0),
    laws.Pareto(5.0, 0.1),
]


def fitted(law, x):
    """By maximum likelihood: of a sub-Weibull law with the true location, which has no estimate of this kind."""
    return laws.SubWeibull.fit(x, loc=law.loc) if isinstance(law, laws.SubWeibull) else type(law).fit(x)


@pytest.mark.parametrize("law", LAWS, ids=str)
def test_fit_is_at_the_maximum_and_near_the_truth(law):
    x = law.rvs(20_000, np.random.default_rng(1))
    found = fitted(law, x)
    best = found.logpdf(x).sum()
    # 2 (best - truth) is chi-squared with n_free degrees of freedom
    assert 0.0 <= best - law.logpdf(x).sum() < 12.0
    assert law.n_free == len(dataclasses.fields(law))
    for name, value in found.parameters().items():
        if name == "loc" and isinstance(law, laws.SubWeibull):
            continue
        unit = getattr(law, "std", getattr(law, "scale", 1.0)) if name in ("mean", "loc") else value
        for step in (0.003, -0.003):
            near = dataclasses.replace(found, **{name: value + step * unit})
            assert near.logpdf(x).sum() <= best + 1e-6, name


@pytest.mark.parametrize("law", LAWS, ids=str)
def test_fits_are_no_worse_than_those_of_scipy(law):
    x = law.rvs(2000, np.random.default_rng(2))
    fixed = {"floc": law.scipy.kwds.get("loc", 0.0)} if law.support != "real" else {}
    if isinstance(law, laws.SubWeibull):
        fixed = {"floc": law.loc}
    theirs = law.scipy.dist(*law.scipy.dist.fit(x, **fixed))
    assert fitted(law, x).logpdf(x).sum() >= theirs.logpdf(x).sum() - 1e-4


@pytest.mark.parametrize("law", [*LAWS, laws.SubWeibull(1.0, 2.0, 0.5)], ids=str)
def test_densities_tails_and_draws_are_those_of_scipy(law):
    x = np.array([-3.0, -0.1, 0.2, 1.0, 2.5, 9.0]) * (1e-5 if law == laws.SubWeibull(2.0, 1e-5) else 1.0)
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(law.logpdf(x), law.scipy.logpdf(x), rtol=1e-12, atol=1e-14)
        log_cdf, log_sf = law.log_tails(x)
        np.testing.assert_allclose(log_cdf, law.scipy.logcdf(x), rtol=1e-9)
        np.testing.assert_allclose(log_sf, law.scipy.logsf(x), rtol=1e-9)
    np.testing.assert_allclose(law.pdf(x), law.scipy.pdf(x), rtol=1e-12)
    assert stats.kstest(law.rvs(20_000, np.random.default_rng(3)), law.scipy.cdf).pvalue > 1e-3


def test_normal_draws_are_those_of_scipy_to_the_bit():
    law = laws.Normal(-1.25, 0.7)
    ours, theirs = (law.rvs(100, np.random.default_rng(1)), law.scipy.rvs(100, random_state=np.random.default_rng(1)))
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("law", LAWS, ids=str)
def test_quantiles_invert_the_tails(law):
    q = np.array([1e-9, 0.01, 0.3, 0.5, 0.9, 1.0 - 1e-6])
    log_cdf, log_sf = law.log_tails(law.ppf(q))
    np.testing.assert_allclose(np.exp(log_cdf), q, rtol=1e-6)
    np.testing.assert_allclose(np.exp(log_sf), 1.0 - q, rtol=1e-6)
    np.testing.assert_allclose(law.cdf(law.ppf(q)) + law.sf(law.ppf(q)), 1.0, rtol=1e-12)


def test_tails_where_scipy_has_none():
    """Where its densities and tails underflow or overflow, the closed forms."""
    far = np.array([1e3, 1e5])
    np.testing.assert_allclose(laws.Laplace().logpdf(far), -far - math.log(2.0))
    np.testing.assert_allclose(laws.Laplace().log_tails(-far)[0], -far - math.log(2.0))
    np.testing.assert_allclose(laws.SubWeibull(2.0).log_tails(far**2)[1], -far - math.log(2.0))
    # Mills' ratio, whose next term is 3 / x⁴
    mills = -0.5 * far**2 - np.log(far) + 0.5 * math.log(2.0 / math.pi) - 1.0 / far**2
    np.testing.assert_allclose(laws.HalfNormal().log_tails(far)[1], mills, rtol=1e-14)
    for law, power in ((laws.StudentT(3.0), 4.0), (laws.HalfCauchy(), 2.0)):
        ends = law.logpdf(np.array([1e200, 1e290]))
        assert ends[0] - ends[1] == pytest.approx(power * 90.0 * math.log(10.0), rel=1e-12)


@pytest.mark.parametrize("scale", [1e-300, 1e-170, 1.0, 1e153, 1e300])
@pytest.mark.parametrize(
    "law",
    [
        laws.Normal,
        laws.StudentT,
        laws.Laplace,
        laws.HalfNormal,
        laws.HalfCauchy,
        laws.LogNormal,
        laws.Gamma,
        laws.Weibull,
        laws.Pareto,
    ],
)
def test_laws_are_fitted_at_any_scale(law, scale):
    x = np.abs(np.random.default_rng(2).standard_cauchy(300)) + 0.01
    one, found = law.fit(x), law.fit(x * scale)
    gap = found.logpdf(x * scale).sum() + x.size * math.log(scale) - one.logpdf(x).sum()
    assert abs(gap) < 1e-5 * x.size


@pytest.mark.parametrize("r", [0.8, 1.0, 2.0])
def test_sub_weibull_norms_grow_like_m_to_the_r(r):
    # E|X|^m = Γ(1 + rm): the tail parameter by the paper's definition
    law = laws.SubWeibull(r)
    for m in (1, 4):
        value, _ = integrate.quad(
            lambda u, m=m: 2 * math.exp(u * (m + 1)) * math.exp(law.logpdf(math.exp(u))), -60, 12, limit=400
        )
        assert value == pytest.approx(math.gamma(1.0 + r * m), rel=1e-6)


@pytest.mark.parametrize("n", [501, 500])
def test_a_sub_weibull_fit_is_centered_in_a_gap_between_samples(n):
    x = laws.SubWeibull(2.0).rvs(n, np.random.default_rng(0))
    found = laws.SubWeibull.fit(x)
    assert abs(found.r - 2) < 0.4
    assert abs(int((x < found.loc).sum()) - n / 2) <= 0.5
    assert found.loc not in x


def test_errors_of_the_other_laws():
    with pytest.raises(DataError, match="1 of 2 samples are negative: a half-normal law lives on x >= 0"):
        laws.HalfNormal.fit([-1.0, 2.0])
    with pytest.raises(DataError, match="2 of 3 samples are not above 0: a log-normal law lives on x > 0"):
        laws.LogNormal.fit([-1.0, 2.0, 0.0])
    with pytest.raises(DataError, match="not finite"):
        laws.Laplace.fit([1.0, np.nan])
    with pytest.raises(NumericalError, match=r"1 samples equal loc=0\.0"):
        laws.SubWeibull.fit([0.0, 1.0, 2.0], loc=0.0)
    for law in (laws.Normal, laws.StudentT, laws.Laplace, laws.LogNormal):
        with pytest.raises(NumericalError, match="all samples are equal"):
            law.fit(np.ones(60))


# ----------------------------------------------------------------------------------------------------------------- ties


@pytest.mark.parametrize("seed", range(20))
def test_the_largest_tie_is_found_where_it_is_large_enough(seed):
    """Against counting every value."""
    rng = np.random.default_rng(seed)
    x = rng.permutation(np.concatenate([rng.standard_normal(rng.integers(5, 200)), np.full(rng.integers(1, 60), 0.25)]))
    values, counts = np.unique(x, return_counts=True)
    share = rng.choice([0.05, 1 / 6, 0.4])
    expected = (values[counts.argmax()], counts.max()) if counts.max() > share * x.size else (None, 0)
    value, count = largest_tie(x, share)
    assert count == expected[1]
    assert count == 0 or value == expected[0]


def test_a_student_law_has_no_maximum_from_one_in_six_equal_values_on():
    x = np.random.default_rng(3).standard_normal(600)
    x[:96] = 0.0
    laws.StudentT.fit(x)
    x[:102] = 0.0
    with pytest.raises(
        NumericalError, match=r"102 of 600 samples equal 0\.0: the likelihood of a Student t law has no"
    ):
        laws.StudentT.fit(x)


def test_a_law_that_lacks_a_part_cannot_be_made():
    class WithoutTails(laws.Law):
        _estimate = laws.Normal._estimate
        _log_density = laws.Normal._log_density

    with pytest.raises(TypeError, match=r"abstract.* method '?log_tails"):
        WithoutTails()
