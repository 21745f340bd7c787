"""Runs that are stopped, killed or out of room, and that resuming leaves no trace in the results."""

import dataclasses
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

from gnicli import files
from gnicli.contracts.observer import State
from gnicli.engine import checkpoint, folders, signals
from gnicli.errors import ConflictError, Interrupted, ResourceError

PROGRAM = Path(fake.__file__)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An undisturbed run."""
    return fake.start(tmp_path_factory.mktemp("whole") / "run").folder


# --------------------------------------------------------------------------------------------------------- interruption


@pytest.mark.parametrize("name", signals.NAMES)
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
    with pytest.raises(Interrupted, match=f"stopped at step {at}; saved. Go on with: gni resume {folder}") as caught:
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


@pytest.mark.parametrize("first", signals.NAMES)
@pytest.mark.parametrize("second", signals.NAMES)
def test_a_second_signal_does_not_wait_for_the_end_of_a_step(tmp_path, first, second):
    """The exit code is the first one's."""

    def experiment(cfg, observer):
        observer.step_done(1, 9, lambda: State(1, {}))
        signal.raise_signal(getattr(signal, first))
        signal.raise_signal(getattr(signal, second))
        raise AssertionError("went on")

    with pytest.raises(Interrupted, match="stopped before the first checkpoint") as caught:
        fake.start(tmp_path / "run", run=experiment)
    assert caught.value.exit_code == (130 if first == "SIGINT" else 75)
    assert fake.manifest(tmp_path / "run")["status"] == "interrupted"


def test_signals_of_one_request_wait_for_the_end_of_a_step(tmp_path, monkeypatch):
    """Slurm sends SIGTERM twice, and some clusters SIGUSR2 behind it: the step is saved all the same."""
    monkeypatch.setattr(signals, "same_request_seconds", 60.0)

    def experiment(cfg, observer):
        make = observer.step_done

        def step_done(step, *rest, **shown):
            for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGUSR2) if step == 23 else ():
                signal.raise_signal(number)
            make(step, *rest, **shown)

        observer.step_done = step_done
        return fake.count(cfg, observer)

    with pytest.raises(Interrupted, match="stopped at step 23; saved"):
        fake.start(tmp_path / "run", run=experiment)


@pytest.mark.parametrize("name", signals.NAMES)
def test_before_there_is_anything_to_save_the_first_signal_does_not_wait(tmp_path, name):
    def experiment(cfg, observer):
        try:
            signal.raise_signal(getattr(signal, name))
        except Exception:
            raise AssertionError("an error handler kept it") from None
        raise AssertionError("went on")

    with pytest.raises(Interrupted, match="stopped before the first checkpoint") as caught:
        fake.start(tmp_path / "run", run=experiment)
    assert caught.value.exit_code == (130 if name == "SIGINT" else 75)


def test_a_signal_on_the_last_write_does_not_take_the_result_back(tmp_path, monkeypatch):
    real = files.replace

    def replace(path, content, **named):
        real(path, content, **named)
        if path.name == "manifest.json" and b"completed" in content:
            monkeypatch.undo()
            raise signals.StopNow(75)

    monkeypatch.setattr(files, "replace", replace)
    assert fake.start(tmp_path / "run").status == "completed"
    assert fake.manifest(tmp_path / "run")["status"] == "completed"


def test_a_wish_to_outlive_the_terminal_is_respected():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with signals.stop_on_signals() as stop:
            signal.raise_signal(signal.SIGHUP)
        assert not stop.requested
    finally:
        signal.signal(signal.SIGHUP, before)


LONG_CALLS = {  # calls in which Python runs no handler, and reads that no handler ends
    "hash": "import hashlib; hashlib.pbkdf2_hmac('sha256', b'a', b'b', 2**31 - 1)",
    "pipe": "import os; os.read(os.pipe()[0], 1)",
    "fifo": "import os, sys; os.mkfifo(sys.argv[1] + '.fifo'); open(sys.argv[1] + '.fifo').read()",
}


@pytest.mark.parametrize("call", LONG_CALLS)
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 75)])
def test_two_signals_end_a_run_inside_one_long_call(tmp_path, call, number, code):
    program = f"""
import sys
sys.path.insert(0, {str(PROGRAM.parent)!r})
import fake_experiment as fake
from gnicli.contracts.observer import State
from gnicli.errors import Interrupted
def experiment(cfg, observer):
    observer.step_done(7, 9, lambda: State(7, {{}}))
    print("inside", flush=True)
    {LONG_CALLS[call]}
try:
    fake.start(sys.argv[1], run=experiment)
except Interrupted as error:
    print(error, file=sys.stderr)
    sys.exit(error.exit_code)
"""
    folder = tmp_path / "run"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(folder)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "inside\n"
        process.send_signal(number)
        time.sleep(signals.PATIENCE_SECONDS + 0.5)
        assert process.poll() is None, "the first signal waits for the end of the step"
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert "stopping after this step; Ctrl-C once more, or a second signal, stops at once" in err
    assert f"stopped; last saved at step 7. Go on with: gni resume {folder}" in err
    assert fake.manifest(folder)["status"] == "interrupted"


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


def test_a_sweep_that_is_ended_inside_a_job_is_interrupted_too(tmp_path):
    program = f"""
import hashlib, sys
sys.path.insert(0, {str(PROGRAM.parent)!r})
import fake_experiment as fake
from pathlib import Path
from gnicli.contracts.observer import State
from gnicli.engine.sweep import Sweep
sweep = Sweep(Path(sys.argv[1]), command="count", overrides=[], argv=["gni", "count"], n_jobs=2)
def experiment(cfg, observer):
    observer.step_done(7, 9, lambda: State(7, {{}}))
    print("inside", flush=True)
    hashlib.pbkdf2_hmac('sha256', b'a', b'b', 2**31 - 1)
fake.start(sweep.job_folder(0), run=experiment, in_sweep=True)
"""
    folder = tmp_path / "sweep"
    command = [sys.executable, "-c", program, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout.readline() == "inside\n"
        for _ in range(2):
            process.send_signal(signal.SIGTERM)
            time.sleep(0.2)  # equal signals that come together are one
        assert process.wait(timeout=60) == 75
    assert [fake.manifest(path)["status"] for path in (folder, folder / "0")] == ["interrupted"] * 2


# --------------------------------------------------------------------------------------------------------------- resume


def interrupted_run(folder, **changes):
    def experiment(cfg, observer):
        return fake.count(dataclasses.replace(cfg, fail_at=40), observer)

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
from gnicli.contracts.observer import State
from gnicli.contracts.results import Results
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
