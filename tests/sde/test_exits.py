import math

import numpy as np
import pytest
from scipy import stats

from gnicli.errors import UsageError
from gnicli.model import basins
from gnicli.potential.double_well import DoubleWell
from gnicli.potential.multi_well import MultiWell
from gnicli.potential.quadratic import Quadratic
from gnicli.potential.quartic import Quartic
from gnicli.potential.separable import Separable
from gnicli.sde import levy_noise, loop
from gnicli.sde.drift.gradient import GradientDrift
from gnicli.sde.exits.basins import Basin
from gnicli.sde.exits.explosions import euler_thresholds, explosion_probability
from gnicli.sde.exits.simulated import first_exits
from gnicli.sde.exits.theory import exit_rate_from, exit_theory, smallness, transition_rates
from gnicli.sde.increments import Increments
from gnicli.sde.levy_noise import LevyNoise
from gnicli.sde.loop import Plan
from gnicli.sde.scheme import build
from gnicli.sde.sinks.transitions import Transitions
from gnicli.stable import StableLaw


@pytest.mark.parametrize(("alpha", "beta"), [(0.7, 0.5), (1.2, -0.8), (1.9, 0.3), (1.0, 0.0)])
def test_tail_constant_is_that_of_the_stable_law(alpha, beta):
    law = StableLaw(alpha, beta)
    x = 1e7 if alpha > 1 else 1e9
    assert float(law.sf(x)) * x**alpha == pytest.approx(levy_noise.tail_constant(alpha) * (1 + beta) / 2, rel=1e-3)
    assert float(law.cdf(-x)) * x**alpha == pytest.approx(levy_noise.tail_constant(alpha) * (1 - beta) / 2, rel=1e-3)


def test_wells_balance_and_agree_with_the_exit_rates():
    potential = MultiWell(wells=[-2.0, 0.0, 3.0], between=[-1.5, 1.0])
    rates = transition_rates(potential, LevyNoise(1.4, 0.3, 0.1))
    assert rates.sum(axis=1) == pytest.approx(0, abs=1e-15)
    assert (rates - np.diag(np.diag(rates)) >= 0).all()
    middle = exit_theory(LevyNoise(1.4, 0.3, 0.1), 1.5, 1.0)
    assert -rates[1, 1] == pytest.approx(middle.rate)
    assert rates[1, 2] / middle.rate == pytest.approx(middle.to_right)
    outer = exit_theory(LevyNoise(1.4, 0.3, 0.1), math.inf, 0.5)
    assert -rates[0, 0] == pytest.approx(outer.rate)
    mirrored = MultiWell(wells=[-3.0, 0.0, 2.0], between=[-1.0, 1.5])
    assert transition_rates(mirrored, LevyNoise(1.4, -0.3, 0.1))[::-1, ::-1] == pytest.approx(rates)


BASINS = [(1.2, 0.0), (1.5, 0.7), (1.5, -0.7)]


def exits_of(alpha, beta, n_chains, horizon, eta=0.1):
    scheme = build("strang", GradientDrift(Quadratic()))
    plan = Plan(round(horizon / eta), n_chains, eta, seed=2)
    return first_exits(scheme, Increments(LevyNoise(alpha, beta, 0.05)), Basin(1, 0.0, 1.0, 2.0), plan)


@pytest.mark.parametrize(("alpha", "beta"), BASINS)
def test_exit_rates_and_sides_follow_theory(alpha, beta):
    found, theory = exits_of(alpha, beta, 4096, 150), exit_theory(LevyNoise(alpha, beta, 0.05), 1.0, 2.0)
    assert theory.ratio < 0.04
    # ε is finite: 5 % of theory, and 3 standard errors of the 1 000 to 7 000 exits.
    assert found.rate == pytest.approx(theory.rate, rel=0.05 + 3 / math.sqrt(found.n))
    assert found.n_right / found.n == pytest.approx(theory.to_right, abs=0.02 + 1.5 / math.sqrt(found.n))
    low, high = found.rate_interval()
    assert low < found.rate < high
    assert (high - low) / found.rate == pytest.approx(2 * 1.96 / math.sqrt(found.n), rel=0.02)


@pytest.mark.slow
@pytest.mark.parametrize(("alpha", "beta"), BASINS)
def test_exit_rates_are_within_five_percent(alpha, beta):
    found, theory = exits_of(alpha, beta, 16_384, 400), exit_theory(LevyNoise(alpha, beta, 0.05), 1.0, 2.0)
    assert found.rate == pytest.approx(theory.rate, rel=0.05)


