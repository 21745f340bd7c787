"""`gni train` from its arguments to its folder, on data that need no network."""

import csv
import json
import math

import numpy as np
import pytest
from safetensors.numpy import load_file

QUICK = ("steps=12", "network.width=16", "network.depth=2", "threads=1")
FILES = {
    "manifest.json",
    "metrics.csv",
    "results.json",
    "report.md",
    "report.html",
    "run.log",
    "checkpoint.safetensors",
}


def rows(folder):
    with (folder / "metrics.csv").open() as stream:
        return list(csv.DictReader(stream))


def results(folder):
    return json.loads((folder / "results.json").read_text())


@pytest.mark.usefixtures("pictures", "all_formats")
def test_digits_with_multiplied_noise_make_a_whole_folder(gni, outputs):
    said = gni("train", "dataset=digits", "noise=mult", "M=4", *QUICK)
    assert said.code == 0, said.err
    (folder,) = outputs.glob("train/*/*")
    assert said.last_line == str(folder)
    present = {path.name for path in folder.iterdir()}
    assert present >= FILES | {".hydra", "figures"}
    assert {path.name for path in (folder / ".hydra").iterdir()} == {"config.yaml", "overrides.yaml", "hydra.yaml"}
    assert {path.suffix for path in (folder / "figures").iterdir()} == {".png", ".pdf", ".svg", ".csv", ".json"}
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["status"] == "completed"
    assert manifest["threads"] == 1
    assert manifest["seed"] == 0
    found = results(folder)
    assert found.keys() >= {"train_loss", "test_loss", "test_accuracy"}
    assert all(value.keys() == {"value", "stderr", "n", "unit"} for value in found.values())
    last = {row["name"]: float(row["value"]) for row in rows(folder) if row["step"] == "12"}
    assert last["test_loss"] == found["test_loss"]["value"]
    assert 0 <= last["test_accuracy"] <= 1


def test_training_learns(gni, outputs):
    """150 full-batch steps on the digits take the accuracy from chance (a tenth) to more than four in five."""
    options = (
        "batch_size=full",
        "optimizer.name=sgd",
        "lr=0.2",
        "steps=150",
        "network.depth=1",
        "network.width=64",
        "threads=1",
    )
    assert gni("train", "dataset=digits", "dataset.inputs=unit", "noise=add", "noise.std=0.1", *options).code == 0
    (folder,) = outputs.glob("train/*/*")
    accuracy = [float(row["value"]) for row in rows(folder) if row["name"] == "test_accuracy"]
    assert accuracy[0] < 0.35
    assert accuracy[-1] > 0.8


@pytest.mark.usefixtures("pictures")
def test_slow_sinusoids_are_learned(gni, outputs):
    """What a newcomer types first learns: a tenth of its steps take the loss of the default data below a half."""
    assert gni("train", "steps=100", "network.width=64", "threads=1").code == 0
    (folder,) = outputs.glob("train/*/*")
    losses = [float(row["value"]) for row in rows(folder) if row["name"] == "train_loss"]
    assert losses[-1] < 0.5 * losses[0]
    assert (folder / "figures" / "fit.png").exists()


def test_equal_runs_have_equal_bytes_and_another_seed_has_others(gni, outputs, tmp_path):
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        said = gni(
            "train", "dataset=digits", "batch_size=100", "M=2", *QUICK, f"seed={seed}", f"run.dir={tmp_path / name}"
        )
        assert said.code == 0, said.err
    for file in ("metrics.csv", "results.json", "checkpoint.safetensors"):
        a, b, c = ((tmp_path / name / file).read_bytes() for name in "abc")
        assert a == b
        assert a != c


def test_threads_and_chunks_leave_the_draws_alone(gni, outputs, tmp_path):
    """The clean run and M = 1 against M = 2 with the same seed start from the same weights and losses."""
    first = {}
    for name, words in {"m1": ["M=1"], "m2": ["M=2"], "clean": ["objective=clean"]}.items():
        assert gni("train", *words, *QUICK, f"run.dir={tmp_path / name}").code == 0
        first[name] = [row["value"] for row in rows(tmp_path / name) if row["step"] == "0"]
    assert first["m1"] == first["m2"] == first["clean"]


