"""Derivatives of log pdf: closed forms, differences, and what integrates to zero; on arrays and on tensors."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from gnicli.errors import UsageError
from gnicli.stable import StableLaw, fit, regress
from gnicli.stable.density import derivatives
from gnicli.stable.tensors import Stable, logpdf

NAMES = ("x", "alpha", "beta", "loc", "scale")


def laws(n, seed):
    rng = np.random.default_rng(seed)
    pairs = [(1.0, 0.4), (1.0, 0.0), (1.00001, -0.6), (0.55, 0.9), (1.97, -0.5)]
    pairs += zip(rng.uniform(0.52, 1.95, n), rng.uniform(-0.97, 0.97, n), strict=True)
    # in S1 no difference is small next to alpha = 1, where the location is that of the samples plus 1 / (alpha − 1)
    kinds = [(a, b, name) for a, b in pairs for name in ("S0", "S1") if name == "S0" or not 0.0 < abs(a - 1.0) < 0.01]
    return [(a, b, rng.normal(), math.exp(0.5 * rng.normal()), name) for a, b, name in kinds]


def difference(function, at, step):
    """A derivative by five points, fourth order."""
    return (8.0 * (function(at + step) - function(at - step)) - (function(at + 2 * step) - function(at - 2 * step))) / (
        12.0 * step
    )


@pytest.mark.parametrize("law", laws(10, 1), ids=str)
def test_against_differences(law):
    alpha, beta, loc, scale, name = law
    rng = np.random.default_rng(2)
    y = np.concatenate([rng.standard_cauchy(12) * 2.0, [30.0, -40.0, 1e4, -1e4]])
    x = StableLaw(alpha, beta, loc, scale, name).to("S0").loc + scale * y
    found = StableLaw(*law).logpdf_derivatives(x)
    # the density is good to 1e-11: a step of 1e-3 leaves 1e-8 of its errors, and less of the fifth derivative
    small = 1e-3 * scale
    steps = {"x": small * np.hypot(1.0, y), "alpha": 4e-4, "beta": 1e-3, "loc": small, "scale": small}
    for k, key in enumerate(NAMES):
        if name == "S1" and key == "alpha" and abs(alpha - 1.0) < 0.1:
            continue  # the location jumps there

        def moved(value, k=k):
            if k == 0:
                return StableLaw(alpha, beta, loc, scale, name).logpdf(value)
            values = [alpha, beta, loc, scale]
            values[k - 1] = value
            return StableLaw(*values, name).logpdf(x)

        at = x if k == 0 else law[k - 1]
        slope = difference(moved, at, steps[key])
        size = np.abs(slope).max() if key in ("loc", "scale", "alpha", "beta") else np.abs(slope)
        assert np.abs(found[k] - slope).max() < 1e-5 * np.max(size) + 1e-7, key


def test_closed_forms():
    x = np.array([-7.0, -1.0, 0.0, 0.4, 3.0, 20.0])
    normal = StableLaw(2.0, 0.3, 1.0, 1.5).logpdf_derivatives(x)
    np.testing.assert_allclose(normal.x, -(x - 1.0) / 4.5, atol=1e-9)
    np.testing.assert_allclose(normal.scale, -1 / 1.5 + (x - 1.0) ** 2 / (2 * 1.5**3), rtol=1e-9)
    assert (normal.beta == 0.0).all()
    cauchy = StableLaw(1.0, 0.0, 1.0, 1.5).logpdf_derivatives(x)
    square = 1.5**2 + (x - 1.0) ** 2
    np.testing.assert_allclose(cauchy.loc, 2 * (x - 1.0) / square, atol=1e-9)
    np.testing.assert_allclose(cauchy.scale, 1 / 1.5 - 2 * 1.5 / square, atol=1e-9)
    z = np.array([0.05, 0.3, 1.0, 40.0])
    levy = StableLaw(0.5, 1.0).logpdf_derivatives(z)
    np.testing.assert_allclose(levy.x, 0.5 / z**2 - 1.5 / z, rtol=1e-8)
    assert np.isnan(StableLaw(0.5, 1.0).score([-1.0, -2.0])).all()


def test_at_the_normal_law_alpha_has_the_slope_from_inside():
    """(log f(2 − h) − log f(2)) / −h, extrapolated to h = 0; beta enters at first order."""
    x = np.array([-4.0, -1.0, 0.2, 2.0, 4.5])
    for beta in (0.0, 0.6, -0.9):
        base = StableLaw(2.0, beta, parameterization="S0").logpdf(x)

        def quotient(h, beta=beta, base=base):
            return (StableLaw(2.0 - h, beta, parameterization="S0").logpdf(x) - base) / -h

        limit = (quotient(4e-5) - 6 * quotient(2e-5) + 8 * quotient(1e-5)) / 3
        np.testing.assert_allclose(StableLaw(2.0, beta, parameterization="S0").logpdf_derivatives(x).alpha, limit, 3e-5)


def test_the_score_far_out_is_that_of_the_power():
    for alpha, beta in ((0.6, -0.4), (1.4, 0.9)):
        law = StableLaw(alpha, beta, 2.0, 3.0)
        for x in (1e12, -1e12, 1e25, -1e300):
            found = law.logpdf_derivatives(x)
            assert found.x * x == pytest.approx(-(alpha + 1.0), rel=1e-6)
            assert found.beta == pytest.approx(math.copysign(1.0, x) / (1.0 + math.copysign(beta, x * beta)), rel=1e-6)
            assert found.scale == pytest.approx(alpha / 3.0, rel=1e-6)


@pytest.mark.parametrize("law", [(1.5, 0.5, 1.0, 2.0, "S1"), (0.7, -0.6, 0.0, 1.0, "S0"), (1.0, 0.5, 0.0, 2.0, "S1")])
def test_the_derivatives_have_mean_zero(law):
    """∫ f ∂ log f = ∂ ∫ f = 0, in probabilities q = e^−v from either end, which leaves no tail out."""
    stable = StableLaw(*law)
    node, weight = np.polynomial.legendre.leggauss(20)
    panel = np.arange(math.log(2.0), 36.0, 0.25)
    v = (panel[:, None] + 0.125 * (node + 1.0)).ravel()
    share = np.tile(0.125 * weight, panel.size) * np.exp(-v)
    total = [
        share @ low + share @ high
        for low, high in zip(
            stable.logpdf_derivatives(stable.ppf(np.exp(-v))),
            stable.logpdf_derivatives(stable.isf(np.exp(-v))),
            strict=True,
        )
    ]
    for name, each in zip(NAMES, total, strict=True):
        if name == "alpha" and law[0] == 1.0:
            assert math.isnan(each)
        else:
            assert abs(each) < 1e-7, name


@pytest.mark.parametrize(("alpha", "beta"), [(1.4, 0.6), (0.6, -0.95), (0.8, 1.0), (1.0, -1.0), (1.9, 0.2)])
def test_many_points_are_interpolated_as_exactly(alpha, beta):
    rng = np.random.default_rng(3)
    y = np.concatenate([rng.standard_cauchy(1990) * 3.0, np.sinh(rng.uniform(-47, 47, 300))])
    together = np.stack(derivatives.standard(alpha, beta, y))
    some = rng.choice(y.size, 250, replace=False)
    alone = derivatives.exact(alpha, beta, y[some])
    near = np.isfinite(alone).all(axis=0)
    np.testing.assert_array_equal(near, np.isfinite(together[:, some]).all(axis=0))
    assert near.sum() > 100
    gap = np.abs(together[:, some][:, near] - alone[:, near]) / np.maximum(1.0, np.abs(alone[:, near]))
    gap[0] /= np.maximum(1e-300, np.abs(alone[0, near])) / np.maximum(1.0, np.abs(alone[0, near])) + 1e-3
    assert gap.max() < 1e-6


def test_arrays_of_parameters():
    many = StableLaw([[1.3], [0.8]], 0.4, [0.0, 1.0, 2.0], [1.0, 2.0, 3.0])
    found = many.logpdf_derivatives(0.7)
    for i, alpha in enumerate((1.3, 0.8)):
        for j in range(3):
            one = StableLaw(alpha, 0.4, float(j), j + 1.0).logpdf_derivatives(0.7)
            np.testing.assert_allclose([each[i, j] for each in found], one, rtol=1e-12)
    assert many.score(np.zeros((4, 1, 1))).shape == (4, 2, 3)
    assert isinstance(StableLaw(1.3, 0.4).score(0.3), float)


# -------------------------------------------------------------------------------------------------------------- tensors


def tensor(*values):
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize("name", ["S0", "S1"])
@pytest.mark.parametrize(("alpha", "beta"), [(1.4, -0.5), (0.7, 0.6), (1.85, 0.9)])
def test_gradcheck(alpha, beta, name):
    arguments = tensor(-3.0, 0.2, 5.0), tensor(alpha), tensor(beta), tensor(0.3), tensor(1.7)
    assert torch.autograd.gradcheck(lambda *each: logpdf(*each, name), arguments, eps=1e-5, atol=1e-5)
    many = tensor(0.3, -2.0), tensor(alpha, 1.3), tensor(beta, 0.1), tensor(0.0, 1.0), tensor(0.5, 2.0)
    assert torch.autograd.gradcheck(lambda *each: logpdf(*each, name), many, eps=1e-5, atol=1e-5)


def test_gradcheck_at_alpha_one_in_s0():
    arguments = tensor(-3.0, 0.2, 5.0), tensor(1.0), tensor(0.6), tensor(0.3), tensor(1.7)
    assert torch.autograd.gradcheck(lambda *each: logpdf(*each, "S0"), arguments, eps=1e-5, atol=1e-5)


def test_values_types_and_shapes():
    law = StableLaw(1.3, 0.4, 1.0, 2.0)
    x = torch.linspace(-5.0, 5.0, 7, dtype=torch.float64)
    np.testing.assert_array_equal(logpdf(x, 1.3, 0.4, 1.0, 2.0).numpy(), law.logpdf(x.numpy()))
    single = logpdf(x.float(), 1.3, 0.4, 1.0, 2.0)
    assert single.dtype == torch.float32
    assert logpdf(x[:, None], tensor(1.2, 1.5), 0.0).shape == (7, 2)
    only = tensor(0.5)
    logpdf(x, 1.3, only).sum().backward()
    assert only.grad is not None
    with pytest.raises(UsageError):
        logpdf(x, 2.5, 0.0)
    with pytest.raises(UsageError, match="floating-point"):
        logpdf(torch.arange(3), 1.5, 0.0)


@pytest.mark.parametrize("name", ["S0", "S1"])
@pytest.mark.parametrize(("alpha", "beta"), [(1.0, 0.7), (1.0, 0.0), (0.6, -0.8), (1.6, 0.9), (2.0, 0.0), (0.8, 1.0)])
def test_draws_follow_the_law(alpha, beta, name):
    torch.manual_seed(4)
    law = Stable(torch.tensor(alpha, dtype=torch.float64), beta, 1.0, 2.0, name)
    x = law.sample((20_000,)).numpy()
    assert stats.kstest(StableLaw(alpha, beta, 1.0, 2.0, name).cdf(x), "uniform").pvalue > 1e-3
    assert stats.kstest(law.cdf(torch.from_numpy(x)).numpy(), "uniform").pvalue > 1e-3


@pytest.mark.parametrize("alpha", [0.7, 1.0, 1.00001, 1.7])
def test_draws_have_the_gradients_of_their_quantile(alpha):
    """By differences in each parameter at the same random numbers; in S0, where the law is smooth at alpha = 1."""
    values = [alpha, 0.4, 0.3, 1.7]

    def draws(parameters):
        torch.manual_seed(5)
        return Stable(*parameters, "S0").rsample((50,))

    parameters = [tensor(value).squeeze() for value in values]
    at = draws(parameters)
    for k in range(4):
        step = 1e-6
        slopes = torch.stack([torch.autograd.grad(each, parameters[k], retain_graph=True)[0] for each in at])
        moved = []
        for sign in (1.0, -1.0):
            shifted = [value + sign * step * (i == k) for i, value in enumerate(values)]
            moved.append(draws([torch.tensor(value, dtype=torch.float64) for value in shifted]))
        expected = (moved[0] - moved[1]) / (2 * step)
        np.testing.assert_allclose(slopes.numpy(), expected.numpy(), rtol=1e-4, atol=1e-5)


def test_a_distribution_of_torch():
    law = Stable(tensor(1.2, 1.8), 0.5)
    assert law.batch_shape == (2,)
    assert law.expand((3, 2)).rsample((4,)).shape == (4, 3, 2)
    law.log_prob(torch.zeros(2, dtype=torch.float64)).sum().backward()
    with pytest.raises(ValueError, match="alpha"):
        Stable(torch.tensor(2.5), 0.0)
    with pytest.raises(UsageError):
        Stable(torch.tensor(1.5), 0.0, parameterization="S2")


def test_a_regression_by_gradient_steps():
    """y = a + b z with stable noise by Adam: the maximum that the fit of the residuals has at that line."""
    rng = np.random.default_rng(6)
    z = rng.normal(size=150)
    y = 1.0 - 2.0 * z + StableLaw(1.6, 0.5, 0.0, 0.7, "S0").rvs(150, rng)
    z, y = torch.from_numpy(z), torch.from_numpy(y)
    raw = torch.tensor([0.0, 0.0, 0.0, 0.0, 0.0], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([raw], lr=0.1)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 150, 1e-3)
    for _ in range(150):
        optimizer.zero_grad()
        alpha, beta = 0.5 + 1.5 * torch.sigmoid(raw[2]), torch.tanh(raw[3])
        loss = -logpdf(y - raw[0] - raw[1] * z, alpha, beta, 0.0, torch.exp(raw[4]), "S0").sum()
        loss.backward()
        optimizer.step()
        schedule.step()
    found = fit((y - raw[1].detach() * z).numpy(), "S0")
    assert found.log_likelihood == pytest.approx(-loss.item(), abs=1e-2)
    assert alpha.item() == pytest.approx(found.alpha, abs=0.01)
    assert raw[0].item() == pytest.approx(found.loc, abs=0.01)
    assert abs(raw[1].item() + 2.0) < 4.0 * found.loc_stderr  # the design has variance 1, so both errors are alike
    assert raw.grad.abs().max() < 1.0


def test_a_bayesian_regression_by_gradient_steps():
    """The posterior of y = a + b z with stable noise, by a normal law that 200 steps of Adam fit to it.

    Its draws, weighted by posterior / normal law, are worth half of as many or so: they would be worth a few, were it
    another law. The posterior's means and spreads are those of the weighted draws, and where the prior is wide those of
    the likelihood, by `regress`.
    """
    rng, n = np.random.default_rng(6), 120
    z = rng.normal(size=n)
    y = 1.0 - 2.0 * z + StableLaw(1.6, 0.5, 0.0, 0.7, "S0").rvs(n, rng)
    at, response = torch.from_numpy(z), torch.from_numpy(y)
    wide = torch.tensor([10.0, 10.0, 1.5, 1.5, 1.5], dtype=torch.float64)  # of the normal prior

    def log_posterior(w):  # rows of a, b and what has all real values for alpha, beta, scale
        a, b, shape, skew, log_scale = w.T[..., None]
        alpha, beta = 0.5 + 1.5 * torch.sigmoid(shape), torch.tanh(skew)
        likely = logpdf(response - a - b * at, alpha, beta, 0.0, torch.exp(log_scale), "S0").sum(1)
        return likely - 0.5 * ((w / wide) ** 2).sum(1)

    torch.manual_seed(0)
    mean = torch.zeros(5, dtype=torch.float64, requires_grad=True)
    lower = (-2.0 * torch.eye(5, dtype=torch.float64)).requires_grad_()  # the diagonal of the factor by its logarithm
    optimizer = torch.optim.Adam([mean, lower], lr=0.05)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 200, 1e-3)

    def factor():
        return torch.tril(lower, -1) + torch.diag(torch.exp(lower.diagonal()))

    for _ in range(200):
        optimizer.zero_grad()
        e = torch.randn(1, 5, dtype=torch.float64)
        loss = -log_posterior(mean + torch.cat([e, -e]) @ factor().T).mean() - lower.diagonal().sum()
        loss.backward()
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        e = torch.randn(150, 5, dtype=torch.float64)
        draws, spread = mean + e @ factor().T, (factor() @ factor().T).diagonal().sqrt()
        weights = torch.softmax(log_posterior(draws) + 0.5 * (e * e).sum(1), 0)
        worth = float(1.0 / (weights * weights).sum()) / 150.0
        middle = weights @ draws
        around = (weights @ (draws - middle) ** 2).sqrt()
    assert worth > 0.3
    assert ((mean - middle).abs() < 0.5 * spread).all()
    assert ((around / spread - 1.0).abs() < 0.4).all()
    likely = regress(z[:, None], y)
    for k, truth in enumerate((1.0, -2.0)):
        assert abs(float(middle[k]) - truth) < 4.0 * float(spread[k])
        assert float(middle[k]) == pytest.approx(likely.coef[k], abs=0.5 * float(spread[k]))
        assert float(spread[k]) == pytest.approx(likely.coef_stderr[k], rel=0.4)
