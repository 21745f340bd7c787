"""The figure of masses and transitions over a sweep, and the values that it is made from."""

from pathlib import Path

import pytest

from gnicli.contracts.results import RunRecord, Value
from gnicli.experiments.sweeps import basin_masses
from gnicli.model import stationary_laws, wells
from gnicli.potential.double_well import DoubleWell
from gnicli.potential.equal_depth import EqualDepth
from gnicli.potential.quadratic import Quadratic
from gnicli.potential.separable import Separable
from gnicli.sde.levy_noise import LevyNoise

UNEVEN = EqualDepth(widths=[1.0, 2.0])


def masses(potential, noise, drift="gradient"):
    return wells.masses(potential, noise, drift, stationary_laws.laws(potential, noise)[0])


@pytest.mark.parametrize(("epsilon", "caveat"), [(0.02, ""), (0.3, "noise too large")])
def test_masses_of_exact_law_gibbs_law_and_theory(epsilon, caveat):
    found = masses(UNEVEN, LevyNoise(1.5, 0.0, epsilon))
    for kind in ("exact_basin_mass", "gibbs_basin_mass", "basin_mass_theory"):
        assert sum(found[f"{kind}/{basin}"].number for basin in (1, 2)) == pytest.approx(1)
    assert found["basin_mass_theory/1"].number == pytest.approx(0.5**1.5 / (1 + 0.5**1.5))
    assert found["basin_mass_theory/1"].caveat == caveat
    gap = abs(found["exact_basin_mass/1"].number - found["basin_mass_theory/1"].number)
    assert gap < 0.01 if not caveat else gap > 0.05
    assert found["gibbs_basin_mass/2"].caveat == "law of another drift"


@pytest.mark.parametrize(("epsilon", "caveat"), [(0.05, ""), (0.3, "noise too large")])
def test_at_alpha_2_the_exact_law_is_the_gibbs_law_also_behind_high_barriers(epsilon, caveat):
    found = masses(UNEVEN, LevyNoise(2.0, 0.0, epsilon))
    assert found["exact_basin_mass/1"] == found["gibbs_basin_mass/1"]
    assert found["basin_mass_theory/1"].caveat == caveat
    assert found["basin_mass_theory/1"].number == pytest.approx(2**0.5 - 1, abs=1e-6)


def test_the_other_drift_has_no_theory_and_one_well_no_masses():
    names = {name.partition("/")[0] for name in masses(UNEVEN, LevyNoise(1.5, 0.0, 0.3), "fractional")}
    assert names == {"exact_basin_mass", "gibbs_basin_mass"}
    assert masses(Quadratic(), LevyNoise(1.5, 0.0, 0.3)) == {}


def test_each_coordinate_has_masses_with_its_own_skewness():
    both = Separable(parts=["quadratic", {"name": "equal_depth", "widths": [2.0, 1.0]}, "double_well"])
    found = masses(both, LevyNoise(1.5, [0.9, 0.2, -0.4], 0.02))
    assert "exact_basin_mass/1/w1" not in found
    alone = masses(EqualDepth(widths=[2.0, 1.0]), LevyNoise(1.5, 0.2, 0.02))
    assert found["exact_basin_mass/1/w2"] == alone["exact_basin_mass/1"]
    assert found["basin_mass_theory/2/w3"] == masses(DoubleWell(), LevyNoise(1.5, -0.4, 0.02))["basin_mass_theory/2"]


def run(alpha, beta, mass, theory, rate, caveat=""):
    values = {
        "exact_basin_mass/1": Value(1 - mass),
        "exact_basin_mass/2": Value(mass),
        "basin_mass_theory/2": Value(theory, caveat=caveat),
        "transition_rate/1-2": Value(rate, 0.1, 4, ci95=(rate / 2, rate * 2)),
        "transition_rate_theory/1-2": Value(2 * rate),
    }
    return RunRecord(0, Path("0"), {"alpha": str(alpha), "beta": str(beta), "seed": "0"}, "completed", values, {})


def test_the_figure_has_masses_and_rates_of_each_setting_and_no_line_from_jumps_to_climbing():
    records = [
        run(2, 0.5, 0.6, 0.61, 0.2),
        run(1.5, 0.5, 0.7, 0.72, 0.3, "noise too large"),
        run(1.2, 0.5, 0.8, 0.81, 0.0, "noise too large"),
        run(1.5, 0, 0.5, 0.52, 0.1),
    ]
    masses_of_2, rates = basin_masses.figures(records)["basin_masses"].panels
    curves = {(curve.label, len(curve.x)): curve for curve in masses_of_2.curves}
    exact = curves["exact beta=0.5", 3]
    assert (exact.x.tolist(), exact.y.tolist()) == ([1.2, 1.5, 2.0], [0.8, 0.7, 0.6])
    jumps, climbs = curves["theory beta=0.5", 2], curves["theory beta=0.5", 1]
    assert (jumps.x.tolist(), climbs.x.tolist()) == ([1.2, 1.5], [2.0])
    assert (jumps.grey, climbs.grey, jumps.style, climbs.style) == (True, False, "dashed", "dots")
    measured = next(curve for curve in rates.curves if curve.label == "measured beta=0.5")
    assert measured.x.tolist() == [1.5, 2.0]  # no transition: nothing on a logarithmic axis
    assert measured.high.tolist() == [0.6, 0.4]


def test_theory_is_grey_where_it_does_not_hold_and_only_there():
    grey = "noise too large"
    caveats = {1.1: grey, 1.3: "", 1.5: "", 1.7: grey, 1.9: grey}
    records = [run(alpha, 0, 0.5, 0.4 + alpha / 10, 0.1, caveats[alpha]) for alpha in (1.9, 1.1, 1.5, 1.3, 1.7)]
    figure = basin_masses.figures(records)["basin_masses"]
    assert figure.share == "x"
    drawn = [(c.x.tolist(), c.grey, c.style) for c in figure.panels[0].curves if c.label.startswith("theory")]
    assert drawn == [([1.1], True, "dots"), ([1.3, 1.5], False, "dashed"), ([1.7, 1.9], True, "dashed")]


def test_without_a_noise_key_that_varies_there_is_no_figure():
    assert basin_masses.figures([run(1.5, 0, 0.5, 0.5, 0.1)]) == {}
    assert basin_masses.figures([]) == {}
