"""`gni gradient-noise measure=exponents` and `measure=averages` from their arguments to their folders."""

import json

import pytest


def values(folder):
    return json.loads((folder / "results.json").read_text())


def test_exponents_beside_their_exact_values(gni, tmp_path):
    folder = tmp_path / "run"
    said = gni(
        "gradient-noise", "measure=exponents", "noise=mult", "noise.std=1", "measure.n_layers=2", "measure.orders=[64]",
        "measure.n_samples=1500", "threads=1", f"run.dir={folder}",
    )  # fmt: skip
    assert said.code == 0, said.err
    found = values(folder)
    slope, exact = found["slope/gradient/layer1"], found["exact_slope/gradient/layer1"]
    assert slope["value"] == pytest.approx(exact["value"], abs=4 * slope["stderr"])
    assert found["limit/gradient/layer1"]["value"] == 2
    assert found["ess/gradient/layer1"]["value"] > 1000
    assert "large m: 2, 2. Exponents printed in the paper: 1.5, 2." in (folder / "report.md").read_text()


@pytest.mark.usefixtures("pictures")
@pytest.mark.slow  # two starts of the program
def test_averages_and_their_mistakes(gni, tmp_path):
    folder = tmp_path / "run"
    words = ("gradient-noise", "measure=averages", "measure.sizes=[1,4]", "measure.n_draws=500", "threads=1")
    assert gni(*words, f"run.dir={folder}").code == 0
    assert {path.name for path in (folder / "figures").iterdir()} == {
        f"tails.{suffix}" for suffix in ("png", "csv", "json")
    }
    said = gni(*words, "noise=none", f"run.dir={tmp_path / 'none'}")
    assert (said.code, "choose noise=add or noise=mult" in said.err) == (2, True)
    assert not (tmp_path / "none").exists()
