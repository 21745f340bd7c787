"""Runs written for other programs: what these read is what the folders hold."""

import csv
import os
import sys
import types

import pytest
from real_packages import kept_by_tensorboard, real, rounded, without_network  # noqa: F401 - the fixture `alone`
from run_folders import lossy, make, make_sweep

from gnicli.contracts.results import Value
from gnicli.engine import extras, run_export
from gnicli.engine.logger import packages
from gnicli.errors import ConflictError, DataError, ResourceError, UsageError

ODD = "mean/cos(w) [M=1]"


@pytest.fixture
def places(tmp_path):
    """A run, a sweep of which a job diverged and one is damaged, and a run that failed without results."""
    make(
        tmp_path / "in" / "one",
        "M=1",
        results={"train_loss": Value(1 / 3, 0.25), ODD: 2.0, "word": "S1", "two": (1.0, 2.0)},
    )
    make_sweep(tmp_path / "in" / "s", {}, {"status": "diverged", "curve": (1.0, float("nan"))}, {})
    lossy(tmp_path / "in" / "s" / "2", "metrics.csv")
    make(tmp_path / "in" / "none", status="failed", curve=(), results={})
    return [tmp_path / "in" / name for name in ("one", "s", "none", "one")]


CURVES = [
    ("one", 0, 0.5), ("one", 1, 0.25), ("s/0", 0, 0.5), ("s/0", 1, 0.25), ("s/1", 0, 1.0), ("s/1", 1, "nan"),
]  # fmt: skip


def test_csv_has_a_row_for_each_run_and_one_for_each_value(places, tmp_path):
    folder = run_export.export(places, "csv", tmp_path / "out" / "x")
    assert folder == tmp_path / "out" / "x"
    with (folder / "runs.csv").open() as stream:
        runs = list(csv.DictReader(stream))
    assert [(row["run"], row["status"]) for row in runs] == [
        ("one", "completed"), ("s/0", "completed"), ("s/1", "diverged"), ("s/2", "damaged"), ("none", "failed"),
    ]  # fmt: skip
    one = runs[0]
    assert (float(one["result/train_loss"]), one["result/train_loss/stderr"], one["config/noise.name"]) == (
        1 / 3,
        "0.25",
        "add",
    )
    assert (one["result/word"], one["result/two"], one["config/noise.std"]) == ("S1", "1.0 2.0", "null")
    with (folder / "metrics.csv").open() as stream:
        metrics = list(csv.DictReader(stream))
    assert [(row["run"], int(row["step"]), row["value"]) for row in metrics] == [(r, s, str(v)) for r, s, v in CURVES]


def test_a_run_alone_is_called_as_its_folder(places, tmp_path):
    folder = run_export.export(places[:1], "csv", tmp_path / "x")
    assert (folder / "metrics.csv").read_text().splitlines()[1] == "one,0,train_loss,0.5"


