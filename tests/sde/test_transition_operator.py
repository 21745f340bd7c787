"""The splitting chain's own stationary law, without sampling: the oracle of its weak order and of the simulation."""

import math

import numpy as np
import pytest

from gnicli.potential.double_well import DoubleWell
from gnicli.potential.quartic import Quartic
from gnicli.sde import distances, loop
from gnicli.sde.drift.fractional import FractionalForce
from gnicli.sde.drift.fractional_flow import FractionalDrift
from gnicli.sde.drift.gradient import GradientDrift
from gnicli.sde.increments import Increments
from gnicli.sde.laws.gibbs import GibbsLaw
from gnicli.sde.laws.stationary import stationary_law
from gnicli.sde.laws.transition import FAR, TransitionLaw, drift_errors
from gnicli.sde.levy_noise import LevyNoise
from gnicli.sde.loop import Plan
from gnicli.sde.scheme import build
from gnicli.sde.sinks.histogram import Histogram


class Operator(TransitionLaw):
    """With the distribution function of the quartic's position after a share of the flow."""

    def __init__(self, alpha, beta, eta):
        super().__init__(Quartic().flow, LevyNoise(alpha, beta), eta)

    def cdf(self, x, share):
        """Of the position after the share of the flow: P(u <= Φ_{-share·η}(x)), smoothed once more by the kernel."""
        below = 1 - 2 * share * self.eta * x**2
        back = np.where(below > 0, x / np.sqrt(np.maximum(below, 1e-300)), np.sign(x) * FAR)
        return self.law.cdf(back[:, None] - self.landed[None, :]) @ (self.weights * self.density)

    def spread(self, x, phases):
        return np.mean([self.cdf(x, (i + 0.5) / phases) for i in range(phases)], axis=0)


X = np.linspace(-3, 3, 25)


@pytest.mark.parametrize(("alpha", "beta"), [(1.5, 0.5), (1.3, -0.7)])
def test_weak_order_is_two_wherever_the_flow_is_recorded(alpha, beta):
    exact = stationary_law(Quartic(), LevyNoise(alpha, beta)).cdf(X)
    operators = [Operator(alpha, beta, eta) for eta in (0.1, 0.05)]
    for phases in (1, 16):
        coarse, fine = (np.abs(operator.spread(X, phases) - exact).max() for operator in operators)
        assert math.log2(coarse / fine) == pytest.approx(2, abs=0.05)


def test_simulation_has_the_law_of_its_operator():
    """At a step so large that the exact law is far away: the code simulates its scheme and nothing else."""
    alpha, beta, eta, n = 1.5, 0.5, 0.3, 4096
    operator = Operator(alpha, beta, eta)
    for phases in (1, 4):
        histogram = Histogram(-3.0, 3.0, 24, n)
        stepper = build("strang", GradientDrift(Quartic(), phases))
        plan = Plan(800, n, eta, seed=5, burn_in=100)
        loop.run(stepper, Increments(LevyNoise(alpha, beta)), plan, 0.0, [histogram])
        found, se = histogram.cdf()
        wanted = operator.spread(histogram.edges, phases)
        assert (np.abs(found - wanted) < 4.5 * se + 1e-6).all()
        away = np.abs(wanted - stationary_law(Quartic(), LevyNoise(alpha, beta)).cdf(histogram.edges)).max()
        assert away > 20 * se.max()
    assert math.isclose((operator.weights * operator.density).sum(), 1)


FUNCTIONS = {"w": lambda w: w, "square": np.square, "cos": np.cos}


def test_strang_with_the_fractional_drift_tends_to_gibbs_with_less_than_order_two():
    """The errors of w, of w⁴ and of the distribution function inside; the slopes are 1.51, 1.48 and 1.55."""
    noise = LevyNoise(1.5, 0.5)
    gibbs, drift = GibbsLaw(DoubleWell(), noise), FractionalDrift(FractionalForce(DoubleWell(), noise))
    fourth = distances.expectation(gibbs, lambda w: w**4, -1e6, 1e6)
    inside, fine = np.linspace(-1, 1, 9), np.linspace(-2.6, 2.6, 100_001)
    errors = []
    for eta in (0.16, 0.08):
        law = TransitionLaw(drift.flow, noise, eta, core=4.0)  # the drift leaves nothing farther out than 3
        back = np.interp(inside, drift.flow(fine, eta / 2), fine)
        cdf = law.law.cdf(back[:, None] - law.landed[None, :]) @ (law.weights * law.density)
        far = law.mean(lambda w: w), law.mean(lambda w: w**4) - fourth
        errors.append(np.abs([*far, np.abs(cdf - gibbs.cdf(inside)).max()]))
    slopes = np.log2(errors[0] / errors[1])
    assert slopes == pytest.approx([1.51, 1.48, 1.55], abs=0.03)
    assert errors[1][0] < 2.5e-3


def test_implicit_has_weak_order_one():
    """By the transition operator with the implicit solve in the place of the flow, for bounded functions."""
    noise, step = LevyNoise(1.5, 0.5), build("implicit", GradientDrift(DoubleWell()))
    functions = (np.tanh, lambda w: np.tanh(2 * w + 1), lambda w: np.exp(-(w**2)))
    x = np.sinh(np.linspace(-9, 9, 20_001))
    density = stationary_law(DoubleWell(), noise).pdf(x)
    errors = []
    for eta in (0.2, 0.1, 0.05):
        law = TransitionLaw(step.after, noise, eta)
        means = [float((law.weights * law.density) @ g(law.landed)) for g in functions]
        errors.append(max(abs(m - np.trapezoid(g(x) * density, x)) for m, g in zip(means, functions, strict=True)))
    slopes = np.log2(np.array(errors[:-1]) / errors[1:])
    # The next order's share is .14 and .10: it falls with the step, so the limit is 1.
    assert np.abs(slopes - 1).max() < 0.16
    assert abs(slopes[1] - 1) < abs(slopes[0] - 1)


@pytest.mark.parametrize("order", [1, 2])
def test_the_sums_have_their_orders_in_the_law(order):
    """Theorem 4.2 and its improvement, |ν_h(g) − ν(g)| ~ h and h²; steps of .12, which leave the slopes alone."""
    errors = [
        drift_errors(FractionalForce(DoubleWell(), LevyNoise(1.5, 0.5), h, round(20 / h), order), FUNCTIONS, 0.12)
        for h in (0.1, 0.05)
    ]
    for name in FUNCTIONS:
        assert math.log2(errors[0][name].shift / errors[1][name].shift) == pytest.approx(order, abs=0.1), name


@pytest.mark.slow
@pytest.mark.parametrize(("alpha", "beta"), [(1.3, -0.6), (1.7, 0.8)])
def test_the_step_of_the_comparison_does_not_matter(alpha, beta):
    force = FractionalForce(DoubleWell(), LevyNoise(alpha, beta), 0.1, 200, 2)
    coarse, fine = (drift_errors(force, FUNCTIONS, eta) for eta in (0.04, 0.02))
    for name in FUNCTIONS:
        assert coarse[name].shift == pytest.approx(fine[name].shift, rel=0.05), name
