"""The statistics of the judge against independent computations: SciPy's, brute force, closed forms."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from gnicli.claims import intervals, power, signs, trend
from gnicli.claims.adjustment import holm
from gnicli.claims.effects import Effects
from gnicli.claims.verdict import estimate

RNG = np.random.default_rng(3)
SAMPLES = [RNG.normal(0.4, 1, n) for n in (2, 6, 9, 12)] + [np.array([1.0, 1.0, 2.0, -1.0, 0.0, 2.0])]


@pytest.mark.parametrize("x", SAMPLES, ids=len)
@pytest.mark.parametrize("side", [1, -1])
def test_sign_flips_are_those_of_scipy(x, side):
    found = stats.permutation_test(
        (side * x,), lambda a, axis: a.mean(axis=axis), permutation_type="samples", n_resamples=np.inf,
        alternative="greater", vectorized=True,
    )  # fmt: skip
    assert signs.flip_tail(side * x) == pytest.approx(found.pvalue, rel=1e-12)


def test_random_flips_agree_with_all_flips():
    """The exact count of 2^32 flips, and the draws that take its place above 32 effects, for one effect more of 0."""
    x = RNG.normal(0.3, 1, signs.MOST_EXACT)
    exact, drawn = signs.flip_tail(x), signs.flip_tail(np.append(x, 0.0))
    assert drawn == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 65_536) + 1e-4)


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=9))
@settings(max_examples=60, deadline=None)
def test_sign_flips_count_what_brute_force_counts(x):
    x = np.array(x)
    sums = [np.dot(flips, x) for flips in itertools.product([1, -1], repeat=x.size)]
    least = x.sum() - 1e-12 * np.abs(x).sum()
    share = sum(s >= least for s in sums) / len(sums)
    assert abs(signs.flip_tail(x) - share) <= 2 * sum(abs(s - least) < 1e-9 for s in sums) / len(sums)
    assert signs.flip_tail(x) + signs.flip_tail(-x) >= 1
    assert signs.two_sided_flips(x) == signs.two_sided_flips(-x)


@pytest.mark.parametrize(("above", "below"), [(0, 6), (5, 1), (8, 2), (10, 0), (5, 5)])
def test_the_sign_test_is_the_binomial_one(above, below):
    n = above + below
    assert signs.two_sided_signs(above, below) == pytest.approx(stats.binomtest(above, n).pvalue)
    assert signs.sign_tail(above, n) == pytest.approx(stats.binomtest(above, n, alternative="greater").pvalue)
    assert signs.two_sided_signs(0, 0) == 1.0


@pytest.mark.parametrize(("n_claims", "least"), [(1, 6), (2, 7), (3, 7), (25, 10), (26, 11)])
def test_the_fewest_pairs_of_a_family(n_claims, least):
    assert signs.fewest_pairs(n_claims) == least
    assert 2.0 ** (1 - least) <= 0.05 / n_claims
    assert least == 6 or 2.0 ** (2 - least) > 0.05 / n_claims


@pytest.mark.parametrize(("n", "k"), [(1, 4), (3, 3), (8, 5), (10, 4)])
def test_page_is_that_of_scipy_without_ties(n, k):
    values = RNG.normal(size=(n, k)) + 0.3 * np.arange(k)
    if n > 1:
        assert trend.page_tail(values) == pytest.approx(stats.page_trend_test(values, method="exact").pvalue)
    in_order = np.tile(np.arange(k), (n, 1))
    assert trend.page_tail(in_order) == pytest.approx(1 / float(math.factorial(k)) ** n)


def test_page_with_ties_counts_all_orders():
    values = np.array([[1, 1, 2], [3, 1, 3], [0, np.inf, np.inf]], float)
    ranks = stats.rankdata(values, axis=1)
    weights = np.arange(1, 4)
    found = (ranks @ weights).sum()
    every = [list(itertools.permutations(row)) for row in ranks]
    sums = [sum(np.dot(row, weights) for row in chosen) for chosen in itertools.product(*every)]
    assert trend.page_tail(values) == pytest.approx(np.mean(np.array(sums) >= found - 1e-9))
    assert trend.page_tail(np.ones((5, 3))) == 1.0


def test_page_of_many_levels_is_scipys_normal_approximation():
    values = RNG.normal(size=(6, trend.MOST_EXACT + 1)) + 0.2 * np.arange(trend.MOST_EXACT + 1)
    assert trend.page_tail(values) == pytest.approx(stats.page_trend_test(values, method="asymptotic").pvalue)


@pytest.mark.parametrize("tail", [0.025, 0.05, 0.005])
def test_the_t_interval_is_that_of_a_paired_t_test(tail):
    a, b = RNG.normal(1, 1, (2, 9))
    found = stats.ttest_rel(a, b).confidence_interval(1 - 2 * tail)
    own = estimate(Effects(a - b, a - b), tail, by_signs=False)
    assert (own.low, own.high) == pytest.approx((found.low, found.high))
    assert own.value == pytest.approx((a - b).mean())


@pytest.mark.parametrize("tail", [0.025, 0.05, 0.01])
@pytest.mark.parametrize("n", [5, 6, 10, 17])
def test_the_interval_of_the_median_is_the_sign_test_turned_around(n, tail):
    """A value lies outside of it exactly where the one-sided sign test against it rejects."""
    x = RNG.normal(size=n)
    low, high = intervals.median_low(x, tail), intervals.median_high(x, tail)
    for place in (x[:, None] + np.array([-1e-9, 1e-9])).ravel():
        assert (place < low) == (stats.binomtest(int((x > place).sum()), n, alternative="greater").pvalue <= tail)
        assert (place > high) == (stats.binomtest(int((x < place).sum()), n, alternative="greater").pvalue <= tail)


def test_the_interval_of_the_median_covers():
    x = np.random.default_rng(1).lognormal(size=(4000, 10))
    inside = [intervals.median_low(row, 0.025) <= 1 <= intervals.median_high(row, 0.025) for row in x]
    exact = 1 - 2 * stats.binom.cdf(1, 10, 0.5)
    assert np.mean(inside) == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 4000))


def test_medians_with_infinite_effects():
    inf = np.inf
    assert intervals.median(np.array([1.0, inf, -inf])) == 1.0
    assert intervals.median(np.array([inf, inf, -inf, 1.0])) == inf
    assert np.isnan(intervals.median(np.array([-inf, inf])))
    assert np.isnan(intervals.median(np.array([])))


@pytest.mark.parametrize("p", [[0.01, 0.04, 0.03], [0.5, 0.5], [1e-9], [0.02, 0.02, 0.9, 0.01]])
def test_holm_is_its_definition(p):
    """The least level at which the step-down procedure rejects."""
    order = np.argsort(p, kind="stable")
    expected = np.empty(len(p))
    for place, k in enumerate(order):
        expected[k] = max(min(1.0, (len(p) - j) * p[order[j]]) for j in range(place + 1))
    assert holm(p) == pytest.approx(expected)
    assert holm(p[:1], 7) == pytest.approx([min(1.0, 7 * p[0])])


@pytest.mark.parametrize("n", [6, 10, 25])
@pytest.mark.parametrize("effect", [0.3, 1.0])
def test_power_without_a_smallest_effect_is_that_of_the_noncentral_t(n, effect):
    exact = stats.nct.sf(stats.t.ppf(0.975, n - 1), n - 1, effect * np.sqrt(n))
    assert power.power(effect, 1.0, n) == pytest.approx(exact, abs=2e-3)


def test_chances_of_decisions_by_simulation():
    n, mean, smallest, tail, trials = 12, 0.5, 0.4, 0.025, 20_000
    x = np.random.default_rng(5).normal(mean, 1.0, (trials, n))
    reach = stats.t.ppf(1 - tail, n - 1) * x.std(axis=1, ddof=1) / np.sqrt(n)
    supported = (x.mean(axis=1) - reach > 0) & (x.mean(axis=1) >= smallest)
    small = x.mean(axis=1) + reach < smallest
    error = 4 * 0.5 / np.sqrt(trials) + 1e-3  # four standard errors, and that of 64 nodes
    assert power.power(mean, 1.0, n, smallest=smallest) == pytest.approx(supported.mean(), abs=error)
    wanted = (supported | small).mean()
    assert power.decision(mean, 1.0, n, smallest=smallest, tail=tail, other_tail=tail) == pytest.approx(
        wanted, abs=error
    )


@pytest.mark.parametrize("mean", [0.5, 0.0, -0.5, 0.3])
def test_the_seeds_needed_are_the_fewest_that_suffice(mean):
    x = RNG.normal(size=12)
    x = (x - x.mean()) / x.std(ddof=1) + mean
    levels = {"smallest": 0.2, "tail": 0.025, "other_tail": 0.025}
    found = power.seeds_by_size(x, least=6, **levels)
    chance = [power.decision(mean, 1.0, n, **levels) for n in (found, found - max(1, found // 50))]
    assert chance[0] >= power.WANTED
    assert found == 13 or chance[1] < power.WANTED


def test_no_number_of_seeds_settles_what_lies_between_two_verdicts():
    x = np.linspace(-1, 1, 10) + 0.2
    assert power.seeds_by_size(x, smallest=0.2, tail=0.025, other_tail=0.025, least=6) is None
    assert power.seeds_by_size(np.full(4, 0.2), smallest=0.2, tail=0.025, other_tail=0.025, least=6) == 6
    assert power.seeds_by_sign(5, 10, tail=0.025, least=6) is None
    found = power.seeds_by_sign(8, 10, tail=0.025, least=6)
    assert 11 <= found <= 40
    assert power.seeds_by_sign(2, 10, tail=0.025, least=6) == found
