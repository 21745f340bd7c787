"""Runs from a tidy table: one row for each value, with the columns run, seed, setting, metric and value."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gnicli import files
from gnicli.claims import setting
from gnicli.claims.measured import MeasuredRun
from gnicli.errors import DataError, UsageError

if TYPE_CHECKING:
    import pandas

NEEDED = ("run", "seed", "setting", "metric", "value")
OPTIONAL = ("step", "status")
STATUSES = ("completed", "diverged", "failed", "interrupted", "running", "lost")
_FORMAT = f"a table of runs has the columns {', '.join(NEEDED)}, and may have {' and '.join(OPTIONAL)}"
_MAX_BYTES = 1 << 30


class _Own(NamedTuple):
    """What is the same in all rows of a run."""

    seed: str
    setting: str
    status: str


def read_csv(path: Path) -> list[MeasuredRun]:
    """The runs of a CSV file. Raises `UsageError` where it is none."""
    try:
        text = files.read_regular(path, _MAX_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8, so no table of runs; save it as UTF-8") from error
    except (OSError, DataError) as error:
        raise UsageError(f"{path}: {str(getattr(error, 'strerror', None) or error).lower()}") from error
    reader = csv.reader(io.StringIO(text))
    try:
        rows = list(reader)
    except csv.Error as error:
        raise UsageError(f"{path}:{reader.line_num}: {error}") from error
    header = [head.strip() for head in rows[0]] if rows else []
    return _runs(str(path), header, rows[1:])


def of_frame(frame: pandas.DataFrame) -> list[MeasuredRun]:
    """The runs of a pandas frame with the same columns."""
    header = [str(name) for name in frame.columns]
    cells = [["" if value != value or value is None else str(value) for value in row] for row in frame.values.tolist()]
    return _runs("the frame", header, cells)


def _runs(place: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[MeasuredRun]:
    columns = _columns(place, header)
    own: dict[str, _Own] = {}
    series: dict[str, dict[str, dict[float, float]]] = {}
    for line, row in enumerate(rows, 2):
        if not row:
            continue
        if len(row) != len(header):
            raise UsageError(f"{place}:{line}: {len(row)} fields where the header has {len(header)}")
        cell = {name: row[k].strip() for name, k in columns.items()}
        where = f"{place}:{line}"
        said = _Own(_seed(where, cell["seed"]), cell["setting"], _status(where, cell.get("status") or "completed"))
        if own.setdefault(cell["run"], said) != said:
            key = next(name for name, a, b in zip(_Own._fields, own[cell["run"]], said, strict=True) if a != b)
            raise UsageError(f"{where}: run {cell['run']} has another {key} than in its rows before")
        step = _number(where, "step", cell.get("step") or "0")
        values = series.setdefault(cell["run"], {}).setdefault(cell["metric"], {})
        if step in values:
            raise UsageError(f"{where}: run {cell['run']} has {cell['metric']} twice; give each value its step")
        values[step] = _number(where, "value", cell["value"])
    return [
        MeasuredRun(f"{place}: {name}", about.seed, setting.parsed(about.setting), about.status, _curves(series[name]))
        for name, about in own.items()
    ]


def _curves(series: dict[str, dict[float, float]]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    return {
        metric: (np.array(list(values), float), np.array(list(values.values()), float))
        for metric, values in series.items()
        if metric
    }


def _columns(place: str, header: Sequence[str]) -> dict[str, int]:
    import difflib

    for name in header:
        if name not in (*NEEDED, *OPTIONAL):
            near = difflib.get_close_matches(name, (*NEEDED, *OPTIONAL), n=1)
            raise UsageError(
                f"{place}: unknown column {name!r}; {f'did you mean {near[0]}? ' if near else ''}{_FORMAT}"
            )
    lacking = [name for name in NEEDED if name not in header]
    if lacking:
        raise UsageError(f"{place}: no column {lacking[0]!r}; {_FORMAT}")
    if len(set(header)) < len(header):
        raise UsageError(f"{place}: a column is given twice; {_FORMAT}")
    return {name: k for k, name in enumerate(header)}


def _number(where: str, name: str, text: str) -> float:
    """A number; a value may be absent, and a step must be finite."""
    if name == "value" and text.lower() in ("", "na", "null"):
        return math.nan
    try:
        number = float(text)
    except ValueError as error:
        raise UsageError(f"{where}: {name}: expected a number, got {text!r}") from error
    if name == "step" and not math.isfinite(number):
        raise UsageError(f"{where}: {name}: expected a finite number, got {text!r}")
    return number


def _seed(where: str, text: str) -> str:
    """A seed as text; 3.0, as pandas writes a column with gaps, is 3."""
    if not text:
        raise UsageError(f"{where}: a run has no seed")
    whole = text.removesuffix(".0")
    return str(int(whole)) if whole.isdecimal() and len(whole) < 30 else text


def _status(where: str, text: str) -> str:
    status = {"crashed": "failed", "finished": "completed"}.get(text, text)
    if status not in STATUSES:
        raise UsageError(f"{where}: status must be one of {', '.join(STATUSES)}, got {text!r}")
    return status
