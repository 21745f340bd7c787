"""Where alpha begins: every function of the package takes it from there on, by one module, and says so below."""

import math
import subprocess
import sys

import numpy as np
import pytest
from scipy import special

from gnicli.errors import UsageError
from gnicli.samples.stable import StableSamples
from gnicli.stable import StableLaw, ecf_fit, fit, quantile_fit
from gnicli.stable.domain import LEAST_FITTED, LEAST_WITH_DENSITY
from gnicli.stable.elliptical import EllipticalStableLaw, fit_elliptical

N = 40_000


def test_the_module_imports_nothing_large():
    code = "import sys, gnicli.stable.domain; print([name for name in ('numpy', 'scipy') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_what_is_below_is_refused_in_one_line():
    below = math.nextafter(LEAST_WITH_DENSITY, 0.0)
    for call in (lambda: StableLaw(below, 0.0).pdf(1.0), lambda: StableSamples(alpha=below)):
        with pytest.raises(UsageError, match=r"\[?0\.1"):
            call()
    below = math.nextafter(LEAST_FITTED, 0.0)
    x = np.random.default_rng(0).standard_cauchy(100)
    for call in (lambda: fit(x, fa=below), lambda: EllipticalStableLaw(below, np.eye(2))):
        with pytest.raises(UsageError, match=r"alpha must be in \[0\.2, 2\]"):
            call()
    assert StableSamples(alpha=LEAST_WITH_DENSITY).alpha == LEAST_WITH_DENSITY
    assert EllipticalStableLaw(LEAST_FITTED, np.eye(2)).alpha == LEAST_FITTED


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("estimator", [quantile_fit, ecf_fit])
def test_estimators_without_a_likelihood_find_small_alphas(estimator, seed):
    rng = np.random.default_rng(seed)
    alpha, beta = float(rng.uniform(0.22, 0.5)), float(rng.uniform(-0.9, 0.9))
    found = estimator(StableLaw(alpha, beta, 1.0, 2e-4, "S0").rvs(N, rng), "S0")
    # the scale is to the power of alpha in the characteristic function: its logarithm is off by more
    assert found.alpha == pytest.approx(alpha, abs=0.04), (alpha, beta)
    assert found.beta == pytest.approx(beta, abs=0.12), (alpha, beta)
    assert abs(math.log(found.scale / 2e-4)) < 0.3, (alpha, beta)


@pytest.mark.parametrize("seed", range(3))
def test_elliptical_laws_of_small_alpha(seed):
    """At the center by the closed form, in one dimension the law itself, from there to three by its score."""
    rng = np.random.default_rng(seed)
    alpha = float(rng.uniform(LEAST_FITTED, 0.5))
    for d in (1, 2, 5, 100):
        center = math.log(2.0 / alpha) + special.gammaln(d / alpha) - special.gammaln(0.5 * d)
        center -= 0.5 * d * math.log(4.0 * math.pi)
        near, far, farther = EllipticalStableLaw(alpha, np.eye(d)).logpdf(
            np.array([[0.0], [1e20], [1e25]]) * np.eye(d)[0]
        )
        assert near == pytest.approx(center, abs=1e-8), (alpha, d)
        if alpha > 0.35:  # below, the power begins farther out
            assert farther - far == pytest.approx(-(alpha + d) * 5.0 * math.log(10.0), rel=1e-6), (alpha, d)
    line, r = StableLaw(alpha, 0.0), np.array([1e-3, 0.3, 1.0, 4.0, 30.0, 1e4])
    one = EllipticalStableLaw(alpha, np.eye(1)).logpdf(r[:, None])
    np.testing.assert_allclose(one, line.logpdf(r), rtol=0, atol=1e-7, err_msg=f"{alpha}")
    three = EllipticalStableLaw(alpha, np.eye(3)).logpdf(r[:, None] * np.eye(3)[0])
    expected = line.logpdf(r) + np.log(line.score(r) / (2.0 * math.pi * r))
    np.testing.assert_allclose(three, expected, rtol=0, atol=1e-7, err_msg=f"{alpha}")


@pytest.mark.slow
def test_an_elliptical_fit_finds_a_small_alpha():
    found = fit_elliptical(EllipticalStableLaw(0.35, [[2.0, 1.0], [1.0, 3.0]]).rvs(600, 0))
    assert abs(found.law.alpha - 0.35) < 4.5 * found.alpha_stderr
