"""Fits with weights: integer ones are repeats, real ones weigh the likelihood, each kind has its standard errors."""

import math

import numpy as np
import pytest

from gnicli.errors import NumericalError, UsageError
from gnicli.stable import StableLaw, fit, fit_many
from gnicli.stable.fitting.weighting import every

NAMES = ("alpha", "beta", "loc", "scale")
ERRORS = tuple(f"{name}_stderr" for name in NAMES)


def values(found, names=NAMES + ERRORS):
    return np.array([np.nan if getattr(found, name) is None else getattr(found, name) for name in names])


def random_laws(n, seed):
    """Laws of the whole domain, every third at an edge of it."""
    rng = np.random.default_rng(seed)
    for k in range(n):
        alpha, beta = rng.uniform(0.25, 2.0), rng.uniform(-1.0, 1.0)
        if k % 3 == 0:
            alpha, beta = [(alpha, 1.0), (2.0, 0.0), (1.0, beta), (alpha, -1.0)][k // 3 % 4]
        yield k, StableLaw(alpha, beta, rng.normal(), rng.lognormal(), "S0"), rng


@pytest.mark.parametrize("name", ["S0", "S1"])
def test_integer_weights_are_repeats(name):
    seed = 20 if name == "S0" else 21
    for k, law, rng in random_laws(12, seed):
        x = law.rvs(int(rng.integers(80, 3000)), rng)
        counts = rng.poisson(1.5, x.size)
        weighted, repeated = fit(x, name, weights=counts), fit(np.repeat(x, counts), name)
        shape = np.array([1.0, 1.0, repeated.scale, repeated.scale] * 2)
        np.testing.assert_allclose(
            values(weighted) / shape, values(repeated) / shape, rtol=1e-8, atol=1e-8, err_msg=f"{seed} {k} {law}"
        )
        assert weighted.log_likelihood == pytest.approx(repeated.log_likelihood, rel=1e-10, abs=1e-7)
        assert weighted.n == repeated.n == counts.sum()
        assert weighted.at_boundary == repeated.at_boundary


@pytest.mark.parametrize("fixed", [{"loc": 40.0}, {"alpha": 0.35}, {"beta": 1.0}, {"scale": 1e-3}, {"alpha": 2.0}])
def test_integer_weights_are_repeats_where_something_is_held(fixed):
    rng = np.random.default_rng(5)
    x = np.round(StableLaw(1.4, 0.4).rvs(300, rng), 2)
    counts = rng.integers(0, 4, x.size)
    weighted, repeated = fit(x, "S0", fixed, weights=counts), fit(np.repeat(x, counts), "S0", fixed)
    # far from the samples the exact likelihood is searched by differences, whose rounding leaves 1e-6
    found, wanted = values(weighted), values(repeated)
    np.testing.assert_allclose(found[:4], wanted[:4], rtol=1e-6, atol=1e-8)
    # and within a spike the curvature moves by 1e-4 over so much
    np.testing.assert_allclose(found[4:], wanted[4:], rtol=3e-4, atol=1e-8)


def test_integer_weights_are_repeats_where_many_values_are_one():
    rng = np.random.default_rng(6)
    x = np.concatenate([StableLaw(1.6, 0.2).rvs(300, rng), [0.25]])
    counts = np.append(np.ones(300, dtype=int), 70)
    weighted, repeated = fit(x, "S0", weights=counts), fit(np.repeat(x, counts), "S0")
    np.testing.assert_allclose(values(weighted), values(repeated), rtol=1e-6, atol=1e-8)
    assert weighted.notes == repeated.notes != ()
    counts[-1] = 200  # two fifths at one value
    with pytest.raises(NumericalError, match=r"200 of 500 values equal 0\.25"):
        fit(x, weights=counts)


def scores(law, x):
    """The scores of each sample by the four parameters, (4, n)."""
    slopes = law.logpdf_derivatives(x)
    return np.stack([slopes.alpha, slopes.beta, slopes.loc, slopes.scale])


def information(law, x, weights, h=1e-4):
    """−Σ weights · second derivatives of log pdf, by differences of the scores."""
    center = np.array([law.alpha, law.beta, law.loc, law.scale])
    columns = []
    for k in range(4):
        step = h * np.eye(4)[k]
        up, down = (StableLaw(*(center + sign * step), law.parameterization) for sign in (1.0, -1.0))
        columns.append((scores(up, x) - scores(down, x)) @ weights / (2.0 * h))
    return -np.array(columns)


@pytest.mark.parametrize(("alpha", "beta", "name"), [(1.5, 0.5, "S1"), (0.7, -0.4, "S0"), (0.65, 0.3, "S1")])
def test_real_weights_weigh_the_likelihood(alpha, beta, name):
    rng = np.random.default_rng(7)
    x = StableLaw(alpha, beta, 1.0, 2.0, name).rvs(1200, rng)
    w = rng.gamma(0.5, 2.0, x.size)
    found = fit(x, name, weights=w)
    s, errors = scores(found.law, x), values(found, ERRORS)
    # a gradient g leaves ½ g² stderr² nats: here less than 1e-5
    assert (np.abs(s @ w) * errors < 5e-3).all()
    assert found.log_likelihood == pytest.approx(found.law.logpdf(x) @ w, rel=1e-9)
    inverse = np.linalg.inv(information(found.law, x, w))
    # next to a spike the second derivatives of few samples count for much: nodes give them to some parts in a thousand
    np.testing.assert_allclose(errors, np.sqrt(inverse.diagonal()), rtol=1e-2)
    robust = fit(x, name, weights=w, weight_kind="importance")
    assert (np.abs(values(robust, NAMES) - values(found, NAMES)) < 1e-2 * errors).all()
    assert (robust.notes, found.notes) == (("standard errors are those of importance weights, by the sandwich",), ())
    sandwich = inverse @ ((s * w**2) @ s.T) @ inverse
    np.testing.assert_allclose(values(robust, ERRORS), np.sqrt(sandwich.diagonal()), rtol=1e-2)


@pytest.mark.parametrize("size", [1e-250, 1e-3, 0.2, 50.0, 1e200])
def test_the_size_of_weights(size):
    """Counts of a tenth say less: standard errors grow as one over the root. Importance weights have no size."""
    rng = np.random.default_rng(8)
    x = StableLaw(1.3, -0.6).rvs(900, rng)
    w = rng.uniform(0.0, 3.0, x.size)
    for kind, power in (("frequency", -0.5), ("importance", 0.0)):
        base, other = fit(x, weights=w, weight_kind=kind), fit(x, weights=size * w, weight_kind=kind)
        # other nodes: their maximum is within 1e-5 nats of the exact one, 5e-3 standard errors
        assert (np.abs(values(other, NAMES) - values(base, NAMES)) < 1e-2 * values(base, ERRORS)).all()
        np.testing.assert_allclose(values(other, ERRORS), size**power * values(base, ERRORS), rtol=1e-2)
    assert fit(x, weights=size * w).log_likelihood == pytest.approx(size * fit(x, weights=w).log_likelihood, rel=1e-6)


def test_standard_errors_of_importance_weights_are_the_spread_of_estimates():
    rng = np.random.default_rng(9)
    target, proposal = StableLaw(1.6, 0.0, 0.0, 1.0, "S0"), StableLaw(1.4, 0.0, 0.5, 1.5, "S0")
    found, errors = [], []
    for _ in range(150):
        x = proposal.rvs(600, rng)
        each = fit(x, "S0", weights=target.pdf(x) / proposal.pdf(x), weight_kind="importance")
        found.append(values(each, NAMES))
        errors.append(values(each, ERRORS))
    truth = np.array([1.6, 0.0, 0.0, 1.0])
    spread, typical = np.std(found, axis=0), np.nanmedian(errors, axis=0)
    # the standard error of a standard deviation of 150 is 6 %; the sandwich is asymptotic
    assert (np.abs(np.mean(found, axis=0) - truth) < 4.0 * spread / math.sqrt(150) + 0.1 * typical).all()
    np.testing.assert_allclose(typical, spread, rtol=0.25)


def test_normal_law_with_weights():
    rng = np.random.default_rng(10)
    x, w = rng.normal(3.0, 2.0, 400), rng.exponential(size=400)
    mean = np.average(x, weights=w)
    std = math.sqrt(np.average((x - mean) ** 2, weights=w))
    counted, robust = (
        fit(x, fixed={"alpha": 2.0}, weights=w, weight_kind=kind) for kind in ("frequency", "importance")
    )
    for found in (counted, robust):
        assert found.loc == pytest.approx(mean, rel=1e-12)
        assert found.scale == pytest.approx(std / math.sqrt(2.0), rel=1e-12)
    assert counted.loc_stderr == pytest.approx(std / math.sqrt(w.sum()))
    assert counted.scale_stderr == pytest.approx(counted.scale / math.sqrt(2.0 * w.sum()))
    assert robust.loc_stderr == pytest.approx(math.sqrt(np.sum((w * (x - mean)) ** 2)) / w.sum())
    about_variance = math.sqrt(np.sum((w * ((x - mean) ** 2 - std**2)) ** 2)) / w.sum()
    assert robust.scale_stderr == pytest.approx(robust.scale * about_variance / std**2 / 2.0)


def test_samples_of_weight_0_are_left_out():
    x = StableLaw(1.5, 0.5).rvs(500, np.random.default_rng(11))
    some = np.concatenate([x, [np.nan, np.inf, 1e300]])
    assert fit(some, weights=np.append(np.ones(500), np.zeros(3))) == fit(x, weights=np.ones(500))
    masked = np.ma.array(some, mask=np.append(np.zeros(500), np.ones(3)))
    assert fit(masked, weights=np.append(np.ones(500), [5.0, 5.0, 5.0])) == fit(x, weights=np.ones(500))


def test_many_samples_have_their_own_weights():
    rng = np.random.default_rng(12)
    x = [StableLaw(alpha, 0.3).rvs(700, rng) for alpha in (0.6, 1.2, 1.8)]
    w = [rng.exponential(size=700), None, rng.integers(0, 3, 700)]
    for found, samples, weights in zip(fit_many(x, "S0", weights=w), x, w, strict=True):
        np.testing.assert_allclose(values(found), values(fit(samples, "S0", weights=weights)), rtol=1e-6, atol=1e-9)
    with pytest.raises(UsageError, match="an entry for each sample, 3, got 2"):
        fit_many(x, weights=w[:2])
    with pytest.raises(UsageError, match=r"sample 1: weights must be one number a sample, 700, got 2"):
        fit_many(x, weights=[None, [1.0, 2.0], None])


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        (np.ones(99), "one number a sample, 100, got 99"),
        (np.r_[np.ones(99), -1.0], r"finite and >= 0, got -1.0 at index 99"),
        (np.r_[np.nan, np.ones(99)], "got nan at index 0"),
        (np.r_[np.inf, np.ones(99)], "got inf at index 0"),
        (np.zeros(100), "all 0"),
        (["a"] * 100, "real numbers"),
        (1.0, "one number a sample, 100, got 1"),
    ],
)
def test_wrong_weights(weights, said):
    with pytest.raises(UsageError, match=said):
        fit(np.arange(100.0), weights=weights)


def test_wrong_kind_and_too_few():
    with pytest.raises(UsageError, match="weight_kind must be frequency or importance, got 'count'"):
        fit(np.arange(100.0), weights=np.ones(100), weight_kind="count")
    with pytest.raises(NumericalError, match="30 samples"):
        fit(np.arange(100.0), weights=np.arange(100) < 30)
    with pytest.raises(NumericalError, match="scale is zero"):
        fit(np.arange(100.0), weights=60.0 * (np.arange(100) == 30))


@pytest.mark.parametrize("step", [1, 3, 17, 1000])
def test_values_among_repeats_are_found_without_the_repeats(step):
    rng = np.random.default_rng(step)
    for n in (1, 5, 331, 1 << 15, (1 << 15) + 5):  # from 2^15 on by another way
        counts = rng.integers(1, 5, n)
        np.testing.assert_array_equal(
            every(np.arange(n), counts.astype(float), step), np.repeat(np.arange(n), counts)[::step]
        )
