"""The flow of the fractional drift over any time, beside an integrator of stiff equations, and its laws."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.interpolate import CubicSpline

from gnicli.potential.double_well import DoubleWell
from gnicli.potential.multi_well import MultiWell
from gnicli.potential.polynomial import Polynomial
from gnicli.potential.quartic import Quartic
from gnicli.sde.drift.clock import Clock
from gnicli.sde.drift.fractional import FractionalForce
from gnicli.sde.drift.fractional_flow import FractionalDrift
from gnicli.sde.levy_noise import LevyNoise


def random_force(rng):
    """Wells, noise and skewness of any kind; every second one as a sum."""
    potential = (
        DoubleWell(),
        Quartic(),
        MultiWell(wells=[-1.2, 0.1, 1.5], between=[-0.6, 0.7]),
        Polynomial(terms=[0.0, *rng.uniform(-0.5, 0.5, 3), 0.25]),
    )[rng.integers(4)]
    noise = LevyNoise(rng.uniform(1.15, 1.9), rng.uniform(-0.9, 0.9), rng.uniform(0.7, 1.3))
    return FractionalForce(potential, noise, *((0.1, 300) if rng.integers(2) else ()))


@pytest.mark.parametrize("seed", range(4))
def test_flows_are_those_of_an_integrator(seed):
    rng = np.random.default_rng(seed)
    drift = FractionalDrift(random_force(rng), wind=rng.choice([0.0, rng.normal()]), steady=False)
    for start, time in zip(rng.uniform(-2.2, 2.2, 4), 10 ** rng.uniform(-3, 0.5, 4), strict=True):
        solved = solve_ivp(lambda _, w, d=drift: d.rate(w), (0, time), [start], "LSODA", rtol=1e-10, atol=1e-12)
        assert drift.flow(np.array([start]), float(time)) == pytest.approx(solved.y[:, -1], abs=1e-7)


@pytest.mark.parametrize("seed", range(4, 8))
def test_flows_add_up_keep_the_order_and_agree_with_the_maps(seed):
    rng = np.random.default_rng(seed)
    force = random_force(rng)
    drift = FractionalDrift(force, steady=False)
    w = np.sort(np.concatenate([rng.uniform(-4, 4, 400), rng.normal(0, 1e3, 10)]))
    first, second = 10 ** rng.uniform(-4, 0, (2, len(w)))
    # Over any two times, each of its own for every point, from everywhere: those far out as well.
    assert drift.flow(drift.flow(w, first), second) == pytest.approx(drift.flow(w, first + second), abs=1e-7)
    time = float(first[0])
    moved = drift.flow(w, time)
    assert (np.diff(moved) >= -1e-9).all()
    assert FractionalDrift(force).flow(w, time) == pytest.approx(moved, abs=1e-6)
    assert drift.flow(w.reshape(2, -1), time) == pytest.approx(moved.reshape(2, -1), abs=0)
    # b(Φ_t(w)) = b(w) Φ_t'(w): the flow's slope is the ratio of the speeds.
    inside = np.linspace(-1.5, 1.5, 41)
    slope = (drift.flow(inside + 1e-5, 0.05) - drift.flow(inside - 1e-5, 0.05)) / 2e-5
    assert drift.rate(drift.flow(inside, 0.05)) == pytest.approx(drift.rate(inside) * slope, rel=1e-3, abs=1e-5)


@pytest.mark.parametrize("time", [3.0, 40.0, 1e6])
def test_maps_of_long_times_neither_leave_the_wells_nor_turn_back(time):
    """At the saddle the slope of the flow is e^{λt}, which no cubic piece follows; elsewhere maps are the flow."""
    drift = FractionalDrift(FractionalForce(DoubleWell(), LevyNoise(1.5, 0.5)))
    w = np.linspace(-4, 4, 4001)
    moved, exact = drift.flow(w, time), drift.by_clock(np.clip(w, *drift.edges), time)
    assert (np.diff(moved) >= -1e-9).all()
    assert moved.min() == pytest.approx(exact.min(), abs=1e-6)
    assert moved.max() == pytest.approx(exact.max(), abs=1e-6)
    saddle = w[np.argmax(np.diff(exact))]
    away = np.abs(w - saddle) > 0.3
    assert moved[away] == pytest.approx(exact[away], abs=1e-6)


def test_zeros_stay_and_what_is_near_leaves_or_comes_at_their_rates():
    """b(w) = w − w³ on a table whose knots are its zeros: w_t² = 1/(1 + (1/w² − 1) e^{−2t})."""
    knots = np.linspace(-3, 3, 601)
    clock = Clock(CubicSpline(knots, knots - knots**3), lambda w: np.ones_like(w))
    assert clock.flow(np.array([-1.0, 0.0, 1.0]), 5.0) == pytest.approx([-1, 0, 1], abs=1e-12)
    w = np.array([-2.9, -1 - 1e-11, -0.3, -1e-4, -1e-10, 1e-10, 1e-8, 0.5, 1 + 1e-6, 2.0, 3.0])
    for time in (0.0, 1e-4, 0.1, 3.0, 30.0):
        exact = np.sign(w) / np.sqrt(1 + (1 / w**2 - 1) * np.exp(-2 * time))
        assert clock.flow(w, time) == pytest.approx(exact, rel=1e-6, abs=1e-9)
    assert clock.flow(np.array([np.nan, 7.0]), 0.3) == pytest.approx(
        [np.nan, clock.flow(np.array([3.0]), 0.3)[0]], nan_ok=True
    )


def test_a_force_that_nearly_vanishes_delays_as_long_as_it_does():
    """b(w) = −((w − 0.2)² + c): through the bottleneck it takes (atan + atan)/√c, beside one zero far to the left."""
    knots = np.linspace(-2, 2, 4001)
    bottleneck = 1e-6
    clock = Clock(CubicSpline(knots, -((knots - 0.2) ** 2 + bottleneck) * (knots + 1.5)), lambda w: np.ones_like(w))
    time = solve_ivp(
        lambda w, _: [-1 / (((w - 0.2) ** 2 + bottleneck) * (w + 1.5))], (0.4, 0.0), [0.0], rtol=1e-10, atol=1e-8,
        method="LSODA",
    ).y[0, -1]  # fmt: skip
    assert clock.flow(np.array([0.4]), time) == pytest.approx([0.0], abs=1e-4)
