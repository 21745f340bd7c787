"""The sentences of both commands about mixing, steps and moments, each from both sides of its condition."""

import math

import numpy as np
import pytest
from scipy import stats

from gnicli.errors import UsageError
from gnicli.kde import figures as kde_figures
from gnicli.model import basins, build, chains, densities, stationary_laws, transitions
from gnicli.model.keys import ModelConfig
from gnicli.potential.double_well import DoubleWell
from gnicli.potential.multi_well import MultiWell
from gnicli.potential.polynomial import Polynomial
from gnicli.potential.quadratic import Quadratic
from gnicli.potential.separable import Separable
from gnicli.sde import figures as sde_figures
from gnicli.sde import loop


def config_of(potential=None, **keys):
    quick = {"n_chains": 100, "n_steps": 400, "burn_in": 100, "thin": 1, "n_bins": 500}
    return ModelConfig(potential=potential or DoubleWell(), **{**quick, **keys})


@pytest.mark.parametrize(
    ("keys", "mark", "has_error"),
    [
        ({"n_steps": 4000, "eta": 0.05, "burn_in": 200}, "", True),
        ({"n_steps": 500, "eta": 0.05, "burn_in": 100}, "not mixed", True),
        ({"epsilon": 0.05, "start": "minima"}, "not mixed", False),
    ],
)
def test_errors_of_chains_that_have_not_mixed_are_marked(keys, mark, has_error):
    config = config_of(functions=["cos(w)", "w"], **keys)
    found = chains.simulate_chains(config, build.build(config), chains_observer())
    values = chains.values_of(found)
    for name in ("mean/w", "mean/cos(w)"):
        assert values[name].caveat == mark
        assert (values[name].stderr is not None) == has_error
    assert values["mean/w"].n == 100
    assert (values["ess"].value, values["ess_tail"].value) == (found.mixing.ess, found.mixing.ess_tail)
    said = " ".join(chains.warnings(found))
    assert ("have not mixed" in said) == bool(mark)
    assert ("no mean has a standard error" in said) == (not has_error)


def test_the_standard_error_of_a_mean_is_that_between_chains():
    """Positions of a chain are correlated: an error as if they were independent, or from within, is too small."""
    config = config_of(functions=["cos(w)"], n_steps=500, eta=0.05, n_chains=40, n_traced=40)
    found = chains.simulate_chains(config, build.build(config), chains_observer())
    assert 1.05 < found.mixing.rhat < 1.2
    (mean,) = found.means["cos(w)"]
    each = np.cos(found.trace.positions[:, 0]).mean(axis=0)
    assert mean.value == pytest.approx(each.mean())
    assert mean.stderr == pytest.approx(each.std(ddof=1) / math.sqrt(40))
    assert mean.ci95[1] - mean.value == pytest.approx(stats.t.ppf(0.975, 39) * mean.stderr)
    within = np.cos(found.trace.positions[:, 0]).std(ddof=1) / math.sqrt(found.trace.positions.size)
    assert mean.stderr > 3 * within


@pytest.mark.parametrize(
    ("keys", "caveat", "has_error"),
    [({"eta": 0.05, "n_steps": 2000}, "", True), ({"epsilon": 0.05, "start": "minima"}, "not mixed", False)],
)
def test_densities_of_stuck_chains_have_no_errors(keys, caveat, has_error):
    config = config_of(**keys)
    model = build.build(config)
    found = chains.simulate_chains(config, model, chains_observer())
    own = densities.estimate(densities.Smoothing("isj", "binned", 101), model, found)
    assert (own[0].band is not None) == has_error
    laws, _ = stationary_laws.laws(config.potential, config.noise)
    values = densities.values(config.potential, found, own, laws, stationary_laws.Caveats())
    for name in ("basin_mass/1", "mode/1", "mode_shift/1"):
        assert values[name].caveat == caveat
        assert (values[name].stderr is not None) == has_error
        assert (values[name].ci95 is not None) == has_error
    assert values["l1_to_exact"].caveat == values["modes"].caveat == caveat
    assert values["exact_modes"].caveat == values["exact_basin_mass/1"].caveat == ""


