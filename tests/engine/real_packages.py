"""What the real packages of loggers have kept, and the fixture without a network in which they are tried.

`make test-loggers` installs the packages, and then no test is skipped for want of one.
"""

import importlib
import json
import os
import socket
import struct

import numpy as np
import pytest

from gnicli.engine.logger import packages


def rows_of(values_by_step):
    return sorted((step, name, value) for step, values in values_by_step for name, value in values.items())


def real(name):
    """Skip where the package is not installed, unless the tests are run for it."""
    if os.environ.get("GNI_TEST_LOGGERS"):
        return importlib.import_module(name)
    return pytest.importorskip(name)


@pytest.fixture(name="alone")
def without_network(tmp_path, monkeypatch):
    """A home and a working folder that are empty, and no network."""
    connect = socket.socket.connect

    def local(self, address):
        assert self.family == socket.AF_UNIX, f"connects to {address}"
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", local)
    for name in ("home", "here"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "here")
    yield
    assert [*(tmp_path / "home").iterdir(), *(tmp_path / "here").iterdir()] == []


def kept_by_tensorboard(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    (file,) = folder.iterdir()
    found = EventAccumulator(str(file), size_guidance={"scalars": 0}).Reload()
    return sorted((e.step, tag, e.value) for tag in found.Tags()["scalars"] for e in found.Scalars(tag))


def kept_by_mlflow(folder):
    from mlflow import MlflowClient

    with packages.environment({"MLFLOW_ALLOW_FILE_STORE": "true"}):
        client = MlflowClient(folder.as_uri())
        (experiment,) = client.search_experiments()
        (run,) = client.search_runs([experiment.experiment_id])
        assert (run.info.status, run.data.params["lr"]) == ("FINISHED", "0.1")
        history = [m for name in run.data.metrics for m in client.get_metric_history(run.info.run_id, name)]
    return sorted((m.step, m.key, m.value) for m in history)


def kept_by_wandb(folder):
    from wandb.proto import wandb_internal_pb2

    (file,) = folder.glob("offline-run-*/*.wandb")
    rows = []
    for content in log_records(file.read_bytes()):
        record = wandb_internal_pb2.Record.FromString(content)
        values = {(item.key or ".".join(item.nested_key)): json.loads(item.value_json) for item in record.history.item}
        if values:
            rows.append((values["_step"], {name: value for name, value in values.items() if name[0] != "_"}))
    assert len({step for step, _ in rows}) == len(rows)
    return rows_of(rows)


def log_records(content):
    """The records of a log in LevelDB's format, with the 7 bytes in front that Weights & Biases writes."""
    at, part = 7, b""
    while at + 7 <= len(content):
        if 32768 - at % 32768 < 7:
            at += 32768 - at % 32768
            continue
        _, length, kind = struct.unpack_from("<IHB", content, at)
        part += content[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):  # whole, or the last of several
            yield part
            part = b""


def rounded(rows, to=np.float32):
    return [(step, name, float(to(value))) for step, name, value in rows]
