"""`gni`: a command line in this process, with an experiment that takes no time."""

import pytest
from quick import quick_experiment
from said import Said

from gnicli.cli import main
from gnicli.experiments import train


@pytest.fixture
def outputs(tmp_path, monkeypatch):
    monkeypatch.setenv("GNI_OUTPUTS", str(tmp_path / "outputs"))
    monkeypatch.delenv("HYDRA_FULL_ERROR", raising=False)
    monkeypatch.delenv("GNI_DATA_DIR", raising=False)
    return tmp_path / "outputs"


@pytest.fixture
def gni(outputs, monkeypatch, capsys):
    monkeypatch.setattr(train, "run", quick_experiment)
    # torch and matplotlib are not what these tests are about, and importing them takes longer than all of them.
    monkeypatch.setattr("gnicli.engine.machine.choose", lambda config, manifest: ("cpu", None))
    monkeypatch.setattr("gnicli.engine.figures.write", lambda folder, figures: dict(figures))

    def call(*words):
        capsys.readouterr()
        code = main(list(words))
        return Said(code, *capsys.readouterr())

    return call
