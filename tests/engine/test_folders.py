"""A folder has one owner, whoever comes, at whatever time, and tells the truth about it."""

import contextlib
import errno
import json
import os
import socket
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import fake_experiment as fake
import pytest

from gnicli.engine import folders, provenance
from gnicli.errors import ConflictError, DataError, ResourceError

PROGRAM = Path(__file__).with_name("fake_experiment.py")


def start_process(*arguments):
    return subprocess.Popen(
        [sys.executable, str(PROGRAM), *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_name_says_command_and_time(tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "now", lambda: datetime(2026, 11, 23, 14, 5, 31, 482913).astimezone())
    folder = folders.new_folder(tmp_path, "train")
    assert folder.parent == tmp_path / "train" / "2026-11-23"
    assert folder.name.startswith("14-05-31-482913-")
    assert len(folder.name.rpartition("-")[2]) == 4
    assert not (tmp_path / "train").exists()


def test_the_root_is_the_argument_then_the_environment_then_outputs(monkeypatch):
    monkeypatch.setenv("GNI_OUTPUTS", "/somewhere")
    assert folders.output_root("/given") == Path("/given")
    assert folders.output_root() == Path("/somewhere")
    monkeypatch.delenv("GNI_OUTPUTS")
    assert folders.output_root() == Path("outputs")


def test_a_clock_that_stands_still_or_goes_back_gives_new_names(tmp_path, monkeypatch):
    moments = iter([datetime(2026, 1, 1, 12).astimezone()] * 20 + [datetime(2025, 12, 31).astimezone()] * 20)
    monkeypatch.setattr(folders, "now", lambda: next(moments))
    names = {folders.new_folder(tmp_path, "train") for _ in range(40)}
    assert len(names) == 40


CLAIM = """
import os, sys, time
from pathlib import Path
from gnicli.engine import folders
from gnicli.errors import ConflictError
root, moment, given = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
while time.time() < moment: pass
folder = Path(given[0]) if given else folders.new_folder(root, "train")
try:
    claim = folders.claim(folder, {"command": "train"})
    print("got", folder, flush=True)
    sys.stdin.read()
except ConflictError as error:
    print("conflict", error)
"""


@pytest.mark.parametrize("same", [False, True])
def test_six_at_once(tmp_path, same):
    moment = str(time.time() + 1.5)
    given = [str(tmp_path / "one")] if same else []
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", CLAIM, str(tmp_path), moment, *given],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(6)
    ]
    lines = [process.stdout.readline() for process in processes]
    for process in processes:
        process.communicate()
    got = [line.split()[1] for line in lines if line.startswith("got")]
    assert len(set(got)) == len(got) == (1 if same else 6), lines
    assert all(json.loads((Path(folder) / "manifest.json").read_text())["command"] == "train" for folder in got)
    assert all("in use by" in line or "holds a run" in line or "taken" in line for line in lines if "got" not in line)


def test_the_manifest_decides_where_locks_do_not_work(tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "_hold", lambda folder: contextlib.ExitStack())
    monkeypatch.setattr(folders, "_refuse_taken", lambda *_: None)  # as if both had looked before either wrote
    folders.claim(tmp_path, {"command": "first"})
    with pytest.raises(ConflictError, match="taken by another run"):
        folders.claim(tmp_path, {"command": "second"})
    assert folders.read_manifest(tmp_path)["command"] == "first"


def test_a_finished_run_is_not_overwritten(tmp_path):
    fake.start(tmp_path / "run")
    before = (tmp_path / "run" / "results.json").read_bytes()
    for resume, words in [(False, "is finished; choose another run.dir"), (True, "there is nothing to resume")]:
        with pytest.raises(ConflictError, match=words):
            fake.start(tmp_path / "run", seed=9, resume=resume)
    assert (tmp_path / "run" / "results.json").read_bytes() == before


def test_files_that_are_no_run_are_not_overwritten(tmp_path):
    (tmp_path / "metrics.csv").write_text("mine")
    with pytest.raises(ConflictError, match=r"holds metrics\.csv but no manifest"):
        fake.start(tmp_path)
    assert (tmp_path / "metrics.csv").read_text() == "mine"
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ConflictError, match="is a file"):
        fake.start(tmp_path / "file")
    with pytest.raises(ConflictError, match="is a file"):
        fake.start(tmp_path / "file" / "below")


def test_a_run_in_use_names_its_holder_until_it_is_killed(tmp_path):
    folder = tmp_path / "run"
    process = start_process(folder, "pause=0.05", "steps=100000", "run.checkpoint_steps=1")
    wait_for(lambda: (folder / "checkpoint.safetensors").exists())
    assert folders.status_of(folder) == "running"
    for resume in (False, True):
        with pytest.raises(ConflictError, match=f"in use by pid {process.pid} on {socket.gethostname()} since "):
            fake.start(folder, resume=resume)
    process.kill()
    process.communicate()
    assert folders.status_of(folder) == "lost"
    with pytest.raises(ConflictError, match=r"holds a run that is lost; gni resume"):
        fake.start(folder)


