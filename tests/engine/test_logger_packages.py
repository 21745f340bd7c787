"""The loggers of other packages: what gni calls, by stand-ins, and what the real packages keep, where installed.

`make test-loggers` installs the packages and runs all of this.
"""

import os
import sys
import types

import pytest
from followed import recorded, start, stopping
from real_packages import (
    kept_by_mlflow,
    kept_by_tensorboard,
    kept_by_wandb,
    real,
    rounded,
    rows_of,
    without_network,  # noqa: F401 - the fixture `alone`
)

from gnicli import registry
from gnicli.engine import extras
from gnicli.engine.logger import packages
from gnicli.errors import ResourceError

STANDARD = {"tensorboard": ("tensorboard", "tensorboard"), "mlflow": ("mlflow", "mlruns"), "wandb": ("wandb", "wandb")}


# --------------------------------------------------------------------------------------------------- not installed


@pytest.mark.parametrize("name", STANDARD)
def test_a_missing_package_is_named_with_what_installs_it(name, monkeypatch):
    monkeypatch.setattr(extras.importlib.util, "find_spec", lambda package: None)
    with pytest.raises(ResourceError, match=rf"^logger={name} needs .* {name}; run: pip install '{name}>=[\d.]+'$"):
        registry.build("logger", name).require()


@pytest.mark.parametrize("name", STANDARD)
def test_an_installed_package_is_enough(name, monkeypatch):
    monkeypatch.setattr(extras.importlib.util, "find_spec", lambda package: package == STANDARD[name][0] or None)
    registry.build("logger", name).require()


def test_the_surroundings_are_put_back(monkeypatch):
    monkeypatch.setenv("GNI_ONE", "mine")
    monkeypatch.delenv("GNI_TWO", raising=False)
    with packages.environment({"GNI_ONE": "theirs", "GNI_TWO": "theirs"}):
        assert (os.environ["GNI_ONE"], os.environ["GNI_TWO"]) == ("theirs", "theirs")
    assert os.environ["GNI_ONE"] == "mine"
    assert "GNI_TWO" not in os.environ


# ------------------------------------------------------------------------------------------------ stand-ins


def stand_in(monkeypatch, name, **members):
    module = types.ModuleType(name)
    vars(module).update(members)
    monkeypatch.setitem(sys.modules, name, module)
    return module


def followed(tmp_path, monkeypatch, name, run=None):
    """A run with the logger `name`, whose package counts as installed; what metrics.csv has of it."""
    monkeypatch.setattr(extras, "require", lambda *_: None)
    start(tmp_path / "run", registry.build("logger", name), **({} if run is None else {"run": run}))
    return recorded(tmp_path / "run")


class Writer:
    """Stands in for torch's SummaryWriter."""

    made: list["Writer"]

    def __init__(self, folder):
        self.folder, self.scalars, self.closed, self.flushed = folder, [], False, 0
        Writer.made.append(self)

    def add_scalar(self, tag, value, step):
        assert not self.closed
        self.scalars.append((step, tag, value))

    def flush(self):
        self.flushed += 1

    def close(self):
        self.closed = True


def test_tensorboard_gets_a_scalar_for_each_record(tmp_path, monkeypatch):
    Writer.made = []
    stand_in(monkeypatch, "torch.utils.tensorboard", SummaryWriter=Writer)
    rows = followed(tmp_path, monkeypatch, "tensorboard")
    (writer,) = Writer.made
    assert sorted(writer.scalars) == rows
    assert writer.folder == str(tmp_path / "run" / "tensorboard")
    assert writer.closed


class Client:
    """Stands in for MLflow's client."""

    made: list["Client"]

    def __init__(self, uri):
        assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == os.environ["DO_NOT_TRACK"] == "true"
        self.uri, self.metrics, self.params, self.batches, self.status = uri, [], {}, [], None
        Client.made.append(self)

    def create_experiment(self, name):
        return f"id of {name}"

    def create_run(self, experiment, run_name):
        self.experiment, self.name = experiment, run_name
        return types.SimpleNamespace(info=types.SimpleNamespace(run_id="the run"))

    def log_batch(self, run_id, metrics=(), params=()):
        assert run_id == "the run"
        assert len(metrics) <= 1000
        assert len(params) <= 100
        self.metrics += metrics
        self.params |= dict(params)

    def set_terminated(self, run_id, status):
        self.status = status


