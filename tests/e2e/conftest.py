"""`gni` as a user runs it: in a process of its own, or in this one where only the result matters."""

import os
import subprocess
import sys

import pytest
from forked import Forked
from said import Said

from gnicli.cli import main


@pytest.fixture
def outputs(tmp_path, monkeypatch):
    """An outputs folder of this test's own, and a machine without other settings of gni."""
    monkeypatch.setenv("GNI_OUTPUTS", str(tmp_path / "outputs"))
    for name in ("GNI_DATA_DIR", "GNI_OFFLINE", "HYDRA_FULL_ERROR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "outputs"


@pytest.fixture
def folder(tmp_path):
    """A folder for a run, which does not exist yet."""
    return tmp_path / "run"


@pytest.fixture
def gni(outputs, capfd, monkeypatch, undrawn):
    """Run `gni <words>` in this process, the jobs of a sweep too: their processes are the matter of other tests.

    It draws no pictures unless the test uses `pictures`.
    """
    monkeypatch.setattr("gnicli.launch.run_hydra.default_launcher", lambda *_: "basic")

    def call(*words):
        capfd.readouterr()
        code = main([str(word) for word in words])
        return Said(code, *capfd.readouterr())

    return call


@pytest.fixture
def start(outputs):
    """Start `gni <words>` in a process of its own."""
    started = []

    def call(*words):
        process = subprocess.Popen(
            [sys.executable, "-m", "gnicli", *map(str, words)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        started.append(process)
        return process

    yield call
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def fork(outputs, tmp_path_factory):
    """Start `gni <words>` in a process that has the libraries loaded."""
    started = []

    def call(*words):
        started.append(Forked(words, tmp_path_factory.mktemp("streams")))
        return started[-1]

    yield call
    for process in started:
        process.kill()
        process.communicate()
