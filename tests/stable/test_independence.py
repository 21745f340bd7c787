"""The permutation test of independence: its statistics by hand, its exact level, and dependence of every kind."""

import math

import numpy as np
import pytest
from scipy import stats

from gnicli.errors import DataError, UsageError
from gnicli.stable import StableLaw
from gnicli.stable.elliptical import EllipticalStableLaw
from gnicli.stable.independence import _scores, _statistics, independence_test


def test_the_statistics_are_those_of_all_pairs():
    rng = np.random.default_rng(1)
    x = np.round(rng.standard_cauchy((30, 4)), 1)  # with ties
    ranks = np.array([2.0 * stats.rankdata(column) / 31.0 - 1.0 for column in x.T])
    tails = -np.log(1.0 - np.abs(ranks))
    squares = linear = 0.0
    for i in range(4):
        for j in range(i):
            for a, b in ((ranks, ranks), (ranks, tails), (tails, ranks), (tails, tails)):
                squares += np.corrcoef(a[i], b[j])[0, 1] ** 2
            linear += np.corrcoef(tails[i], tails[j])[0, 1]
    assert _statistics(*_scores(x)) == pytest.approx((squares, linear), rel=1e-10)


def independent(kind, n, rng):
    """Coordinates of unlike laws: with ties, one-sided, without a mean, or all Gaussian."""
    if kind == "unlike":
        return np.stack([StableLaw(0.7, 1.0).rvs(n, rng), rng.exponential(size=n), rng.integers(0, 4, n)], axis=1)
    return rng.standard_normal((n, 4)) if kind == "normal" else StableLaw(1.3, -0.6).rvs((n, 2), rng)


@pytest.mark.parametrize("kind", ["unlike", "normal", "stable"])
def test_its_level_is_exact_for_any_law_of_each_coordinate(kind):
    rng = np.random.default_rng(2)
    p = np.array([independence_test(independent(kind, 25, rng), rng, 19) for _ in range(200)])
    # binomial over 200 samples: each bound has a probability below 5e-4
    for level in (0.05, 0.25, 0.5):
        assert abs((p <= level + 1e-9).sum() - 200 * level) < 3.5 * math.sqrt(200 * level * (1.0 - level)) + 1


@pytest.mark.parametrize("kind", ["elliptical", "correlated", "scale of one pair", "rank of one by scale of another"])
def test_dependence_of_every_kind_is_found(kind):
    rng = np.random.default_rng(3)
    x = rng.standard_normal((400, 4))
    if kind == "elliptical":
        x = EllipticalStableLaw(1.7, np.eye(5)).rvs(400, rng)
    elif kind == "correlated":
        x[:, 2] += 0.5 * x[:, 0]
    elif kind == "scale of one pair":
        x[:, 1:3] *= np.exp(rng.standard_normal(400))[:, None]
    else:
        x[:, 3] *= np.exp(x[:, 1])
    assert independence_test(x, rng, 99) == 0.01
    assert independence_test(rng.permuted(x, axis=0), rng, 99) > 0.01


def test_growing_transformations_of_a_coordinate_change_nothing():
    x = np.random.default_rng(4).standard_normal((60, 3))
    x[:, 1] += 0.2 * x[:, 0]
    bent = np.stack([np.exp(x[:, 0]), x[:, 1] ** 3, 1e9 * x[:, 2] - 5.0], axis=1)
    p = [independence_test(each, np.random.default_rng(5), 99) for each in (x, bent)]
    assert p[0] == p[1]


def test_wrong_samples():
    rng = np.random.default_rng(6)
    for wrong in (np.zeros((9, 2)), np.zeros((20, 1)), np.zeros(20)):
        with pytest.raises(UsageError, match="samples must be"):
            independence_test(wrong, rng)
    x = rng.standard_normal((20, 3))
    with pytest.raises(UsageError, match="n_permutations"):
        independence_test(x, rng, 0)
    with pytest.raises(DataError, match="coordinate 1 "):
        independence_test(np.where(np.arange(3) == 1, 2.0, x), rng)
    with pytest.raises(DataError, match="1 values"):
        independence_test(np.where(x == x[4, 2], np.nan, x), rng)