@pytest.mark.parametrize(
    ("drift", "alpha", "exact", "gibbs"),
    [
        ("gradient", 1.5, "", "law of another drift"),
        ("fractional", 1.5, "law of another drift", ""),
        ("gradient", 2.0, "", ""),
    ],
)
def test_the_law_of_another_drift_is_marked(drift, alpha, exact, gibbs):
    config = config_of(alpha=alpha, beta=0.0, eta=0.05, n_steps=1000)  # what is marked depends on no chain
    model = build.build(config)
    found = chains.simulate_chains(config, model, chains_observer())
    own = densities.estimate(densities.Smoothing("isj", "binned", 101), model, found)
    laws, _ = stationary_laws.laws(config.potential, config.noise)
    caveats = stationary_laws.caveats(drift, alpha)
    assert caveats == (exact, gibbs)
    values = densities.values(config.potential, found, own, laws, caveats)
    assert {values[f"exact_{name}"].caveat for name in ("modes", "basin_mass/1", "mode/1")} == {exact}
    assert {values[f"gibbs_{name}"].caveat for name in ("modes", "basin_mass/1")} == {gibbs}
    assert values["l1_to_gibbs"].caveat == values["l1_to_exact"].caveat == chains.caveat_of(found)


@pytest.mark.parametrize(("epsilon", "caveat"), [(0.05, ""), (0.3, "noise too large")])
def test_theory_outside_of_small_noise_is_marked(epsilon, caveat):
    config = config_of(alpha=1.2, epsilon=epsilon, eta=0.05)
    (left, right) = basins.of(config, 10, None)
    for basin in (left, right):
        basin.follow(loop.Plan(10, 20, 0.05), chains_observer())
        values = basin.values()
        marked = {name for name, value in values.items() if value.caveat}
        theory = {name for name in values if "_theory/" in name}
        assert len(theory) == 3
        assert marked == (theory if caveat else set())
        assert {values[name].caveat for name in theory} == {caveat}
    model = build.build(config)
    counted = transitions.counter(model)
    chains.simulate_chains(config, model, chains_observer(), [counted])
    values = transitions.values(config, counted)
    assert {value.caveat for name, value in values.items() if "theory" in name} == {caveat}
    assert {value.caveat for name, value in values.items() if "theory" not in name} == {""}


def chains_observer():
    from gnicli.contracts.observer import SilentObserver

    return SilentObserver()


@pytest.mark.parametrize(
    ("keys", "name", "wanted", "sentence"),
    [
        ({"potential": Quadratic(), "alpha": 1.5}, "w**2", "infinite", "mean/w**2 is infinite: P(|w**2| > x) falls"),
        ({"potential": Quadratic(), "alpha": 0.9}, "w", "undefined", "mean/w is undefined"),
        ({"potential": Quadratic(), "alpha": 2.0, "beta": 0.0}, "w**2", None, ""),
        ({"alpha": 1.5}, "w", None, ""),
        ({"alpha": 1.5}, "w**2", None, "mean/w**2 has no standard error: its variance is infinite"),
        ({"alpha": 1.5}, "exp(w)", "infinite", "mean/exp(w) is infinite"),
        ({"alpha": 1.5}, "1/w", "undefined", "mean/1/w is undefined"),
    ],
)  # fmt: skip
def test_moments_that_do_not_exist_are_told(keys, name, wanted, sentence):
    config = config_of(functions=[name], n_steps=3000, eta=0.05, burn_in=200, thin=5, **keys)
    found = chains.simulate_chains(config, build.build(config), chains_observer())
    value, told = chains.values_of(found)[f"mean/{name}"], " ".join(chains.notes(found))
    assert (value.value == wanted) if wanted else isinstance(value.value, float)
    assert (value.stderr is None) == bool(sentence)
    assert sentence in told
    assert bool(told) == bool(sentence)
    if "variance" in sentence:
        assert value.ci95[0] < value.value < value.ci95[1]


def test_coordinates_have_their_own_moments():
    potential = Separable(parts=["double_well", "quadratic"])
    config = config_of(potential, beta=[0.5, -0.3], functions=["w**2"], n_steps=2000, eta=0.05, burn_in=200)
    found = chains.values_of(chains.simulate_chains(config, build.build(config), chains_observer()))
    assert isinstance(found["mean/w**2/w1"].value, float)
    assert found["mean/w**2/w2"].value == "infinite"


