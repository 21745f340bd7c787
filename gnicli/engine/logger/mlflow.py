"""`logger=mlflow`: a store of MLflow's in the run folder, which `mlflow ui` shows."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gnicli.checks import key
from gnicli.contracts.live_curves import Ending, LoggedRun
from gnicli.engine import extras
from gnicli.engine.logger import packages

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric

EXPERIMENT = "gni"
_STATUS = {"completed": "FINISHED", "diverged": "FINISHED", "failed": "FAILED", "interrupted": "KILLED"}
_BATCH = 1000  # metrics of one call, MLflow's limit
_LONGEST = 500  # characters of a parameter
_PARAMETERS = 100  # of one call, MLflow's limit
# Before its import MLflow asks these whether it may report its use, and whether a store of files is meant.
SURROUNDINGS = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "MLFLOW_ALLOW_FILE_STORE": "true"}


class Store:
    """One run in a store of files; metrics wait for a flush, because a call for each takes a millisecond."""

    def __init__(self, client: MlflowClient, run_id: str) -> None:
        self._client = client
        self._run_id = run_id
        self._kept: list[Metric] = []

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Keep a metric for each value, under its name."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        self._kept += [Metric(name, value, now, step) for name, value in values.items()]

    def flush(self) -> None:
        """Write what is kept."""
        with packages.environment(SURROUNDINGS):
            while self._kept:
                batch, self._kept = self._kept[:_BATCH], self._kept[_BATCH:]
                self._client.log_batch(self._run_id, metrics=batch)

    def close(self, ending: Ending) -> None:
        """Write what is left, and the status of the run."""
        self.flush()
        with packages.environment(SURROUNDINGS):
            self._client.set_terminated(self._run_id, _STATUS[ending])


@dataclass
class MLflow:
    """A store of MLflow's in the folder mlruns of the run: mlflow ui --backend-store-uri RUN/mlruns."""

    name: str = key("mlflow", "a store for MLflow, in the folder mlruns of the run")

    folder = "mlruns"

    def require(self) -> None:
        """Need the package mlflow."""
        extras.require("logger=mlflow", "mlflow", "mlflow")

    def open(self, run: LoggedRun) -> Store:
        """A new run, whose parameters are the configuration, in the store in the folder, made at the first run."""
        with packages.environment(SURROUNDINGS):
            from mlflow import MlflowClient
            from mlflow.entities import Param

            # MLflow keeps its stores by place: one whose folder was removed in this process needs this to begin anew.
            is_new = not (run.folder / ".trash").exists()
            (run.folder / ".trash").mkdir(exist_ok=True)
            client = MlflowClient(run.folder.as_uri())
            found = None if is_new else client.get_experiment_by_name(EXPERIMENT)
            experiment = client.create_experiment(EXPERIMENT) if found is None else found.experiment_id
            created = client.create_run(experiment, run_name=run.name)
            parameters = [Param(name, str(value)[:_LONGEST]) for name, value in _leaves(run.config)]
            for begin in range(0, len(parameters), _PARAMETERS):
                client.log_batch(created.info.run_id, params=parameters[begin : begin + _PARAMETERS])
        return Store(client, created.info.run_id)


def _leaves(config: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    """The keys of a nested configuration as the command line spells them, with their values."""
    for name, value in config.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


COMPONENT = MLflow