def test_exit_times_are_exponential():
    found = exits_of(1.2, 0.0, 512, 1600)
    # Those that began early enough for none to be cut short: ten mean times before the end.
    early = found.durations[found.moments - found.durations < 1600 - 10 / found.rate]
    assert len(early) > 2000
    # With ε > 0 the first unit of time is spent on spreading out, hence not 1.6/sqrt(n) quite.
    assert stats.kstest(early, "expon", args=(0, 1 / found.rate)).statistic < 0.01 + 1.9 / math.sqrt(len(early))


def test_transition_rates_of_a_simulated_potential_follow_theory():
    potential = MultiWell(wells=[-1.0, 2.0], between=[0.3], strength=1.0)
    alpha, beta, epsilon, n = 1.3, 0.4, 0.06, 2048
    transitions = Transitions(potential, n)
    plan = Plan(5000, n, 0.04, seed=3, thin=5)
    start = np.where(np.arange(n) % 2, 2.0, -1.0)
    loop.run(
        build("strang", GradientDrift(potential)),
        Increments(LevyNoise(alpha, beta, epsilon)),
        plan,
        start,
        [transitions],
    )
    theory = transition_rates(potential, LevyNoise(alpha, beta, epsilon))
    rates = transitions.rates() / 5  # each recorded step stands for five
    for i, j in ((0, 1), (1, 0)):
        allowed = 0.15 + 3 / math.sqrt(transitions.counts[i, j])
        assert rates[i, j] == pytest.approx(theory[i, j], rel=allowed)
        assert transitions.counts[i, j] > 200


def test_wobbling_on_a_saddle_is_no_transition():
    transitions = Transitions(DoubleWell(), 2)
    path = np.array([[-1.0, 1.0], [0.1, -0.2], [-0.1, 0.2], [-0.9, 0.3], [0.95, -0.9], [1.0, -0.8]])
    transitions.add(path[:3], np.arange(2), np.full(3, 0.5), 0)
    transitions.add(path[3:], np.arange(2), np.full(3, 0.5), 3)
    assert transitions.counts.tolist() == [[0, 1], [1, 0]]
    assert transitions.time.sum() == pytest.approx(5 * 2 * 0.5)


@pytest.mark.parametrize("eta", [0.001, 0.01, 0.3])
def test_euler_threshold_of_the_double_well(eta):
    left, right = euler_thresholds(DoubleWell(), eta)
    assert right == pytest.approx(math.sqrt((2 + eta) / eta), rel=1e-6)
    assert left == pytest.approx(right, rel=1e-6)


def test_euler_thresholds_follow_the_potential():
    """Moved by 50 and stretched by 10, f keeps its map if f'' does: the thresholds move and stretch alike."""
    potential = MultiWell(wells=[40.0, 60.0], between=[50.0], strength=0.01)
    left, right = euler_thresholds(potential, 0.01)
    reach = 10 * math.sqrt(2.01 / 0.01)
    assert right == pytest.approx(50 + reach, rel=1e-6)
    assert left == pytest.approx(-(50 - reach), rel=1e-6)


def test_euler_never_explodes_on_the_quadratic():
    assert euler_thresholds(Quadratic(), 0.5) == (math.inf, math.inf)
    assert explosion_probability(Quadratic(), LevyNoise(1.1, 0.5), 0.5, 10**6) == 0


def test_explosions_of_the_papers_runs():
    """By the formula: 8.7 % of the paper's runs at alpha = 1.1, .07 % at 1.9."""
    assert explosion_probability(DoubleWell(), LevyNoise(1.1, 0.0), 0.001, 10_000) == pytest.approx(0.087, abs=5e-4)
    assert explosion_probability(DoubleWell(), LevyNoise(1.9, 0.5), 0.001, 10_000) == pytest.approx(7e-4, abs=5e-5)


@pytest.mark.parametrize(("alpha", "beta"), [(1.1, 0.5), (1.4, -0.7), (1.1, 0.0)])
def test_explosions_fall_within_their_binomial_interval(alpha, beta):
    n, eta, n_steps = 4000, 0.01, 1000
    run = loop.run(
        build("euler", GradientDrift(DoubleWell())),
        Increments(LevyNoise(alpha, beta)),
        Plan(n_steps, n, eta, seed=4),
        0.0,
    )
    chance = explosion_probability(DoubleWell(), LevyNoise(alpha, beta), eta, n_steps, run.positions)
    low, high = stats.binom.ppf([5e-4, 1 - 5e-4], n, chance)
    assert low <= run.n_exploded <= high, (run.n_exploded / n, chance)


