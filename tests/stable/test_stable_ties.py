"""Samples with many equal values: when the likelihood has no maximum, and the fit where it has one."""

import math

import numpy as np
import pytest

from gnicli.errors import NumericalError
from gnicli.stable import StableLaw, fit, fit_many

NO_MAXIMUM = (
    "no stable law has an atom, and with more than {} of the samples at one value the likelihood has no maximum"
)


def with_atom(n, share, value=0.0, seed=0, dtype=np.float64):
    """Normal samples, of which `share` are one value, in random order."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    x[: round(share * n)] = value
    return rng.permutation(x).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("n", "share", "value"),
    [
        (60, 0.4, 0.0),
        (2000, 0.36, 0.0),
        (2000, 0.36, 1.7),
        (2000, 0.45, -40.0),
        (2000, 0.7, 3.0),
        (1_000_000, 0.34, 0.5),
    ],
)
def test_more_than_a_third_of_one_value_is_told_at_once(n, share, value, dtype):
    x = with_atom(n, share, value, dtype=dtype)
    equal = int((x == dtype(value)).sum())
    with pytest.raises(NumericalError) as caught:
        fit(x)
    message = str(caught.value)
    assert message.startswith(f"{equal} of {n} values equal {float(dtype(value))!r}: {NO_MAXIMUM.format('1/3')}")
    assert "add jitter" in message
    assert "\n" not in message
    with pytest.raises(NumericalError, match=rf"sample 1: {equal} of {n} values equal"):
        fit_many([np.random.default_rng(0).normal(size=100), x])


@pytest.mark.parametrize("alpha", [0.5, 1.2, 1.7])
def test_the_likelihood_grows_without_end_just_where_it_is_said_to(alpha):
    """On either side of the share α / (1 + α), and what the fit with this alpha held does there."""
    limit = alpha / (1.0 + alpha)
    for share, grows in ((limit - 0.03, False), (limit + 0.03, True)):
        x = with_atom(500, share)
        values = [StableLaw(alpha, 0.0, 0.0, 10.0**-power).logpdf(x).sum() for power in (20, 24)]
        assert (values[1] > values[0]) == grows
        if grows:
            with pytest.raises(NumericalError, match=NO_MAXIMUM.format(f"({limit:.3g}|1/3)")):
                fit(x, "S0", {"alpha": alpha})
        else:
            found = fit(x, "S0", {"alpha": alpha})
            for scale in 10.0 ** np.linspace(-8.0, 1.0, 60):
                law = StableLaw(alpha, found.beta, 0.0, scale, "S0")
                assert law.logpdf(x).sum() < found.log_likelihood + 1e-3


def test_what_is_held_may_leave_a_maximum():
    x = with_atom(1000, 0.45)
    for held in ({"scale": 1.0}, {"alpha": 2.0}, {"alpha": 1.9}, {"loc": 0.3}, {"beta": 1.0, "alpha": 1.2}):
        found = fit(x, "S0", held)
        assert math.isfinite(found.log_likelihood), held
        assert found.log_likelihood == pytest.approx(found.law.logpdf(x).sum(), rel=1e-8)
    for held in ({"loc": 0.0}, {"beta": 0.3}, {"alpha": 0.7}, {"loc": 0.0, "beta": 0.0}):
        with pytest.raises(NumericalError, match="the likelihood has no maximum"):
            fit(x, "S0", held)
    with pytest.raises(NumericalError, match="the likelihood has no maximum"):
        fit(x - x.min() * (x == 0.0) * -1.0, "S0", {"beta": 1.0})  # the value is the least: nothing in the light tail
    # in S1 the law leaves its location as alpha nears 1, where the limit is a half
    assert math.isfinite(fit(x, "S1", {"loc": 0.3, "alpha": 1.5}).log_likelihood)
    with pytest.raises(NumericalError, match=NO_MAXIMUM.format(0.5)):
        fit(with_atom(1000, 0.55), "S1", {"loc": 0.3})


def test_of_two_values_with_ties_each_counts_alone():
    x = with_atom(1000, 0.3)
    x[np.flatnonzero(x != 0.0)[:300]] = 1.0
    assert math.isfinite(fit(x, exact=False).log_likelihood)
    x[np.flatnonzero((x != 0.0) & (x != 1.0))[:60]] = 1.0
    with pytest.raises(NumericalError, match=r"360 of 1000 values equal 1\.0"):
        fit(x)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_values_that_are_one_but_for_rounding(dtype):
    x = with_atom(3000, 0.4, 0.7, dtype=dtype)
    equal = x == dtype(0.7)
    for ulps in (1, 2):
        moved = x.copy()
        moved[equal] += ((np.arange(equal.sum()) % (ulps + 1)) * np.spacing(dtype(0.7))).astype(dtype)
        with pytest.raises(NumericalError, match=r"1200 of 3000 values equal 0\.7\d* to within rounding"):
            fit(moved)
    y = np.random.default_rng(0).normal(size=3000)
    y[:1200] *= 1e-17  # zeros but for the rounding of numbers of size one
    with pytest.raises(NumericalError, match=r"1200 of 3000 values equal .* to within rounding"):
        fit(y)


def test_a_spread_of_a_few_units_in_the_last_place():
    few = np.tile([1.0, 1.0 + 2.0**-52, 1.0 + 2.0**-51], 50)
    for function in (fit, lambda x: fit(x, "S0", {"alpha": 2.0}), lambda x: fit(x, exact=False)):
        with pytest.raises(NumericalError, match=r"all 150 values equal 1\.0\d* to within rounding: scale is zero"):
            function(few)
    rng = np.random.default_rng(2)
    for ulps in (1, 3, 10, 30, 100, 1000):
        x = 1.0 + np.rint(rng.normal(size=2000) * ulps) * 2.0**-52
        if ulps <= 3:
            with pytest.raises(NumericalError, match="to within rounding"):
                fit(x)
            continue
        found = fit(x)
        assert found.scale == pytest.approx(ulps * 2.0**-52 / math.sqrt(2.0), rel=0.1)
        assert found.loc == pytest.approx(1.0, abs=ulps * 2.0**-52)


@pytest.mark.parametrize(("n", "share"), [(300, 0.25), (2000, 0.3), pytest.param(2000, 0.33, marks=pytest.mark.slow)])
def test_fewer_ties_have_the_maximum_of_the_whole_likelihood(n, share):
    """From .25 or so on that is a law of small scale at the value; the fit used to end elsewhere, or nowhere."""
    x = with_atom(n, share)
    found = fit(x, "S0")
    assert found.converged
    assert "equal 0.0" in found.notes[0]
    assert found.log_likelihood > StableLaw(1.75, 0.0, 0.0, 0.55, "S0").logpdf(x).sum()
    for scale in 10.0 ** np.linspace(-7.0, 0.5, 40):
        assert StableLaw(found.alpha, found.beta, 0.0, scale, "S0").logpdf(x).sum() < found.log_likelihood + 1e-3
    for name, step in (("beta", 0.01), ("loc", 0.2 * found.scale), ("scale", 0.05 * found.scale)):
        for sign in (-1.0, 1.0):
            moved = {each: getattr(found, each) for each in ("alpha", "beta", "loc", "scale")}
            moved[name] += sign * step
            assert StableLaw(**moved, parameterization="S0").logpdf(x).sum() < found.log_likelihood


@pytest.mark.parametrize("resolution", [0.1, 0.5])
def test_rounded_normal_samples_are_normal(resolution):
    x = np.rint(np.random.default_rng(1).normal(size=20_000) / resolution) * resolution
    found = fit(x)
    assert found.converged
    assert found.alpha > 1.98
    assert found.scale == pytest.approx(math.sqrt((1.0 + resolution**2 / 12.0) / 2.0), rel=0.03)
    with pytest.raises(NumericalError, match="the likelihood has no maximum"):
        fit(np.rint(x))


def test_counts():
    rng = np.random.default_rng(4)
    assert fit(rng.poisson(10, 5000)).converged
    with pytest.raises(NumericalError, match=r"of 5000 values equal [01]\.0: no stable law has an atom"):
        fit(rng.poisson(1, 5000))
    # a tenth of the values is the least of a Pareto law
    x = np.maximum(rng.pareto(1.0, 5000) + 1.0, np.repeat([1.0, 1e9], [500, 4500]).clip(max=1.0))
    x[:500] = 1.0
    found = fit(x)
    assert found.converged
    assert found.beta == 1.0
