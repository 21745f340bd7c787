"""Fits with parameters held, over samples of every kind: right, or an error in one line."""

import math

import numpy as np
import pytest

from gnicli.errors import GniError, NumericalError, UsageError
from gnicli.stable import StableLaw, fit, hill


@pytest.mark.parametrize("loc", [pytest.param(5.0, marks=pytest.mark.slow), -1e6])
def test_a_location_held_off_the_samples(loc):
    """Symmetric laws, and in S0 all laws, are normal then; in S1 a skewed law next to alpha = 1 is likelier by far."""
    x = np.random.default_rng(0).normal(size=300)
    scale = math.sqrt(np.mean((x - loc) ** 2) / 2.0)
    for name, held in (("S0", {"loc": loc}), ("S0", {"loc": loc, "beta": 0}), ("S1", {"loc": loc, "beta": 0})):
        found = fit(x, name, held)
        assert found.alpha == 2.0
        assert found.loc == loc
        assert found.scale == pytest.approx(scale, rel=1e-6)
    skewed = fit(x, "S1", {"loc": loc})
    assert skewed.loc == loc
    assert skewed.log_likelihood > StableLaw(2.0, 0.0, loc, scale).logpdf(x).sum() + 100.0
    assert skewed.log_likelihood == pytest.approx(skewed.law.logpdf(x).sum(), rel=1e-5)


@pytest.mark.parametrize(
    ("sign", "n_outside"),
    [(1.0, 1), (-1.0, 7), *(pytest.param(*each, marks=pytest.mark.slow) for each in ((1.0, 7), (-1.0, 1)))],
)
def test_values_outside_a_one_sided_support(sign, n_outside):
    x = sign * StableLaw(0.5, 1.0).rvs(500, np.random.default_rng(1))
    held = {"alpha": 0.5, "beta": sign, "loc": 0.0}
    assert fit(x, fixed=held).scale == pytest.approx(1.0, rel=0.3)
    x[:n_outside] = -sign
    support = r"\(0, inf\)" if sign > 0.0 else r"\(-inf, 0\)"
    with pytest.raises(NumericalError, match=rf"{n_outside} of 500 values lie outside the support {support}"):
        fit(x, fixed=held)
    with pytest.raises(NumericalError, match=rf"{n_outside} of 500 values lie outside the support"):
        fit(x, "S0", {"alpha": 0.5, "beta": sign, "loc": sign, "scale": 1.0})
    for fewer in ({"alpha": 0.5, "beta": sign}, {"beta": sign, "loc": 0.0}, {"alpha": 0.5, "loc": 0.0}):
        for exact in (True, False):
            found = fit(x, fixed=fewer, exact=exact)
            assert math.isfinite(found.log_likelihood)


def test_kinds_of_numbers_that_are_held():
    x = np.random.default_rng(2).standard_cauchy(500)
    expected = fit(x, fixed={"beta": 0.0, "scale": 1.0})
    for kind in (int, np.float32, np.float64, np.int64, np.uint8, np.array):
        assert fit(x, fixed={"beta": kind(0), "scale": kind(1)}) == expected
    for wrong in (True, "0", None, 1j, np.bool_(True), np.array([0.0]), np.float32("nan")):
        with pytest.raises(UsageError, match="fixed: beta must be a finite number, got"):
            fit(x, fixed={"beta": wrong})


def test_masked_samples_are_left_out():
    x = np.random.default_rng(3).standard_cauchy(600)
    mask = np.arange(600) % 3 == 0
    expected = fit(x[~mask])
    assert fit(np.ma.array(np.where(mask, np.nan, x), mask=mask)) == expected
    assert fit(np.ma.array(x, mask=False)) == fit(x)
    assert hill(np.ma.array(x, mask=mask)) == hill(x[~mask])
    with pytest.raises(NumericalError, match="40 samples; at least 50 are needed"):
        fit(np.ma.array(x, mask=np.arange(600) >= 40))


