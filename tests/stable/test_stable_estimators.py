"""Estimators without a likelihood: they find the law, and agree with one another and with the fit."""

import math

import numpy as np
import pytest

from gnicli.errors import NumericalError, UsageError
from gnicli.stable import StableLaw, ecf_fit, fit, hill, quantile_fit

CASES = [(0.7, -0.6), (1.0, 0.4), (1.2, 0.8), (1.5, 0.5), (1.8, -0.3)]


@pytest.mark.parametrize(("alpha", "beta"), CASES)
@pytest.mark.parametrize("estimator", [quantile_fit, ecf_fit])
def test_an_estimator_finds_the_law(alpha, beta, estimator):
    law = StableLaw(alpha, beta, 1.0, 2e-4, "S0")
    found = estimator(law.rvs(40_000, np.random.default_rng(2)), "S0")
    # four or five standard errors of the less efficient of the two at this n
    assert found.alpha == pytest.approx(alpha, abs=0.05)
    assert found.beta == pytest.approx(beta, abs=0.12)
    assert found.scale == pytest.approx(2e-4, rel=0.04)
    assert found.loc == pytest.approx(1.0, abs=0.12 * 2e-4)
    same = estimator(law.rvs(40_000, np.random.default_rng(2)), "S1")
    assert same.to("S0").loc == pytest.approx(found.loc, abs=1e-9)


@pytest.mark.parametrize(("alpha", "beta"), CASES)
def test_estimators_agree(alpha, beta):
    """On the same sample each pair of the three: their errors are those of one sample, in part the same."""
    x = StableLaw(alpha, beta, 1.0, 2e-4, "S0").rvs(40_000, np.random.default_rng(5))
    found = {"quantiles": quantile_fit(x, "S0"), "ecf": ecf_fit(x, "S0"), "likelihood": fit(x, "S0").law}
    for one in found:
        for other in found:
            a, b = found[one], found[other]
            # the same limits as against the truth: four or five standard errors of the less efficient of two
            assert a.alpha == pytest.approx(b.alpha, abs=0.05), (one, other)
            assert a.beta == pytest.approx(b.beta, abs=0.12), (one, other)
            assert a.scale == pytest.approx(b.scale, rel=0.04), (one, other)
            assert a.loc == pytest.approx(b.loc, abs=0.12 * 2e-4), (one, other)


def test_hill_measures_the_power_of_a_tail():
    rng = np.random.default_rng(4)
    size = rng.random(100_000) ** (-1.0 / 3.0)
    x = np.concatenate([size, [0.0], -size])  # median 0, distance from it Pareto with exponent 3
    found = hill(x, 2000)
    assert found.n_tail == 2000
    assert abs(found.alpha - 3.0) < 5 * found.stderr
    assert found.stderr == pytest.approx(found.alpha / math.sqrt(2000))
    assert abs(hill(StableLaw(1.2, 0.5).rvs(100_000, rng=np.random.default_rng(6))).alpha - 1.2) < 0.3
    with pytest.raises(UsageError):
        hill(x, 0)
    with pytest.raises(NumericalError, match="median"):
        hill(np.r_[np.zeros(95), np.arange(5.0)], 50)
