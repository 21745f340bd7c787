"""Skewness and excess kurtosis against SciPy and closed forms, from raw moments and from values."""

import numpy as np
import pytest
from scipy import stats

from gnicli.contracts.observer import arrays_of, joined_arrays
from gnicli.gradients.layer_noise import standardized_shape
from gnicli.measure import skewness


@pytest.mark.parametrize("shape", [0.5, 2.0, 9.0])
def test_raw_moments_of_a_gamma_law(shape):
    """Skewness 2/√k and excess kurtosis 6/k, from E x^m = k (k + 1) … (k + m − 1)."""
    raw = [float(np.prod(shape + np.arange(order))) for order in (1, 2, 3, 4)]
    variance, third, fourth = skewness.central(*raw)
    assert variance == pytest.approx(shape)
    assert skewness.standardized(variance, third, fourth) == pytest.approx((2 / shape**0.5, 6 / shape))


def test_values_and_their_raw_moments_agree_with_scipy():
    x = np.random.default_rng(1).gamma(2.0, size=(400, 3)) * [1.0, -2.0, 5.0]
    raw = np.array([(x**power).mean(axis=0) for power in (1, 2, 3, 4)])
    expected = stats.skew(x), stats.kurtosis(x)
    found = skewness.standardized(*skewness.central(*raw))
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    np.testing.assert_allclose(standardized_shape((x - x.mean(axis=0)) / x.std(axis=0)), expected, rtol=1e-12)


def test_parts_get_back_their_own_arrays():
    """Names that begin alike, and parts of parts, are kept apart."""
    inner = joined_arrays({"sums/1": {"n": np.array(1)}})
    arrays = joined_arrays({"a": inner, "ab": {"n": np.array(2)}}) | {"a": np.array(3)}
    assert arrays_of("sums/1", arrays_of("a", arrays)) == {"n": np.array(1)}
    assert arrays_of("ab", arrays) == {"n": np.array(2)}
    assert arrays_of("b", arrays) == {}
