"""A sweep in a real Slurm: one job fails, one is killed, some are preempted, one is canceled; all are completed."""

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
from on_cluster import manifest, wait_for

pytestmark = pytest.mark.cluster

STDS = "noise.std=0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8"
WORDS = ("noise=fragile", STDS, "dataset=digits", "network.width=16", "network.depth=2", "M=2", "batch_size=50",
         "steps=60", "run.checkpoint_steps=20")  # fmt: skip
SAME = ("results.json", "metrics.csv", "checkpoint.safetensors")


def said(*words):
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=True).stdout


def states():
    """The state of each of Slurm's jobs, those included that have just ended."""
    lines = said("squeue", "--noheader", "--array", "--states=all", "--format=%i %T %P").splitlines()
    return {number: state for number, state, partition in map(str.split, lines) if partition == "main"}


def in_the_middle(folder):
    """Whether a run is under way and has saved something."""
    return manifest(folder).get("status") == "running" and (folder / "checkpoint.safetensors").exists()


def test_a_sweep_in_slurm_from_its_submission_to_its_table(slurm, gni, monkeypatch, tmp_path):
    sweep = tmp_path / "sweep"
    found = gni("sweep", "submit", "train", *WORDS, f"run.dir={sweep}")
    assert (found.code, found.last_line) == (0, str(sweep))
    assert "8 jobs submitted to Slurm as " in found.err
    assert gni("sweep", "submit", sweep).code == 5  # they are in the queue
    assert gni("sweep", "resume", sweep).code == 5

    # One is killed, as where memory runs out.
    victim = wait_for("a job in the middle", lambda: next(filter(in_the_middle, sweep.glob("[0-9]")), None))
    print(f"\n$ kill -KILL the process of job {victim.name}")
    os.kill(manifest(victim)["pid"], signal.SIGKILL)

    # Others are preempted by a job of a partition with a higher priority, save their step, and are requeued.
    wait_for("others in the middle", lambda: any(in_the_middle(path) for path in sweep.glob("[0-9]") if path != victim))
    print("\n$ sbatch --partition=urgent --exclusive --wrap 'sleep 1'")
    print(said("sbatch", "--partition=urgent", "--exclusive", "--output=/dev/null", "--wrap", "sleep 1"), end="")
    # The step at which it stopped, not that of an earlier checkpoint.
    stopped = wait_for("a preempted job", lambda: [p for p in sweep.glob("[0-9]") if "; saved. Go" in str(manifest(p))])
    assert gni("sweep", "status", sweep).code == 0

    wait_for("an empty queue", lambda: not {"PENDING", "RUNNING", "COMPLETING"} & {*states().values()})
    told = gni("sweep", "status", sweep).out
    assert "8 jobs: " in told
    statuses = {path.name: manifest(path)["status"] for path in sweep.glob("[0-9]")}
    assert [number for number, status in statuses.items() if status == "failed"] == ["2"]
    assert statuses.pop(victim.name) == "running"  # what it was when it was killed; the listing knows better
    assert " lost " in told
    assert sorted(statuses.values()) == ["completed"] * 6 + ["failed"]
    assert any(manifest(path)["resumed_from"] for path in stopped)  # it went on from its checkpoint, in its folder
    assert sorted(states().values()).count("FAILED") == 2

    # What is left is run here. The job that fails by itself is mended first.
    found = gni("sweep", "resume", sweep)
    assert found.code == 1
    assert manifest(sweep)["status"] == "failed"
    (tmp_path / "mended").touch()
    found = gni("sweep", "resume", sweep, "--failed")
    assert found.code == 0, found.err
    assert (sweep / "sweep.csv").read_text().count("completed") == 8

    # Nothing of this is seen in the results.
    monkeypatch.setenv("FRAGILE_SECONDS", "0")
    assert gni("train", "-m", *WORDS, f"run.dir={tmp_path / 'whole'}").code == 0
    for job in range(8):
        for name in SAME:
            ours, theirs = (folder / str(job) / name for folder in (sweep, tmp_path / "whole"))
            assert ours.read_bytes() == theirs.read_bytes(), (job, name)


def test_the_last_job_sums_up_and_who_waits_sees_the_ends(slurm, gni, tmp_path):
    (tmp_path / "mended").touch()
    few = [word for word in WORDS if word != STDS]
    found = gni("sweep", "submit", "train", *few, "noise.std=0.1,0.3", f"run.dir={tmp_path / 'left'}")
    assert found.code == 0
    found = gni("train", "-m", *few, "noise.std=0.2,0.4", "hydra/launcher=slurm", f"run.dir={tmp_path / 'waits'}")
    assert (found.code, found.last_line) == (0, str(tmp_path / "waits"))
    assert "job 1 noise.std=0.4: completed" in found.err or "2 of 2 jobs ended: 2 completed" in found.err
    wait_for("the sum of the other one", lambda: manifest(tmp_path / "left")["status"] == "completed")
    assert (tmp_path / "left" / "sweep.csv").read_text().count("completed") == 2


def test_a_canceled_job_stays_canceled_and_a_time_limit_is_not_the_end(slurm, gni, monkeypatch, tmp_path):
    sweep = tmp_path / "sweep"
    monkeypatch.setenv("FRAGILE_SECONDS", "0.1")
    few = [word for word in WORDS if word != STDS]
    found = gni("sweep", "submit", "train", *few, "noise.std=0.5,0.6", f"run.dir={sweep}")
    assert found.code == 0
    array = re.search(r"submitted to Slurm as (\d+)", found.err)[1]
    numbers = [f"{array}_{job}" for job in range(2)]
    wait_for("a job in the middle", lambda: in_the_middle(sweep / "0"))
    said("scancel", numbers[0])
    wait_for("its end", lambda: manifest(sweep / "0")["status"] == "interrupted")
    wait_for("its state", lambda: states()[numbers[0]] == "CANCELLED")
    # What Slurm sends before the time limit.
    wait_for("the other one in the middle", lambda: in_the_middle(sweep / "1"))
    said("scancel", "--signal=USR2", numbers[1])
    wait_for("its place in the queue", lambda: states()[numbers[1]] == "PENDING")
    assert "; saved. Go on with" in manifest(sweep / "1")["error"]
    monkeypatch.setenv("FRAGILE_SECONDS", "0")
    wait_for("its end", lambda: manifest(sweep / "1")["status"] == "completed")
    assert len(manifest(sweep / "1")["resumed_from"]) == 1
    assert manifest(sweep)["status"] == "submitted"
    assert gni("sweep", "resume", sweep).code == 0
    assert Path(sweep / "sweep.csv").read_text().count("completed") == 2
