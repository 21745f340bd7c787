"""Masses of basins and rates of transition: exact laws against the theory of small noise, by width and by height."""

import math

import numpy as np
import pytest
from scipy import integrate, linalg

from gnicli.errors import NumericalError, UsageError
from gnicli.potential.double_well import DoubleWell
from gnicli.potential.equal_depth import EqualDepth
from gnicli.potential.multi_well import MultiWell
from gnicli.potential.polynomial import Polynomial
from gnicli.potential.separable import Separable
from gnicli.sde import GibbsLaw, loop, stationary_law
from gnicli.sde.drift.gradient import GradientDrift
from gnicli.sde.exits.theory import climbing, occupation, transition_rates
from gnicli.sde.increments import Increments
from gnicli.sde.levy_noise import LevyNoise
from gnicli.sde.loop import Plan
from gnicli.sde.scheme import build
from gnicli.sde.sinks.transitions import Transitions

UNEVEN = EqualDepth(widths=[1.0, 2.0])


@pytest.mark.parametrize(("alpha", "beta"), [(0.7, 0.4), (1.2, 0.0), (1.5, 0.5), (1.5, -0.8), (1.9, 0.3)])
def test_two_wells_share_the_time_by_their_widths_to_the_power_alpha(alpha, beta):
    left, right = occupation(UNEVEN, LevyNoise(alpha, beta, 0.01))
    assert left / right == pytest.approx((1 - beta) / (1 + beta) * 0.5**alpha, rel=1e-12)
    # Neither the heights nor the size of the noise matter.
    assert occupation(EqualDepth(widths=[1.0, 2.0], height=3.0), LevyNoise(alpha, beta, 0.2)) == pytest.approx(
        [left, right], rel=1e-12
    )


@pytest.mark.parametrize("seed", range(5))
def test_shares_are_the_stationary_law_of_the_rates(seed):
    rng = np.random.default_rng(seed)
    points = np.sort(rng.normal(size=2 * rng.integers(2, 6) - 1))
    potential = MultiWell(wells=points[::2].tolist(), between=points[1::2].tolist())
    noise = LevyNoise(rng.uniform(0.5, 1.95), rng.uniform(-0.95, 0.95), 0.01)
    shares, rates = occupation(potential, noise), transition_rates(potential, noise)
    wanted = linalg.null_space((rates / np.abs(rates).max()).T, rcond=1e-13)[:, 0]
    assert shares == pytest.approx(wanted / wanted.sum(), rel=1e-8), (potential, noise)


@pytest.mark.parametrize(("beta", "shares"), [(1.0, [0, 0, 1]), (-1.0, [1, 0, 0])])
def test_jumps_to_one_side_end_in_the_last_well(beta, shares):
    potential = MultiWell(wells=[-2.0, 0.0, 3.0], between=[-1.5, 1.0])
    assert occupation(potential, LevyNoise(1.4, beta, 0.1)).tolist() == shares


@pytest.mark.parametrize("widths", [(1.0, 2.0), (2.3, 1.0)])
@pytest.mark.parametrize(("alpha", "beta"), [(1.4, 0.0), (1.5, 0.5), (1.7, -0.4)])
def test_exact_masses_tend_to_those_of_theory_as_the_noise_vanishes(widths, alpha, beta):
    """With an error that falls like ε^α: by the power or faster from ε = .04 to .02, and below 2 % then."""
    potential = EqualDepth(widths=list(widths))
    errors = []
    for epsilon in (0.04, 0.02):
        noise = LevyNoise(alpha, beta, epsilon)
        errors.append(float(stationary_law(potential, noise).cdf(0.0)) - occupation(potential, noise)[0])
    assert abs(errors[1]) < 0.02
    assert abs(errors[1]) < 2 ** -(0.8 * alpha) * abs(errors[0])


def test_the_wide_basin_wins_where_the_gibbs_law_has_the_deep_one_win():
    """Tilted so that the narrow well is deeper: it has all of the Gibbs law, and a quarter of the exact one."""
    terms = list(UNEVEN.coefficients)
    terms[1] += 0.02
    tilted = Polynomial(terms=terms)
    (left, right), (saddle,) = tilted.minima(), tilted.saddles()
    noise = LevyNoise(1.5, 0.0, 0.02)
    assert float(GibbsLaw(tilted, noise).cdf(saddle)) > 0.999
    narrow = float(stationary_law(tilted, noise).cdf(saddle))
    assert narrow / (1 - narrow) == pytest.approx(((saddle - left) / (right - saddle)) ** 1.5, rel=0.05)
    assert narrow < 0.3


# ------------------------------------------------------------------------------------------------------------ alpha = 2


def passage_time(potential, low, start, end, temperature):
    """E of the first passage from `start` to `end` of dw = −f' dt + √(2T) dB, reflected at `low`, by quadrature."""
    w = np.linspace(low, end, 20_001) if low < end else np.linspace(end, low, 20_001)[::-1]
    f = potential.value(w)
    step = abs(w[1] - w[0])
    below = integrate.cumulative_simpson(np.exp(-f / temperature), dx=step, initial=0)
    on_the_way = (w >= start) if low < end else (w <= start)
    inner = np.exp(f[on_the_way] / temperature) * below[on_the_way] / temperature
    return float(np.trapezoid(inner, dx=step))


