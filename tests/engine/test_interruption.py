"""Runs that are stopped, killed or out of room, and that resuming leaves no trace in the results."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import fake_experiment as fake
import pytest
from omegaconf import OmegaConf

from gnicli import files
from gnicli.engine import checkpoint, folders
from gnicli.errors import ConflictError, Interrupted, ResourceError

PROGRAM = Path(fake.__file__)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An undisturbed run."""
    return fake.start(tmp_path_factory.mktemp("whole") / "run").folder


# --------------------------------------------------------------------------------------------------------- interruption


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGUSR1", "SIGUSR2"])
def test_a_signal_saves_and_the_rest_is_as_if_nothing_had_been(tmp_path, whole, name, capsys):
    number = getattr(signal, name)

    def before(*_):
        raise AssertionError("not handled")

    was = signal.signal(number, before)
    at = 23  # between two checkpoints of every 7 steps

    def experiment(cfg, observer):
        make = observer.step_done

        def step_done(step, *rest, **shown):
            if step == at:
                signal.raise_signal(number)
            make(step, *rest, **shown)

        observer.step_done = step_done
        return fake.count(cfg, observer)

    folder = tmp_path / "run"
    with pytest.raises(Interrupted, match=f"saved at step {at}; resume: gni resume {folder}") as caught:
        fake.start(folder, run=experiment)
    assert caught.value.exit_code == (130 if name == "SIGINT" else 75)
    assert signal.signal(number, was) == before
    assert fake.manifest(folder)["status"] == "interrupted"
    steps = []
    outcome = fake.start(
        folder,
        run=lambda cfg, observer: (steps.append(observer.restore().step), fake.count(cfg, observer))[1],
        resume=True,
    )
    assert steps == [at]
    assert outcome.status == "completed"
    assert fake.manifest(folder)["resumed_from"] == [at]
    fake.assert_same(folder, whole)


def test_an_interrupted_job_of_a_sweep_is_returned(tmp_path):
    def experiment(cfg, observer):
        signal.raise_signal(signal.SIGTERM)
        return fake.count(cfg, observer)

    outcome = fake.start(tmp_path / "0", run=experiment, in_sweep=True)
    assert (outcome.status, outcome.exit_code) == ("interrupted", 75)


def test_a_signal_that_comes_too_late_lets_the_job_finish_and_stops_the_sweep(tmp_path):
    def experiment(cfg, observer):
        results = fake.count(cfg, observer)
        signal.raise_signal(signal.SIGINT)
        return results

    outcome = fake.start(tmp_path / "0", run=experiment, in_sweep=True)
    assert (outcome.status, outcome.exit_code) == ("completed", 130)


def test_a_second_ctrl_c_does_not_wait(tmp_path):
    def experiment(cfg, observer):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("went on")

    with pytest.raises(Interrupted, match="stopped before the first checkpoint") as caught:
        fake.start(tmp_path / "run", run=experiment)
    assert caught.value.exit_code == 130


def test_outside_the_main_thread_it_runs_without_handlers(tmp_path):
    outcomes = []
    thread = threading.Thread(target=lambda: outcomes.append(fake.start(tmp_path / "run")))
    thread.start()
    thread.join()
    assert outcomes[0].status == "completed"


