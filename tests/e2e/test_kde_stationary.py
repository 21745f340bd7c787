"""`gni kde-stationary` from its arguments to its folder: one run, a source, coordinates, a sweep."""

import csv

import numpy as np
import pytest
from sde_runs import QUICK, arrays, number, results

from gnicli.contracts.results import RunRecord, Value
from gnicli.experiments.sweeps import kde_stationary


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
