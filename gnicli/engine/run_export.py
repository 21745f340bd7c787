"""What runs recorded and found, written for other programs."""

from __future__ import annotations

import os
import re
import shutil
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

from gnicli import checks, files, registry, seeding
from gnicli.contracts.live_curves import Ending, LoggedRun
from gnicli.engine import extras, live_curves, provenance, tables
from gnicli.engine.run import Run
from gnicli.engine.run_index import index, moments
from gnicli.engine.run_views import detail
from gnicli.errors import ConflictError

FORMATS = ("csv", "parquet", "tensorboard", "mlflow")
_PACKAGES = {"parquet": "pyarrow", "tensorboard": "tensorboard", "mlflow": "mlflow"}
_ENDINGS: Mapping[str, Ending] = {"completed": "completed", "diverged": "diverged", "failed": "failed"}
_NOT_IN_NAMES = re.compile(r"[^\w\-. :/]", re.ASCII)  # MLflow refuses them in the name of a metric

Columns = dict[str, list[object]]


def export(places: Sequence[Path], to: str, target: Path | None = None) -> Path:
    """Write the runs at `places` (runs, sweeps, folders of runs) as `to` into a new folder `target`; returns it.

    Raises `UsageError` for an unknown format, `ResourceError` where a package is missing, `DataError` where a place has
    no run, `ConflictError` where the folder exists. Then nothing is written.
    """
    checks.choice("--to", to, FORMATS)
    if to in _PACKAGES:
        extras.require(f"--to {to}", _PACKAGES[to], to)
    runs = index.at(places)
    folder = (target or Path(f"runs-{to}")).absolute()
    if os.path.lexists(folder):
        raise ConflictError(f"{folder} exists; give another --output")
    with files.explained(folder, "create"):
        folder.mkdir(parents=True)
    try:
        with files.explained(folder):
            (_write_tables if to in ("csv", "parquet") else _write_curves)(folder, runs, to)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def named(runs: Sequence[Run]) -> list[str]:
    """A name for each run: its path from the folder that holds all of them."""
    common = os.path.commonpath([run.folder.parent for run in runs])
    return [os.path.relpath(run.folder, common) for run in runs]


# -------------------------------------------------------------------------------------------------------------- tables


def _write_tables(folder: Path, runs: Sequence[Run], to: str) -> None:
    for name, columns in (("runs", of_runs(runs)), ("metrics", of_metrics(runs))):
        path = folder / f"{name}.{to}"
        if to == "csv":
            files.replace(path, tables.encode_csv(list(columns), zip(*columns.values(), strict=True)))
        else:
            files.replace(path, _parquet(columns))


def of_runs(runs: Sequence[Run]) -> Columns:
    """A row for each run: name, folder, command, status, begin, every key, every result with its standard error."""
    rows = []
    for run, name in zip(runs, named(runs), strict=True):
        moment = moments.begun(run.folder, run.manifest)
        row: dict[str, object] = {
            "run": name,
            "folder": str(run.folder),
            "command": run.command,
            "status": run.status,
            "begun": None if moment is None else moment.isoformat(timespec="seconds"),
        }
        row |= {f"config/{key}": detail.text(value) for key, value in provenance.leaves(run.config)}
        for key, value in run.results.items():
            row |= {f"result/{key}": value.value, f"result/{key}/stderr": value.stderr}
        rows.append(row)
    return {name: [row.get(name) for row in rows] for name in dict.fromkeys(name for row in rows for name in row)}


def of_metrics(runs: Sequence[Run]) -> Columns:
    """A row for each recorded value: name of the run, step, name, value."""
    columns: Columns = {"run": [], "step": [], "name": [], "value": []}
    for run, name in zip(runs, named(runs), strict=True):
        for step, values in _by_step(run).items():
            for metric, value in values.items():
                for column, cell in zip(columns.values(), (name, step, metric, value), strict=True):
                    column.append(cell)
    return columns


def _by_step(run: Run) -> dict[int, dict[str, float]]:
    """The recorded values of a run; none of one that is damaged."""
    if not run.last:
        return {}
    return live_curves.by_step(tables.read_metrics(run.folder / live_curves.METRICS))


def _parquet(columns: Columns) -> bytes:
    """The columns as Parquet, each of numbers or of texts: a column has one type there."""
    import pyarrow
    from pyarrow import parquet

    def of_one_type(column: list[object]) -> list[object]:
        if all(cell is None or isinstance(cell, int | float) for cell in column):
            return column
        return [None if cell is None else str(cell) for cell in column]

    # Not by pandas, which writes NaN as a value that is missing: the loss of a run that diverged is there.
    stream = pyarrow.BufferOutputStream()
    parquet.write_table(pyarrow.table({name: of_one_type(column) for name, column in columns.items()}), stream)
    return bytes(stream.getvalue())


# -------------------------------------------------------------------------------------------------------------- curves


def _write_curves(folder: Path, runs: Sequence[Run], to: str) -> None:
    """Hand each run to the logger of that name, as if it were recorded now; the results come last."""
    logger = registry.build("logger", to)
    for run, name in zip(runs, named(runs), strict=True):
        place = folder / name if to == "tensorboard" else folder  # a store of MLflow's has many runs
        place.mkdir(parents=True, exist_ok=True)
        steps = _by_step(run)
        final = {f"result/{key}": value.number for key, value in run.results.items() if isinstance(value.value, float)}
        with seeding.preserved(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # those of the packages are not about the runs
            curves = logger.open(LoggedRun(place, name, run.config))
            for step, values in (*steps.items(), (max(steps, default=0), final)):
                curves.add(step, {_NOT_IN_NAMES.sub("_", key): value for key, value in values.items()})
            curves.close(_ENDINGS.get(run.status, "interrupted"))
