"""`gni simulate-sde` and `gni kde-stationary` from their arguments to their folders."""

import csv
import json
import math
import os
import signal

import numpy as np
import pytest

from gnicli.contracts.results import RunRecord, Value
from gnicli.engine.observer import RunObserver
from gnicli.experiments.sweeps import kde_stationary

QUICK = ("n_chains=300", "n_steps=1500", "eta=0.02", "burn_in=250", "n_bins=2000")
PRODUCTS = ("metrics.csv", "results.json", "arrays.npz", "figures/density.csv")


def results(folder):
    return json.loads((folder / "results.json").read_text())


def arrays(folder):
    with np.load(folder / "arrays.npz") as read:
        return dict(read)


def number(found, name):
    return found[name]["value"]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "run"


@pytest.mark.usefixtures("pictures")
def test_a_simulation_makes_a_whole_folder(gni, folder):
    said = gni("simulate-sde", *QUICK, "exit_steps=300", f"run.dir={folder}")
    assert said.code == 0, said.err
    assert said.last_line == str(folder)
    assert {path.stem for path in (folder / "figures").glob("*.png")} == {"paths", "density", "exits"}
    found = results(folder)
    pairs = ("transition_rate", "transition_rate_theory", "exit_rate", "exit_rate_theory", "exit_ratio", "exit_spread")
    numbers = {"transition": ("1-2", "2-1"), "exit": ("1", "2")}
    wanted = {f"{name}/{which}" for name in pairs for which in numbers[name.split("_")[0]]}
    assert found.keys() >= {"ess", "split_rhat", "n_exploded", "mean/w"} | wanted
    assert number(found, "n_exploded") == 0
    assert 100 < number(found, "ess") < 300 * 250
    low, high = found["exit_rate/2"]["ci95"]
    assert low < number(found, "exit_rate/2") < high
    kept = arrays(folder)
    assert kept["counts"].shape == (1, 16, 2000)
    assert kept["trace"].shape == (250, 1, 64)
    assert kept["positions"].shape == (300,)
    assert kept["totals"].sum() == pytest.approx(300 * 250 * 0.02)


def test_the_asymmetric_law_is_found_within_its_errors(gni, folder):
    said = gni("kde-stationary", *QUICK, "n_chains=1000", "n_steps=3000", f"run.dir={folder}")
    assert said.code == 0, said.err
    found = results(folder)
    assert found.keys() >= {
        "modes", "exact_modes", "gibbs_modes", "l1_to_exact", "l1_to_gibbs", "wasserstein_to_exact", "ess",
        "n_exploded",
    }  # fmt: skip
    assert number(found, "exact_modes") == pytest.approx([-1.285450, 0.899351], abs=1e-5)
    assert number(found, "gibbs_modes") == pytest.approx([-1, 1])
    assert number(found, "modes") == pytest.approx(number(found, "exact_modes"), abs=0.1)
    assert number(found, "exact_mode_shifts") == pytest.approx([-0.285450, -0.100649], abs=1e-5)
    for i, exact in ((1, -1.285450), (2, 0.899351)):
        mode, shift = found[f"mode/{i}"], found[f"mode_shift/{i}"]
        # The bandwidth itself moves a mode, by less than 0.03 here.
        assert abs(mode["value"] - exact) < 4 * mode["stderr"] + 0.03
        assert shift["stderr"] == mode["stderr"] < 0.05
        assert number(found, f"exact_mode/{i}") == pytest.approx(exact, abs=1e-5)
    for name in ("weak_error/w", "weak_error/cos(w)"):
        assert number(found, name) < 4 * found[name]["stderr"]
    mass = found["basin_mass/1"]
    assert abs(mass["value"] - number(found, "exact_basin_mass/1")) < 4 * mass["stderr"]
    assert number(found, "l1_to_exact") < 0.05 < 0.2 < number(found, "l1_to_gibbs")
    assert number(found, "wasserstein_to_exact") < 0.05 < number(found, "wasserstein_to_gibbs")


def test_a_source_gives_what_simulating_gives(gni, tmp_path):
    model = (*QUICK, "potential=multi_well", "alpha=1.3", "potential.strength=0.5", "eta_power=0.1")
    assert gni("simulate-sde", *model, "exit_steps=0", f"run.dir={tmp_path / 'chains'}").code == 0
    assert gni("kde-stationary", *model, f"run.dir={tmp_path / 'own'}").code == 0
    said = gni("kde-stationary", f"source={tmp_path / 'chains'}", f"run.dir={tmp_path / 'read'}")
    assert said.code == 0, said.err
    for name in ("results.json", "arrays.npz", "figures/density.csv"):
        assert (tmp_path / "own" / name).read_bytes() == (tmp_path / "read" / name).read_bytes()
    for words, message in (
        (("alpha=1.2",), "alpha=1.2 contradicts the source, which has alpha=1.3"),
        (("potential=multi_well", "potential.strength=2"), "the keys of potential contradict the source"),
    ):
        said = gni("kde-stationary", f"source={tmp_path / 'chains'}", *words)
        assert said.code == 2
        assert message in said.err
    (tmp_path / "chains" / "arrays.npz").write_bytes(b"nothing")
    assert gni("kde-stationary", f"source={tmp_path / 'chains'}").code == 3


