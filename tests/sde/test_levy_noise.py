"""The noise as one object: its domain, its coordinates, and the numbers that follow from it."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnicli.errors import UsageError
from gnicli.experiments.simulate_sde import SimulateSdeConfig
from gnicli.potential.double_well import DoubleWell
from gnicli.sde.levy_noise import LEAST_ALPHA, LevyNoise, tail_constant
from gnicli.stable import StableLaw


@given(st.floats(-1, 4) | st.sampled_from([math.nextafter(0.5, 0), 0.5, 2.0, math.nextafter(2, 3), math.nan, math.inf]))
def test_one_domain_of_alpha_for_the_noise_and_the_command_inside_of_that_of_the_law(alpha):
    def accepts(make):
        try:
            make()
        except UsageError:
            return False
        return True

    wanted = LEAST_ALPHA <= alpha <= 2
    assert accepts(lambda: LevyNoise(alpha)) == wanted
    assert accepts(lambda: StableLaw(alpha, 0.0)) == (0 < alpha <= 2)
    assert accepts(lambda: SimulateSdeConfig(potential=DoubleWell(), alpha=alpha)) == wanted


@given(st.floats(0.5, 2), st.integers(-100, 100), st.floats(1e-3, 1e3))
def test_epsilon_is_a_unit_of_length_and_of_time(alpha, percent, epsilon):
    """ε L_t is L at ε^α t: rates of jumps and the wind carry that factor."""
    beta = 0.0 if alpha == 1 else percent / 100
    noise, one = LevyNoise(alpha, beta, epsilon), LevyNoise(alpha, beta)
    assert (one.intensity, one.wind, one.jump_rate) == (1, one.centering, tail_constant(alpha))
    assert noise.intensity == pytest.approx(epsilon**alpha)
    assert noise.wind == pytest.approx(noise.intensity * one.wind)
    assert noise.jump_rate == pytest.approx(noise.intensity * one.jump_rate)
    mirrored = LevyNoise(alpha, -beta, epsilon)
    assert (mirrored.wind, mirrored.jump_rate) == (-noise.wind, noise.jump_rate)


def test_the_centering_has_its_exact_zeros():
    assert LevyNoise(2, 0.7).centering == LevyNoise(1.0, 0.0).centering == 0
    assert LevyNoise(1.5, 0.5).centering == pytest.approx(-0.5)


def test_coordinates_have_their_own_betas_or_share_one():
    assert [one.beta for one in LevyNoise(1.5, [0.5, -0.3]).coordinates(2)] == [0.5, -0.3]
    assert LevyNoise(1.5, 0.4, 0.1).coordinates(3) == (LevyNoise(1.5, 0.4, 0.1),) * 3
    assert LevyNoise(1.5, [0.4]).skewness == 0.4
    with pytest.raises(UsageError, match=r"beta: expected one number or 1 \(one per coordinate\), got 2"):
        _ = LevyNoise(1.5, [0.5, -0.3]).wind


def test_it_is_a_value():
    noise = LevyNoise(np.float32(1.5), np.array([0.5, -0.25]), np.int64(2))
    assert noise == LevyNoise(1.5, (0.5, -0.25), 2.0)
    assert len({noise, LevyNoise(1.5, [0.5, -0.25], 2)}) == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        noise.alpha = 1.2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0.3,), "alpha must be >= 0.5 and <= 2, got 0.3"),
        (("1.5",), "alpha: expected a number >= 0.5 and <= 2, got '1.5'"),
        ((1.5, 1.2), "beta must be >= -1 and <= 1, got 1.2"),
        ((1.5, [0.1, -2]), "beta must be >= -1 and <= 1, got -2"),
        ((1.5, 0.0, 0.0), "epsilon must be > 0, got 0.0"),
        ((1.0, [0.0, 0.5]), "alpha=1 with beta=0.5"),
    ],
)
def test_what_is_no_noise_is_refused(arguments, message):
    with pytest.raises(UsageError, match=message):
        LevyNoise(*arguments)
