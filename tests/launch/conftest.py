"""`gni`: a command line in this process, with an experiment that takes no time."""

import pytest
from quick import quick_experiment
from said import Said

from gnicli.cli import main
from gnicli.engine.jobs import processes
from gnicli.experiments import train
from gnicli.launch.jobs import preload


@pytest.fixture
def outputs(tmp_path, monkeypatch):
    monkeypatch.setenv("GNI_OUTPUTS", str(tmp_path / "outputs"))
    monkeypatch.delenv("HYDRA_FULL_ERROR", raising=False)
    monkeypatch.delenv("GNI_DATA_DIR", raising=False)
    return tmp_path / "outputs"


@pytest.fixture
def jobs_here(monkeypatch):
    """Jobs of `hydra/launcher=local` and of `gni sweep resume` in this process; returns the numbers of those run."""
    ran = []

    def run(jobs, target, arguments, *, watcher, held, **_):
        for job in jobs:
            assert not held(job)
            ran.append(job)
            watcher.began(job)
            code = target(*arguments(job))
            watcher.ended(job, processes.Ended(code, 0.1, timed_out=False, stopped=code in (75, 130)))
            watcher.tick()
            if code in (75, 130):
                raise processes.StopNow(code)

    monkeypatch.setattr(processes, "run", run)
    monkeypatch.setattr(preload, "start", lambda command, threads: None)
    return ran


@pytest.fixture
def gni(outputs, monkeypatch, capsys):
    monkeypatch.setattr(train, "run", quick_experiment)
    # What is set here is not seen in other processes.
    monkeypatch.setattr("gnicli.launch.run_hydra.default_launcher", lambda *_: "basic")
    # torch and matplotlib are not what these tests are about, and importing them takes longer than all of them.
    monkeypatch.setattr("gnicli.engine.machine.choose", lambda config, manifest: ("cpu", None))
    monkeypatch.setattr("gnicli.engine.figures.write", lambda folder, figures, *_: dict(figures))

    def call(*words):
        capsys.readouterr()
        code = main(list(words))
        return Said(code, *capsys.readouterr())

    return call
