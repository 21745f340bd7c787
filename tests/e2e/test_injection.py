"""`inject=` and `track=` from the command line: resuming, equal bytes, what the folder holds."""

import json
import signal

import numpy as np
import pytest

QUICK = (
    "train", "noise=mult", "noise.std=0.2", "protocol=paper", "dataset.frequencies=[1,2]", "M=4", "network.width=64",
    "network.depth=2", "network.init=he", "threads=1", "run.checkpoint_steps=10", "eval_every=7",
)  # fmt: skip
PRODUCTS = ("metrics.csv", "results.json", "checkpoint.safetensors", "figures/gradient_noise.csv")


@pytest.mark.parametrize("inject", ["stable", "shuffled", "whitened_stable"])
def test_equal_runs_have_equal_bytes(gni, tmp_path, inject):
    words = (*QUICK, "steps=12", f"inject={inject}", "track=gradient_noise", "track.n_mean=2", "lr=1e-3")
    for name in "ab":
        said = gni(*words, f"run.dir={tmp_path / name}")
        assert said.code == 0, said.err
    for file in PRODUCTS:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes(), file


def test_a_stopped_run_goes_on_bit_for_bit_and_its_state_is_small(gni, fork, tmp_path):
    words = (
        *QUICK, "steps=120", "lr=1e-6", "inject=stable", "inject.every=4", "track=gradient_noise", "track.every=15"
    )  # fmt: skip
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    assert gni(*words, f"run.dir={whole}").code == 0
    process = fork(*words, f"run.dir={stopped}")
    while process.poll() is None:
        metrics = stopped / "metrics.csv"
        if (stopped / "checkpoint.safetensors").exists() and metrics.exists() and metrics.stat().st_size > 900:
            break
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 75
    assert json.loads((stopped / "manifest.json").read_text())["part_seconds"]["track"] > 0
    assert gni("resume", stopped).code == 0
    for file in PRODUCTS:
        assert (whole / file).read_bytes() == (stopped / file).read_bytes(), file
    n_weights = 64 + 64 * 64 + 64 + 64 + 64 + 1
    assert (whole / "checkpoint.safetensors").stat().st_size < 4 * n_weights + 40_000


def test_tracking_leaves_training_alone_and_its_cost_is_in_the_manifest(gni, tmp_path):
    losses = {}
    for track in ("none", "gradient_noise"):
        folder = tmp_path / track
        said = gni(*QUICK, "steps=20", f"track={track}", f"run.dir={folder}")
        assert said.code == 0, said.err
        rows = (folder / "metrics.csv").read_text().splitlines()
        losses[track] = [row for row in rows if "loss" in row or "objective" in row]
        manifest = json.loads((folder / "manifest.json").read_text())
        assert ("track" in manifest["part_seconds"]) == (track == "gradient_noise")
    assert losses["none"] == losses["gradient_noise"]
    names = {row.split(",")[1] for row in rows}
    for layer in (1, 2, 3):
        assert f"kurtosis/layer{layer}" in names
    # Without a fit where half of a layer's units are dead: the first layer has but 64 weights here.
    assert names >= {f"{name}/layer2" for name in ("alpha", "alpha_stderr", "beta", "scale", "skewness")}
    steps = sorted({int(row.split(",")[0]) for row in rows if "alpha/layer2" in row})
    assert steps == [0, 7, 14, 20]
    values = json.loads((folder / "results.json").read_text())
    assert values["alpha/layer2"]["stderr"] > 0
    assert 0.5 <= values["alpha/layer2"]["value"] <= 2
    assert np.isfinite(values["kurtosis/layer2"]["value"])


def test_the_step_at_which_an_injected_run_diverges_is_recorded(gni, tmp_path):
    said = gni(*QUICK, "steps=50", "inject=stable", "lr=1e6", f"run.dir={tmp_path / 'run'}")
    assert said.code == 4
    values = json.loads((tmp_path / "run" / "results.json").read_text())
    assert f"diverged at step {int(values['diverged_at']['value'])} " in said.err
    assert values["inject_fits"]["value"] >= 3
    path = json.loads((tmp_path / "run" / "figures" / "divergence.json").read_text())["panels"][0]["curves"][0]
    assert path["x"][-1] == -1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("inject=stable", "M=1"), "inject=stable needs M >= 2"),
        (("inject=stable", "noise=none"), "inject=stable needs noise in the activations"),
        (("track=gradient_noise", "noise=none"), "track=gradient_noise needs noise in the activations"),
        (("inject=recorded", "objective=clean"), "inject.mean=own needs objective=noisy"),
        (("inject=stabel",), "did you mean stable?"),
    ],
)
def test_what_cannot_be_done_is_one_line(gni, outputs, words, message):
    overriding = [word for word in QUICK if word.partition("=")[0] not in {w.partition("=")[0] for w in words}]
    overriding = [word for word in overriding if not ("noise=none" in words and word.startswith("noise"))]
    said = gni(*overriding, "steps=2", *words)
    assert said.code == 2
    assert message in said.err
    assert not outputs.exists()
