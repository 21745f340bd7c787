"""One process for each job: whatever way it ends in, the others go on, and nobody is left when the parent is gone."""

import operator
import os
import signal
import subprocess
import sys
import time
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest

from gnicli.engine.jobs import processes
from gnicli.engine.jobs.processes import Ended
from gnicli.engine.signals import StopNow
from gnicli.errors import ResourceError

# Where the server finds them as well.
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}


def command(folder, n_at_once, timeout_s, *hows):
    program = "import sys, dying; dying.main(*eval(sys.argv[1]))"
    return [sys.executable, "-c", program, repr((str(folder), n_at_once, timeout_s, *hows))]


def run(folder, *arguments):
    done = subprocess.run(
        command(folder, *arguments), capture_output=True, text=True, timeout=120, check=True, env=ENVIRONMENT
    )
    return done.stdout.splitlines()


def starts(folder):
    path = folder / "starts"
    return [line.split() for line in path.read_text().splitlines()] if path.exists() else []


def wait_for(condition, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):  # the second: it ended between opening and reading
        return False
    return state.rpartition(")")[2].split()[0] != "Z"


def test_five_ways_of_dying_leave_the_others_alone(tmp_path):
    said = run(tmp_path, 2, 1.5, "raise", "ok", "exit", "kill", "hang", "ok", "memory", "ok")
    ends = {line.split()[0]: line.split(maxsplit=4)[1:] for line in said[:-1]}
    assert [ends[str(job)][0] for job in range(8)] == ["1", "0", "7", "-9", "-9", "0", "1", "0"]
    assert [job for job in "01234567" if ends[job][1] == "True"] == ["4"]
    assert ends["2"][3] == "ended with exit code 7 before it could record its end"
    assert ends["3"][3] == "killed by SIGKILL; the system does so where memory runs out"
    assert ends["4"][3].endswith("the longest that hydra.launcher.timeout_s allows")
    assert said[-1] == "at once 2"
    logs = [(tmp_path / f"{job}.log").read_text() for job in range(8)]
    assert [log.count(" says ") for log in logs] == [1] * 8  # each its own
    assert logs[1] == "job 1 says ok\ndone\n"
    assert "ZeroDivisionError: a bug for this test" in logs[0]
    assert "MemoryError" in logs[6]
    # Sessions of their own: the terminal reaches none of them.
    assert all(pid == session for _, pid, session in starts(tmp_path))


def test_the_program_that_starts_jobs_is_not_started_again_in_each(tmp_path):
    """Not even one without a guard around its own start."""
    script = tmp_path / "script.py"
    script.write_text(f"print('begins')\nimport dying\ndying.main({str(tmp_path)!r}, 2, 0.0, 'ok', 'ok')\n")
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=120, check=True, env=ENVIRONMENT
    )
    assert done.stdout.count("begins") == 1
    assert [line.split()[1] for line in done.stdout.splitlines()[1:3]] == ["0", "0"]
    assert "begins" not in (tmp_path / "0.log").read_text()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 75)])
def test_a_signal_is_handed_on_and_no_other_job_starts(tmp_path, number, code):
    with subprocess.Popen(
        command(tmp_path, 2, 0.0, "sleep 100", "sleep 100", "ok"), stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
    ) as process:
        wait_for(lambda: len(starts(tmp_path)) == 2)
        process.send_signal(number)
        out, _ = process.communicate(timeout=60)
    lines = out.splitlines()
    assert lines[0] == f"stopped {code}"
    assert [line.split()[1:4] for line in lines[1:3]] == [[str(code), "False", "True"]] * 2
    assert len(starts(tmp_path)) == 2


def test_jobs_that_do_not_answer_are_ended_by_a_second_signal(tmp_path):
    with subprocess.Popen(
        command(tmp_path, 1, 0.0, "hang"), stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
    ) as process:
        wait_for(lambda: (tmp_path / "0.log").exists() and "says" in (tmp_path / "0.log").read_text())
        process.send_signal(signal.SIGTERM)
        time.sleep(0.6)
        assert process.poll() is None  # it waits for the job to save its state
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=60)
    assert out.splitlines()[0].split()[:2] == ["0", "-9"] or out.startswith("stopped")
    (pid,) = (pid for _, pid, _ in starts(tmp_path))
    assert not is_alive(pid)


def test_the_jobs_end_with_a_parent_that_is_killed(tmp_path):
    with subprocess.Popen(command(tmp_path, 2, 0.0, "sleep 100", "sleep 100", "ok"), env=ENVIRONMENT) as process:
        wait_for(lambda: len(starts(tmp_path)) == 2)
        process.kill()
    wait_for(lambda: not any(is_alive(pid) for _, pid, _ in starts(tmp_path)))
    assert len(starts(tmp_path)) == 2


@pytest.mark.parametrize(
    ("how", "told"),
    [
        (Ended(-11, 1.0, False, False), "killed by SIGSEGV"),
        (Ended(-99, 1.0, False, False), "killed by signal 99"),
        (Ended(-9, 61.2, True, False), "stopped after 61 s, the longest that hydra.launcher.timeout_s allows"),
        (Ended(3, 1.0, False, True), "ended with exit code 3 before it could record its end"),
    ],
)
def test_an_end_in_words(how, told):
    assert how.what_happened() == told


class Told:
    """A watcher that keeps the ends; all else is nothing to it."""

    def __init__(self):
        self.codes = {}

    def ended(self, job, how):
        self.codes[job] = how.exit_code

    def nothing(self, *_):
        """Nothing is kept."""

    began = waits = stopping = tick = nothing


@pytest.mark.parametrize(("n_lost", "is_asked"), [(1, False), (2, False), (3, False), (1, True)])
def test_a_server_that_ends_while_it_starts_a_job(tmp_path, monkeypatch, n_lost, is_asked):
    """It is started again unless this process was asked to stop too; one that always ends is told."""
    start, lost = ForkServerProcess.start, []

    def start_or_end(process):
        if len(lost) < n_lost:
            lost.append(process)
            if is_asked:
                signal.raise_signal(signal.SIGTERM)
            raise EOFError("unexpected EOF")
        start(process)

    monkeypatch.setattr(ForkServerProcess, "start", start_or_end)
    told = Told()

    def run_two():
        processes.run(
            [0, 1], operator.index, lambda job: (job,), n_at_once=1, timeout_s=0.0,
            log=lambda job: tmp_path / f"{job}.log", held=lambda _: False, watcher=told,
        )  # fmt: skip

    if is_asked:
        with pytest.raises(StopNow) as stopped:
            run_two()
        assert (stopped.value.exit_code, told.codes) == (75, {})
    elif n_lost == 3:
        with pytest.raises(ResourceError, match=r"^the process that starts those of jobs ended 3 times; where memory"):
            run_two()
    else:
        run_two()
        assert told.codes == {0: 0, 1: 1}
