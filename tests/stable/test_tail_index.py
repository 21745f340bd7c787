"""Tail indices against the code of Voitalov et al. and `powerlaw`, plain loops, and samples of known tails."""

import math

import numpy as np
import pytest

from gnicli.errors import DataError, NumericalError, UsageError
from gnicli.stable import StableLaw, double_bootstrap, hill, kernel, moment, pickands, power_tail
from gnicli.stable.tail_index import _best_tail

U = (np.arange(300) + 0.5) / 300
BURR = (1.0 / U - 1.0) ** 0.7  # quantiles of a Burr law with tail index 1/0.7


def around_zero(sizes):
    """Samples whose distances from their median are `sizes` and zeros."""
    return np.concatenate([sizes, np.zeros(sizes.size + 1)])


def test_values_of_voitalov_and_others():
    """tail-estimation of Voitalov et al. (2019), Python 3 version, on the same values: ξ with 40 (80, 120) largest."""
    x = around_zero(BURR)
    assert 1.0 / hill(x, 40).alpha == pytest.approx(0.7552762076023067, rel=1e-12)
    assert 1.0 / moment(x, 40).alpha == pytest.approx(0.6654182105519704, rel=1e-12)
    assert 1.0 / pickands(x, 80).alpha == pytest.approx(0.6755583429417427, rel=1e-12)
    assert 1.0 / kernel(x, 40).alpha == pytest.approx(0.6206435804320419, rel=1e-9)
    assert 1.0 / kernel(x, 120).alpha == pytest.approx(0.6512503098092527, rel=1e-9)


def reference_power_tail(sizes, least):
    """Clauset, Shalizi and Newman's search in plain loops."""
    best = None
    ordered = sorted(sizes)
    for xmin in sorted(set(ordered)):
        tail = [each for each in ordered if each >= xmin]
        logs = [math.log(each / xmin) for each in tail]
        if len(tail) < least or sum(logs) == 0.0:
            continue
        exponent = len(tail) / sum(logs)
        distance = 0.0
        for i, log in enumerate(logs):
            model = 1.0 - math.exp(-exponent * log)
            distance = max(distance, abs(model - i / len(tail)))
        if best is None or distance < best[0]:
            best = distance, xmin, exponent, len(tail)
    return best


@pytest.mark.parametrize("seed", range(4))
def test_power_tail_is_the_search_of_all_values(seed):
    rng = np.random.default_rng(seed)
    sizes = np.abs(rng.standard_cauchy(150)) if seed % 2 else np.ceil(10.0 * rng.random(150) ** -0.8)  # with ties
    found = power_tail(around_zero(sizes))
    distance, xmin, exponent, n_tail = reference_power_tail(sizes, 10)
    assert found.distance == pytest.approx(distance, rel=1e-10)
    assert found.xmin == pytest.approx(xmin)
    assert found.tail.alpha == pytest.approx(exponent, rel=1e-10)
    assert found.tail.n_tail == n_tail


def test_values_of_powerlaw():
    """powerlaw 2.0.0 (Alstott, Bullmore and Plenz 2014), `Fit(values)`: xmin, alpha, D and the number in the tail."""
    cauchy = np.abs(np.random.default_rng(3).standard_cauchy(400))
    for sizes, values in (
        (BURR, (3.5982283045524643, 2.353882521096639, 0.024208526108538686, 42)),
        (cauchy, (1.1424553013050298, 1.9196941732531796, 0.05836494017133209, 189)),
    ):
        found = power_tail(around_zero(sizes))
        of_density = found.tail.alpha + 1.0
        assert (found.xmin, of_density, found.distance) == pytest.approx(values[:3], rel=1e-9)
        assert found.tail.n_tail == values[3]


ESTIMATORS = [hill, moment, kernel, pickands]


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_standard_errors_are_the_spread_for_power_tails(estimator):
    rng, n_tail = np.random.default_rng(5), 400
    found = [estimator(around_zero(rng.random(2000) ** (-1.0 / 1.4)), n_tail) for _ in range(200)]
    xi = np.array([1.0 / each.alpha for each in found])  # that of Pickands varies too much to be linear in alpha
    errors = np.array([each.stderr / each.alpha**2 for each in found])
    # the standard error of a standard deviation of 200 is 5 %
    assert np.median(errors) == pytest.approx(xi.std(), rel=0.25)
    assert abs(xi.mean() - 1.0 / 1.4) < 4.0 * xi.std() / math.sqrt(200) + 0.1 * xi.std()
    assert all(each.n_tail == n_tail for each in found)


