"""`gni gradient-noise` from its arguments to its folder."""

import json

import numpy as np
import pytest

QUICK = (
    "gradient-noise", "dataset.frequencies=[1,2]", "dataset.n_train=20", "network.depth=1", "network.width=60",
    "measure.n_draws=96", "measure.n_traced=4", "n_mean=2", "threads=1",
)  # fmt: skip


def values(folder):
    return json.loads((folder / "results.json").read_text())


def test_a_sweep_gives_intervals_over_seeds_and_each_run_its_evidence(gni, tmp_path):
    folder = tmp_path / "sweep"
    said = gni(*QUICK, "-m", "seed=0,1", "measure.figures=[]", f"run.dir={folder}")
    assert said.code == 0, said.err
    pooled = values(folder)["alpha/across_weights/layer1"]
    each = [values(folder / str(job))["alpha/across_weights/layer1"]["value"] for job in (0, 1)]
    assert (pooled["value"], pooled["n"]) == (pytest.approx(np.mean(each)), 2)
    assert pooled["stderr"] == pytest.approx(np.std(each, ddof=1) / np.sqrt(2))
    assert {path.stem for path in (folder / "figures").glob("*.csv")} >= {"positive_across_weights", "alpha"}
    report = (folder / "0" / "report.md").read_text()
    for words in (
        "Controls: 256 made-up coordinates",
        "| Gaussian |",
        "clean: the gradient without noise",
        "20 examples",
    ):
        assert words in report
    arrays = np.load(folder / "0" / "arrays.npz")
    assert arrays["trace/over_draws/layer2"].shape == (96, 4)
    assert arrays["grad_noise/layer1"].shape == (60,)
    assert not (folder / "0" / "figures").exists()


def test_a_trained_network_is_taken_from_its_run(gni, tmp_path):
    model = ("dataset.frequencies=[1,2]", "dataset.n_train=20", "network.depth=1", "network.width=60", "seed=4")
    run = tmp_path / "run"
    track = ("track=gradient_noise", "track.n_mean=2", "track.every=5")
    assert gni("train", *model, *track, "steps=5", "threads=1", f"run.dir={run}").code == 0
    measure = ("measure.n_draws=32", "measure.figures=[]", "n_mean=2", "threads=1", "seed=4")
    said = gni("gradient-noise", f"source={run}", *measure, f"run.dir={tmp_path / 'noise'}")
    assert said.code == 0, said.err
    # The same draws of the same weights as training looked at after its last step.
    found, tracked = values(tmp_path / "noise"), values(run)
    for layer in (1, 2):
        assert found[f"kurtosis/across_weights/layer{layer}"]["value"] == tracked[f"kurtosis/layer{layer}"]["value"]
    assert "after 5 steps with noise=add" in (tmp_path / "noise" / "report.md").read_text()
    said = gni("gradient-noise", f"source={run}", "network.width=7", *measure)
    assert (said.code, "contradict the source" in said.err) == (2, True)
    said = gni("gradient-noise", f"source={tmp_path / 'noise'}", *measure)
    assert (said.code, "is a run of gni gradient-noise; give a run of gni train" in said.err) == (2, True)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("noise=none",), "measure=layers needs noise in the activations"),
        (("measure.n_draws=1",), "measure.n_draws must be an integer >= 2"),
        (("measure.figures=[tails]",), "measure.figures must be one of positive_part"),
        (("batch_size=21",), "batch_size=21 exceeds the 20 training examples"),
        (("source=nowhere",), "source=nowhere: no such folder"),
        (("measure=layer",), "did you mean layers?"),
    ],
)
def test_what_cannot_be_done_is_one_line(gni, outputs, words, message):
    said = gni(*QUICK, *words)
    assert said.code == 2
    assert message in said.err
    assert not outputs.exists()
