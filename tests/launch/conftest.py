"""`gni`: a command line in this process, with an experiment that takes no time."""

import pytest
from said import Said

from gnicli.cli import main
from gnicli.contracts import Results, Value
from gnicli.experiments import train


def quick_experiment(cfg, observer):
    """Knows its loss beforehand; M = 13 has a bug."""
    if cfg.M == 13:
        raise ZeroDivisionError("a bug for this test")
    loss = cfg.lr * cfg.M + cfg.seed
    observer.metrics(0, {"train_loss": loss})
    return Results({"train_loss": Value(loss)})


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
