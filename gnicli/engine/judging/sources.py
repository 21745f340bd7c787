"""Runs to judge, from folders of gni, from tidy tables, and from Python."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from gnicli import checks
from gnicli.claims.measured import MeasuredRun, Series
from gnicli.engine import runs, tables
from gnicli.engine.judging import tidy
from gnicli.engine.run import Run
from gnicli.engine.sweep_records import split_overrides
from gnicli.errors import DataError, UsageError

if TYPE_CHECKING:
    import pandas

    Source: TypeAlias = str | os.PathLike[str] | Run | MeasuredRun | pandas.DataFrame
_NO_SETTING = ("seed", "run", "hydra")
_MOST_TOLD = 5


class Found(NamedTuple):
    """The runs of some sources, and sentences on those that could not be read."""

    runs: tuple[MeasuredRun, ...]
    warnings: tuple[str, ...]


def read(sources: Iterable[Source]) -> Found:
    """The runs of folders (a run, a sweep, or any folder that holds some), CSV files, frames and runs.

    A folder that is named twice counts once. Raises `UsageError` where a source is none of these or has no run.
    """
    found: dict[object, MeasuredRun] = {}
    unread: list[str] = []
    for source in sources:
        if isinstance(source, MeasuredRun):
            found[id(source)] = source
        elif isinstance(source, Run):
            _add(source, found, unread)
        elif isinstance(source, str | os.PathLike):
            _read_place(Path(checks.home("RUNS", os.fspath(source))), found, unread)
        elif hasattr(source, "columns"):
            found |= {(id(source), run.name): run for run in tidy.of_frame(source)}
        else:
            raise UsageError(f"expected folders, CSV files, frames or runs, got {type(source).__name__}")
    if not found and not unread:
        raise UsageError("no run to judge; give folders of runs or CSV files")
    told = unread[:_MOST_TOLD] + ([f"and {len(unread) - _MOST_TOLD} runs more"] if len(unread) > _MOST_TOLD else [])
    return Found(tuple(found.values()), tuple(told))


def _read_place(place: Path, found: dict[object, MeasuredRun], unread: list[str]) -> None:
    if place.is_dir():
        there = runs.load_runs(place)
        if not there:
            raise UsageError(f"{place} holds no run; give the folder of a run or of a sweep, or a CSV file")
        for run in there:
            _add(run, found, unread)
    elif place.is_file():
        found |= {(os.path.realpath(place), run.name): run for run in tidy.read_csv(place)}
    else:
        raise UsageError(f"{place} is not there; give folders of runs or CSV files")


def _add(run: Run, found: dict[object, MeasuredRun], unread: list[str]) -> None:
    name = os.path.relpath(run.folder)
    if run.status in (runs.DAMAGED, runs.UNBORN):
        unread.append(f"{name} is {run.status} and not judged: {run.message}")
        return
    overrides = split_overrides(run.manifest.get("overrides") or ())
    settings = {**dict(_flat(run.config)), **overrides}
    seed = settings.get("seed", str(run.manifest.get("seed", "")))
    kept = {key: value for key, value in settings.items() if key.split(".")[0] not in _NO_SETTING}
    found[os.path.realpath(run.folder)] = MeasuredRun(name, seed, kept, run.status, _metrics(run))


def _flat(config: Mapping[str, object], above: str = "") -> Iterable[tuple[str, str]]:
    """The keys of a configuration with their values as typed; a component is also known by its name alone."""
    for key, value in config.items():
        name = f"{above}{key}"
        if isinstance(value, Mapping):
            if isinstance(value.get("name"), str):
                yield name, str(value["name"])
            yield from _flat(value, f"{name}.")
        else:
            yield name, _typed(value)


def _typed(value: object) -> str:
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _metrics(run: Run) -> dict[str, Series]:
    """Curves by name, and the results that are one number and no curve."""
    try:
        curves: dict[str, Series] = dict(tables.read_metrics(run.folder / "metrics.csv"))
    except (FileNotFoundError, NotADirectoryError):
        curves = {}
    except (OSError, DataError) as error:
        raise UsageError(f"{run.folder}: its metrics cannot be read: {error}") from error
    single = {
        name: (np.zeros(1), np.array([value.number]))
        for name, value in run.results.items()
        if isinstance(value.value, int | float)
    }
    return {**single, **curves}