def test_bad_input_is_refused():
    with pytest.raises(UsageError, match="both sides"):
        exit_theory(LevyNoise(1.5, 0.0, 0.1), 0.0, 1.0)
    with pytest.raises(UsageError, match="one-dimensional"):
        transition_rates(Separable(), LevyNoise(1.5, 0.0, 0.1))
    with pytest.raises(UsageError, match="one-dimensional"):
        euler_thresholds(Separable(), 0.1)
    scheme, increments = build("strang", GradientDrift(Quadratic())), Increments(LevyNoise(1.5, 0, 1))
    with pytest.raises(UsageError, match="left must be > 0"):
        first_exits(scheme, increments, Basin(1, 0.0, -1, 1), Plan(10, 10, 0.1))
    with pytest.raises(UsageError, match=r"constant steps, got eta_power=0\.5"):
        first_exits(scheme, increments, Basin(1, 0.0, 1, 1), Plan(10, 10, 0.1, eta_power=0.5))


def test_what_has_to_be_small_is_measured_against_the_nearest_border():
    noise = LevyNoise(1.5, 0.5, 0.1)
    small = smallness(DoubleWell(), noise, Basin(2, 1.0, 1.0, math.inf))
    assert small["ratio"] == pytest.approx(0.1 * 0.5)
    assert small["shift"] == pytest.approx(0.1**1.5 * 0.5 / 2)
    assert small["spread"] == pytest.approx(0.1 * 3 ** (-1 / 1.5))
    assert smallness(DoubleWell(), noise, Basin(2, 1.0, 0.5, math.inf))["ratio"] == pytest.approx(0.1)
    assert smallness(Quartic(), noise, Basin(1, 0.0, 1.0, 2.0))["spread"] == math.inf


def test_noise_too_large_for_the_theory_is_told_and_small_noise_is_not():
    assert basins.too_large("exits from 1", [{"ratio": 0.1, "shift": 0.2, "spread": 0.0}]) == []
    (told,) = basins.too_large("exits from 1", [{"ratio": 0.1}, {"spread": 0.48}])
    assert told.startswith(
        "exits from 1: the noise is too large for the small-noise theory (spread 0.48, should be below 0.2): "
    )
    (told,) = basins.too_large("exits from 0", [{"shift": math.inf, "spread": 0.48}])  # at a flat minimum
    assert "(shift infinite, should be below 0.2)" in told


def test_a_rate_that_chance_cannot_reconcile_with_theory_is_told():
    """400 events in a time of 1000: the 99.9 % interval of the rate is some .335 to .470."""
    assert basins.denied([("exits", 400, 1000.0, 0.34), ("exits", 400, 1000.0, 0.46), ("none", 0, 10.0, 0.3)]) == []
    for theory in (0.33, 0.48, 0.0):
        (told,) = basins.denied([("exits from 1", 400, 1000.0, theory)])
        assert "exits from 1: the measured rate 0.4 (99.9 % interval 0.33" in told
        assert told.endswith(f"not that of the small-noise theory, {theory:g}")


@pytest.mark.parametrize(("alpha", "beta", "epsilon", "right"), [(0.8, 0.5, 0.03, 1.0), (1.2, 0.5, 0.1, 1.0)])
def test_positions_explain_what_small_noise_does_not(alpha, beta, epsilon, right):
    """Out of the left well, by the rate from where chains live; for alpha = .8 that of small noise is off by 15 %."""
    scheme = build("strang", GradientDrift(DoubleWell()))
    found = first_exits(
        scheme,
        Increments(LevyNoise(alpha, beta, epsilon)),
        Basin(1, -1.0, 1e300, right),
        Plan(4000, 2048, 0.02, seed=1),
    )
    rate = exit_rate_from(LevyNoise(alpha, beta, epsilon), found.nearness)
    allowed = 3 * found.rate / math.sqrt(found.n)
    assert rate == pytest.approx(found.rate, abs=allowed + 0.02 * found.rate)
    small = exit_theory(LevyNoise(alpha, beta, epsilon), 1e300, right).rate
    assert abs(small - found.rate) > abs(rate - found.rate)
    assert alpha > 1 or abs(small - found.rate) > allowed
