"""`gni kde-stationary drift=fractional`: Gibbs' law restored, and the errors of the sum b_{h,K}."""

import csv
import math

import numpy as np
import pytest
from sde_runs import QUICK, number, results


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