def stamp(path):
    """When a file was written; 0 while there is none, as between the two renames of a checkpoint."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def run_until_killed(folder, seconds, *arguments):
    """Kill the run so many seconds after its next checkpoint, so that there is headway; returns how it ended."""
    path = folder / "checkpoint.safetensors"
    before, deadline = stamp(path), time.monotonic() + 60.0
    command = [sys.executable, str(PROGRAM), str(folder), *arguments]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            while process.poll() is None and stamp(path) in (0, before):
                assert time.monotonic() < deadline, "no checkpoint within a minute"
                time.sleep(0.002)
            time.sleep(seconds)
        finally:
            process.kill()
    return process.returncode


def test_kill_at_random_moments_then_resume_gives_the_same_bytes(tmp_path):
    rng = random.Random(5)
    folder = tmp_path / "run"
    undisturbed = fake.start(tmp_path / "undisturbed", pause=0.01).folder
    ends = [run_until_killed(folder, rng.uniform(0, 0.1), "pause=0.01")]
    while folders.status_of(folder) != "completed":
        assert folders.status_of(folder) == "lost"
        assert len(ends) < 12
        ends.append(run_until_killed(folder, rng.uniform(0, 0.1), "pause=0.01", "--resume"))
    assert ends.count(-signal.SIGKILL) >= 3
    fake.assert_same(folder, undisturbed)


# --------------------------------------------------------------------------------------------------------------- resume


def interrupted_run(folder, **changes):
    def experiment(cfg, observer):
        return fake.count(OmegaConf.merge(cfg, {"fail_at": 40}), observer)

    with pytest.raises(RuntimeError):
        fake.start(folder, run=experiment, **changes)


def test_resuming_another_config_names_the_key_and_leaves_the_run_alone(tmp_path, whole):
    interrupted_run(tmp_path / "run")
    before = fake.manifest(tmp_path / "run")
    with pytest.raises(ConflictError, match=r"differs in lr \(0\.1 vs 0\.2\)"):
        fake.start(tmp_path / "run", resume=True, lr=0.2)
    assert fake.manifest(tmp_path / "run") == before
    fake.start(tmp_path / "run", resume=True, cfg=fake.config(run={"checkpoint_steps": 1}))
    fake.assert_same(tmp_path / "run", whole)


def test_a_damaged_checkpoint_costs_seven_steps_and_no_digit(tmp_path, whole, capsys):
    interrupted_run(tmp_path / "run")
    path = tmp_path / "run" / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:-3])
    fake.start(tmp_path / "run", resume=True)
    assert fake.manifest(tmp_path / "run")["resumed_from"] == [28]
    assert "falling back to the previous, step 28" in capsys.readouterr().err
    fake.assert_same(tmp_path / "run", whole)


def test_a_run_without_checkpoint_starts_over(tmp_path, whole):
    interrupted_run(tmp_path / "run")
    for path in (tmp_path / "run").glob("checkpoint*"):
        path.unlink()
    fake.start(tmp_path / "run", resume=True)
    fake.assert_same(tmp_path / "run", whole)


def test_a_full_disk_ends_the_run_with_the_last_good_state(tmp_path, whole, monkeypatch):
    import errno

    real = files.replace

    def full(path, write, **named):
        if path.name == "checkpoint.safetensors" and (tmp_path / "run" / "checkpoint.prev").exists():
            with files.explained(path):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(path, write, **named)

    monkeypatch.setattr(files, "replace", full)
    with pytest.raises(ResourceError, match=r"no space on .* \(need .* MB, .* free\); last good: step 14") as caught:
        fake.start(tmp_path / "run")
    assert caught.value.exit_code == 6
    assert fake.manifest(tmp_path / "run")["status"] == "failed"
    monkeypatch.undo()
    fake.start(tmp_path / "run", resume=True)
    fake.assert_same(tmp_path / "run", whole)


def test_a_file_size_limit_stands_for_a_full_disk(tmp_path):
    code = f"""
import resource, signal, sys
sys.path.insert(0, {str(PROGRAM.parent)!r})
import fake_experiment as fake, numpy as np
from gnicli.contracts import Results, State
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
def grow(cfg, observer):
    for step in range(1, 10):
        observer.step_done(step, 9, lambda: State(step, {{"a": np.zeros(2000 * step)}}))
    return Results({{}})
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
fake.start({str(tmp_path / "run")!r}, run=grow, cfg=fake.config(run={{"checkpoint_steps": 1}}))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "cannot save checkpoint: file too large" in done.stderr
    assert "last good: step 6" in done.stderr
    assert folders.status_of(tmp_path / "run") == "failed"
    assert checkpoint.read_state(tmp_path / "run").step == 6