@pytest.mark.parametrize("ending", ["FINISHED", "FAILED"])
def test_mlflow_gets_metrics_in_batches_and_the_configuration(tmp_path, monkeypatch, ending):
    Client.made = []
    entities = {"Metric": lambda *parts: parts, "Param": lambda *parts: parts}
    stand_in(monkeypatch, "mlflow", MlflowClient=Client, entities=stand_in(monkeypatch, "mlflow.entities", **entities))
    if ending == "FAILED":
        with pytest.raises(RuntimeError, match="killed"):
            followed(tmp_path, monkeypatch, "mlflow", stopping)
    else:
        followed(tmp_path, monkeypatch, "mlflow")
    (client,) = Client.made
    assert client.uri == (tmp_path / "run" / "mlruns").as_uri()
    assert sorted((step, name, value) for name, value, _, step in client.metrics) == recorded(tmp_path / "run")
    assert (client.experiment, client.name, client.status) == ("id of gni", "run", ending)
    assert (client.params["lr"], client.params["run.checkpoint_steps"]) == ("0.1", "7")
    assert "MLFLOW_ALLOW_FILE_STORE" not in os.environ


class WandbRun:
    """Stands in for a run of Weights & Biases: rows by step."""

    made: list["WandbRun"]

    def __init__(self, **given):
        self.given, self.rows, self.exit_code = given, {}, None
        self.surroundings = {name: os.environ[name] for name in os.environ if name.startswith("WANDB_")}
        WandbRun.made.append(self)

    def log(self, values, step):
        assert step >= max(self.rows, default=0)
        self.rows.setdefault(step, {}).update(values)

    def finish(self, exit_code):
        self.exit_code = exit_code


def test_wandb_gets_a_row_for_each_step_and_stays_offline(tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "online")
    WandbRun.made = []
    stand_in(monkeypatch, "wandb", init=WandbRun, Settings=lambda **keys: keys)
    rows = followed(tmp_path, monkeypatch, "wandb")
    (run,) = WandbRun.made
    assert rows_of(run.rows.items()) == rows
    assert run.given["mode"] == run.given["settings"]["mode"] == run.surroundings["WANDB_MODE"] == "offline"
    assert run.given["dir"] == tmp_path / "run"
    assert {run.surroundings[f"WANDB_{place}_DIR"] for place in ("CACHE", "CONFIG", "DATA", "ARTIFACT")} == {
        str(tmp_path / "run" / "wandb")
    }
    assert run.given["config"]["lr"] == 0.1
    assert run.exit_code == 0
    assert os.environ["WANDB_MODE"] == "online"


# ------------------------------------------------------------------------------------------------ real packages


KEPT = {"tensorboard": kept_by_tensorboard, "mlflow": kept_by_mlflow, "wandb": kept_by_wandb}


@pytest.mark.parametrize("is_resumed", [False, True], ids=["whole", "resumed"])
@pytest.mark.parametrize("name", STANDARD)
@pytest.mark.filterwarnings("ignore")  # of the packages themselves
def test_the_real_package_keeps_what_metrics_csv_has(name, is_resumed, tmp_path, alone, capfd):
    real(STANDARD[name][0])
    logger = registry.build("logger", name)
    logger.require()
    if is_resumed:
        with pytest.raises(RuntimeError, match="killed"):
            start(tmp_path / "run", logger, stopping)
    start(tmp_path / "run", logger, resume=is_resumed)
    assert "failed" not in capfd.readouterr().err
    expected = recorded(tmp_path / "run")
    assert len(expected) == 40
    # float32 is what TensorBoard keeps; the others keep every digit.
    expected = rounded(expected) if name == "tensorboard" else expected
    assert KEPT[name](tmp_path / "run" / STANDARD[name][1]) == expected
