"""Tables written and read: metrics.csv, results.json, arrays.npz, and plain CSV files.

None of them holds a clock, a host or a path, so runs with equal results have equal bytes. Numbers are written with the
fewest digits that read back as the same float64.
"""

from __future__ import annotations

import csv
import io
import json
import math
import os
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NotRequired, TypeAlias, TypedDict

from gnicli import files
from gnicli.contracts.results import NamedArray, Value
from gnicli.engine import records
from gnicli.errors import DataError, ResourceError

if TYPE_CHECKING:
    import numpy as np
    import pandas

METRICS_HEADER = b"step,name,value\n"
_MAX_METRICS_BYTES = 1 << 30
_MAX_ARRAYS_BYTES = 8 << 30  # unfolded
_MAX_STEP = 2**63 - 1
Series: TypeAlias = "dict[str, tuple[np.ndarray, np.ndarray]]"


class MetricsWriter:
    """Appends tidy rows (step, name, value) to a file, in blocks. Flushed rows survive a kill.

    `length`, for a resumed run, is the number of bytes that its checkpoint records; later bytes are cut off.
    Raises `DataError` when the file is shorter than that.
    """

    def __init__(self, path: Path, length: int | None = None) -> None:
        self._path = path
        self._rows: list[str] = []
        fresh = length is None or length < len(METRICS_HEADER)
        with files.explained(path):
            there = files.require_file(path)
            if not fresh and (not there or path.stat().st_size < length):  # type: ignore[operator]
                raise DataError(f"{path} is shorter than the {length} bytes that the checkpoint records")
            handle = files.open_own(path, os.O_RDWR | os.O_CREAT)
            # Unbuffered: a block that fails (disk full) must not be written a second time when the file is closed.
            self._stream = os.fdopen(handle, "r+b", buffering=0)
        try:
            self.length = 0 if fresh else int(length)  # type: ignore[arg-type]
            with files.explained(path):
                self._stream.truncate(self.length)
                self._stream.seek(self.length)
            if fresh:
                self._write(METRICS_HEADER)
        except BaseException:
            self._stream.close()
            raise

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Keep rows for the next flush."""
        self._rows += [f"{int(step)},{_quoted(name)},{float(value)!r}\n" for name, value in values.items()]

    def flush(self, *, durable: bool = False) -> int:
        """Write the rows; with `durable` also through to the disk. Returns the file's length in bytes."""
        if self._rows:
            block = "".join(self._rows).encode()
            self._rows.clear()
            self._write(block)
        if durable:
            with files.explained(self._path):
                os.fsync(self._stream.fileno())
        return self.length

    def _write(self, block: bytes) -> None:
        view = memoryview(block)
        with files.explained(self._path):
            while view:
                written = self._stream.write(view)
                view = view[written:]
        self.length += len(block)

    def close(self) -> None:
        """Flush and close."""
        try:
            self.flush()
        finally:
            self._stream.close()


def _quoted(name: str) -> str:
    if not name or any(character in name for character in ',"\r\n'):
        return '"' + name.replace('"', '""') + '"'
    return name


def read_metrics(path: Path) -> Series:
    """Metrics by name: steps (int64) and values (float64) in the order written.

    A last line that a killed run left unfinished is ignored. Raises `DataError` for anything else that is no row.
    """
    try:
        text = files.read_regular(path, _MAX_METRICS_BYTES).decode()
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is damaged: not text") from error
    text = text[: text.rfind("\n") + 1]
    columns: dict[str, tuple[list[int], list[float]]] = {}
    rows = csv.reader(io.StringIO(text))  # not pandas, which reads a damaged row as one with NaN
    try:
        if text and next(rows) != METRICS_HEADER.decode().strip().split(","):
            raise ValueError("wrong header")
        for row in rows:
            step, name, value = row
            steps, values = columns.setdefault(name, ([], []))
            values.append(float(value))
            steps.append(int(step))
            if abs(steps[-1]) > _MAX_STEP:
                raise ValueError("beyond int64")
    except (ValueError, csv.Error, OverflowError) as error:
        raise DataError(f"{path}: line {rows.line_num} is not step,name,value") from error
    import numpy as np

    return {name: (np.array(steps, np.int64), np.array(values)) for name, (steps, values) in columns.items()}


# ------------------------------------------------------------------------------------------------------------- results


Number = float | str | None  # as JSON holds it


class _Entry(TypedDict):
    value: Number | list[Number]
    stderr: Number
    n: int
    unit: str
    ci95: NotRequired[list[Number]]
    caveat: NotRequired[str]


def _value(value: float | str | tuple[float, ...]) -> Number | list[Number]:
    return [plain_number(part) for part in value] if isinstance(value, tuple) else plain_number(value)


def plain_number(value: float | str | None) -> Number:
    """A number as JSON holds it."""
    # JSON has no NaN: a value that is not finite is written as a string that float() reads.
    if value is None or isinstance(value, str):
        return value
    return float(value) if math.isfinite(value) else str(float(value))