@pytest.mark.parametrize("objective", ["explicit", "clean", "noisy"])
@pytest.mark.parametrize("noise", ["none", "add", "mult"])
def test_every_objective_runs_with_every_noise(gni, outputs, tmp_path, objective, noise):
    words = [f"objective={objective}", f"noise={noise}", "dataset=digits", "network=conv", "network.kernel=2"]
    words += ["M=3"] if objective == "noisy" and noise != "none" else []  # elsewhere M does nothing and is refused
    said = gni("train", *words, "steps=3", "batch_size=64", "threads=1", f"run.dir={tmp_path / 'run'}")
    assert said.code == 0, said.err
    assert math.isfinite(results(tmp_path / "run")["train_loss"]["value"])


@pytest.mark.parametrize(
    "words",
    [
        ("optimizer.name=sgd", "optimizer.momentum=0.9", "optimizer.nesterov=true", "optimizer.weight_decay=0.01"),
        ("protocol=paper",),
        ("schedule=cosine",),
        ("schedule=step",),
        ("dtype=float64", "loss=mse", "dataset=digits"),
        ("epochs=2", "batch_size=70"),
        ("noise.antithetic=true", "M=4"),
        ("noise=mult", "noise.std=[0.1,0.2,0.3]", "noise.input=false"),
    ],
)
def test_options_run(gni, outputs, words):
    options = [word for word in QUICK if not (word.startswith("steps") and any("epochs" in other for other in words))]
    said = gni("train", *options, *words)
    assert said.code == 0, said.err


def test_a_run_that_diverges_is_a_result_with_its_step(gni, outputs):
    said = gni("train", *QUICK, "steps=200", "optimizer.name=sgd", "lr=1e4", "run.checkpoint_steps=1")
    assert said.code == 4
    (folder,) = outputs.glob("train/*/*")
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["status"] == "diverged"
    step = int(results(folder)["diverged_at"]["value"])
    assert f"diverged at step {step} " in manifest["error"] + said.err
    weights = load_file(folder / "checkpoint.safetensors")
    assert all(np.isfinite(array).all() for array in weights.values())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("batch_size=512",), "batch_size=512 exceeds the 200 training examples"),
        (("batch_size=half",), "batch_size: expected auto, full or an integer"),
        (("loss=cross_entropy",), "loss=cross_entropy needs classes"),
        (("steps=3", "epochs=2"), "give steps or epochs, not both"),
        (("noise.std=-1",), "noise.std must be >= 0, got -1"),
        (("noise.std=1", "noise.var=1"), "noise.std: give std or var, not both"),
        (("noise.std=[1,1]",), "noise: std must be a number or a list of 5, one for each noise layer"),
        (("network=conv",), "conv"),
        (("seed=-1",), "seed must be an integer in [0, 2^63), got -1"),
        (("M=0",), "M must be an integer >= 1, got 0"),
    ],
)
def test_a_usage_error_is_one_line_and_leaves_no_folder(gni, outputs, words, message):
    said = gni("train", "threads=1", *words)
    assert said.code == 2
    assert len(said.err.strip().splitlines()) == 1, said.err
    assert message in said.err
    assert not outputs.exists()


@pytest.mark.usefixtures("pictures")
def test_a_sweep_isolates_a_job_that_fails_and_tells_of_it(gni, outputs):
    said = gni("train", "-m", "M=1,2", "seed=range(2)", "batch_size=100,300", *QUICK)
    assert said.code == 1
    (sweep,) = outputs.glob("train/*/*")
    assert said.last_line == str(sweep)
    with (sweep / "sweep.csv").open() as stream:
        jobs = list(csv.DictReader(stream))
    assert len(jobs) == 8
    assert {job["status"] for job in jobs if job["batch_size"] == "300"} == {"failed"}
    assert {job["status"] for job in jobs if job["batch_size"] != "300"} == {"completed"}
    assert "batch_size=300 exceeds" in said.err
    assert list((sweep / "figures").glob("*.png"))


def test_a_sweep_with_a_diverged_job_is_no_failure(gni, outputs):
    said = gni("train", "-m", "optimizer.name=sgd", "lr=0.01,1e4", *QUICK, "steps=100")
    assert said.code == 0, said.err
    (sweep,) = outputs.glob("train/*/*")
    with (sweep / "sweep.csv").open() as stream:
        assert [job["status"] for job in csv.DictReader(stream)] == ["completed", "diverged"]
