"""`gni simulate-sde` from its arguments to its folder."""

import math
import os
import signal

import numpy as np
import pytest
from sde_runs import QUICK, arrays, number, results

from gnicli.engine.observer import RunObserver

PRODUCTS = ("metrics.csv", "results.json", "arrays.npz", "figures/density.csv")


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
