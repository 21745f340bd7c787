"""The jobs of a sweep, read from their folders."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from gnicli import files
from gnicli.contracts.results import RunRecord
from gnicli.engine import folders, tables
from gnicli.errors import DataError

NOT_STARTED = "not started"
_JOB_NAME = re.compile("0|[1-9][0-9]{0,6}")  # not what isdecimal() takes: other digits, 007, numbers without end


def read_sweep(folder: Path) -> list[RunRecord]:
    """The jobs of a finished or unfinished sweep. Raises `DataError` where `folder` is none."""
    manifest = folders.read_manifest(folder)
    if manifest.get("kind") != "sweep":
        raise DataError(f"{folder} is a single run, not a sweep: {json.dumps(manifest.get('command'))}")
    return collect(folder, manifest.get("n_jobs"))


def collect(folder: Path, n_jobs: int | None = None) -> list[RunRecord]:
    """The jobs of a sweep in order, as their folders describe them; with `n_jobs` also those that never started."""
    names = (path.name for path in Path(folder).iterdir() if files.kind_of(path) == "a folder")
    present = {int(name) for name in names if _JOB_NAME.fullmatch(name)}
    numbers = sorted({*present, *range(n_jobs or 0)})
    return [read_record(Path(folder) / str(number), number) for number in numbers]


def read_record(folder: Path, job: int = 0) -> RunRecord:
    """One run as `summarize` sees it; tolerant of what is absent or damaged."""
    if files.kind_of(folder) != "a folder" or files.kind_of(folder / folders.MANIFEST) is None:
        return RunRecord(job, folder, {}, NOT_STARTED, {}, {})
    info = folders.read_run(folder)
    metrics: tables.Series = {}
    message = info.error
    try:
        metrics = tables.read_metrics(folder / "metrics.csv")
    except FileNotFoundError:
        pass
    except (DataError, OSError) as error:
        message = message or str(error)
    overrides = split_overrides(info.manifest.get("overrides", ()))
    if message == "" and info.status == "lost":
        message = f"its process (pid {info.manifest.get('pid')}) is gone"
    warnings = tuple(info.manifest.get("warnings", ()))
    return RunRecord(job, folder, overrides, info.status, info.values, metrics, message, warnings)


def split_overrides(overrides: Sequence[str]) -> dict[str, str]:
    """`['M=4', '+a.b=c', '~d']` as {'M': '4', 'a.b': 'c', '~d': ''}; quotes around a whole value are taken off."""
    pairs = {}
    for override in overrides:
        key, _, value = str(override).partition("=")
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        pairs[key.lstrip("+")] = value
    return pairs
