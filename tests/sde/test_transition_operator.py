"""The splitting chain's own stationary law, without sampling: the oracle of its weak order and of the simulation."""

import math

import numpy as np
import pytest

from gnicli.potential.quartic import Quartic
from gnicli.sde import simulate, sinks, stationary
from gnicli.sde.drift import GradientDrift
from gnicli.sde.noise import Increments
from gnicli.sde.scheme import build
from gnicli.sde.simulate import Plan
from gnicli.stable import StableLaw

FAR = 1e7


class Operator:
    """u ↦ Φ_η(u) + ΔL on the positions u just after the noise, as a matrix between Gauss-Legendre nodes.

    What lies beyond ±FAR is cut off: less than 1e-8 of the mass.
    """

    def __init__(self, potential, alpha, beta, eta):
        self.potential, self.eta = potential, eta
        self.law = StableLaw(alpha, beta, 0.0, eta ** (1 / alpha))
        width = 0.6 * eta ** (1 / alpha)
        core = np.arange(0, 8 + width, width)
        out = np.geomspace(core[-1], FAR, 80)
        edges = np.concatenate([-out[::-1], -core[-2:0:-1], core, out[1:]])
        t, weights = np.polynomial.legendre.leggauss(6)
        self.u = (edges[:-1, None] + np.diff(edges)[:, None] * (t + 1) / 2).ravel()
        self.weights = (np.diff(edges)[:, None] * weights / 2).ravel()
        self.landed = potential.flow(self.u, eta)
        kernel = self.law.pdf(self.u[:, None] - self.landed[None, :]) * self.weights
        # (K − 1) h = 0 with ∫ h = 1 in place of one equation.
        system = kernel - np.eye(len(self.u))
        middle = len(self.u) // 2
        system[middle] = self.weights
        right = np.zeros(len(self.u))
        right[middle] = 1
        self.density = np.linalg.solve(system, right)

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
    exact = stationary.exact(Quartic(), alpha, beta).cdf(X)
    operators = [Operator(Quartic(), alpha, beta, eta) for eta in (0.1, 0.05)]
    for phases in (1, 16):
        coarse, fine = (np.abs(operator.spread(X, phases) - exact).max() for operator in operators)
        assert math.log2(coarse / fine) == pytest.approx(2, abs=0.05)


def test_simulation_has_the_law_of_its_operator():
    """At a step so large that the exact law is far away: the code simulates its scheme and nothing else."""
    alpha, beta, eta, n = 1.5, 0.5, 0.3, 4096
    operator = Operator(Quartic(), alpha, beta, eta)
    for phases in (1, 4):
        histogram = sinks.Histogram(-3.0, 3.0, 24, n)
        stepper = build("strang", GradientDrift(Quartic(), phases))
        plan = Plan(800, n, eta, seed=5, burn_in=100)
        simulate.simulate(stepper, Increments(alpha, beta, 1.0), plan, 0.0, [histogram])
        found, se = histogram.cdf()
        wanted = operator.spread(histogram.edges, phases)
        assert (np.abs(found - wanted) < 4.5 * se + 1e-6).all()
        away = np.abs(wanted - stationary.exact(Quartic(), alpha, beta).cdf(histogram.edges)).max()
        assert away > 20 * se.max()
    assert math.isclose((operator.weights * operator.density).sum(), 1)
