"""NumPy's .npy and .npz, read in chunks and without unpickling anything."""

from __future__ import annotations

import contextlib
import errno
import fnmatch
import math
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from gnicli import checks
from gnicli.errors import DataError, GniError, UsageError, shown
from gnicli.samples.collecting import Collector, Groups

_CHUNK = 1 << 20  # bytes


def read_npy(
    stream: BinaryIO, groups: Groups, column: str | None, flatten: bool, *, source: str = "", group: str = ""
) -> None:
    """Put an array's values into `groups[group]`, without more of it in memory than a chunk and what is kept."""
    source = source or groups.source
    try:
        major, _ = np.lib.format.read_magic(stream)
        read_header = np.lib.format.read_array_header_1_0 if major == 1 else np.lib.format.read_array_header_2_0
        shape, fortran, dtype = read_header(stream)
        if major == 3:
            dtype = _in_utf8(dtype)
        sizes: tuple[object, ...] = shape  # of what the file says, not of what NumPy's types promise
        is_sound = all(isinstance(size, int) and size >= 0 for size in sizes)
    except Exception as error:  # NumPy parses the header as Python: anything may come of arbitrary bytes
        raise DataError(f"{source} is not a .npy array: {_short(error)}") from error
    if not is_sound:
        raise DataError(f"{source} is not a .npy array: its shape is {shape}")
    groups.noun = "index {}".format
    _read_values(stream, groups[group], source, _Plan(source, shape, fortran, dtype, column, flatten), groups)


def _in_utf8(dtype: np.dtype) -> np.dtype:
    """The type with the names of its fields as version 3 means them: version 2 takes each byte for a letter."""
    if not dtype.names or not dtype.fields:
        return dtype
    fields = [dtype.fields[name] for name in dtype.names]
    return np.dtype(
        {
            "names": [name.encode("latin-1").decode() for name in dtype.names],
            "formats": [field[0] for field in fields],
            "offsets": [field[1] for field in fields],
            "itemsize": dtype.itemsize,
        }
    )


