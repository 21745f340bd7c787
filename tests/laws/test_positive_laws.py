"""The gamma, Weibull and Pareto laws: their fits are the maximum wherever samples lie, and what relates them holds."""

import itertools
import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from gnicli.errors import DataError, NumericalError
from gnicli.laws import Gamma, LogNormal, Pareto, Weibull

LAWS = (Gamma, Weibull, Pareto)


def shape_of(law):
    return next(iter(law.parameters().values()))


def drawn(law, seed):
    """Samples of a law of any shape that draws of floats can have, of any size and number."""
    rng = np.random.default_rng(seed)
    shape, scale, n = 10.0 ** rng.uniform(-1.3, 6.0), 10.0 ** rng.uniform(-200.0, 200.0), int(rng.integers(2, 400))
    return law(shape, scale).rvs(n, rng), f"seed {seed}: shape {shape:.3g}, scale {scale:.3g}, n = {n}"


def reference(law, x):
    """The largest log-likelihood that a search without derivatives finds from many starts. Slow."""
    unit = float(np.exp(np.log(x).mean()))
    y = x / unit
    spread = float(np.log(y).std())

    def at(p):
        # A Pareto law whose scale is above the smallest sample has no likelihood there.
        return law(math.exp(p[0]), y.min() * math.exp(-abs(p[1])) if law is Pareto else math.exp(p[1]))

    def loss(p):
        with np.errstate(over="ignore"):
            value = -float(at(p).logpdf(y).sum())
        return value if math.isfinite(value) else 1e300

    found = []
    for shape, log_scale in itertools.product((0.5 / spread, 2.0 / spread, spread**-2), (-spread, spread)):
        # The scale of a gamma law is far from the samples where its shape is large.
        start = (math.log(shape), -math.log(shape) if law is Gamma else log_scale)
        found.append(minimize(loss, start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-9}).fun)
    return -min(found) - x.size * math.log(unit)


def assert_is_maximum(law, x, what=""):
    gain = float(law.fit(x).logpdf(x).sum()) - reference(law, x)
    assert -1e-6 <= gain < 1e-2, f"{gain} nats; {what}"  # the reference is near the maximum too


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("law", LAWS)
def test_a_fit_is_the_maximum_of_the_likelihood(law, seed):
    assert_is_maximum(law, *drawn(law, seed))


@pytest.mark.parametrize("truth", [Gamma(0.3), Weibull(4.0), Pareto(0.6), LogNormal(1.0, 0.3)], ids=str)
@pytest.mark.parametrize("law", LAWS)
def test_so_it_is_for_samples_of_another_law(law, truth):
    assert_is_maximum(law, truth.rvs(300, np.random.default_rng(7)))


positive = st.lists(st.floats(1e-100, 1e100), min_size=2, max_size=30).filter(lambda x: min(x) < 0.999 * max(x))


@given(positive, st.floats(0.2, 3.0))
@settings(max_examples=60, deadline=None)
def test_powers_of_weibull_and_pareto_samples_have_the_powers_of_their_laws(x, power):
    """X^p has the shape divided by p and the scale to the power p."""
    for law in (Weibull, Pareto):
        one, other = law.fit(x), law.fit(np.power(x, power))
        assert shape_of(other) == pytest.approx(shape_of(one) / power, rel=1e-7)
        assert math.log(other.scale) == pytest.approx(power * math.log(one.scale), rel=1e-9, abs=1e-7)


@given(positive)
@settings(max_examples=60, deadline=None)
def test_a_gamma_law_has_the_mean_and_the_mean_logarithm_of_its_samples(x):
    law = Gamma.fit(x)
    mean = max(x) * float((np.array(x) / max(x)).mean())
    assert law.shape * law.scale == pytest.approx(mean, rel=1e-12)
    log_mean = float(mpmath.digamma(law.shape)) + math.log(law.scale)
    assert log_mean == pytest.approx(float(np.log(x).mean()), rel=1e-9, abs=1e-8)


def test_a_narrow_gamma_law_is_the_normal_one():
    """Where SciPy's fit has no correct digit: of 1e8 ± 1 the shape is (mean/std)² but for a term of order 1."""
    x = 1e8 + np.random.default_rng(0).standard_normal(2000)
    assert Gamma.fit(x).shape == pytest.approx((x.mean() / x.std()) ** 2, rel=1e-6)
    normal = -0.5 * x.size * (1.0 + math.log(2.0 * math.pi * x.var()))
    assert Gamma.fit(x).logpdf(x).sum() == pytest.approx(normal, abs=0.01)


def test_of_shape_1_gamma_and_weibull_are_the_exponential_law():
    x = np.geomspace(1e-3, 1e3, 20)
    for law in (Gamma(1.0, 2.5), Weibull(1.0, 2.5)):
        np.testing.assert_allclose(law.logpdf(x), -x / 2.5 - math.log(2.5), rtol=1e-13, atol=1e-13)
        np.testing.assert_allclose(law.log_tails(x)[1], -x / 2.5, rtol=1e-12)


@pytest.mark.parametrize("shape", [0.05, 0.9, 4.0, 300.0, 1e4])
def test_gamma_tails_where_scipy_has_none(shape):
    """Against 40 digits, in both tails far beyond the range of floats."""
    low = shape * np.array([1e-250, 1e-30]) if shape < 100 else shape * np.array([0.01, 0.3])
    high = shape + np.array([800.0, 1e4, 1e6])
    with mpmath.workdps(40):
        below = [float(mpmath.log(mpmath.gammainc(shape, 0, t, regularized=True))) for t in low]
        above = [float(mpmath.log(mpmath.gammainc(shape, t, mpmath.inf, regularized=True))) for t in high]
    law = Gamma(shape, 3.0)
    np.testing.assert_allclose(law.log_tails(3.0 * low)[0], below, rtol=1e-11)
    np.testing.assert_allclose(law.log_tails(3.0 * high)[1], above, rtol=1e-11)


def test_weibull_and_pareto_tails_where_scipy_has_none():
    x = np.array([1e-200, 1e200])
    np.testing.assert_allclose(Weibull(3.0).log_tails(x[:1])[0], 3.0 * np.log(x[:1]))
    np.testing.assert_allclose(Weibull(0.01, 2.0).log_tails(x)[1], -((x / 2.0) ** 0.01))
    np.testing.assert_allclose(Pareto(5.0, 1e-200).log_tails(x[1:])[1], -5.0 * 400.0 * math.log(10.0))
    np.testing.assert_allclose(Pareto(5.0, 2.0).log_tails(np.array([1.0, 2.0]))[1], 0.0)
    assert Pareto(5.0, 2.0).logpdf(np.array([1.9, 2.0])).tolist() == [-math.inf, pytest.approx(math.log(2.5))]


@pytest.mark.parametrize("law", LAWS)
def test_errors_of_laws_on_positive_samples(law):
    with pytest.raises(DataError, match=f"1 of 2 samples are not above 0: a {law.words} law lives on x > 0"):
        law.fit([0.0, 1.0])
    with pytest.raises(NumericalError, match=f"all samples are equal: no {law.words} law fits"):
        law.fit(np.full(60, 0.1))


@pytest.mark.parametrize("law", [Gamma(1e-3), Weibull(1e-3), Pareto(1e-3)], ids=str)
def test_draws_beyond_the_range_of_floats_can_be_fitted(law):
    x = law.rvs(200, np.random.default_rng(0))
    assert np.isfinite(x).all()
    assert (x > 0.0).all()
    assert 0.0 < shape_of(type(law).fit(x)) < 0.02
