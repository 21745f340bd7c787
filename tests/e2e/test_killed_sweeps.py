"""The process of a sweep is killed again and again: nothing runs twice, and every byte is that of a whole sweep."""

import json
import random
import time

import pytest

N_JOBS, N_KILLS = 20, 5
WORDS = ("train", "-m", f"seed=range({N_JOBS})", "dataset=digits", "noise=mult", "M=2", "network.depth=2",
         "network.width=32", "epochs=6", "run.checkpoint_seconds=0.5", "run.pictures=none")  # fmt: skip
RESULTS = ("results.json", "metrics.csv")


def bytes_of(sweep):
    return {f"{job}/{name}": (sweep / str(job) / name).read_bytes() for job in range(N_JOBS) for name in RESULTS}


def status_of(folder):
    try:
        return json.loads((folder / "manifest.json").read_text())["status"]
    except FileNotFoundError:
        return "not started"


def finished(sweep):
    return {job for job in range(N_JOBS) if status_of(sweep / str(job)) == "completed"}


@pytest.mark.slow
def test_a_sweep_whose_process_is_killed_five_times_in_its_middle(start, tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    begin = time.monotonic()
    process = start(*WORDS, f"run.dir={whole}")
    assert process.wait(3600) == 0, process.stderr.read()
    span = time.monotonic() - begin

    rng = random.Random(1)
    process = start(*WORDS, f"run.dir={killed}")
    done, starts = [], {}
    for kill in range(N_KILLS):
        # When three more jobs at least have begun, and then at any moment.
        deadline = time.monotonic() + 20 * span
        while len(list(killed.glob("*/manifest.json"))) < min(3 * (kill + 1), N_JOBS) and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        time.sleep(rng.uniform(0, span / 20))
        assert process.poll() is None, "it was to be killed in its middle"
        process.kill()
        process.wait()
        done.append(finished(killed))
        for job in done[-1]:
            starts.setdefault(job, (killed / str(job) / "run.log").read_text())
        process = start("sweep", "resume", killed)
    assert process.wait(3600) == 0, process.stderr.read()
    assert len(done[0]) < len(done[-1]) < N_JOBS
    assert bytes_of(killed) == bytes_of(whole)
    for job in range(N_JOBS):
        log = (killed / str(job) / "run.log").read_text()
        assert log.count(" started: ") == 1
        assert log == starts.get(job, log)  # what was complete is left alone
        steps = [line.split(",")[:2] for line in (killed / str(job) / "metrics.csv").read_text().splitlines()]
        assert len(steps) == len({tuple(step) for step in steps})
