"""The bound of Theorem 4.2 with its constants: each of its parts by itself, and what it bounds."""

import math

import numpy as np
import pytest
from scipy import special

from gnicli.errors import UsageError
from gnicli.potential.double_well import DoubleWell
from gnicli.potential.polynomial import Polynomial
from gnicli.potential.quadratic import Quadratic
from gnicli.sde.drift.fractional import FractionalForce
from gnicli.sde.laws import drift_bound, transition
from gnicli.sde.laws.transition import TransitionLaw, drift_errors
from gnicli.sde.levy_noise import LevyNoise


def random_force(rng, h, reach=14.0):
    potential = rng.choice([DoubleWell(), Polynomial(terms=[0.0, *rng.uniform(-0.4, 0.4, 3), 0.25])])
    noise = LevyNoise(rng.uniform(1.2, 1.85), rng.uniform(-0.9, 0.9), rng.uniform(0.8, 1.2))
    return FractionalForce(potential, noise, h, round(reach / h), 1)


def test_the_poisson_equation_of_a_linear_force_is_solved():
    """A step multiplies w by e^{−λη} and adds noise of mean 0, so ψ = w η/(2 sinh(λη/2)), a geometric series."""
    eta, curvature = 0.3, 2.0
    law = TransitionLaw(Quadratic(curvature=curvature).flow, LevyNoise(1.7, 0.5, 0.8), eta, core=6.0)
    inside = np.abs(law.u) < 4
    slope = np.polyfit(law.u[inside], law.poisson(lambda w: w)[inside], 1)[0]
    # What the cut at 1e7 takes from the mean of the heavier tail is some 1e-5.
    assert slope == pytest.approx(eta / (2 * math.sinh(curvature * eta / 2)), rel=1e-4)


@pytest.mark.parametrize(("alpha", "beta", "epsilon", "curvature"), [(1.5, 0.5, 1.0, 1.0), (1.2, -0.8, 0.7, 2.5)])
def test_the_part_of_the_spacing_of_a_gaussian(alpha, beta, epsilon, curvature):
    """φ = exp(−w²/2s²): ∫ |k|^{γ+2} |F(φ)| dk by the gamma function; the quadrature's corner at 0 costs 4e-5."""
    force = FractionalForce(Quadratic(curvature=curvature), LevyNoise(alpha, beta, epsilon))
    gamma, variance = alpha - 2, epsilon**alpha / curvature
    power = (gamma + 3) / 2
    integral = math.sqrt(2 * math.pi * variance) * special.gamma(power) * (2 / variance) ** power
    bracket = abs(beta) * abs(gamma) + abs(math.tan(gamma * math.pi / 2)) * abs(gamma)
    for h in (0.1, 0.3):
        assert drift_bound.spacing_part(force, h) == pytest.approx(bracket * h * integral / (4 * math.pi), rel=1e-4)


@pytest.mark.parametrize("seed", range(5))
def test_the_parts_are_what_the_sum_leaves_out(seed):
    rng = np.random.default_rng(seed)
    whole = random_force(rng, 0.05)
    w = np.linspace(-3, 3, 121)
    off = np.abs(whole.numerator(w) - FractionalForce(whole.potential, whole.noise).numerator(w)).max()
    assert off < drift_bound.spacing_part(whole, 0.05) < 10 * off
    few = int(rng.integers(0, 40))
    short = FractionalForce(whole.potential, whole.noise, 0.05, few, 1)
    left = drift_bound.terms_part(whole, 0.05, few, w)
    assert np.abs(left).max() > 1e-3
    assert short.numerator(w) + left == pytest.approx(whole.numerator(w), abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_errors_are_below_the_bound_and_are_what_the_poisson_equation_says(seed, monkeypatch):
    monkeypatch.setattr(transition, "_SCALE", 0.3)  # small matrices
    force = random_force(np.random.default_rng(100 + seed), 0.05)
    exact = FractionalForce(force.potential, force.noise)
    functions = {"w": lambda w: w, "w**2": np.square, "cos": np.cos}
    found = drift_errors(force, functions)
    eta = transition.comparable_step(force.noise)
    law = TransitionLaw(transition.FractionalDrift(exact).flow, force.noise, eta)
    middles = (law.u[1:] + law.u[:-1]) / 2
    near = np.abs(middles) < 4
    missing = force.numerator(middles[near]) - exact.numerator(middles[near])
    for name, g in functions.items():
        error = found[name]
        assert abs(error.shift) < error.bound
        first = drift_bound._scale(force) * float(np.diff(law.poisson(g))[near] @ missing)
        # Without the error's square, and at a step that is no limit.
        assert error.shift == pytest.approx(first, rel=0.25, abs=0.02 * error.bound)


def test_only_the_sum_of_order_1_has_the_bound(monkeypatch):
    monkeypatch.setattr(transition, "_SCALE", 0.5)
    noise = LevyNoise(1.5, 0.5)
    second = drift_errors(FractionalForce(DoubleWell(), noise, 0.2, 70, 2), {"w": lambda w: w})
    assert second["w"].bound is None
    with pytest.raises(UsageError, match="give h and K"):
        drift_bound.bound(FractionalForce(DoubleWell(), noise), np.arange(3.0), np.arange(3.0))
