"""What one imports from `gnicli.sde` and `gnicli.kde`: what it gives, takes and refuses, and how little it needs."""

import doctest
import importlib
import importlib.util
import math
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import gnicli
from gnicli import kde, potential, sde
from gnicli.contracts.observer import SilentObserver
from gnicli.errors import NumericalError, UsageError
from gnicli.experiments.simulate_sde import SimulateSdeConfig
from gnicli.model import basins, build, chains
from gnicli.potential.double_well import DoubleWell
from gnicli.potential.quadratic import Quadratic
from gnicli.sde import LevyNoise, loop
from gnicli.stable import StableLaw

MODULES = (
    "gnicli.kde.estimation", "gnicli.potential", "gnicli.sde.exits.rates", "gnicli.sde.exits.theory",
    "gnicli.sde.laws.stationary", "gnicli.sde.levy_noise", "gnicli.sde.simulation",
)  # fmt: skip


# Of chains that are too short to be judged, in tests of something else.
SHORT = pytest.mark.filterwarnings(
    "ignore:the chains have not mixed", "ignore:the effective sample size of the recorded"
)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_the_docstrings_are_true(name):
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted > 0
    assert found.failed == 0


@pytest.mark.parametrize("package", [sde, kde])
def test_each_listed_name_is_there_and_no_other(package):
    assert set(package.__all__) <= set(dir(package))
    for name in package.__all__:
        assert getattr(package, name).__doc__
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = package.nothing


ALONE = """
import sys
before = set(sys.modules)
sys.path.insert(0, sys.argv[1])
import gnicli.sde, gnicli.kde
assert not {"numpy", "scipy"} & set(sys.modules), "imported too early"
from gnicli.sde import LevyNoise, exit_rates, simulate, stationary_law
law = stationary_law("double_well", alpha=1.5, beta=0.5)
chains = simulate("double_well", LevyNoise(1.5, 0.5), n_steps=64, n_chains=8)
exit_rates("double_well", LevyNoise(1.2, 0.5, 0.05), simulate=True, n_steps=64, n_chains=8)
gnicli.kde.density(chains.trace.positions[:, 0], bandwidth=0.3)
print(sorted(name.partition(".")[0] for name in set(sys.modules) - before if hasattr(sys.modules[name], "__path__")))
"""


