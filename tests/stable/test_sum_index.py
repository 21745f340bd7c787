"""Mohammadi's estimator: its published formula, its standard error, and what fools it."""

import math

import numpy as np
import pytest

from gnicli.errors import DataError, NumericalError, UsageError
from gnicli.stable import StableLaw, fit, mohammadi


def published(x, m):
    """The estimator as the code of Simsekli, Sagun and Gürbüzbalaban (2019) has it."""
    n = len(x) // m
    sums = x[: n * m].reshape(n, m).sum(axis=1)
    return math.log(m) / (np.log(np.abs(sums)).mean() - np.log(np.abs(x[: n * m])).mean())


@pytest.mark.parametrize(("alpha", "beta"), [(0.4, 0.5), (0.8, -0.6), (1.0, 0.0), (1.3, 0.7), (1.7, -1.0), (2.0, 0.0)])
def test_it_finds_alpha(alpha, beta):
    x = StableLaw(alpha, beta, 0.0, 3.0).rvs(20_011, np.random.default_rng(1))
    for block in (None, 7, 100):
        found = mohammadi(x, block)
        assert found.alpha == pytest.approx(published(x, found.block), rel=1e-12)
        assert abs(found.alpha - alpha) < 4.0 * found.stderr
        assert found.n_sums == 20_011 // found.block
    assert mohammadi(x).block == 141


@pytest.mark.parametrize(("alpha", "beta", "block"), [(0.7, 0.4, 10), (1.5, 0.0, 50), (1.8, 0.5, 20)])
def test_standard_errors_are_the_spread(alpha, beta, block):
    rng = np.random.default_rng(2)
    found = [mohammadi(StableLaw(alpha, beta).rvs(4000, rng), block) for _ in range(300)]
    spread = np.std([each.alpha for each in found])
    # the standard error of a standard deviation of 300 is 4 %
    assert np.median([each.stderr for each in found]) == pytest.approx(spread, rel=0.2)


def test_size_and_sign_do_not_count():
    x = StableLaw(1.4, 0.5).rvs(3000, np.random.default_rng(3))
    assert mohammadi(-1e-9 * x).alpha == pytest.approx(mohammadi(x).alpha, rel=1e-9)
    assert mohammadi(np.ma.array(np.append(x, np.nan), mask=np.append(np.zeros(3000), 1))) == mohammadi(x)


def test_gaussians_with_scales_of_their_own_fool_it():
    """Log-normal scales: short sums look heavy-tailed, and long ones drift to 2. The truth is a finite variance."""
    rng = np.random.default_rng(4)
    x = rng.normal(size=120_000) * rng.lognormal(0.0, 1.5, 120_000)
    short, long = mohammadi(x, 4), mohammadi(x, 1200)
    assert short.alpha < 1.6
    assert long.alpha > short.alpha + 5.0 * short.stderr
    pure = mohammadi(rng.normal(size=120_000), 4)
    assert abs(pure.alpha - 2.0) < 4.0 * pure.stderr
    assert fit(x[:20_000]).alpha < 1.6  # and the likelihood as well


def test_a_location_fools_it():
    x = StableLaw(1.6, 0.0, 5.0, 1.0).rvs(40_000, np.random.default_rng(5))
    assert abs(mohammadi(x).alpha - 1.0) < 0.15
    centered = mohammadi(x - x.mean())
    assert centered.alpha > 1.4


@pytest.mark.parametrize(
    ("samples", "block", "error", "said"),
    [
        (np.ones(10), None, NumericalError, "10 samples; at least 20"),
        (np.arange(1.0, 101.0), 1, UsageError, "block must be an integer from 2 to 10, got 1"),
        (np.arange(1.0, 101.0), 11, UsageError, "from 2 to 10, got 11"),
        (np.arange(1.0, 101.0), 2.5, UsageError, "got 2.5"),
        (np.arange(100.0), None, NumericalError, "1 samples are 0"),
        (np.tile([1.0, -1.0], 50), 2, NumericalError, "50 sums are 0"),
        (np.tile([1.0, -0.9], 50), 2, NumericalError, "no larger than samples"),
        (np.r_[np.ones(99), np.inf], None, DataError, "not finite"),
        (np.full(100, 1e308), None, NumericalError, "beyond the range of floats"),
    ],
)
def test_what_has_no_estimate(samples, block, error, said):
    with pytest.raises(error, match=said):
        mohammadi(samples, block)