def test_two_resumes_of_one_run_conflict(tmp_path):
    folder = tmp_path / "run"
    process = start_process(folder, "pause=0.01", "steps=120")
    wait_for(lambda: (folder / "checkpoint.safetensors").exists())
    process.kill()
    process.communicate()
    resumes = [start_process(folder, "pause=0.01", "steps=120", "--resume") for _ in range(2)]
    ends = [(process.communicate()[1], process.returncode) for process in resumes]
    codes = sorted(code for _, code in ends)
    assert codes == [0, ConflictError.exit_code], ends
    # Told who holds it, or, where it was as late as that, that it is finished.
    assert any("in use by pid" in text or "is finished" in text for text, code in ends if code)


def test_a_pid_that_was_given_to_another_process_is_lost(tmp_path):
    claim = folders.claim(tmp_path / "run", {})
    assert folders.status_of(claim.folder) == "running"
    claim.update(process="1")
    assert folders.status_of(claim.folder) == "lost"
    claim.update(host="elsewhere", pid=1)
    assert folders.status_of(claim.folder) == "running"  # nobody can tell from here
    claim.release()


def test_a_folder_can_be_moved(tmp_path):
    with pytest.raises(RuntimeError):
        fake.start(tmp_path / "before", run=lambda cfg, observer: fake.count(fake.config(fail_at=30), observer))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "before").rename(tmp_path / "elsewhere" / "after")
    outcome = fake.start(tmp_path / "elsewhere" / "after", resume=True)
    undisturbed = fake.start(tmp_path / "whole")
    for name in ("metrics.csv", "results.json", "arrays.npz", "checkpoint.safetensors"):
        assert (outcome.folder / name).read_bytes() == (undisturbed.folder / name).read_bytes()
    assert str(tmp_path / "before") not in (outcome.folder / "report.md").read_text()


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.ENOSPC])
def test_a_root_that_cannot_be_written_is_refused_before_any_work(tmp_path, monkeypatch, number):
    def refuse(*_, **__):
        raise OSError(number, os.strerror(number))

    def experiment(cfg, observer):
        raise AssertionError("work was done")

    monkeypatch.setattr(os, "mkdir", refuse)
    with pytest.raises(ResourceError, match=f"{tmp_path / 'a'}.*{os.strerror(number).lower()}") as caught:
        fake.start(tmp_path / "a" / "b", run=experiment)
    assert caught.value.exit_code == 6
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"status": 3}', "null", "\udcff"])
def test_a_damaged_manifest_is_shown_as_broken(tmp_path, content):
    (tmp_path / "manifest.json").write_bytes(content.encode(errors="surrogateescape"))
    assert folders.read_run(tmp_path).status == folders.status_of(tmp_path) == "broken"
    with pytest.raises(DataError, match="damaged") as caught:
        folders.read_manifest(tmp_path)
    assert "\n" not in str(caught.value)
    with pytest.raises(ConflictError, match="damaged"):
        fake.start(tmp_path)


def test_a_folder_that_is_none_and_a_later_format(tmp_path):
    with pytest.raises(DataError, match="not a run folder"):
        folders.reclaim(tmp_path / "none")
    (tmp_path / "manifest.json").write_text('{"format": 9, "status": "completed"}')
    with pytest.raises(ResourceError, match="upgrade"):
        folders.read_manifest(tmp_path)
    assert folders.status_of(tmp_path) == "broken"


def test_a_thousand_runs_are_listed_in_a_fifth_of_a_second(tmp_path):
    content = folders.encode({"status": "completed", "command": "train", "start": "2026-01-01", "versions": {}})
    results = b'{"loss": {"value": 1.5, "stderr": null, "n": 1, "unit": ""}}'
    for number in range(1000):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "manifest.json").write_bytes(content if number % 100 else b"{")
        (folder / "results.json").write_bytes(results)
    times = []
    for _ in range(3):
        begin = time.process_time()
        runs = [folders.read_run(tmp_path / str(number)) for number in range(1000)]
        times.append(time.process_time() - begin)
    assert min(times) < 0.2
    assert sum(run.status == "broken" for run in runs) == 10
    assert runs[1].values["loss"].value == 1.5


def test_the_fingerprint_names_the_content():
    config = {"a": 1, "b": {"c": 2, "d": [1, 2]}, "run": {"dir": "x"}, "device": "cpu", "threads": 1}
    other = {"b": {"d": [1, 2], "c": 2}, "threads": 7, "a": 1}
    assert provenance.fingerprint(config) == provenance.fingerprint(other)
    assert provenance.differences(config, other) == {}
    other["b"]["d"] = [2, 1]
    assert provenance.fingerprint(config) != provenance.fingerprint(other)
    assert provenance.differences(config, other) == {"b.d": ([1, 2], [2, 1])}
    assert provenance.differences({"a": float("nan"), "b": 1}, {"a": float("nan"), "b": True}) == {"b": (1, True)}