def test_numpy_and_scipy_are_enough(tmp_path):
    """A real interpreter that sees these two and gnicli, nothing else."""
    for name in ("numpy", "scipy"):
        home = Path(importlib.util.find_spec(name).origin).parent
        for part in (home, home.with_name(f"{name}.libs")):
            if part.exists():
                (tmp_path / part.name).symlink_to(part)
    (tmp_path / "gnicli").symlink_to(Path(gnicli.__file__).parent)
    command = [sys.executable, "-S", "-I", "-c", ALONE, str(tmp_path)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    assert "torch" not in found.stdout


# ----------------------------------------------------------------------------------------------------------- simulation


@SHORT
def test_the_call_gives_the_numbers_of_the_command():
    keys = {"alpha": 1.4, "beta": -0.3, "epsilon": 0.5, "n_steps": 200, "n_chains": 20, "burn_in": 20, "seed": 3}
    config = SimulateSdeConfig(potential=DoubleWell(), eta=0.02, n_bins=500, exit_steps=300, **keys)
    theirs = chains.simulate_chains(config, build.build(config), SilentObserver())
    plan = {name: keys[name] for name in ("n_steps", "n_chains", "burn_in", "seed")}
    noise = LevyNoise(1.4, -0.3, 0.5)
    ours = sde.simulate("double_well", noise, step=0.02, n_bins=500, **plan)
    assert np.array_equal(ours.positions, theirs.run.positions)
    assert np.array_equal(ours.histogram.counts, theirs.histogram.counts)
    assert np.array_equal(ours.trace.positions, theirs.trace.positions)
    assert (ours.mixing, ours.means) == (theirs.mixing, theirs.means)
    (left, right) = basins.of(config, 300, None)
    for one, own in zip(
        (left, right), sde.exit_rates("double_well", noise, simulate=True, step=0.02, n_steps=300, n_chains=20, seed=3),
        strict=True,
    ):  # fmt: skip
        one.follow(loop.Plan(300, 20, 0.02, 3), SilentObserver())
        assert own.simulated.durations.tolist() == one.exits.durations.tolist()
        assert (own.theory, own.smallness) == (one.theory, one.smallness)


@SHORT
def test_chains_of_the_quadratic_have_its_stable_law():
    """Positions, histogram and mean against S_α(ε/(αλ)^{1/α}, β, 0)."""
    noise, rate = LevyNoise(1.7, 0.6, 0.8), 1.3
    found = sde.simulate({"name": "quadratic", "curvature": rate}, noise, step=0.1, n_steps=400, n_chains=2048, seed=5)
    law = StableLaw(1.7, 0.6, 0.0, 0.8 * (1.7 * rate) ** (-1 / 1.7))
    cdf, stderr = found.histogram.cdf()
    # Strang's own error at this step is of order λ²η²/24: some 1e-3 of the width.
    assert (np.abs(cdf - law.cdf(found.histogram.edges)) < 5 * stderr + 2e-3).all()
    (mean,) = found.means["w"]
    assert mean.ci95[0] <= 0 <= mean.ci95[1]
    assert found.means["w**2"][0].value == "infinite"


@SHORT
def test_functions_are_texts_or_python_and_coordinates_have_their_own():
    noise = LevyNoise(1.8, [0.5, -0.2], 0.3)
    pair = {"name": "separable", "parts": ["double_well", {"name": "quadratic", "curvature": 2.0}]}
    keys = {"n_steps": 64, "n_chains": 16, "burn_in": 0, "start": "minima"}
    by_text = sde.simulate(pair, noise, functions=["cos(w)"], **keys)
    by_hand = sde.simulate(pair, noise, functions={"cosine": np.cos}, **keys)
    assert by_text.positions.shape == (2, 16)
    assert [one.value for one in by_text.means["cos(w)"]] == pytest.approx(
        [one.value for one in by_hand.means["cosine"]]
    )


@SHORT
@pytest.mark.parametrize("drift", ["gradient", "fractional"])
def test_steps_that_get_shorter_weigh_positions_by_their_length(drift):
    keys = {"step": 0.05, "step_power": 0.6, "n_steps": 64, "n_chains": 6, "burn_in": 9, "thin": 1, "drift": drift}
    found = sde.simulate("double_well", NOISE, functions=["w"], **keys)
    weights = 0.05 * np.arange(10, 65) ** -0.6
    assert found.weights == pytest.approx(weights)
    assert found.times == pytest.approx(np.cumsum(0.05 * np.arange(1, 65) ** -0.6)[9:])
    assert found.histogram.totals.sum() == pytest.approx(6 * weights.sum())
    mean = (weights @ found.trace.positions[:, 0]).mean() / weights.sum()
    assert found.means["w"][0].value == pytest.approx(mean)


@SHORT
@pytest.mark.slow
def test_the_fractional_drift_of_the_call_restores_gibbs():
    noise = LevyNoise(1.5, 0.5)
    found = sde.simulate(
        "double_well", noise, drift="fractional", n_steps=1000, n_chains=1024, low=-4, high=4, n_bins=60
    )
    cdf, stderr = found.histogram.cdf()
    gibbs = sde.GibbsLaw(DoubleWell(), noise).cdf(found.histogram.edges)
    exact = sde.stationary_law("double_well", noise).cdf(found.histogram.edges)
    assert (np.abs(cdf - gibbs) < 5 * stderr + 2e-3).all()
    assert np.abs(cdf - exact).max() > 0.05


@SHORT
def test_a_long_step_is_warned_of_in_words_of_the_call():
    with pytest.warns(UserWarning, match="^step=0.6 is too long a step .*; take step <= "):
        sde.simulate("double_well", LevyNoise(1.8), step=0.6, n_steps=64, n_chains=4)


# ------------------------------------------------------------------------------------------------------ stationary laws


@pytest.mark.parametrize(("alpha", "beta"), [(0.8, 0.4), (1.6, -0.7)])
def test_characteristic_function_of_the_quadratic_has_its_closed_form(alpha, beta):
    noise = LevyNoise(alpha, beta, 0.7)
    law = sde.stationary_law(Quadratic(curvature=1.3), noise)
    k = np.array([-7.0, -0.4, 0.0, 1e-9, 0.2, 1.0, 3.0])
    assert law.cf(k) == pytest.approx(StableLaw(alpha, beta, 0.0, 0.7 * (alpha * 1.3) ** (-1 / alpha)).cf(k), abs=1e-11)
    assert law.cf(1e6) == 0


def test_characteristic_function_is_that_of_the_density():
    tilted = potential.build("polynomial", terms=[0.0, 0.3, -0.5, 0.1, 0.25])
    law = sde.stationary_law(tilted, alpha=1.9, beta=-0.5, epsilon=0.6)
    x = np.linspace(-60, 60, 24_001)
    pdf = law.pdf(x)
    for k in (0.3, 2.0, -2.0):
        # Beyond ±60 lies less than 60^-3.9 of the mass; inside, the rule is exact to rounding for so smooth a density.
        assert law.cf(k) == pytest.approx(np.trapezoid(pdf * np.exp(1j * k * x), x), abs=2e-7)


# ---------------------------------------------------------------------------------------------------------------- exits


def test_exit_rates_of_the_double_well_follow_theory():
    left, right = sde.exit_rates(
        "double_well", LevyNoise(1.2, 0.4, 0.02), simulate=True, step=0.1, n_steps=4000, seed=1
    )
    for found in (left, right):
        assert max(found.smallness.values()) < 0.1
        # ε is finite: 5 % of theory, and 3 standard errors of the simulation.
        allowed = 0.05 * found.theory.rate + 3 * found.simulated.rate_stderr
        assert found.simulated.rate == pytest.approx(found.theory.rate, abs=allowed)
        assert allowed < 0.5 * found.theory.rate
    assert left.theory.rate / right.theory.rate == pytest.approx(1.4 / 0.6)
    rates = sde.transition_rates("double_well", LevyNoise(1.2, 0.4, 0.02))
    assert rates[0, 1] == pytest.approx(left.theory.rate)


def test_a_potential_without_saddles_needs_the_ends_of_its_basin():
    (found,) = sde.exit_rates("quadratic", LevyNoise(1.5, 0.5, 0.05), basin=(-1.0, 2.0))
    assert (found.basin.left, found.basin.right, found.simulated) == (1.0, 2.0, None)
    assert found.theory.to_right == pytest.approx(1.5 / (1.5 + 0.5 * 2**1.5))


# ------------------------------------------------------------------------------------------------------------ densities


def test_density_of_samples_is_that_of_their_law():
    samples = np.random.default_rng(1).standard_cauchy((4000, 25))
    found = kde.density(samples, low=-4, high=4)
    low, high = found.band
    truth = 1 / (math.pi * (1 + found.x**2))
    assert ((low <= truth) & (truth <= high)).mean() > 0.8  # pointwise 95 %, less what the kernel smooths away
    whole = kde.density(samples.ravel()[::10])
    inside = np.mean((samples.ravel()[::10] > whole.x[0]) & (samples.ravel()[::10] < whole.x[-1]))
    assert np.trapezoid(whole.pdf, whole.x) == pytest.approx(inside, abs=0.002)
    assert 0.99 <= inside < 0.993


# --------------------------------------------------------------------------------------------------------------- errors


NOISE = LevyNoise(1.5, 0.5)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: sde.simulate("double_wel", NOISE), UsageError, "^potential must be one of .*did you mean double_well"),
        (lambda: sde.simulate(3, NOISE), UsageError, "^potential: expected one of .*; got int, which lacks name, "),
        (lambda: sde.simulate("double_well", 1.5), UsageError, "^noise: expected a LevyNoise"),
        (lambda: sde.simulate("double_well", NOISE, step=0), UsageError, "^step must be > 0, got 0"),
        (lambda: sde.simulate("double_well", NOISE, step=200), UsageError, "^step=200 is too long a step"),
        (lambda: sde.simulate("double_well", NOISE, step=200), UsageError, r"the strang scheme needs .*take step <= 0"),
        (lambda: sde.exit_rates("double_well", NOISE, simulate=True, step=0), UsageError, "^step must be > 0, got 0"),
        (
            lambda: sde.simulate("double_well", LevyNoise(2), drift="fractional"),
            UsageError,
            "^the fractional drift nee",
        ),
        (
            lambda: sde.simulate("double_well", NOISE, n_steps=10, burn_in=10),
            UsageError,
            "^burn_in must be below n_steps",
        ),
        (lambda: sde.simulate("double_well", NOISE, scheme="heun"), UsageError, "^scheme must be one of strang"),
        (lambda: sde.simulate("double_well", NOISE, drift="none"), UsageError, "^drift must be one of gradient, frac"),
        (
            lambda: sde.simulate("double_well", NOISE, drift="fractional", scheme="euler"),
            UsageError,
            "^the euler scheme cannot take the fractional drift.*; take the strang scheme$",
        ),
        (
            lambda: sde.simulate("double_well", LevyNoise(0.6, 0, 3), scheme="euler", step=0.1, n_chains=8),
            NumericalError,
            "take the strang scheme or a shorter step$",
        ),
        (lambda: sde.simulate("separable", LevyNoise(1.5, [0.1] * 3)), UsageError, "^beta: expected one number or 2"),
        (lambda: sde.simulate("double_well", NOISE, step_power=1.5), UsageError, "^step_power must be >= 0 and <= 1"),
        (lambda: sde.stationary_law("double_well"), UsageError, "^alpha is missing"),
        (lambda: sde.stationary_law("double_well", NOISE, alpha=1.5), UsageError, "^give either noise, or alpha"),
        (lambda: sde.stationary_law("double_well", alpha=0.3), UsageError, "^alpha must be >= 0.5 and <= 2"),
        (lambda: sde.stationary_law("separable", NOISE), UsageError, "needs a polynomial potential"),
        (lambda: sde.exit_rates("quartic", NOISE), UsageError, r"has no saddle: .*basin=\(low, high\)"),
        (lambda: sde.exit_rates("double_well", LevyNoise(2)), UsageError, "^exit rates need alpha < 2"),
        (lambda: sde.exit_rates("separable", NOISE), UsageError, "^exit rates need a one-dimensional potential"),
        (
            lambda: sde.exit_rates("quadratic", NOISE, basin=(1, 2)),
            UsageError,
            "^basin=.* must hold the potential's only",
        ),
        (lambda: potential.build("quadratic", curvature=-1), UsageError, "^curvature must be > 0 and .*, got -1"),
        (lambda: potential.build("quadratic", curve=1), UsageError, "quadratic has no key curve"),
        (lambda: potential.build(DoubleWell(), curvature=1), UsageError, "curvature go with a name"),
        (lambda: kde.density(np.zeros((2, 2, 2))), UsageError, r"^samples must be of shape \(n,\)"),
        (lambda: kde.density([1.0, np.nan]), NumericalError, "not finite"),
        (lambda: kde.density(np.arange(99.0), bandwidth="silverman"), UsageError, "^bandwidth must be one of isj"),
        (lambda: kde.density(np.arange(99.0), weights=np.ones(98)), UsageError, "^weights must be one per step, 99"),
        (lambda: kde.density(np.arange(99.0), low=2, high=1), UsageError, "^the window must have finite ends"),
    ],
)
def test_errors_speak_of_arguments(call, error, message):
    with pytest.raises(error, match=message) as found:
        call()
    assert not re.search(r"\b(eta|scheme|drift|potential)[=.·]\S", str(found.value))  # keys of the command line
