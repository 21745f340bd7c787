"""Profile-likelihood intervals: their ends against fits that hold a parameter there, quantiles, coverage."""

import math
import pickle

import numpy as np
import pytest

from gnicli.errors import NumericalError, UsageError
from gnicli.stable import StableLaw, fit
from gnicli.stable.fitting.profile import limit

NAMES = ("alpha", "beta", "loc", "scale")
CHI2 = 3.841458820694124  # the 95 % point with one degree of freedom
MIXED = 2.705543454095414  # that of the even mixture of 0 and 1 degrees, which is the 90 % point with one


def loss(x, parameterization, name, value, found, **options):
    """Twice what the log-likelihood loses where `name` is held at a value, by fits that start anew."""
    held = fit(x, parameterization, {name: value}, **options)
    return 2.0 * (found.log_likelihood - held.log_likelihood)


@pytest.mark.parametrize(
    ("alpha", "beta", "parameterization"),
    [(1.5, 0.5, "S1"), (1.3, -0.2, "S0"), (1.75, 0.3, "S1"), (0.7, -0.5, "S0")],
)
def test_ends_are_where_the_likelihood_is_lost(alpha, beta, parameterization):
    x = StableLaw(alpha, beta, 3.0, 2.0, parameterization).rvs(300, np.random.default_rng(1))
    found = fit(x, parameterization)
    for name, (low, high) in found.interval().items():
        assert low < getattr(found, name) < high
        for end in (low, high):
            bound = {("alpha", high): 2.0, ("beta", low): -1.0, ("beta", high): 1.0}.get((name, end))
            if end == bound:
                assert loss(x, parameterization, name, bound, found) < MIXED + 0.01
                continue
            lost, wanted = loss(x, parameterization, name, end, found), CHI2
            if bound is not None:  # a bound within four standard errors lets the ratio be no larger
                wanted = limit(0.95, math.sqrt(loss(x, parameterization, name, bound, found)) - math.sqrt(lost))
            # √D is within 1e-3 of where it should be, and the likelihood of a fit within 1e-5 nats of its maximum
            assert lost == pytest.approx(wanted, abs=0.01), (name, end)


def test_ends_with_weights_and_something_held():
    rng = np.random.default_rng(2)
    x, counts = StableLaw(1.4, 0.6).rvs(200, rng), rng.integers(0, 5, 200)
    found = fit(x, "S0", {"beta": 0.6}, weights=counts)
    interval = found.interval(level=0.9, names=["alpha", "beta"])
    assert interval["beta"] is None
    for end in interval["alpha"]:
        held = fit(np.repeat(x, counts), "S0", {"beta": 0.6, "alpha": end})
        assert 2.0 * (found.log_likelihood - held.log_likelihood) == pytest.approx(MIXED, abs=0.01)
    tenth = fit(x, "S0", {"beta": 0.6}, weights=0.1 * counts).interval(level=0.9, names=["alpha"])["alpha"]
    wide, narrow = np.diff(tenth)[0], np.diff(interval["alpha"])[0]
    assert 2.0 < wide / narrow < 5.0  # about √10; the scale of alpha is no straight one


def test_many_samples_have_the_interval_of_the_standard_error():
    x = StableLaw(1.4, 0.3, 1.0, 2.0).rvs(20_000, np.random.default_rng(3))
    found = fit(x)
    for name, interval in found.interval().items():
        # the likelihood's skewness moves the ends by some standard errors over √n
        assert np.abs(np.array(interval) - found.ci95(name)).max() < 0.1 * getattr(found, f"{name}_stderr")


def test_normal_samples_have_an_interval_that_ends_at_2():
    for seed in range(3):
        x = np.random.default_rng(seed).normal(5.0, 3.0, 200)
        found = fit(x)
        interval = found.interval()
        low, high = interval["alpha"]
        assert high == 2.0
        # between the quantiles at the bound and far from it
        assert MIXED - 0.02 < loss(x, "S1", "alpha", low, found) < CHI2 + 0.02
        assert interval["loc"][0] < 5.0 < interval["loc"][1]
        if found.alpha == 2.0:
            assert interval["beta"] == (-1.0, 1.0)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_an_estimate_at_the_largest_skewness_has_an_interval(sign):
    x = StableLaw(1.5, sign).rvs(300, np.random.default_rng(4))
    found = fit(x)
    assert found.beta == sign, "choose another seed: this test is for an estimate at its bound"
    assert found.beta_stderr is None
    ends = found.interval(names=["beta"])["beta"]
    inner, outer = sorted(ends, key=abs)
    assert outer == sign
    assert MIXED - 0.02 < loss(x, "S1", "beta", inner, found) < CHI2 + 0.02


