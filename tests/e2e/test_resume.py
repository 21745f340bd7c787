"""Runs that are stopped, killed or started at the same instant."""

import json
import random
import signal
import time

import pytest

from gnicli.cli import main

RUN = (
    "train", "dataset=digits", "network.width=32", "network.depth=2", "noise=mult", "M=2", "batch_size=100",
    "optimizer.name=sgd", "optimizer.momentum=0.9", "lr=0.01", "steps=900", "eval_every=30", "run.checkpoint_steps=20",
    "threads=1", "run.pictures=none",
)  # fmt: skip
PRODUCTS = ("metrics.csv", "results.json", "checkpoint.safetensors", "figures/losses.csv")


def wait_for_step(folder, process, rows=4, patience=90.0):
    """Wait until the run has saved a checkpoint and recorded something."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and process.poll() is None:
        metrics = folder / "metrics.csv"
        if (folder / "checkpoint.safetensors").exists() and metrics.exists() and metrics.read_text().count("\n") > rows:
            return
        time.sleep(0.02)


def assert_same(folder, whole):
    for name in PRODUCTS:
        assert (folder / name).read_bytes() == (whole / name).read_bytes(), name


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The run that nobody disturbed."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    assert main([*RUN, f"run.dir={folder}"]) == 0
    return folder


def test_ten_kills_at_random_moments_leave_no_trace(gni, start, whole, tmp_path):
    """SIGKILL while training (and while loading); each resumption is killed in turn, the last one finishes."""
    folder, moments = tmp_path / "killed", random.Random(2)
    process = start(*RUN, f"run.dir={folder}")
    kills = 0
    while kills < 10:
        if kills % 3:
            # A new process takes seconds to import torch; most kills are to hit training itself.
            wait_for_step(folder, process)
        time.sleep(moments.uniform(0, 0.5))
        process.kill()
        process.communicate()
        kills += 1
        if kills < 10:
            process = (
                start("resume", folder) if (folder / "manifest.json").exists() else start(*RUN, f"run.dir={folder}")
            )
    said = gni("resume", folder)
    assert said.code == 0 or "is finished" in said.err
    assert_same(folder, whole)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 75), (signal.SIGUSR1, 75), (signal.SIGUSR2, 75)]
)
def test_a_signal_saves_and_the_run_can_go_on(gni, start, whole, tmp_path, number, code):
    folder = tmp_path / "stopped"
    process = start(*RUN, "run.checkpoint_steps=10", "run.checkpoint_seconds=100", f"run.dir={folder}")
    wait_for_step(folder, process, rows=8)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert f"gni resume {folder}" in err
    assert json.loads((folder / "manifest.json").read_text())["status"] == "interrupted"
    said = gni("resume", folder)
    assert said.code == 0, said.err
    for name in ("metrics.csv", "results.json", "figures/losses.csv"):
        assert (folder / name).read_bytes() == (whole / name).read_bytes(), name


def test_six_runs_started_at_the_same_instant_have_six_folders(start, outputs):
    words = ("fit-stable", "samples.n=60", "n_bootstrap=0", "holdout=0", "run.pictures=none")  # the quickest: no torch
    processes = [start(*words) for _ in range(6)]
    said = [process.communicate(timeout=180) for process in processes]
    assert [process.returncode for process in processes] == [0] * 6, said
    folders = {out.rstrip().splitlines()[-1] for out, _ in said}
    assert len(folders) == 6
    assert {str(path) for path in outputs.glob("fit-stable/*/*")} == folders
    assert all((path / "results.json").exists() for path in outputs.glob("fit-stable/*/*"))