def notes_of(config):
    return build.step_warnings(config, config.potential)


@pytest.mark.parametrize(
    ("keys", "long"),
    [
        ({}, False),
        ({"alpha": 1.01}, False),
        ({"alpha": 1.001}, True),
        ({"alpha": 0.999, "beta": -1.0}, True),
        ({"alpha": 1.001, "beta": 0.0}, False),
        ({"alpha": 1.001, "eta": 0.003}, False),
        ({"scheme": "euler"}, False),
        ({"scheme": "euler", "eta": 0.05}, True),
        ({"scheme": "strang", "eta": 0.05}, False),
        ({"potential": Polynomial(terms=[0, 0, 100])}, True),
    ],
)
def test_a_step_too_long_for_where_chains_rest_is_told(keys, long):
    config = config_of(**keys)
    told = notes_of(config)
    assert bool(told) == long
    if long:
        assert told[0].startswith(f"eta={config.eta:g} is too long a step where chains rest")
        shorter = float(told[0].rpartition("eta <= ")[2])
        assert notes_of(config_of(**{**keys, "eta": shorter})) == []


@pytest.mark.parametrize("keys", [{"alpha": 1.0000001}, {"potential": MultiWell(wells=[-1e5, 1e5])}, {"eta": 1e6}])
def test_a_step_that_is_far_too_long_is_refused(keys):
    with pytest.raises(UsageError, match="is too long a step where chains rest, at w = -"):
        build.dynamics(config_of(**keys), keys.get("potential", DoubleWell()))


def test_the_strong_wind_near_alpha_one_is_in_the_drift():
    near, far = (build.dynamics(config_of(alpha=alpha), DoubleWell()) for alpha in (1.01, 1.5))
    assert near[0].winds[0] < -30
    assert far[0].winds == (0.0,)
    at = np.array([-3.0, 0.5])
    moved = near[1].after(at, 1e-6) - at
    assert moved / 0.5e-6 == pytest.approx(near[0].winds[0] - DoubleWell().gradient(at), rel=1e-3)
    assert build.dynamics(config_of(alpha=1.01, scheme="euler"), DoubleWell()).increments.winds == (0.0,)


def test_the_title_of_brownian_motion_names_no_skewness():
    assert config_of(alpha=2.0, beta=0.3).noise_words() == config_of(alpha=2.0).noise_words() == "alpha = 2, ε = 1"
    assert config_of(alpha=1.5, beta=[0.3, -1.0], epsilon=2.0).noise_words() == "alpha = 1.5, beta = 0.3, -1, ε = 2"


@pytest.mark.parametrize(("epsilon", "caveat"), [(0.05, ""), (0.3, "noise too large")])
def test_the_theory_of_exits_is_grey_where_the_noise_is_too_large(epsilon, caveat):
    config = config_of(alpha=1.2, epsilon=epsilon, eta=0.05)
    places = basins.of(config, 10, None)
    for basin in places:
        basin.follow(loop.Plan(10, 20, 0.05), chains_observer())
    for panel in basins.figure(places, 20).panels:
        theory = panel.curves[1]
        assert theory.grey == bool(caveat)
        assert theory.words == (f"theory ({caveat})" if caveat else "theory (small noise)")


@pytest.mark.parametrize(("keys", "has_band"), [({"eta": 0.05, "n_steps": 2000}, True), ({"epsilon": 0.05}, False)])
def test_figures_of_densities_have_no_band_of_stuck_chains_and_grey_laws_of_another_drift(keys, has_band):
    config = config_of(start="minima", **keys)
    model = build.build(config)
    found = chains.simulate_chains(config, model, chains_observer())
    assert found.mixing.stuck != has_band
    laws, _ = stationary_laws.laws(config.potential, config.noise)
    own = densities.estimate(densities.Smoothing("isj", "binned", 101), model, found)
    caveats = stationary_laws.caveats(config.drift, config.alpha)
    for figure in (
        sde_figures.histogram(found.histogram, laws, "", caveats, not found.mixing.stuck),
        kde_figures.densities(own, laws, caveats=caveats),
    ):
        first, exact, gibbs = figure.panels[0].curves
        assert (first.low is not None) == has_band
        assert (exact.grey, gibbs.grey) == (False, True)
        assert gibbs.words == "Gibbs (law of another drift)"