@pytest.mark.parametrize("estimator", [moment, kernel])
def test_light_tails_have_no_finite_index(estimator):
    found = estimator(np.random.default_rng(6).uniform(-1.0, 1.0, 20_000), 2000)
    assert found.alpha == math.inf
    assert math.isnan(found.stderr)


@pytest.mark.parametrize("estimator", [*ESTIMATORS, lambda x: power_tail(x).tail])
def test_neither_unit_nor_location_nor_order_counts(estimator):
    x = StableLaw(1.3, 0.6).rvs(3000, np.random.default_rng(7))
    base = estimator(x)
    moved = estimator(1e-7 * (x[::-1] + 40.0))
    assert moved.alpha == pytest.approx(base.alpha, rel=1e-6)
    assert moved.n_tail == base.n_tail


def test_the_bootstrap_minimizes_what_danielsson_and_others_do():
    """The sums over resamples against plain loops with the same draws."""
    logs = np.log(BURR[:120])
    found = _best_tail(logs, 80, 25, np.random.default_rng(8))
    rng, means = np.random.default_rng(8), np.zeros(80)
    for _ in range(25):
        top = np.sort(rng.choice(logs, 80))[::-1]
        for k in range(1, 80):
            excess = top[:k] - top[k]
            means[k] += (np.mean(excess**2) - 2.0 * np.mean(excess) ** 2) ** 2
    assert found == 2 + int(means[2:73].argmin())


def test_the_bootstrap_takes_a_number_that_estimates_well():
    """For Cauchy's law the mean square error of Hill's estimate of 4,000 samples is least with some 500 largest."""
    rng = np.random.default_rng(9)
    samples = [rng.standard_cauchy(4000) for _ in range(60)]
    losses = {k: np.mean([(hill(x, k).alpha - 1.0) ** 2 for x in samples]) for k in (30, 60, 125, 250, 500, 1000, 2000)}
    best = min(losses.values())
    chosen = [double_bootstrap(x, rng, 30) for x in samples[:12]]
    loss = np.mean([(hill(x, each.n_tail).alpha - 1.0) ** 2 for x, each in zip(samples, chosen, strict=False)])
    # far nearer the best than most numbers are: the middle of these has a multiple of the least loss
    assert loss < 4.0 * best
    assert loss < 0.5 * losses[30]
    n1, n2 = chosen[0].sizes
    assert n1 * n1 / n2 == pytest.approx(4000, rel=0.01)


@pytest.mark.parametrize("estimator", [*ESTIMATORS, power_tail])
def test_what_has_no_tail(estimator):
    with pytest.raises(NumericalError, match="no tail to measure"):
        estimator(around_zero(np.ones(60)))
    with pytest.raises(DataError, match="not finite"):
        estimator(np.r_[np.arange(60.0), np.nan])
    with pytest.raises(NumericalError, match="at least 50"):
        estimator(np.arange(20.0))


def test_wrong_arguments():
    x = np.arange(100.0)
    for wrong in (0, 100, 2.5, True):
        with pytest.raises(UsageError, match="n_tail must be an integer >= 1 and < 100"):
            moment(x, wrong)
    with pytest.raises(UsageError, match="n_tail must be >= 4"):
        pickands(x, 3)
    with pytest.raises(UsageError, match="least_tail must be >= 2"):
        power_tail(x, 1)
    with pytest.raises(UsageError, match="n_resamples must be >= 20"):
        double_bootstrap(x, np.random.default_rng(0), 5)
    with pytest.raises(UsageError, match=r"share must be in \(0, 1\)"):
        double_bootstrap(x, np.random.default_rng(0), share=1.0)
    with pytest.raises(NumericalError, match="in a resample"):
        double_bootstrap(x[:90], np.random.default_rng(0))
