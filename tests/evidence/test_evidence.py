"""Laws hold together, tests have their size, block sums tell stable laws from others."""

import math

import numpy as np
import pytest
import scipy.stats

from gnicli import laws
from gnicli.evidence import goodness
from gnicli.evidence.blocks import block_alphas, drift
from gnicli.evidence.comparison import Ratio, against_gaussian, compare, split
from gnicli.evidence.families import OTHERS, stable_family
from gnicli.evidence.shape import shape
from gnicli.stable import StableLaw, fit

LAWS = {
    "stable": StableLaw(1.4, 0.6, 0.3, 2.0),
    "normal": laws.Normal(-1.0, 0.7),
    "student": laws.StudentT(2.5, 1.0, 0.4),
    "laplace": laws.Laplace(0.5, 3.0),
    "subweibull": laws.SubWeibull(0.8, 2.0, 1.0),
    "half_normal": laws.HalfNormal(1.7),
    "half_cauchy": laws.HalfCauchy(0.6),
    "log_normal": laws.LogNormal(0.4, 0.7),
    "gamma": laws.Gamma(2.6, 2.0),
    "weibull": laws.Weibull(1.7, 0.5),
    "pareto": laws.Pareto(2.5, 0.5),
}


def family_of(name):
    return OTHERS[name] if name in OTHERS else stable_family()


def test_every_law_is_tested_here():
    assert LAWS.keys() == {"stable", *OTHERS}


@pytest.mark.parametrize("name", LAWS)
def test_tails_quantiles_and_density_agree(name):
    """cdf + sf = 1, cdf(ppf(q)) = q in both tails, and the slope of the cdf is the density."""
    law, family = LAWS[name], family_of(name)
    q = np.array([1e-6, 1e-3, 0.02, 0.3, 0.61, 0.97, 0.9999])
    x = law.ppf(q)
    log_cdf, log_sf = family.log_tails(law, x)
    np.testing.assert_allclose(np.exp(log_cdf), q, rtol=1e-6)
    np.testing.assert_allclose(np.exp(log_cdf) + np.exp(log_sf), 1.0, rtol=1e-9)
    h = 1e-4 * (x[5] - x[3])
    inner = x[2:6]
    up, down = (np.exp(family.log_tails(law, inner + sign * h)[0]) for sign in (1, -1))
    np.testing.assert_allclose((up - down) / (2 * h), np.exp(law.logpdf(inner)), rtol=1e-5)


@pytest.mark.parametrize("name", LAWS)
def test_fits_recover_the_law(name):
    """Each parameter within 5 bootstrap standard errors of the truth."""
    law, family = LAWS[name], family_of(name)
    rng = np.random.default_rng(5)
    fits = [family.parameters(family.fit(law.rvs(3000, rng))) for _ in range(8)]
    for parameter, truth in family.parameters(law).items():
        values = np.array([found[parameter] for found in fits])
        assert abs(values.mean() - truth) < 5 * values.std(ddof=1) / math.sqrt(8) + 1e-12, parameter


def test_the_sub_weibull_fit_of_an_odd_number_meets_no_sample():
    found = OTHERS["subweibull"].fit(laws.SubWeibull(2.0).rvs(501, np.random.default_rng(0)))
    assert abs(found.r - 2) < 0.4


# ------------------------------------------------------------------------------------------------------ goodness of fit


def test_statistics_are_those_of_scipy():
    x = np.sort(np.random.default_rng(1).standard_normal(137))
    law = laws.Normal(float(x.mean()), float(x.std(ddof=1)))
    log_cdf, log_sf = OTHERS["normal"].log_tails(law, x)
    assert goodness.ks(log_cdf) == pytest.approx(
        scipy.stats.kstest(x, "norm", (law.mean, law.std)).statistic, rel=1e-12
    )
    z = scipy.stats.norm(law.mean, law.std)
    odd = 2 * np.arange(1, 138) - 1
    expected = -137 - (odd * (z.logcdf(x) + z.logsf(x[::-1]))).mean()
    assert goodness.ad(log_cdf, log_sf) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("name", "is_short"), [("normal", False), ("laplace", True)])