def test_a_run_that_is_stopped_goes_on_bit_for_bit(gni, tmp_path, monkeypatch):
    """Stopped among its chains, then among the exits of the first basin, then among those of the second."""
    words = ("simulate-sde", *QUICK, "n_chains=40", "exit_steps=300", "scheme=euler")
    assert gni(*words, f"run.dir={tmp_path / 'whole'}").code == 0
    plain = RunObserver.step_done

    stops = [600, 1700, 1900]

    def stopping(self, done, *rest, **shown):
        if stops and done >= stops[0]:
            stops.pop(0)
            os.kill(os.getpid(), signal.SIGTERM)
        plain(self, done, *rest, **shown)

    monkeypatch.setattr(RunObserver, "step_done", stopping)
    assert gni(*words, f"run.dir={tmp_path / 'stopped'}").code == 75
    assert gni("resume", tmp_path / "stopped").code == 75
    assert gni("resume", tmp_path / "stopped").code == 75
    assert gni("resume", tmp_path / "stopped").code == 0
    for name in (*PRODUCTS, "figures/exits.csv"):
        assert (tmp_path / "stopped" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name


def test_eulers_explosions_are_counted_and_only_the_end_of_all_is_a_failure(gni, folder, outputs):
    words = ("simulate-sde", "scheme=euler", "alpha=1.1", "exit_steps=0", "n_chains=1000", "n_bins=1000")
    said = gni(*words, "eta=0.02", "n_steps=1000", "burn_in=100", f"run.dir={folder}")
    assert said.code == 0, said.err
    found = results(folder)
    share, theory = number(found, "exploded_share"), number(found, "exploded_share_theory")
    assert 0.1 < share < 0.9
    assert abs(share - theory) < 4 * math.sqrt(theory * (1 - theory) / 1000)
    kept = arrays(folder)
    assert np.isnan(kept["positions"]).sum() == (kept["exploded_by"] >= 0).sum() == number(found, "n_exploded")
    said = gni(*words, "eta=3", "n_steps=1000", "burn_in=0")
    assert said.code == 4
    assert "all 1000 chains exploded by step 32; take the strang scheme or a shorter step" in said.err


def test_exits_of_an_asymmetric_noise_are_those_of_theory(gni, folder):
    options = ("potential=quadratic", "basin=[-1,2]", "epsilon=0.05", "alpha=1.5", "beta=0.7", "exit_eta=0.1")
    said = gni("simulate-sde", *QUICK, *options, "n_chains=500", "exit_steps=6000", f"run.dir={folder}")
    assert said.code == 0, said.err
    found = results(folder)
    rate, theory = found["exit_rate/1"], number(found, "exit_rate_theory/1")
    # C_α ε^α (.85 · 2^{−1.5} + .15)
    assert theory == pytest.approx(0.0020079, rel=1e-3)
    assert abs(rate["value"] - theory) < 4 * rate["stderr"] + 0.05 * theory
    right = found["exit_to_right/1"]
    assert abs(right["value"] - number(found, "exit_to_right_theory/1")) < 4 * right["stderr"]
    assert number(found, "exit_ratio/1") == pytest.approx(0.05 * 0.7)  # over the way to the nearest border, 1


def test_each_coordinate_has_its_own_numbers(gni, folder):
    parts = ("potential=separable", "potential.parts=[double_well,{name:quadratic,curvature:2}]", "beta=[0.5,-0.5]")
    said = gni("kde-stationary", *QUICK, *parts, f"run.dir={folder}")
    assert said.code == 0, said.err
    found = results(folder)
    assert len(number(found, "exact_modes/w1")) == 2
    (mode,) = number(found, "exact_modes/w2")
    assert mode > 0  # beta < 0 moves the mode up: the mean is 0
    assert number(found, "modes/w2") == pytest.approx([mode], abs=0.15)
    assert arrays(folder).keys() >= {"pdf/w1", "pdf/w2", "exact_pdf/w2", "gibbs_pdf/w1"}
    assert "weak_error/w**2/w2" not in found  # infinite on a quadratic


def test_the_fractional_drift_restores_gibbs_and_the_plain_one_beside_it_does_not(gni, folder):
    said = gni("kde-stationary", *QUICK, "drift=fractional", "beside={drift:gradient}", f"run.dir={folder}")
    assert said.code == 0, said.err
    found = results(folder)
    assert number(found, "l1_to_gibbs") < 0.08 < 0.2 < number(found, "beside/l1_to_gibbs")
    assert number(found, "beside/l1_to_exact") < 0.08 < 0.2 < number(found, "l1_to_exact")
    with (folder / "figures" / "density.csv").open() as stream:
        assert {row["curve"] for row in csv.DictReader(stream)} == {"estimate", "exact", "Gibbs", "drift=gradient"}


def test_the_fractional_drift_restores_gibbs_at_steps_that_get_shorter(gni, folder):
    """Theorem 4.2's averages are weighted by steps: by η_k = 0.3/k^0.4, from 0.3 to 0.016."""
    words = ("drift=fractional", "eta=0.3", "eta_power=0.4", "n_chains=300", "n_steps=1500", "burn_in=100", "thin=1")
    said = gni("kde-stationary", *words, f"run.dir={folder}")
    assert said.code == 0, said.err
    found = results(folder)
    assert number(found, "l1_to_gibbs") < 0.08 < 0.2 < number(found, "l1_to_exact")
    for function in ("w", "w**2", "cos(w)"):
        error = found[f"weak_error/{function}"]
        assert error["value"] < 4 * error["stderr"] + 2e-3
    assert 100 < number(found, "ess") < 300 * 1400


def test_coordinates_have_fractional_drifts_of_their_own(gni, folder):
    said = gni(
        "kde-stationary", *QUICK, "drift=fractional", "h=0.8", "K=30", "order=1", "drift_errors=true",
        "potential=separable", "potential.parts=[double_well,quartic]", "beta=[0.5,-0.6]", "functions=[w**2]",
        "n_chains=600", f"run.dir={folder}",
    )  # fmt: skip
    assert said.code == 0, said.err
    found = results(folder)
    alone = [number(found, f"drift_error/w**2/w{i}") for i in (1, 2)]
    shifts = [number(found, f"mean/w**2/w{i}") - number(found, f"target_mean/w**2/w{i}") for i in (1, 2)]
    for i, (error, shift) in enumerate(zip(alone, shifts, strict=True), 1):
        stderr = found[f"mean/w**2/w{i}"]["stderr"]
        assert error > 5 * stderr
        assert abs(shift) == pytest.approx(error, abs=4 * stderr + 2e-3)  # the scheme's own error is some 1e-3
    signs = np.sign(shifts)
    assert number(found, "drift_error_sum/w**2") == pytest.approx(abs(signs @ alone))
    assert number(found, "drift_error_sum/w**2") < number(found, "drift_bound_sum/w**2")
    total = found["weak_error_sum/w**2"]
    assert total["value"] == pytest.approx(abs(sum(shifts)))
    assert total["stderr"] == pytest.approx(math.hypot(*(found[f"mean/w**2/w{i}"]["stderr"] for i in (1, 2))))
    assert "drift_error_sum" in said.out


@pytest.mark.parametrize("words", [("estimator=sklearn", "points=101"), ("bandwidth=robust",), ("bandwidth=0.1",)])
def test_estimators_agree(gni, folder, words):
    assert gni("kde-stationary", *QUICK, *words, f"run.dir={folder}").code == 0
    found = results(folder)
    assert number(found, "modes") == pytest.approx([-1.285, 0.899], abs=0.25)
    assert number(found, "l1_to_exact") < 0.12


def test_a_sweep_makes_one_figure(gni, folder):
    said = gni("kde-stationary", "-m", *QUICK, "beta=-0.5,0,0.5", f"run.dir={folder}")
    assert said.code == 0, said.err
    with (folder / "figures" / "density.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert list(dict.fromkeys(row["panel"] for row in rows)) == ["beta=-0.5", "beta=0", "beta=0.5"]
    left, right = (
        np.array([float(r["y"]) for r in rows if r["panel"] == f"beta={beta}" and r["curve"] == "exact"])
        for beta in ("-0.5", "0.5")
    )
    assert len(left) == 1001
    np.testing.assert_allclose(left, right[::-1], atol=1e-9)  # the window is symmetric, too
    assert np.abs(left - right).max() > 0.1
    assert (folder / "figures" / "weak_error_beta.csv").exists()


def test_an_order_is_fitted_where_errors_are_resolved():
    def record(h, error, stderr):
        return RunRecord(0, None, {"h": str(h)}, "completed", {"weak_error/w": Value(error, stderr, 10)}, {})

    records = [record(h, 0.3 * h**2, 0.001 * h**2) for h in (0.1, 0.2, 0.4)]
    figure, orders = kde_stationary.weak_error_figure([*records, record(0.05, 1e-4, 1e-3)], "h")
    assert orders["order_in_h/w"].value == pytest.approx(2, abs=1e-9)
    assert orders["order_in_h/w"].n == 3
    assert figure.panels[0].x_scale == "log"
    assert kde_stationary.weak_error_figure(records[:2], "h")[1] == {}
    bare = [r._replace(values={"drift_error/w": r.values["weak_error/w"]._replace(stderr=None)}) for r in records]
    _, orders = kde_stationary.weak_error_figure(bare, "h", "drift_error")
    assert orders.keys() == {"drift_order_in_h/w"}
    assert orders["drift_order_in_h/w"].value == pytest.approx(2, abs=1e-9)
    assert orders["drift_order_in_h/w"].stderr is None  # nothing was sampled


def test_the_weak_errors_of_a_sum_stand_beside_those_of_its_chains(gni, folder):
    """At h so large that chains show the same error: by the transition operator and by simulation."""
    said = gni(
        "kde-stationary", *QUICK, "n_chains=1000", "n_steps=2000", "drift=fractional", "h=0.8", "K=30", "order=1",
        "drift_errors=true", "functions=[w**2]", f"run.dir={folder}",
    )  # fmt: skip
    assert said.code == 0, said.err
    found = results(folder)
    simulated, alone = found["weak_error/w**2"], found["drift_error/w**2"]
    assert alone["stderr"] is None
    assert alone["value"] > 5 * simulated["stderr"]
    # The scheme's own error at eta=.02 is some 1e-4.
    assert alone["value"] == pytest.approx(simulated["value"], abs=4 * simulated["stderr"] + 1e-3)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("alpha=1", "beta=0.5", "scheme=euler"), "alpha=1 with beta=0.5: the location of L drifts"),
        (("alpha=2.5",), "alpha must be >= 0.5 and <= 2"),
        (("alpha=0.3", "beta=0"), "alpha must be >= 0.5 and <= 2, got 0.3"),
        (("kde", "alpha=0.3"), "alpha must be >= 0.5 and <= 2, got 0.3"),
        (("beta=[0.5,0.5]",), "beta: expected one number or 1"),
        (("burn_in=20000",), "leave 0 recorded steps"),
        (("scheme=rk4",), "scheme must be one of strang, euler, implicit, tamed"),
        (("scheme=implicit", "eta=2"), "the implicit scheme has no unique solution for a step of 2:"),
        (("scheme=euler", "drift=fractional"), "the euler scheme cannot take the fractional drift"),
        (("h=0.1",), "h and K are keys of drift=fractional"),
        (("drift=fractional", "h=0.1"), "h and K go together"),
        (
            ("drift=fractional", "potential=separable", "beta=[0.5,-1]"),
            "coordinate 2: the fractional drift needs 1 < alpha < 2 and |beta| < 1, got alpha=1.5, beta=-1",
        ),
        (("functions=[w.real]",), "cannot read the expression 'w.real'"),
        (("start=mimima",), "start must be"),
        (("low=3", "high=2"), "low must be below high"),
        (("kde", "drift_errors=true"), "drift_errors=true is for the sum b_{h,K}"),
        (("kde", "bandwidth=0"), "bandwidth must be > 0, got 0"),
        (("kde", "bandwidth=1e-5"), "bandwidth=1e-05 is too small for n_bins=8000; take a larger bandwidth"),
        (("kde", "bandwidth=silverman"), "bandwidth must be isj, robust or a number"),
        (("kde", "points=1000000000"), "points must be an integer >= 2 and < 1000002"),
        (("kde", "source=nowhere"), "source=nowhere: no such folder"),
        (("kde", "beside={alpha:1.2}"), "keys of beside must be one of"),
        (("basin=[-1,2]",), "must hold the potential's only minimum"),
        (("potential=quadratic", "basin=[1,2]"), "must hold the potential's only minimum"),
        (
            ("potential=polynomial", "potential.terms=[0,1,2,1]"),
            "potential.terms must end in a positive coefficient of an even power",
        ),
        (("potential=quadratic", "potential.curvature=-1"), "potential.curvature must be > 0"),
        (
            ("potential=separable", "potential.parts=[{name:quadratic,curvature:-1}]"),
            "potential.parts[0].curvature must be > 0",
        ),
        (("potential=separable", "potential.parts=[{name:quadratic,width:1}]"), "potential.parts[0]: quadratic has no"),
        (("alpha=1.0000001",), "take eta <= "),
    ],
)
def test_a_usage_error_is_one_line_and_leaves_no_folder(gni, outputs, words, message):
    command = "kde-stationary" if words[0] == "kde" else "simulate-sde"
    said = gni(command, *(word for word in words if word != "kde"))
    assert said.code == 2, said
    assert message in said.err
    assert len(said.err.strip().splitlines()) == 1, said.err
    assert not outputs.exists()