def test_normal_law_that_is_held():
    rng = np.random.default_rng(5)
    x = np.append(rng.normal(2.0, 3.0, 80), 60.0)  # an outlier that no law next to the normal one believes
    for fixed in ({"alpha": 2.0}, {"alpha": 2.0, "loc": 1.0}, {"alpha": 2.0, "scale": 5.0}):
        found = fit(x, fixed=fixed)
        for name, interval in found.interval().items():
            if name in fixed or name == "beta":
                assert interval is None
                continue
            for end in interval:
                held = fit(x, fixed={**fixed, name: end})
                assert 2.0 * (found.log_likelihood - held.log_likelihood) == pytest.approx(CHI2, abs=1e-6)


@pytest.mark.parametrize("delta", [0.0, 0.3, 1.0, 1.7, 2.5, math.inf])
def test_limit_is_the_quantile_of_the_ratio_next_to_a_bound(delta):
    rng = np.random.default_rng(6)
    z = rng.normal(size=400_000)  # of the estimate without a bound, which lies delta above the truth
    ratio = z**2 - np.maximum(z - delta, 0.0) ** 2
    for level in (0.8, 0.95, 0.99):
        covered = (ratio <= limit(level, delta)).mean()
        assert abs(covered - level) < 4.0 * math.sqrt(level * (1.0 - level) / z.size)
    assert limit(0.95, 0.0) == pytest.approx(MIXED, rel=1e-9)
    assert limit(0.95, math.inf) == pytest.approx(CHI2, rel=1e-9)


def test_methods_names_and_what_a_fit_no_longer_has():
    x = StableLaw(1.5, 0.2).rvs(300, np.random.default_rng(7))
    found = fit(x)
    assert found.interval(method="wald")["alpha"] == pytest.approx(found.ci95("alpha"), rel=1e-6)
    assert np.diff(found.interval(0.99, "wald")["loc"]) > np.diff(found.interval(0.9, "wald")["loc"])
    assert list(found.interval(names=["loc"])) == ["loc"]
    for wrong, said in (
        ({"level": 95}, "level must be in"),
        ({"method": "bootstrap"}, "profile or wald, got 'bootstrap'"),
        ({"names": ["shape"]}, "got 'shape'"),
    ):
        with pytest.raises(UsageError, match=said):
            found.interval(**wrong)
    with pytest.raises(UsageError, match="pickled"):
        pickle.loads(pickle.dumps(found)).interval()
    with pytest.raises(UsageError, match="take method='wald'"):
        fit(x, weights=np.ones(300), weight_kind="importance").interval()
    large = StableLaw(1.5, 0.2).rvs(40_000, np.random.default_rng(8))
    found = fit(large)
    large[:] = 0.0
    with pytest.raises(NumericalError, match="overwritten after the fit"):
        found.interval()


def coverage(n_fits, n, seed, draw, names=NAMES):
    """The shares of intervals that hold the truth, by parameter, for laws that `draw` makes."""
    rng = np.random.default_rng(seed)
    held = dict.fromkeys(names, 0)
    for _ in range(n_fits):
        law = draw(rng)
        for name, (low, high) in fit(law.rvs(n, rng), "S0").interval(names=names).items():
            held[name] += low <= getattr(law, name) <= high
    return np.array([held[name] / n_fits for name in names])


def inside(rng):
    return StableLaw(rng.uniform(0.9, 1.95), rng.uniform(-0.95, 0.95), 1.0, 3.0, "S0")


def normal(rng):
    return StableLaw(2.0, 0.0, 1.0, 3.0, "S0")


def one_sided(rng):
    return StableLaw(rng.uniform(1.1, 1.7), rng.choice([-1.0, 1.0]), 1.0, 3.0, "S0")


def test_intervals_cover():
    # 30 fits: the standard error of a share of .95 is .04
    assert (coverage(30, 150, 10, inside, ["alpha"]) > 0.95 - 0.15).all()


@pytest.mark.slow
def test_intervals_cover_over_a_thousand_fits():
    shares = coverage(1000, 150, 11, inside)
    assert ((shares >= 0.93) & (shares <= 0.97)).all(), shares


@pytest.mark.slow
@pytest.mark.parametrize(("draw", "name", "most"), [(normal, "alpha", 0.97), (one_sided, "beta", 1.0)])
def test_intervals_cover_a_bound(draw, name, most):
    # the information about beta at ±1 is infinite: an estimate is there more often than every second time, and an
    # interval holds the bound more often than it has to; next to alpha = 2 that takes far more samples than these
    (share,) = coverage(1000, 150, 12, draw, [name])
    assert 0.93 <= share <= most, share
