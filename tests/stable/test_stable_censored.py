"""Fits of censored samples: derivatives of the distribution function, likelihood, maximum by brute force."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import CensoredData

from gnicli.errors import DataError, NumericalError, UsageError
from gnicli.stable import StableLaw, fit
from gnicli.stable.fitting.censored import interval_scores, log_probability

NAMES = ("alpha", "beta", "loc", "scale")
LAWS = [
    StableLaw(1.5, 0.5, 0.3, 2.0, "S0"),
    StableLaw(1.5, -0.8, 0.3, 2.0, "S1"),
    StableLaw(0.7, 0.4, -1.0, 0.5, "S1"),
    StableLaw(0.7, 0.9, -1.0, 0.5, "S0"),
    StableLaw(0.35, -0.5, 0.2, 1.5, "S1"),
    StableLaw(0.35, 0.6, 0.2, 1.5, "S0"),
    StableLaw(1.02, 0.7, 0.0, 3.0, "S0"),
    StableLaw(1.95, 0.3, 5.0, 1.0, "S1"),
]


def by_differences(law, function, h=2e-5):
    """Derivatives of `function(law)` by the four parameters, (4, …)."""
    center = np.array([law.alpha, law.beta, law.loc, law.scale])
    out = []
    for k in range(4):
        step = h * np.eye(4)[k]
        up, down = (function(StableLaw(*(center + sign * step), law.parameterization)) for sign in (1.0, -1.0))
        out.append((up - down) / (2.0 * h))
    return np.array(out)


@pytest.mark.parametrize("law", LAWS, ids=str)
def test_derivatives_of_the_distribution_function(law):
    x = law.ppf(np.array([1e-6, 1e-3, 0.03, 0.2, 0.45, 0.6, 0.85, 0.98, 0.9999]))
    found = law.cdf_derivatives(x)
    nearer = np.minimum(law.cdf(x), law.sf(x))
    expected = by_differences(law, lambda each: np.where(x < law.ppf(0.5), each.cdf(x), -each.sf(x)))
    for name, slope in zip(NAMES, expected, strict=True):
        # differences over 2e-5 of values with relative errors of 1e-11, and their h²
        np.testing.assert_allclose(getattr(found, name) / nearer, slope / nearer, rtol=2e-4, atol=2e-5, err_msg=name)
    np.testing.assert_allclose(found.x, law.pdf(x), rtol=1e-9)


@pytest.mark.parametrize("name", ["S0", "S1"])
def test_derivatives_by_alpha_have_the_closed_form_of_the_far_tail(name):
    """sf = Γ(α) sin(πα/2) (1 + β) x^−α / π far out."""
    law, x = StableLaw(1.4, 0.3, parameterization=name), 1e9
    tail = [math.gamma(a) * math.sin(0.5 * math.pi * a) * 1.3 / math.pi * x**-a for a in (1.4 - 1e-6, 1.4 + 1e-6)]
    assert law.cdf_derivatives(x).alpha == pytest.approx(-(tail[1] - tail[0]) / 2e-6, rel=1e-4)
    assert law.cdf_derivatives(x).beta == pytest.approx(-law.sf(x) / 1.3, rel=1e-4)
    beyond = law.cdf_derivatives(1e40)
    assert beyond.beta == pytest.approx(-law.sf(1e40) / 1.3, rel=1e-9)
    assert beyond.alpha / law.sf(1e40) == pytest.approx(
        law.cdf_derivatives(1e9).alpha / law.sf(1e9) + math.log(1e31), rel=1e-6
    )


@pytest.mark.parametrize("law", LAWS, ids=str)
def test_probabilities_of_intervals_and_their_scores(law):
    ends = law.ppf(np.array([0.001, 0.1, 0.3, 0.5, 0.52, 0.7, 0.9, 0.999]))
    low = np.concatenate([[-np.inf], ends, [ends[2]]])
    high = np.concatenate([ends, [np.inf], [ends[2] + 1e-7 * law.scale]])
    found = log_probability(law, low, high)
    expected = np.log([1e-3, 0.099, 0.2, 0.2, 0.02, 0.18, 0.2, 0.099, 1e-3])
    np.testing.assert_allclose(found[:-1], expected, atol=1e-7)
    assert found[-1] == pytest.approx(law.logpdf(ends[2]) + math.log(high[-1] - low[-1]), abs=1e-5)
    scores = interval_scores(law, low, high)
    slopes = by_differences(law, lambda each: log_probability(each, low, high))
    slopes[3] *= law.scale
    np.testing.assert_allclose(scores, slopes, rtol=1e-3, atol=1e-3)


def censor(x, rng):
    """A CensoredData of x with a detection limit below, a ceiling above, and some values rounded to intervals."""
    low, high = np.quantile(x, (0.1, 0.93))
    inside = x[(x > low) & (x < high)]
    rounded = rng.random(inside.size) < 0.3
    floors = np.floor(inside[rounded])
    return CensoredData(
        inside[~rounded],
        left=np.full((x <= low).sum(), low),
        right=np.full((x >= high).sum(), high),
        interval=np.column_stack([floors, floors + 1.0]),
    )


def log_likelihood(law, data):
    """As SciPy defines it, from the distribution function alone."""
    return (
        law.logpdf(data._uncensored).sum()
        + law.logcdf(data._left).sum()
        + law.logsf(data._right).sum()
        + np.log(law.cdf(data._interval[:, 1]) - law.cdf(data._interval[:, 0])).sum()
    )


@pytest.mark.parametrize(("alpha", "beta", "name"), [(1.6, 0.4, "S0"), (1.3, -0.5, "S1")])
def test_the_fit_is_the_maximum(alpha, beta, name):
    rng = np.random.default_rng(1)
    data = censor(StableLaw(alpha, beta, 2.0, 3.0, name).rvs(150, rng), rng)
    found = fit(data, name)
    assert found.converged
    assert found.n == 150
    assert found.log_likelihood == pytest.approx(log_likelihood(found.law, data), abs=1e-6)
    assert "samples are censored" in found.notes[0]

    def loss(q):
        if not (0.2 < q[0] < 2.0 and abs(q[1]) < 1.0):
            return np.inf
        return -log_likelihood(StableLaw(q[0], q[1], q[2], math.exp(q[3]), name), data)

    start = [1.45, 0.0, 2.0, math.log(3.0)]
    best = minimize(loss, start, method="Nelder-Mead", options={"maxfev": 350, "xatol": 1e-4, "fatol": 1e-6})
    assert found.log_likelihood > -best.fun - 1e-5
    for k, parameter in enumerate(NAMES):
        value = math.log(found.scale) if parameter == "scale" else getattr(found, parameter)
        stderr = getattr(found, f"{parameter}_stderr") / (found.scale if parameter == "scale" else 1.0)
        assert abs(value - best.x[k]) < 0.05 * stderr, parameter


def test_standard_errors_are_those_of_the_observed_information():
    rng = np.random.default_rng(2)
    data = censor(StableLaw(1.5, 0.3, 0.0, 2.0).rvs(200, rng), rng)
    found = fit(data, "S1")
    center, h = np.array([found.alpha, found.beta, found.loc, found.scale]), 2e-3
    hessian = np.empty((4, 4))
    for i in range(4):
        for j in range(i + 1):
            a, b = h * np.eye(4)[i], h * np.eye(4)[j]
            corners = [log_likelihood(StableLaw(*(center + s * a + t * b)), data) for s in (1, -1) for t in (1, -1)]
            hessian[i, j] = hessian[j, i] = (corners[0] - corners[1] - corners[2] + corners[3]) / (4.0 * h * h)
    expected = np.sqrt(np.linalg.inv(-hessian).diagonal())
    np.testing.assert_allclose([getattr(found, f"{name}_stderr") for name in NAMES], expected, rtol=0.01)


def test_samples_that_are_not_censored_have_their_own_fit():
    x = StableLaw(1.4, 0.5).rvs(80, np.random.default_rng(3))
    plain, as_data = fit(x), fit(CensoredData(x))
    for name in NAMES:
        assert abs(getattr(plain, name) - getattr(as_data, name)) < 5e-3 * getattr(plain, f"{name}_stderr")
        assert getattr(as_data, f"{name}_stderr") == pytest.approx(getattr(plain, f"{name}_stderr"), rel=0.02)
    assert as_data.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-5)
    # narrow intervals are values
    thin = fit(CensoredData(interval=np.column_stack([x - 1e-6, x + 1e-6])))
    assert thin.alpha == pytest.approx(as_data.alpha, abs=1e-4)
    assert thin.log_likelihood == pytest.approx(as_data.log_likelihood + 80 * math.log(2e-6), abs=1e-3)


def test_a_histogram_has_a_fit():
    law = StableLaw(1.5, 0.4, 1.0, 2.0, "S0")
    x = law.rvs(4000, np.random.default_rng(4))
    floors = np.floor(x)
    found = fit([], "S0", censored=np.column_stack([floors, floors + 1.0]))
    for name in NAMES:
        assert abs(getattr(found, name) - getattr(law, name)) < 4.0 * getattr(found, f"{name}_stderr")
    whole = fit(x, "S0")
    assert 1.0 < found.alpha_stderr / whole.alpha_stderr < 1.3  # rounding costs some information


def test_ways_to_say_the_same_and_what_is_held():
    rng = np.random.default_rng(5)
    x = StableLaw(1.5, 0.2, 10.0, 2.0).rvs(100, rng)
    values, far = x[x < 14.0], x[x >= 14.0]
    apart = fit(values, fb=0.2, censored=CensoredData(right=np.full(far.size, 14.0)))
    pairs = fit(values, fb=0.2, censored=np.column_stack([np.full(far.size, 14.0), np.full(far.size, np.inf)]))
    whole = fit(CensoredData(values, right=np.full(far.size, 14.0)), fixed={"beta": 0.2})
    assert apart == pairs == whole
    assert apart.beta == 0.2
    assert apart.beta_stderr is None
    located = fit(CensoredData(values, right=np.full(far.size, 14.0)), "S1", {"loc": 10.0})
    assert located.loc == 10.0
    assert located.log_likelihood <= fit(CensoredData(values, right=np.full(far.size, 14.0))).log_likelihood + 1e-6
    with pytest.raises(UsageError, match="censored samples holds no samples"):
        apart.interval()
    assert apart.interval(method="wald")["alpha"] == pytest.approx(apart.ci95("alpha"))


@pytest.mark.parametrize(
    ("samples", "censored", "error", "said"),
    [
        (np.arange(30.0), CensoredData(right=np.ones(10)), NumericalError, "40 samples; at least 50"),
        (np.arange(60.0), [[2.0, 1.0]], DataError, "from 2.0 to 1.0"),
        (np.arange(60.0), [[np.nan, 1.0]], DataError, "from nan to 1.0"),
        (np.arange(60.0), [1.0, 2.0], UsageError, r"shape \(n, 2\), got \(2,\)"),
        (np.r_[np.arange(60.0), np.nan], [[1.0, 2.0]], DataError, "not finite"),
        ([], CensoredData(right=np.arange(60.0)), NumericalError, "the likelihood has no maximum"),
        ([], CensoredData(left=np.arange(60.0)), NumericalError, "from -inf to 0"),
        (np.ones(60), CensoredData(right=np.arange(60.0)), NumericalError, "60 of 120 values equal 1.0"),
    ],
)
def test_what_has_no_fit(samples, censored, error, said):
    with pytest.raises(error, match=said):
        fit(samples, censored=censored)


def test_weights_are_refused():
    with pytest.raises(UsageError, match="weights are for samples that are not censored"):
        fit(np.arange(60.0), censored=[[0.0, 1.0]], weights=np.ones(60))