def test_what_cannot_be_exported_leaves_nothing(places, tmp_path, monkeypatch):
    (tmp_path / "there").mkdir()
    with pytest.raises(
        UsageError, match=r"--to must be one of csv, parquet, tensorboard, mlflow, got 'cvs'; did you mean csv"
    ):
        run_export.export(places, "cvs", tmp_path / "x")
    with pytest.raises(ConflictError, match=r"there exists; give another --output"):
        run_export.export(places, "csv", tmp_path / "there")
    with pytest.raises(DataError, match="is not a run folder"):
        run_export.export([*places, tmp_path / "nowhere"], "csv", tmp_path / "x")
    monkeypatch.setattr(run_export, "of_metrics", lambda runs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run_export.export(places, "csv", tmp_path / "x")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("to", "package"), [("parquet", "pyarrow"), ("tensorboard", "tensorboard"), ("mlflow", "mlflow")]
)
def test_a_missing_package_is_named_with_what_installs_it(places, tmp_path, monkeypatch, to, package):
    monkeypatch.setattr(extras.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(
        ResourceError, match=rf"^--to {to} needs the package {package}; run: pip install '{package}>=[\d.]+'$"
    ):
        run_export.export(places, to, tmp_path / "x")
    assert not (tmp_path / "x").exists()


class Writer:
    """Stands in for torch's SummaryWriter."""

    made = []  # noqa: RUF012

    def __init__(self, folder):
        self.folder, self.rows = folder, []
        Writer.made.append(self)

    def add_scalar(self, tag, value, step):
        self.rows.append((step, tag, value))

    def close(self):
        self.rows.append("closed")


def test_tensorboard_gets_a_folder_for_each_run_with_its_results_last(places, tmp_path, monkeypatch):
    Writer.made = []
    monkeypatch.setattr(extras, "require", lambda *_: None)
    module = types.ModuleType("torch.utils.tensorboard")
    module.SummaryWriter = Writer
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    folder = run_export.export(places, "tensorboard", tmp_path / "x")
    assert [os.path.relpath(each.folder, folder) for each in Writer.made] == ["one", "s/0", "s/1", "s/2", "none"]
    assert Writer.made[0].rows == [
        (0, "train_loss", 0.5), (1, "train_loss", 0.25),
        (1, "result/train_loss", 1 / 3), (1, "result/mean/cos_w_ _M_1_", 2.0), "closed",
    ]  # fmt: skip
    assert Writer.made[-1].rows == ["closed"]


# ------------------------------------------------------------------------------------------------ real packages


@pytest.mark.filterwarnings("ignore")  # of the packages themselves
def test_the_real_pyarrow_reads_the_tables(places, tmp_path):
    parquet = real("pyarrow.parquet")
    folder = run_export.export(places, "parquet", tmp_path / "x")
    runs = parquet.read_table(folder / "runs.parquet").to_pydict()
    assert runs["status"] == ["completed", "completed", "diverged", "damaged", "failed"]
    assert runs["result/train_loss"][0] == 1 / 3
    assert runs["config/M"][0] == "1"
    metrics = parquet.read_table(folder / "metrics.parquet").to_pydict()
    found = list(zip(metrics["run"], metrics["step"], metrics["value"], strict=True))
    assert [(run, step, "nan" if value != value else value) for run, step, value in found] == CURVES


@pytest.mark.filterwarnings("ignore")
def test_the_real_tensorboard_reads_the_curves(places, tmp_path, alone):
    real("tensorboard")
    folder = run_export.export(places, "tensorboard", tmp_path / "x")
    rows = kept_by_tensorboard(folder / "one")
    assert [row for row in rows if row[1] == "train_loss"] == rounded([(0, "train_loss", 0.5), (1, "train_loss", 0.25)])
    assert (1, "result/train_loss", rounded([(1, "", 1 / 3)])[0][2]) in rows


@pytest.mark.filterwarnings("ignore")
def test_the_real_mlflow_has_a_run_for_each(places, tmp_path, alone):
    real("mlflow")
    from mlflow import MlflowClient

    folder = run_export.export(places, "mlflow", tmp_path / "x")
    with packages.environment({"MLFLOW_ALLOW_FILE_STORE": "true"}):
        client = MlflowClient(folder.as_uri())
        (experiment,) = client.search_experiments()
        runs = {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}
        history = client.get_metric_history(runs["one"].info.run_id, "train_loss")
    assert {name: run.info.status for name, run in runs.items()} == {
        "one": "FINISHED", "s/0": "FINISHED", "s/1": "FINISHED", "s/2": "KILLED", "none": "FAILED",
    }  # fmt: skip
    assert sorted((metric.step, metric.value) for metric in history) == [(0, 0.5), (1, 0.25)]
    assert runs["one"].data.params["noise.name"] == "add"
    assert runs["one"].data.metrics["result/train_loss"] == 1 / 3
