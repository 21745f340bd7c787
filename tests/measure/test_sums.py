"""What is summed as it passes by equals what two passes over all of it give."""

import numpy as np
import pytest
import torch

from gnicli.measure.layers.power_sums import PowerSums, Trace

N, D = 1000, 7


def draws(seed=0):
    """Skewed coordinates whose scales span six decades, some with means far above their spread; one never moves."""
    rng = np.random.default_rng(seed)
    scale = 10.0 ** np.linspace(-4, 2, D)
    x = (rng.gamma(1.5, size=(N, D)) - 0.3) * scale + np.array([0, 1e-3, 0, -3, 0, 50, 1])
    x[:, 2] = 0.25
    return x.astype(np.float32)


def two_pass(x):
    x = x.astype(np.float64)
    centered = x - x.mean(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        m2, m3, m4 = ((centered**k).mean(axis=0) for k in (2, 3, 4))
        return x.mean(axis=0), m2 * N / (N - 1), m3 / m2**1.5, m4 / m2**2 - 3


def streamed(x, stop=None):
    center = torch.from_numpy(x[:16].mean(axis=0))
    sums = PowerSums(center, float((x[16] - x[:16].mean(axis=0)).std()), len(x), np.arange(2))
    for number, row in enumerate(x):
        if number == stop:
            again = PowerSums(center, sums._unit, len(x), np.arange(2))
            again.load(sums.arrays())
            sums = again
        sums.add(torch.from_numpy(row))
    return sums.moments()


def test_streamed_moments_equal_two_passes():
    x = draws()
    mean, variance, skewness, kurtosis = two_pass(x)
    found = streamed(x)
    moving = np.arange(D) != 2
    spread = np.sqrt(variance)
    assert np.abs((found.mean - mean)[moving] / spread[moving]).max() < 1e-5
    np.testing.assert_allclose(found.variance[moving], variance[moving], rtol=1e-5)
    np.testing.assert_allclose(found.skewness[moving], skewness[moving], rtol=1e-4)
    np.testing.assert_allclose(found.kurtosis[moving], kurtosis[moving], rtol=1e-4)
    assert found.variance[2] == 0
    assert np.isnan(found.skewness[2])


def test_sums_that_were_kept_and_taken_back_give_the_same_bits():
    x = draws(1)
    for whole, again in zip(streamed(x), streamed(x, stop=320), strict=True):
        np.testing.assert_array_equal(whole, again)


def test_a_trace_holds_the_chosen_coordinates_in_the_order_of_the_draws():
    x = draws(2)
    trace = Trace(np.array([1, 5]), N)
    for row in x[:40]:
        trace.add(torch.from_numpy(row))
    other = Trace(np.array([1, 5]), N)
    other.load(trace.arrays())
    for each in (trace, other):
        for row in x[40:60]:
            each.add(torch.from_numpy(row))
    np.testing.assert_array_equal(trace.values[:60], x[:60, [1, 5]])
    np.testing.assert_array_equal(other.values[:60], x[:60, [1, 5]])
    assert other.n == pytest.approx(60)
