"""Student's interval of a mean is SciPy's, for one mean and for many."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gnicli.intervals import half_width


@given(st.integers(2, 10_000), st.floats(1e-6, 1e6), st.floats(1e-4, 0.49))
def test_a_bound_is_that_of_scipy(n, stderr, tail):
    low, high = stats.t.interval(1 - 2 * tail, n - 1, 0.0, stderr)
    assert half_width(stderr, n, tail) == pytest.approx(high, rel=1e-9)
    assert half_width(stderr, n, tail) == pytest.approx(-low, rel=1e-9)


def test_many_means_have_the_bounds_of_each():
    stderr, n = np.array([[0.5], [2.0]]), np.array([2, 5, 40])
    each = [[half_width(s, k) for k in n.tolist()] for s in stderr[:, 0].tolist()]
    assert half_width(stderr, n) == pytest.approx(np.array(each))
    assert (np.diff(half_width(stderr, n)) < 0).all()
