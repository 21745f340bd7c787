"""Seeds that an effect asks for: the power of the t-test against simulation, and the fewest pairs that reach it."""

import numpy as np
import pytest
from scipy import stats

from gnicli.experiments.sweeps import power


@pytest.mark.parametrize(("n", "sd", "effect"), [(6, 0.3, 0.4), (12, 1.0, -0.9), (30, 0.2, 0.05)])
def test_the_power_is_that_of_simulated_tests(n, sd, effect):
    gaps = np.random.default_rng(n).normal(effect, sd, (20_000, n))
    share = (stats.ttest_1samp(gaps, 0, axis=1).pvalue < 0.05).mean()
    assert abs(power.power(n, sd, effect) - share) < 4 * np.sqrt(share * (1 - share) / len(gaps))


@pytest.mark.parametrize("ratio", [0.3, 0.9, 1.4, 3.0, 9.0])
def test_the_fewest_pairs_reach_the_power_and_one_less_does_not(ratio):
    n = power.pairs_needed(ratio, 1.0)
    assert power.power(n, ratio, 1.0) >= 0.8
    assert n == power.FEWEST_PAIRS or power.power(n - 1, ratio, 1.0) < 0.8
    assert power.pairs_needed(2 * ratio, -2.0) == n  # the ratio alone counts


def test_the_formula_of_many_pairs_goes_on_where_the_exact_one_ends():
    assert power.pairs_needed(0.0, 1.0) == 6
    few, many = power.pairs_needed(11.0, 1.0), power.pairs_needed(11.5, 1.0)
    assert few <= power._EXACT < many
    assert many / few == pytest.approx((11.5 / 11) ** 2, rel=0.01)