@pytest.mark.parametrize("widths", [(1.0, 2.0), (1.3, 1.0)])
def test_kramers_rates_tend_to_those_of_exact_passage_times(widths):
    """From minimum to minimum, by quadrature; the relative error of Kramers' rates is of order ε²/barrier."""
    potential = EqualDepth(widths=list(widths), height=1.0)
    left, right = potential.minima()
    errors = []
    for temperature in (0.1, 0.05):
        rates = transition_rates(potential, LevyNoise(2.0, 0.0, math.sqrt(temperature)))
        exact = [
            1 / passage_time(potential, left - 3, left, right, temperature),
            1 / passage_time(potential, right + 3, right, left, temperature),
        ]
        errors.append(np.array([rates[0, 1], rates[1, 0]]) / exact - 1)
    assert (np.abs(errors[1]) < 0.1).all()
    assert errors[1] == pytest.approx(errors[0] / 2, abs=0.03)  # the second order is the square of some 10 %


def test_kramers_rates_of_the_double_well_are_the_closed_form():
    """f'' is 2 at the minima and −1 at the saddle, the barrier is 1/4."""
    rates = transition_rates("double_well", LevyNoise(2.0, 0.0, 0.2))
    assert rates[0, 1] == pytest.approx(math.sqrt(2) / (2 * math.pi) * math.exp(-0.25 / 0.04), rel=1e-7)
    assert rates.sum(axis=1) == pytest.approx(0)
    assert climbing(DoubleWell(), LevyNoise(2.0, 0.0, 0.2))["ε^α/barrier"] == pytest.approx(0.16)


def test_only_neighbors_are_reached_by_climbing_and_rates_balance_in_detail():
    potential = MultiWell(wells=[-2.0, 0.0, 1.5], between=[-1.2, 0.5])
    noise = LevyNoise(2.0, 0.0, 0.3)
    rates, shares = transition_rates(potential, noise), occupation(potential, noise)
    assert (rates[0, 2], rates[2, 0]) == (0, 0)
    flows = shares[:, None] * rates
    assert flows == pytest.approx(flows.T, rel=1e-6)
    assert shares.sum() == pytest.approx(1)


def test_gibbs_masses_tend_to_the_shares_of_kramers():
    errors = []
    for epsilon in (0.1, 0.05):
        noise = LevyNoise(2.0, 0.0, epsilon)
        errors.append(float(GibbsLaw(UNEVEN, noise).cdf(0.0)) - occupation(UNEVEN, noise)[0])
    assert errors[1] == pytest.approx(errors[0] / 4, rel=0.2)
    assert abs(errors[1]) < 0.002


def test_a_flat_minimum_has_no_rate_by_kramers():
    flat = Polynomial(terms=[0.0, 0.0, 0.0, 0.0, 0.5, 0.0, -1.0, 0.0, 0.4])  # w⁴ at 0: no curvature
    assert np.isnan(transition_rates(flat, LevyNoise(2.0, 0.0, 0.1))).any()
    assert np.isnan(occupation(flat, LevyNoise(2.0, 0.0, 0.1))).any()
    assert np.isfinite(occupation(flat, LevyNoise(1.5, 0.0, 0.1))).all()


def test_brownian_transitions_are_those_of_kramers():
    """The relative error of Kramers' rates is some ε²/barrier = .25, and three standard errors of the count."""
    noise, n = LevyNoise(2.0, 0.0, 0.5), 1024
    potential = EqualDepth(widths=[1.0, 2.0], height=1.0)
    counted = Transitions(potential, n)
    start = np.where(np.arange(n) % 2, 2.0, -1.0)
    scheme = build("euler", GradientDrift(potential))
    loop.run(scheme, Increments(noise), Plan(4000, n, 0.01, seed=5), start, [counted])
    theory, rates = transition_rates(potential, noise), counted.rates()
    for i, j in ((0, 1), (1, 0)):
        assert counted.counts[i, j] > 80
        assert rates[i, j] == pytest.approx(theory[i, j], rel=0.25 + 3 / math.sqrt(counted.counts[i, j]))


def test_behind_high_barriers_the_law_of_brownian_noise_is_refused_and_not_wrong():
    with pytest.raises(NumericalError, match=r"the stationary law is the Gibbs law there: take gnicli\.sde\.GibbsLaw"):
        stationary_law(UNEVEN, LevyNoise(2.0, 0.0, 0.1))
    near = LevyNoise(2.0, 0.0, math.sqrt(0.25 / 11.9))
    assert float(stationary_law(UNEVEN, near).cdf(0.0)) == pytest.approx(
        float(GibbsLaw(UNEVEN, near).cdf(0.0)), abs=1e-9
    )


def test_several_coordinates_are_refused():
    with pytest.raises(UsageError, match="one-dimensional"):
        occupation(Separable(), LevyNoise(1.5, 0.0, 0.1))