def plain_results(values: Mapping[str, Value]) -> dict[str, _Entry]:
    """Values as JSON holds them: {name: {value, stderr, n, unit}}, ci95: [low, high] and caveat where there are."""
    entries: dict[str, _Entry] = {}
    for name, v in values.items():
        entries[name] = {"value": _value(v.value), "stderr": plain_number(v.stderr), "n": int(v.n), "unit": v.unit}
        if v.ci95 is not None:
            entries[name]["ci95"] = [plain_number(end) for end in v.ci95]
        if v.caveat:
            entries[name]["caveat"] = v.caveat
    return entries


def encode_results(values: Mapping[str, Value]) -> bytes:
    """The bytes of results.json."""
    entries = plain_results(values)
    return (json.dumps(entries, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def read_results(path: Path) -> dict[str, Value]:
    """The inverse of `encode_results`. Raises `FileNotFoundError`, or `DataError` where it is damaged."""
    try:
        return results_of(records.read_json(path))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise DataError(f"{path} is damaged: {error}") from error


def results_of(entries: object) -> dict[str, Value]:
    """The inverse of `plain_results`. Whatever is no result raises an error of Python's own."""
    if not isinstance(entries, dict):
        raise ValueError("no table")
    return {name: _read_entry(entry) for name, entry in entries.items()}


def _read_entry(entry: Any) -> Value:
    """A headline value from JSON that may hold anything: whatever does not fit raises."""
    return Value(
        _read_value(entry["value"]),
        None if entry["stderr"] is None else float(entry["stderr"]),
        int(entry["n"]),
        str(entry["unit"]),
        _read_interval(entry["ci95"]) if "ci95" in entry else None,
        str(entry.get("caveat", "")),
    )


def _read_value(value: float | str | list[float | str]) -> float | str | tuple[float, ...]:
    """A number, also one that JSON cannot hold, a word, or several numbers."""
    if isinstance(value, list):
        return tuple(float(part) for part in value)
    try:
        return float(value)
    except ValueError:
        return str(value)


def _read_interval(ends: list[float | str]) -> tuple[float, float]:
    low, high = ends
    return float(low), float(high)


def write_arrays(stream: BinaryIO, arrays: Mapping[str, NamedArray]) -> None:
    """Write an .npz file whose bytes depend on the arrays alone (a zip file otherwise holds dates)."""
    import numpy as np

    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(array.values), allow_pickle=False)


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an .npz file by name. Raises `FileNotFoundError`, or `DataError` where it is damaged."""
    import numpy as np

    with os.fdopen(files.open_regular(path), "rb") as stream:
        try:
            with zipfile.ZipFile(stream) as archive:
                total = sum(entry.file_size for entry in archive.infolist())
            if total > _MAX_ARRAYS_BYTES:
                raise ValueError(f"its arrays have {total / 1e9:.3g} GB")
            stream.seek(0)
            with np.load(stream, allow_pickle=False) as arrays:
                found = {name: arrays[name] for name in arrays.files}
        # NumPy parses headers as Python: from arbitrary bytes come SyntaxError, TokenError, RecursionError, …
        except Exception as error:
            detail = " ".join(str(error).split())
            if "allow_pickle" in detail:  # advice that must not be followed
                detail = "an array of it holds pickled objects"
            raise DataError(f"{path} is damaged: {detail[:120]}") from error
    for name, array in found.items():
        if not isinstance(array, np.ndarray):  # a member that is no .npy comes as bytes
            raise DataError(f"{path} is damaged: {name[:60]} is no array")
    return found


def read_parquet(path: Path) -> dict[str, np.ndarray]:
    """The columns of a Parquet file by name. Raises `ResourceError` where pandas has nothing to read it with."""
    import pandas

    try:
        frame = pandas.read_parquet(path)
    except ImportError as error:
        raise ResourceError(f"{path}: pandas needs pyarrow to read Parquet; run: pip install pyarrow") from error
    except OSError:
        raise
    except Exception as error:  # whatever the engine of pandas raises on a damaged file
        raise DataError(f"{path} is damaged, or no Parquet file: {' '.join(str(error).split())[:120]}") from error
    return {str(name): _plain(frame.iloc[:, k]) for k, name in enumerate(frame.columns)}


def _plain(column: pandas.Series) -> np.ndarray:
    """A column's values; numbers that pandas holds in types of its own, for values that are missing, become floats."""
    import numpy as np
    import pandas

    is_own = isinstance(column.dtype, pandas.api.extensions.ExtensionDtype)
    if is_own and pandas.api.types.is_numeric_dtype(column.dtype) and not pandas.api.types.is_bool_dtype(column.dtype):
        return column.to_numpy(np.float64, na_value=np.nan)
    return column.to_numpy()


def encode_csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A CSV file (RFC 4180 but with plain newlines); floats by repr, None as an empty field, several numbers as one."""
    text = io.StringIO()
    # Not by pandas, which writes None and NaN alike: both occur, and only one is a number.
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue().encode()


def _cell(value: object) -> object:
    import numpy as np

    if isinstance(value, float | np.floating):
        return repr(float(value))
    if isinstance(value, tuple):
        return " ".join(map(repr, value))
    return value
