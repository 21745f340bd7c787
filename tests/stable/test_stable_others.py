import dataclasses
import math

import numpy as np
import pytest
from scipy import integrate, stats

from gnicli.errors import DataError, NumericalError, UsageError
from gnicli.stable import (
    HalfCauchy,
    HalfNormal,
    Laplace,
    Normal,
    StableLaw,
    StudentT,
    SubWeibull,
    ecf_fit,
    hill,
    quantile_fit,
)

LAWS = [
    Normal(0.5, 2.0),
    StudentT(3.0, 0.5, 2.0),
    StudentT(0.9, -1.0, 0.1),
    Laplace(0.5, 2.0),
    SubWeibull(0.8, 2.0),
    SubWeibull(2.0, 1e-5),
    HalfNormal(3.0),
    HalfCauchy(2.0),
]


@pytest.mark.parametrize("law", LAWS, ids=str)
def test_fit_is_at_the_maximum_and_near_the_truth(law):
    x = law.rvs(20_000, np.random.default_rng(1))
    found = type(law).fit(x)
    best = found.logpdf(x).sum()
    names = [n for n in (f.name for f in dataclasses.fields(law)) if not (n == "loc" and isinstance(law, SubWeibull))]
    # 2 (best - truth) is chi-squared with n_free degrees of freedom
    assert 0.0 <= best - law.logpdf(x).sum() < 12.0
    assert law.n_free == len(names)
    for name in names:
        value = getattr(found, name)
        for factor in (1.003, 0.997):
            moved = (
                value * factor
                if name not in ("mean", "loc")
                else value + (factor - 1.0) * (law.std if name == "mean" else law.scale)
            )
            near = type(law)(**{**found.__dict__, name: moved})
            assert near.logpdf(x).sum() <= best + 1e-6, name


@pytest.mark.parametrize(
    ("law", "other"),
    [
        (Normal(0.5, 2.0), stats.norm(0.5, 2.0)),
        (StudentT(3.0, 0.5, 2.0), stats.t(3.0, 0.5, 2.0)),
        (Laplace(0.5, 2.0), stats.laplace(0.5, 2.0)),
        (SubWeibull(1.0, 2.0, 0.5), stats.laplace(0.5, 2.0)),
        (SubWeibull(0.8, 2.0), stats.dweibull(1.25, 0.0, 2.0)),
        (HalfNormal(3.0), stats.halfnorm(0.0, 3.0)),
        (HalfCauchy(2.0), stats.halfcauchy(0.0, 2.0)),
    ],
    ids=lambda law: type(getattr(law, "dist", law)).__name__,  # no addresses: pytest-xdist compares names
)
def test_densities_and_draws(law, other):
    x = np.array([-3.0, -0.1, 0.2, 1.0, 40.0])
    np.testing.assert_allclose(law.logpdf(x), other.logpdf(x), rtol=1e-12)
    assert stats.kstest(law.rvs(20_000, np.random.default_rng(3)), other.cdf).pvalue > 1e-3


@pytest.mark.parametrize("r", [0.8, 1.0, 2.0])
def test_sub_weibull_norms_grow_like_m_to_the_r(r):
    # E|X|^m = Γ(1 + rm): the tail parameter by the paper's definition
    law = SubWeibull(r)
    for m in (1, 4):
        value, _ = integrate.quad(
            lambda u, m=m: 2 * math.exp(u * (m + 1)) * math.exp(law.logpdf(math.exp(u))), -60, 12, limit=400
        )
        assert value == pytest.approx(math.gamma(1.0 + r * m), rel=1e-6)


def test_errors_of_the_other_laws():
    with pytest.raises(DataError, match="negative"):
        HalfNormal.fit([-1.0, 2.0])
    with pytest.raises(DataError, match="not finite"):
        Laplace.fit([1.0, np.nan])
    with pytest.raises(NumericalError, match=r"1 samples equal loc=0\.0"):
        SubWeibull.fit([0.0, 1.0, 2.0])
    for law in (Normal, StudentT, Laplace):
        with pytest.raises(NumericalError, match="all samples are equal"):
            law.fit(np.ones(60))


@pytest.mark.parametrize(("alpha", "beta"), [(0.7, -0.6), (1.0, 0.4), (1.2, 0.8), (1.5, 0.5), (1.8, -0.3)])
@pytest.mark.parametrize("estimator", [quantile_fit, ecf_fit])
def test_estimators_agree_with_the_law(alpha, beta, estimator):
    law = StableLaw(alpha, beta, 1.0, 2e-4, "S0")
    found = estimator(law.rvs(40_000, np.random.default_rng(2)), "S0")
    # four or five standard errors of the less efficient of the two at this n
    assert found.alpha == pytest.approx(alpha, abs=0.05)
    assert found.beta == pytest.approx(beta, abs=0.12)
    assert found.scale == pytest.approx(2e-4, rel=0.04)
    assert found.loc == pytest.approx(1.0, abs=0.12 * 2e-4)
    same = estimator(law.rvs(40_000, np.random.default_rng(2)), "S1")
    assert same.to("S0").loc == pytest.approx(found.loc, abs=1e-9)


def test_hill_measures_the_power_of_a_tail():
    rng = np.random.default_rng(4)
    size = rng.random(100_000) ** (-1.0 / 3.0)
    x = np.concatenate([size, [0.0], -size])  # median 0, distance from it Pareto with exponent 3
    found = hill(x, 2000)
    assert found.n_tail == 2000
    assert abs(found.alpha - 3.0) < 5 * found.stderr
    assert found.stderr == pytest.approx(found.alpha / math.sqrt(2000))
    assert abs(hill(StableLaw(1.2, 0.5).rvs(100_000, rng=np.random.default_rng(6))).alpha - 1.2) < 0.3
    with pytest.raises(UsageError):
        hill(x, 0)
    with pytest.raises(NumericalError, match="median"):
        hill(np.r_[np.zeros(95), np.arange(5.0)], 50)