def samples(rng, kind):
    """A sample of 60 or 300 of one of nine kinds, some of them extreme."""
    n = int(rng.choice([60, 300]))
    x = rng.normal(size=n)
    if kind == 1:
        x = rng.standard_cauchy(n)
    elif kind == 2:
        x = StableLaw(0.5, 1.0).rvs(n, rng)
    elif kind == 3:
        x = StableLaw(rng.uniform(0.5, 2.0), rng.choice([-1.0, 1.0, 0.3])).rvs(n, rng)
    elif kind == 4:
        x[:3] = 10.0 ** rng.uniform(50.0, 308.2, 3) * rng.choice([-1.0, 1.0], 3)
    elif kind == 5:
        x *= 10.0 ** rng.uniform(-290.0, 290.0)
    elif kind == 6:
        x = rng.choice([-1.0, 1.0], n) * 10.0 ** rng.uniform(-320.0, 308.0, n)
    elif kind == 7:
        x = np.round(x, 1)
        x[: n // 4] = 0.0
    elif kind == 8:
        x = rng.exponential(size=n) + 10.0 ** rng.uniform(-3.0, 6.0)
    return x


def held_at_random(rng, x):
    """Any of the parameters, at the samples' values, next to them or far away."""
    low, middle, high = np.quantile(x, (0.25, 0.5, 0.75))
    unit = 0.5 * high - 0.5 * low or 1.0
    values = {
        "alpha": rng.choice([0.5, 0.7, 1.0, 1.3, 1.9, 2.0, rng.uniform(0.5, 2.0)]),
        "beta": rng.choice([-1.0, 0.0, 1.0, 0.5, rng.uniform(-1.0, 1.0)]),
        "loc": rng.choice([middle, middle + 5.0 * unit, middle - 1e4 * unit, 0.0, x.min(), x.max(), x.min() - unit]),
        "scale": rng.choice([unit, 100.0 * unit, 0.01 * unit, 1.0]),
    }
    return {name: values[name] for name in rng.permutation(list(values))[: rng.integers(0, 5)]}


def check_all(seeds):
    """Finite values that are the law's, or a named error in one line; a warning is an error in this suite."""
    fitted = many_lines = 0
    for seed in seeds:
        rng = np.random.default_rng(seed)
        x = samples(rng, seed % 9)
        held, name = held_at_random(rng, x), str(rng.choice(["S0", "S1"]))
        try:
            found = fit(x, name, held, exact=bool(rng.random() < 0.7))
        except GniError as error:
            many_lines += "\n" in str(error)
            continue
        fitted += 1
        assert np.isfinite([found.alpha, found.beta, found.loc, found.scale]).all(), seed
        assert math.isfinite(found.log_likelihood), seed
        for key, value in held.items():
            assert getattr(found, key) == value
        assert found.law.to("S0").scale == found.scale
    assert not many_lines
    return fitted


def test_random_samples_with_anything_held():
    assert check_all(range(9)) > 5


@pytest.mark.slow
def test_many_random_samples_with_anything_held():
    assert check_all(range(1000, 1900)) > 600


@pytest.mark.parametrize("seed", [*range(8), *(pytest.param(each, marks=pytest.mark.slow) for each in range(8, 200))])
def test_samples_far_out_in_the_light_tail_of_what_is_held(seed):
    """Next to alpha = 1 its log-density falls like an exponential function: soon below the range of floats.

    Where something is free the law goes there. Where nothing is, the likelihood is 0, and that is an error.
    """
    rng = np.random.default_rng([seed, 1811])
    sign, n = float(rng.choice([-1.0, 1.0])), int(rng.choice([60, 300]))
    x = 10.0 ** rng.uniform(-3.0, 6.0) * rng.standard_cauchy(n)
    x[0] = -sign * 10.0 ** rng.uniform(3.5, 6.0) * np.abs(x).max()
    low, middle, high = np.quantile(x, (0.25, 0.5, 0.75))
    unit = 0.5 * (high - low)
    held = {
        "alpha": float(rng.choice([0.999, 1.0, 1.001])),
        "beta": sign,
        "loc": float(middle + rng.uniform(-1.4, 1.4) * unit),
        "scale": float(unit * math.exp(rng.uniform(-2.0, 0.8))),
    }
    exact = bool(rng.random() < 0.6)
    with pytest.raises(NumericalError, match=r"^(no stable law|\d+ of \d+ values lie outside the support)"):
        fit(x, "S0", held, exact=exact)
    for free in ("loc", "scale"):
        found = fit(x, "S0", {name: value for name, value in held.items() if name != free}, exact=exact)
        assert math.isfinite(found.log_likelihood), (seed, free, exact)
        assert found.log_likelihood == pytest.approx(found.law.logpdf(x).sum(), rel=1e-9)


@pytest.mark.parametrize("number", [1, 5, 9, 36, 52, 57])
def test_a_held_skewness_with_samples_far_out_in_the_light_tail_is_as_likely_as_the_normal_law(number):
    """The nodes have a floor below densities, which was trusted there: such fits were hundreds of nats too low."""
    for rng in (np.random.default_rng([24, number]), np.random.default_rng(seed := np.random.SeedSequence().entropy)):
        n, beta = int(10 ** rng.uniform(2.0, 3.3)), float(rng.choice([-1, 1]))
        kinds = (
            rng.standard_t(float(rng.choice([1.2, 1.7, 3.0, 5.0])), n),
            rng.normal(size=n) * np.where(rng.random(n) < 0.03, 20.0, 1.0),
        )
        x = kinds[number % 2]
        found, normal = fit(x, fb=beta), fit(x, fa=2.0)
        assert found.log_likelihood >= normal.log_likelihood - 1e-3, (number, seed)
        assert found.log_likelihood == pytest.approx(float(found.law.logpdf(x).sum()), abs=1e-3 + 1e-9 * n), seed


def test_a_likelihood_next_to_the_least_float_is_kept():
    """All held: a log-likelihood of -1e308 is a number, and what is below -1.8e308 is the error."""
    x = np.append(np.random.default_rng(9).normal(size=99), -450.0)
    law = StableLaw(1.0, 1.0, 0.0, 1.0, "S0")
    held = {"alpha": 1.0, "beta": 1.0, "loc": 0.0, "scale": 1.0}
    found = fit(x, "S0", held)
    assert found.log_likelihood == pytest.approx(law.logpdf(x).sum(), rel=1e-12)
    assert -math.inf < found.log_likelihood < -1e300
    x[-1] = -500.0
    with pytest.raises(
        NumericalError, match=r"no stable law with alpha 1, .* held gives these 100 samples a likelihood"
    ):
        fit(x, "S0", held)


def test_outliers_to_the_end_of_the_range_of_floats():
    """The likelihood is the power of a tail there: an outlier ten times as far costs (alpha + 1) log 10 nats more."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=1001)
    for size in (1e50, 1e200, 1e307):
        near, far = (fit(np.append(x, each), "S0", {"alpha": 0.9}) for each in (size, 10.0 * size))
        assert far.converged
        assert far.scale == pytest.approx(near.scale, rel=1e-4)
        assert near.log_likelihood - far.log_likelihood == pytest.approx(1.9 * math.log(10.0), rel=1e-6)
        assert far.log_likelihood == pytest.approx(far.law.logpdf(np.append(x, 10.0 * size)).sum(), rel=1e-9)
    normal = fit(np.append(x, 1.7e308), fixed={"alpha": 2.0})
    assert normal.scale == pytest.approx(1.7e308 / math.sqrt(2.0 * 1002.0), rel=2e-3)


@pytest.mark.parametrize(
    "dtype",
    [np.float16, np.float64, *(pytest.param(each, marks=pytest.mark.slow) for each in (np.float32, np.longdouble))],
)
def test_kinds_of_floats_at_their_ends(dtype):
    """Largest and least numbers of each kind."""
    rng = np.random.default_rng(6)
    info = np.finfo(dtype)
    x = rng.normal(size=500).astype(dtype)
    x[:4] = [info.max if dtype != np.longdouble else 1e300, -1e4, info.tiny, info.smallest_subnormal]
    assert fit(x).converged


@pytest.mark.skipif(np.finfo(np.longdouble).max == np.finfo(np.float64).max, reason="long doubles are doubles here")
def test_long_doubles_beyond_the_range_of_float64():
    y = np.random.default_rng(6).normal(size=500).astype(np.longdouble)
    y[:2] = np.longdouble("1e400")
    with pytest.raises(GniError, match=r"2 of 500 values are beyond the range of float64, 1\.8e308"):
        fit(y)


def test_a_held_scale_that_is_nothing_in_units_of_the_samples():
    x = np.random.default_rng(8).normal(size=100)
    for spread, scale in ((1e250, 1e-80), (1e299, 1e-300)):
        for held in ({"scale": scale}, {"scale": scale, "loc": 0.0}, {"scale": scale, "beta": 0.0}):
            with pytest.raises(NumericalError, match=r"^no (normal|stable) law with .* held gives these 100 samples"):
                fit(x * spread, "S0", held | {"alpha": 2.0})