def test_p_values_are_uniform_under_the_null(name, is_short):
    """240 samples of the law itself: the mean p is ½ ± 0.29/√240, and a tenth are at most 0.1, in 4 standard errors."""
    law, family = LAWS[name], family_of(name)
    p = {"ks": [], "ad": []}
    for k in range(240):
        x = law.rvs(80, np.random.default_rng([k, 7]))
        found = goodness.assess(x, family, seed=k, n_bootstrap=99, with_blocks=False, is_short=is_short)
        for key, value in found.p_values.items():
            p[key].append(value)
    for values in map(np.array, p.values()):
        assert abs(values.mean() - 0.5) < 4 * 0.29 / math.sqrt(240)
        assert abs((values <= 0.1).mean() - 0.1) < 4 * math.sqrt(0.09 / 240)


def test_without_enough_sums_there_is_no_drift_to_test():
    for n, names in ((399, {"ks", "ad"}), (400, {"ks", "ad", "drift"})):
        x = StableLaw(1.5, 0.5).rvs(n, np.random.default_rng(8))
        found = goodness.assess(x, stable_family(), seed=0, n_bootstrap=1, with_blocks=True, is_short=True)
        assert set(found.p_values) == set(found.statistics) == names


@pytest.mark.slow
def test_p_values_of_the_stable_law_are_uniform_under_the_null():
    """60 asymmetric samples, as above."""
    p = []
    for k in range(60):
        x = StableLaw(1.5, 0.5).rvs(500, np.random.default_rng([k, 8]))
        found = goodness.assess(x, stable_family(), seed=k, n_bootstrap=39, with_blocks=True, is_short=True)
        p.append([found.p_values[name] for name in ("ks", "ad", "drift")])
    assert (abs(np.mean(p, axis=0) - 0.5) < 4 * 0.29 / math.sqrt(60)).all()
    assert ((np.array(p) <= 0.1).mean(axis=0) < 0.1 + 4 * math.sqrt(0.09 / 60)).all()


def test_a_wrong_law_is_rejected_and_the_bootstrap_repeats():
    x = LAWS["laplace"].rvs(500, np.random.default_rng(0))
    first, again = (
        goodness.assess(x, OTHERS["normal"], seed=3, n_bootstrap=99, with_blocks=False, is_short=True) for _ in range(2)
    )
    assert first == again
    assert first.p_values["ad"] == 0.01
    assert first.p_values["ks"] == 0.01


def test_the_bootstrap_gives_the_normal_law_its_standard_errors():
    """std/√n of the mean and std/√2n of the standard deviation; 400 draws know them to 3.5 %."""
    x = np.random.default_rng(0).normal(2, 3, 900)
    found = goodness.assess(x, OTHERS["normal"], seed=0, n_bootstrap=400, with_blocks=False, is_short=False)
    assert found.stderr["mean"] == pytest.approx(x.std() / 30, rel=0.14)
    assert found.stderr["std"] == pytest.approx(x.std() / 30 / math.sqrt(2), rel=0.14)


# ---------------------------------------------------------------------------------------------------------- likelihoods


def rejections(n, repeats):
    """p-values of Gaussian samples."""
    p = []
    for k in range(repeats):
        x = np.random.default_rng([n, k, 1]).standard_normal(n)
        p.append(against_gaussian(fit(x).log_likelihood, float(laws.Normal.fit(x).logpdf(x).sum())).p_value)
    return np.array(p)


def assert_size(p, level):
    assert abs((p <= level).mean() - level) < 4 * math.sqrt(level * (1 - level) / p.size)


def test_the_ratio_test_has_its_size_under_the_gaussian():
    p = rejections(100, 80)
    for level in (0.05, 0.1, 0.25):
        assert_size(p, level)
    assert 0.35 < (p == 1.0).mean() < 0.8  # half of the null is the point 0


@pytest.mark.slow
def test_the_ratio_test_has_its_size_in_more_samples():
    p = rejections(300, 1000)
    for level in (0.02, 0.05, 0.1, 0.25):
        assert_size(p, level)


