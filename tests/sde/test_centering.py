"""The skewed noise near alpha = 1: its centering in the drift is the same equation, solved without the two fighting."""

import math

import numpy as np
import pytest
from scipy import integrate, stats

from gnicli.potential.double_well import DoubleWell
from gnicli.potential.multi_well import MultiWell
from gnicli.potential.polynomial import Polynomial
from gnicli.potential.quadratic import Quadratic
from gnicli.potential.quartic import Quartic
from gnicli.potential.separable import Separable
from gnicli.sde import loop
from gnicli.sde.drift import centering
from gnicli.sde.drift.gradient import GradientDrift
from gnicli.sde.increments import Increments
from gnicli.sde.laws.stationary import stationary_law
from gnicli.sde.laws.transition import TransitionLaw
from gnicli.sde.levy_noise import LevyNoise
from gnicli.sde.loop import Plan
from gnicli.sde.scheme import build
from gnicli.sde.sinks.histogram import Histogram
from gnicli.stable import StableLaw

WELL = DoubleWell()


@pytest.mark.parametrize("potential", [WELL, Quartic(), Quadratic(curvature=1.7), Polynomial(), MultiWell()],
                         ids=lambda p: p.name)  # fmt: skip
@pytest.mark.parametrize("pull", [-66.0, -4.0, 0.3, 14.0])
def test_tilted_flow_solves_its_equation(potential, pull):
    tilted = centering.Tilted(potential, pull)
    w = np.array([-50.0, -4.0, -1.0, -0.3, 0.05, 0.9, 2.0, 4.2, 30.0])
    solution = integrate.solve_ivp(
        lambda _, at: -tilted.gradient(at), (0, 0.01), w, method="Radau", rtol=1e-9, atol=1e-9
    )
    assert tilted.flow(w, 0.01) == pytest.approx(solution.y[:, -1], abs=5e-4)
    assert tilted.flow(w, np.full(9, 0.01)) == pytest.approx(tilted.flow(w, 0.01), rel=1e-12)
    rest = tilted.minima()
    assert tilted.flow(rest, 0.01) == pytest.approx(rest, abs=1e-5)
    assert tilted.gradient(rest) == pytest.approx(0, abs=1e-8 * (1 + abs(pull)))
    mirrored = centering.Tilted(potential, -pull)
    assert mirrored.flow(-w, 0.01) == pytest.approx(-tilted.flow(w, 0.01), abs=1e-9)  # all of these f are even


def test_noise_less_its_wind_is_the_noise():
    """Equal seeds give equal draws but for c η, in one dimension and in two, at even and uneven steps."""
    for etas in (np.full(32, 0.01), 0.02 * np.arange(1, 33) ** -0.5):
        plain = Increments(LevyNoise(1.01, 0.5, 0.7)).block(1, 0, 0, etas, 50)
        less = Increments(LevyNoise(1.01, 0.5, 0.7), 1, (-30.0,)).block(1, 0, 0, etas, 50)
        assert less - 30.0 * etas[:, None] == pytest.approx(plain, rel=1e-9, abs=1e-9)
        plain = Increments(LevyNoise(1.01, (0.5, 0.0), 0.7), 2).block(1, 0, 0, etas, 50)
        less = Increments(LevyNoise(1.01, (0.5, 0.0), 0.7), 2, (-30.0, 0.0)).block(1, 0, 0, etas, 50)
        assert less[:, 0] - 30.0 * etas[:, None] == pytest.approx(plain[:, 0], rel=1e-9, abs=1e-9)
        assert np.array_equal(less[:, 1], plain[:, 1])


def test_weak_winds_are_left_where_they_are():
    assert centering.winds(WELL, LevyNoise(1.5, (0.5,))) == (0.0,)
    assert centering.winds(WELL, LevyNoise(1.01, (0.0,))) == (0.0,)
    strong = centering.winds(Separable(parts=["double_well", "quadratic"]), LevyNoise(1.01, (0.5, -0.5)))
    assert strong[0] < -30
    assert strong[1] > 30
    assert centering.winds(WELL, LevyNoise(1.01, (-0.5,)))[0] == pytest.approx(-strong[0])
    assert centering.tilted(WELL, (0.0,)) is WELL


