"""The distance of exact stationary laws to the Gibbs law: closed forms and limits, and its figure."""

from pathlib import Path

import numpy as np
import pytest
from scipy import integrate

from gnicli.contracts.results import RunRecord, Value
from gnicli.experiments.sweeps import gibbs_map
from gnicli.potential import build
from gnicli.sde import stationary_law
from gnicli.sde.distances import l1_between
from gnicli.sde.laws.gibbs import GibbsLaw
from gnicli.sde.levy_noise import LevyNoise


def distance(potential, noise):
    gibbs = GibbsLaw(build(potential), noise)
    return l1_between(stationary_law(potential, noise), gibbs, *gibbs.reach)


def test_of_the_symmetric_cauchy_noise_on_a_quartic_it_is_that_of_the_closed_forms():
    """f = w⁴/4, alpha = 1: the density is 1/(π (1 − w² + w⁴)), the Gibbs density exp(−w⁴/4)/Z."""
    total = integrate.quad(lambda w: np.exp(-(w**4) / 4), -20, 20)[0]

    def gap(w):
        return abs(1 / (np.pi * (1 - w**2 + w**4)) - np.exp(-(w**4) / 4) / total)

    expected = 2 * (integrate.quad(gap, 0, 10, limit=500, epsabs=1e-11)[0] + integrate.quad(gap, 10, np.inf)[0])
    assert distance("quartic", LevyNoise(1.0, 0.0)) == pytest.approx(expected, abs=1e-6)


def test_at_alpha_2_both_laws_are_one_and_near_1_skewness_drives_them_apart():
    assert distance("double_well", LevyNoise(2.0, 0.0)) < 1e-6
    apart = [distance("double_well", LevyNoise(alpha, 0.9)) for alpha in (1.9, 1.5, 1.1, 1.02)]
    assert apart == sorted(apart)
    assert apart[-1] > 1.9  # of 2 at most: "arbitrarily distant"


def run(alpha, beta, apart, modes):
    overrides = {"alpha": str(alpha), "beta": str(beta), "seed": "0"}
    values = {gibbs_map.DISTANCE: Value(apart), gibbs_map.MODES: Value(modes, n=len(modes))}
    return RunRecord(0, Path("0"), overrides, "completed", values, {})


def test_the_figure_has_a_curve_for_each_setting_and_all_modes():
    records = [run(1.9, 0, 0.2, (-1.0, 1.0)), run(1.1, 0, 0.7, (-1.2, 1.2)), run(1.1, 0.5, 1.5, (-1.8,))]
    shares, modes = gibbs_map.figures(records)["gibbs_map"].panels
    assert [curve.label for curve in shares.curves] == ["beta=0", "beta=0.5"]
    assert (shares.curves[0].x.tolist(), shares.curves[0].y.tolist()) == ([1.1, 1.9], [0.7, 0.2])
    assert (modes.curves[0].x.tolist(), modes.curves[0].y.tolist()) == ([1.1, 1.1, 1.9, 1.9], [-1.2, 1.2, -1.0, 1.0])
    assert gibbs_map.figures(records[:1]) == {}