def _short(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= 120 else text[:117] + "..."


class _Plan:
    """Which values of an array are taken, and as what type."""

    def __init__(
        self,
        source: str,
        shape: tuple[int, ...],
        fortran: bool,
        dtype: np.dtype,
        column: str | None,
        flatten: bool,
    ) -> None:
        self.dtype, self.field = dtype, None
        self.total = math.prod(shape)
        self.stride, self.offset, self.block = 1, 0, 0
        if dtype.names:
            if column is None and len(dtype.names) > 1:
                raise UsageError(f"{source}: columns {','.join(dtype.names)}: choose one with samples.column=")
            self.field = column or dtype.names[0]
            checks.choice("samples.column", self.field, dtype.names)
            column, dtype = None, dtype[self.field]
        _refuse(source, dtype)
        self.kept_dtype = np.dtype(np.float32) if dtype.itemsize <= 4 and dtype.kind == "f" else np.dtype(np.float64)
        self.is_half = dtype == np.float16
        if column is not None:
            self._choose(source, shape, fortran, column)
        elif sum(size != 1 for size in shape) > 1 and not flatten:
            columns = "samples.column= (from 0) or " if len(shape) == 2 else ""
            raise UsageError(f"{source}: shape {_dims(shape)}: choose {columns}samples.flatten=true")

    def _choose(self, source: str, shape: tuple[int, ...], fortran: bool, column: str) -> None:
        if len(shape) != 2:
            raise UsageError(f"{source}: samples.column= needs columns, and the array has shape {_dims(shape)}")
        rows, columns = shape
        if not column.isdecimal() or int(column) >= columns:
            raise UsageError(f"{source}: samples.column must be an integer in [0, {columns}), got {column!r}")
        if fortran:
            self.block, self.offset = rows, int(column) * rows
        else:
            self.stride, self.offset = columns, int(column)

    @property
    def n_taken(self) -> int:
        """How many values are taken."""
        return self.block or self.total // self.stride

    def take(self, values: np.ndarray, start: int) -> np.ndarray:
        """The values taken of the chunk that begins at position `start`."""
        if self.field is not None:
            values = values[self.field]
        if self.block:
            return values[max(0, self.offset - start) : max(0, self.offset + self.block - start)]
        return values[(self.offset - start) % self.stride :: self.stride]


def _dims(shape: tuple[int, ...]) -> str:
    return "(" + ",".join(map(str, shape)) + ")"


def _refuse(source: str, dtype: np.dtype) -> None:
    if dtype.hasobject:
        raise DataError(f"{source}: dtype object is refused: it is a pickle, which can run code; save numbers")
    if dtype.kind not in "iuf" or dtype.subdtype is not None:
        what = "complex" if dtype.kind == "c" else str(dtype)
        raise DataError(f"{source}: dtype {what} is refused; save real numbers")


def _read_values(stream: BinaryIO, into: Collector, source: str, plan: _Plan, groups: Groups) -> None:
    into.expect(plan.n_taken)
    if plan.is_half:
        groups.observer.note(f"{source}: float16 is read as float32; its steps of 1/1024 may show in the fit")
    size = plan.dtype.itemsize
    start, per_chunk = 0, max(1, _CHUNK // size)
    while start < plan.total:
        wanted = min(per_chunk, plan.total - start) * size
        try:
            data = _read_exactly(stream, wanted)
        except GniError:
            raise
        except Exception as error:  # a damaged zip member: zlib, the sum, encryption
            raise DataError(f"{source} is damaged: {_short(error)}") from error
        if len(data) < wanted:
            raise DataError(
                f"{source} is damaged: it ends after {start * size + len(data):,} of {plan.total * size:,} bytes"
            )
        values = plan.take(np.frombuffer(data, plan.dtype), start)
        if values.size:
            first = into.n_seen
            into.add(cast_values(values, plan.kept_dtype, source, first), range(first, first + values.size))
        start += wanted // size
        groups.observer.progress(f"reading {source}", start * size, plan.total * size, "byte")


def cast_values(values: np.ndarray, dtype: np.dtype, source: str, start: int) -> np.ndarray:
    """The values as `dtype`; `DataError` where one that is finite, or not zero, lies beyond what it can hold."""
    with np.errstate(all="ignore"):
        found = values.astype(dtype)
        if values.dtype.kind == "f" and values.dtype.itemsize > dtype.itemsize:
            lost = (np.isfinite(values) & ~np.isfinite(found)) | ((values != 0) & (found == 0))
            if lost.any():
                raise DataError(
                    f"{source}: {lost.sum()} of {lost.size} values (first: index {start + int(np.argmax(lost))}) lie "
                    f"beyond the range of {dtype}; scale them before they are saved"
                )
    return found


def _read_exactly(stream: BinaryIO, n: int) -> bytes:
    """`n` bytes, fewer only at the end: a pipe or a zip member may give less at a time."""
    parts = []
    while n:
        part = stream.read(n)
        if not part:
            break
        parts.append(part)
        n -= len(part)
    return b"".join(parts)


def add_array(array: np.ndarray, groups: Groups, column: str | None, flatten: bool, *, source: str, group: str) -> None:
    """Put the values of an array in memory into `groups[group]`."""
    plan = _Plan(source, array.shape, False, array.dtype, column, flatten)
    groups.noun = "index {}".format
    values = plan.take(array.reshape(-1), 0)
    groups[group].add(cast_values(values, plan.kept_dtype, source, 0), range(values.size))


def names_of_npz(path: Path) -> list[str]:
    """The arrays of an .npz file. Raises `DataError` where it is none."""
    with _explained(path), zipfile.ZipFile(path) as archive:
        return [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]


def read_npz(path: Path, wanted: Mapping[str, str], groups: Groups, column: str | None, flatten: bool) -> None:
    """Put arrays into `groups`; `wanted` maps their names to groups."""
    with _explained(path), zipfile.ZipFile(path) as archive:
        for name, group in wanted.items():
            with archive.open(f"{name}.npy") as member:
                stream = cast(BinaryIO, member)
                read_npy(stream, groups, column, flatten, source=f"{groups.source}: {name}", group=group)


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except GniError:
        raise
    except Exception as error:  # zipfile raises of many kinds on arbitrary bytes, and seeks where nothing is
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise
        raise DataError(f"{path} is damaged, or no .npz file: {_short(error)}") from error


def choose(source: str, names: list[str], array: str | None) -> dict[str, str]:
    """The arrays that `samples.array` names, each with its group: its own name where a pattern was given, else "".

    Raises `UsageError` with all there are where it names none.
    """
    if not names:
        raise DataError(f"{source} holds no arrays")
    listed = ", ".join(names[:20]) + (", …" if len(names) > 20 else "")
    if array is None:
        if len(names) == 1:
            return {names[0]: ""}
        raise UsageError(f"{source}: choose one of {listed} with samples.array=")
    if array not in names and array in map(shown, names):  # as messages give it
        array = next(name for name in names if shown(name) == array)
    if array not in names and any(mark in array for mark in "*?["):
        found = [name for name in names if fnmatch.fnmatchcase(name, array)]
        if not found:
            raise UsageError(f"{source}: samples.array={array} matches none of {listed}")
        return {name: name for name in found}
    checks.choice("samples.array", array, names)
    return {array: ""}