CASES = [(0.95, -1.0), (1.01, 0.5), (1.05, 1.0)]
SLOW = [(0.99, 0.5), (0.99, -1.0), (1.01, 1.0), (0.95, 0.5)]  # their exact laws take seconds


@pytest.mark.parametrize(("alpha", "beta"), [*CASES, *(pytest.param(*case, marks=pytest.mark.slow) for case in SLOW)])
def test_strang_finds_the_law_near_alpha_one_at_the_default_step(alpha, beta):
    exact = stationary_law(WELL, LevyNoise(alpha, beta))
    (wind,) = centering.winds(WELL, LevyNoise(alpha, (beta,)))
    rest, stiffness = centering.resting_place(WELL, wind)
    width = (alpha * stiffness) ** (-1 / alpha)
    errors = []
    for c in (wind, 0.0):
        histogram = Histogram(rest - 10 * width, rest + 10 * width, 80, 1024)
        stepper = build("strang", GradientDrift(centering.tilted(WELL, (c,))))
        plan = Plan(400, 1024, 0.01, seed=2, burn_in=150, thin=2)
        loop.run(stepper, Increments(LevyNoise(alpha, beta), 1, (c,)), plan, rest, [histogram])
        found, se = histogram.cdf()
        errors.append(np.abs(found - exact.cdf(histogram.edges)).max())
    # 4.5 standard errors and the 2 % that the width may be off, times the density at its highest (some .4/width).
    assert errors[0] < 4.5 * se.max() + 0.008
    if abs(wind) > 8:  # below, what splitting the two from each other costs is no more than the errors of the chains
        assert errors[1] > 3 * errors[0]


# They do not vary far out, where the operator's nodes are far apart.
FUNCTIONS = (np.tanh, lambda w: np.tanh(2 * w + 3), lambda w: np.exp(-(w**2)), lambda w: np.exp(-((w + 1) ** 2)))


def test_the_order_stays_two():
    """By the transition operator of the scheme, for the wind that it takes and for none."""
    alpha, beta, pull = 1.3, 0.8, -1.6
    exact = stationary_law(Quartic(), LevyNoise(alpha, beta))
    x = np.sinh(np.linspace(-9, 9, 200_001))
    wanted = [float(np.trapezoid(g(x) * exact.pdf(x), x)) for g in FUNCTIONS]
    for c in (0.0, pull):
        errors = []
        for eta in (0.1, 0.05):
            law = _Less(centering.tilted(Quartic(), (c,)).flow, alpha, beta, eta, c)
            errors.append(max(abs(law.mean(g) - truth) for g, truth in zip(FUNCTIONS, wanted, strict=True)))
        assert math.log2(errors[0] / errors[1]) == pytest.approx(2, abs=0.2), (c, errors)


class _Less(TransitionLaw):
    """The operator of a scheme whose noise is less the wind: the kernel is moved by −c η."""

    def __init__(self, flow, alpha, beta, eta, wind):
        super().__init__(
            lambda w, time: flow(w, time) - (wind * eta if time == eta else 0.0), LevyNoise(alpha, beta), eta
        )
        self._flow = flow


def test_the_quadratic_keeps_its_stable_law_whatever_the_wind():
    alpha, beta, rate = 1.02, -0.8, 1.3
    potential = Quadratic(curvature=rate)
    winds = centering.winds(potential, LevyNoise(alpha, (beta,)))
    assert abs(winds[0]) > 20
    run = loop.run(
        build("strang", GradientDrift(centering.tilted(potential, winds))),
        Increments(LevyNoise(alpha, beta), 1, winds),
        Plan(1200, 8192, 0.01, seed=2),
        float(winds[0] / rate),
    )
    law = StableLaw(alpha, beta, 0.0, (alpha * rate) ** (-1 / alpha))
    assert stats.kstest(run.positions, law.cdf).pvalue > 1e-3
