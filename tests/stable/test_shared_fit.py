"""Joint fits of several samples: the maximum, its standard errors, and the test whether parameters are shared."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize

from gnicli.errors import NumericalError, UsageError
from gnicli.stable import StableLaw, fit, fit_shared


def draws(laws, sizes, seed):
    rng = np.random.default_rng(seed)
    return [law.rvs(n, rng) for law, n in zip(laws, sizes, strict=True)]


def laws(alpha, beta, name="S1"):
    return [StableLaw(alpha, beta, loc, scale, name) for loc, scale in ((0.0, 1.0), (5.0, 0.01), (-3.0, 40.0))]


@pytest.mark.parametrize(
    ("alpha", "beta", "name"), [(1.5, 0.5, "S1"), (0.7, -0.4, "S0"), (0.7, 0.6, "S1"), (1.2, -0.8, "S0")]
)
def test_it_finds_the_shared_law_and_the_maximum(alpha, beta, name):
    truth = laws(alpha, beta, name)
    x = draws(truth, (800, 300, 1500), 1)
    found = fit_shared(x, name)
    assert found.converged
    for law, own, stderr in zip(truth, found.laws, found.stderrs, strict=True):
        for k, parameter in enumerate(("alpha", "beta", "loc", "scale")):
            assert abs(getattr(own, parameter) - getattr(law, parameter)) < 4.0 * stderr[k], parameter
    assert len({(law.alpha, law.beta) for law in found.laws}) == 1
    total = sum(law.logpdf(each).sum() for law, each in zip(found.laws, x, strict=True))
    assert found.log_likelihood == pytest.approx(total, abs=1e-6)

    def loss(q):  # what is left for each sample alone is what fits with alpha and beta held find
        if not (0.3 < q[0] < 1.99 and abs(q[1]) < 0.999):
            return math.inf
        return -sum(fit(each, name, {"alpha": q[0], "beta": q[1]}).log_likelihood for each in x)

    start = [found.alpha + 0.02, found.laws[0].beta - 0.03]
    best = minimize(loss, start, method="Nelder-Mead", options={"maxfev": 40, "xatol": 1e-3, "fatol": 1e-4})
    assert found.log_likelihood > -best.fun - 1e-3
    assert abs(found.alpha - best.x[0]) < 0.1 * found.alpha_stderr


def test_standard_errors_are_those_of_the_observed_information():
    x = draws(laws(1.4, 0.3)[:2], (400, 700), 2)
    found = fit_shared(x)
    center = np.array([found.alpha, found.laws[0].beta, *(v for law in found.laws for v in (law.loc, law.scale))])
    h = 1e-3 * np.array([1.0, 1.0, *(law.scale for law in found.laws for _ in range(2))])

    def value(q):
        return sum(StableLaw(q[0], q[1], *q[2 + 2 * k : 4 + 2 * k]).logpdf(each).sum() for k, each in enumerate(x))

    hessian = np.empty((6, 6))
    for i in range(6):
        for j in range(i + 1):
            a, b = h * np.eye(6)[i], h * np.eye(6)[j]
            corners = [value(center + s * a + t * b) for s in (1, -1) for t in (1, -1)]
            hessian[i, j] = hessian[j, i] = (corners[0] - corners[1] - corners[2] + corners[3]) / (4.0 * h[i] * h[j])
    expected = np.sqrt(np.linalg.inv(-hessian).diagonal())
    np.testing.assert_allclose(found.stderrs[0], expected[:4], rtol=0.02)
    np.testing.assert_allclose(found.stderrs[1, 2:], expected[4:], rtol=0.02)


def test_alpha_alone_may_be_shared():
    truth = [StableLaw(1.3, 0.8, 0.0, 1.0), StableLaw(1.3, -0.6, 1.0, 3.0)]
    x = draws(truth, (900, 900), 3)
    found, both = fit_shared(x, shared=["alpha"]), fit_shared(x)
    assert found.laws[0].alpha == found.laws[1].alpha
    assert found.laws[0].beta > 0.5 > -0.3 > found.laws[1].beta
    assert (found.degrees, both.degrees) == (1, 2)
    assert both.log_likelihood < found.log_likelihood <= sum(each.log_likelihood for each in found.separate) + 1e-4
    assert found.p > 1e-3
    assert both.p < 1e-6


def test_p_values_of_equal_laws_are_uniform_and_those_of_others_small():
    rng = np.random.default_rng(4)
    p = np.sort([fit_shared([law.rvs(400, rng) for law in laws(1.4, 0.2)]).p for _ in range(40)])
    assert np.isfinite(p).all()
    # Kolmogorov and Smirnov's distance at 0.1 % for 40 values is .30
    assert max((np.arange(1, 41) / 40 - p).max(), (p - np.arange(40) / 40).max()) < 0.30
    apart = fit_shared([StableLaw(1.2, 0.0).rvs(1000, rng), StableLaw(1.7, 0.0).rvs(1000, rng)])
    assert apart.p < 1e-9


def test_normal_samples_share_alpha_2():
    rng = np.random.default_rng(5)
    found = fit_shared([rng.normal(size=300), rng.normal(4.0, 9.0, 300)])
    assert found.alpha == 2.0
    assert found.laws[1].beta == 0.0
    assert math.isnan(found.alpha_stderr)
    assert math.isnan(found.p)
    assert found.laws[1].loc == pytest.approx(4.0, abs=4 * 9.0 / math.sqrt(300))


def test_units_do_not_count():
    x = draws(laws(1.5, 0.5)[:2], (300, 300), 6)
    base, moved = fit_shared(x), fit_shared([1e-8 * (x[0] - 7.0), 1e5 * x[1]])
    assert moved.alpha == pytest.approx(base.alpha, abs=1e-3 * base.alpha_stderr)
    assert moved.ratio == pytest.approx(base.ratio, abs=1e-3)


def test_wrong_arguments():
    x = np.random.default_rng(7).normal(size=100)
    with pytest.raises(UsageError, match="two samples or more, got 1"):
        fit_shared([x])
    for wrong in (["loc"], [], ["alpha", "scale"]):
        with pytest.raises(UsageError, match="shared must name alpha, beta or both"):
            fit_shared([x, x], shared=wrong)
    with pytest.raises(NumericalError, match="sample 1: 20 samples"):
        fit_shared([x, x[:20]])