def test_the_ratio_has_the_boundary_mixture():
    assert against_gaussian(-10.0, -10.0) == Ratio(0.0, 1.0)
    assert against_gaussian(-10.0, -9.0) == Ratio(0.0, 1.0)
    # 2.7055 is the 90 % point of χ²₁, 5.4119 the 98 % point.
    assert against_gaussian(1.35277, 0.0).p_value == pytest.approx(0.05, rel=1e-4)
    assert against_gaussian(2.70595, 0.0).p_value == pytest.approx(0.01, rel=1e-4)


def test_scores_find_the_law_that_drew_the_samples():
    rng = np.random.default_rng(2)
    x = LAWS["laplace"].rvs(4000, rng)
    fitted = {name: (OTHERS[name], OTHERS[name].fit(x)) for name in ("normal", "student", "laplace")}
    scores = compare(x, fitted, "normal", 0.25, rng)
    assert max(scores, key=lambda name: scores[name].heldout) == "laplace"
    assert min(scores, key=lambda name: scores[name].aic) == "laplace"
    assert scores["normal"].heldout_gap == 0
    gap = scores["laplace"].heldout - scores["normal"].heldout
    assert scores["laplace"].heldout_gap == pytest.approx(gap, rel=1e-9)
    # E[log laplace − log normal] = ½ log(4π) + ½ − 1 − log 2 = 0.0724 nats a sample under Laplace.
    exact = 0.5 * math.log(4 * math.pi) + 0.5 - 1 - math.log(2)
    assert abs(gap - exact) < 4 * scores["laplace"].heldout_gap_stderr


def test_what_is_held_out_is_not_fitted():
    seen, unseen = split(1000, 0.2, np.random.default_rng(0))
    assert np.array_equal(np.sort(np.concatenate([seen, unseen])), np.arange(1000))
    assert unseen.size == 200


# ------------------------------------------------------------------------------------------------------------- pictures


def test_block_sums_of_a_stable_law_stay_flat():
    """The mean slope over 24 asymmetric samples is 0 within 4 standard errors, and alpha is right at every size."""
    slopes, alphas = [], []
    for k in range(24):
        rng = np.random.default_rng([k, 3])
        blocks = block_alphas(StableLaw(1.6, 0.5).rvs(6400, rng), rng)
        slopes.append(drift(blocks))
        alphas.append([block.alpha for block in blocks])
    assert [block.size for block in blocks] == [1, 2, 4, 8, 16, 32, 64]
    assert abs(np.mean(slopes)) < 4 * np.std(slopes, ddof=1) / math.sqrt(24)
    error = np.std(alphas, axis=0, ddof=1) / math.sqrt(24)
    # Maximum likelihood is biased by 1/n, some .01 at the hundred sums of 64.
    assert (abs(np.mean(alphas, axis=0) - 1.6) < 4 * error + np.array([0, 0, 0, 0, 0.01, 0.01, 0.02])).all()


def test_block_sums_of_laplace_drift_to_two():
    rng = np.random.default_rng(0)
    blocks = block_alphas(laws.Laplace(3.0, 0.1).rvs(20_000, rng), rng)
    alphas = [block.alpha for block in blocks]
    assert alphas[0] < 1.7
    assert min(alphas[-2:]) > 1.9
    assert drift(blocks) > 0.05
    assert math.isnan(drift(blocks[:1]))


def test_a_shape_is_what_it_says():
    law, family = LAWS["stable"], stable_family()
    x = law.rvs(2000, np.random.default_rng(0))
    found = shape(x, {"stable": (family, law)})
    width = np.diff(found.bins)[0]
    inside = (x >= found.bins[0] - width / 2) & (x <= found.bins[-1] + width / 2)
    assert found.density.sum() * width == pytest.approx(inside.mean(), abs=1e-9)
    middle = np.median(x)
    for t, share in zip(found.upper_t, found.upper_share, strict=True):
        assert share == pytest.approx((x >= middle + t * (1 - 1e-12)).mean(), abs=1e-9)
    np.testing.assert_allclose(found.upper["stable"], law.sf(middle + found.upper_t), rtol=1e-6)
    np.testing.assert_allclose(found.lower["stable"], law.cdf(middle - found.lower_t), rtol=1e-6)
