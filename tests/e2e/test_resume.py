"""Runs that are stopped, killed or started at the same instant."""

import json
import random
import re
import signal
import time

import pytest

from gnicli.cli import main

RUN = (
    "train", "dataset=digits", "network.width=32", "network.depth=2", "noise=mult", "M=2", "batch_size=100",
    "optimizer.name=sgd", "optimizer.momentum=0.9", "lr=0.01", "steps=900", "eval_every=30", "run.checkpoint_steps=20",
    "threads=1", "run.pictures=none",
)  # fmt: skip
SIGNALS = ((signal.SIGINT, 130), (signal.SIGTERM, 75), (signal.SIGUSR1, 75), (signal.SIGUSR2, 75))
PRODUCTS = ("metrics.csv", "results.json", "checkpoint.safetensors", "figures/losses.csv")


def wait_for_step(folder, process, rows=4, patience=90.0):
    """Wait until the run has saved a checkpoint and recorded something."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and process.poll() is None:
        if (folder / "checkpoint.safetensors").exists() and n_rows(folder) > rows:
            return
        time.sleep(0.02)


def n_rows(folder):
    metrics = folder / "metrics.csv"
    return metrics.read_text().count("\n") if metrics.exists() else 0


def assert_same(folder, whole):
    for name in PRODUCTS:
        assert (folder / name).read_bytes() == (whole / name).read_bytes(), name


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The run that nobody disturbed."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    assert main([*RUN, f"run.dir={folder}"]) == 0
    return folder


def test_ten_kills_at_random_moments_leave_no_trace(gni, fork, whole, tmp_path):
    """SIGKILL while training (and while loading); each resumption is killed in turn, the last one finishes."""
    folder, moments = tmp_path / "killed", random.Random(2)
    process = fork(*RUN, f"run.dir={folder}")
    kills = 0
    while kills < 10:
        if kills % 3:
            # A new process takes a while to compose its configuration; most kills are to hit training itself.
            wait_for_step(folder, process)
        time.sleep(moments.uniform(0, 0.5))
        process.kill()
        process.communicate()
        kills += 1
        if kills < 10:
            process = fork("resume", folder) if (folder / "manifest.json").exists() else fork(*RUN, f"run.dir={folder}")
    said = gni("resume", folder)
    assert said.code == 0 or "is finished" in said.err
    assert_same(folder, whole)


def test_each_signal_saves_and_the_run_can_go_on(gni, fork, whole, tmp_path):
    """One run is stopped by each in turn, and each time it has gone on first."""
    folder, stopped_at = tmp_path / "stopped", []
    process = fork(*RUN, "run.checkpoint_steps=10", "run.checkpoint_seconds=100", f"run.dir={folder}")
    for number, code in SIGNALS:
        wait_for_step(folder, process, rows=8 + n_rows(folder))
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
        assert process.returncode == code, (number, err)
        assert f"gni resume {folder}" in err
        manifest = json.loads((folder / "manifest.json").read_text())
        assert manifest["status"] == "interrupted"
        assert manifest.get("resumed_from", []) == stopped_at
        stopped_at.append(int(re.search(r"stopped at step (\d+); saved", err)[1]))
        process = fork("resume", folder)
    _, err = process.communicate(timeout=180)
    assert process.returncode == 0, err
    assert stopped_at == sorted(set(stopped_at))
    for name in ("metrics.csv", "results.json", "figures/losses.csv"):
        assert (folder / name).read_bytes() == (whole / name).read_bytes(), name


def test_six_runs_started_at_the_same_instant_have_six_folders(fork, outputs):
    words = ("fit-stable", "samples.n=60", "n_bootstrap=0", "holdout=0", "run.pictures=none")  # the quickest: no torch
    processes = [fork(*words) for _ in range(6)]
    said = [process.communicate(timeout=180) for process in processes]
    assert [process.returncode for process in processes] == [0] * 6, said
    folders = {out.rstrip().splitlines()[-1] for out, _ in said}
    assert len(folders) == 6
    assert {str(path) for path in outputs.glob("fit-stable/*/*")} == folders
    assert all((path / "results.json").exists() for path in outputs.glob("fit-stable/*/*"))
