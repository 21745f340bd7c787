"""`samples=file`: numbers from a file or from standard input; `samples=PATH` is short for it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, Optional, cast

from gnicli import checks
from gnicli.checks import key
from gnicli.contracts import Observer, ParquetReader
from gnicli.errors import DataError, ResourceError, UsageError

if TYPE_CHECKING:
    import numpy as np

    from gnicli.samples.collecting import Groups

STDIN = "-"
DECIMALS = ("point", "comma")  # the marks themselves are taken as well; a comma is awkward to quote
_MAGIC = {b"\x93NUMPY": "npy", b"PK\x03\x04": "npz", b"PK\x05\x06": "npz", b"PAR1": "parquet"}
_BINARY = {".npy": "npy", ".npz": "npz", ".parquet": "parquet", ".pq": "parquet"}


@dataclass
class FileSamples:
    """Numbers from .npy, .npz, .csv (or any text), .parquet where pandas can read it, or standard input.

    Which of these it is, the first bytes tell.
    """

    name: str = key("file", "numbers from a file")
    path: Optional[str] = key(None, "the file; - is standard input (text or .npy)")
    column: Optional[str] = key(None, "column by name, or by number from 0")
    group: Optional[str] = key(None, "column of labels: one fit per label")
    array: Optional[str] = key(None, ".npz: which array; with * one fit for each that matches")
    decimal: str = key("point", "decimal mark in text", choices=DECIMALS)
    flatten: bool = key(False, "take an array of several dimensions as one sample")
    drop_nonfinite: bool = key(False, "leave out NaN, infinite and empty values")
    max_n: Optional[int] = key(None, "fit a random part of so many values (of each group)")

    def __post_init__(self) -> None:
        checks.choice("samples.decimal", self.decimal, (*DECIMALS, ".", ","))
        if self.max_n is not None:
            checks.integer("samples.max_n", self.max_n, least=50)

    def load(self, seed: int, observer: Observer, read_parquet: ParquetReader) -> Mapping[str, np.ndarray]:
        """Read them, in chunks; see `contracts.Samples`."""
        from gnicli.samples.collecting import Groups

        if not self.path:
            raise UsageError("samples.path: which file? write samples=PATH")
        source = "standard input" if self.path == STDIN else self.path
        groups = Groups(source, self.max_n, self.drop_nonfinite, seed, observer)
        if self.path == STDIN:
            if sys.stdin is None or sys.stdin.isatty():
                raise UsageError("samples=-: nothing is piped into standard input")
            self._read_stream(sys.stdin.buffer, groups, None)
            return groups.finish()
        path = Path(self.path)
        try:
            self._check(path)
            with path.open("rb") as stream:
                self._read(path, stream, groups, read_parquet)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise ResourceError(f"cannot read {path}: {reason}") from error
        return groups.finish()

    def _check(self, path: Path) -> None:
        if (path / "manifest.json").exists():
            raise UsageError(
                f"{path} is a run: samples=run samples.path={path} samples.array=NAME reads an array of it"
            )
        if path.is_dir():
            raise UsageError(f"{path} is a folder; give a file")
        if not path.exists():
            raise DataError(f"{path}: no such file")

    def _read(self, path: Path, stream: BinaryIO, groups: Groups, read_parquet: ParquetReader) -> None:
        found = _kind(stream.read(6))
        stream.seek(0)
        expected = _BINARY.get(path.suffix.lower())
        if not path.stat().st_size and path.is_file():
            raise DataError(f"{path} is empty")
        if expected and found != expected:
            raise DataError(f"{path} is no {path.suffix} file: its first bytes are those of another kind")
        if self.array is not None and found != "npz":
            raise UsageError(f"samples.array={self.array} is for .npz files, and {path} is none")
        if self.group is not None and found not in ("parquet", None):
            raise UsageError(f"samples.group={self.group} is for tables, and {path} holds arrays; see samples.array=")
        if found == "parquet":
            self._read_table(read_parquet(path), groups)
        elif found == "npz":
            from gnicli.samples.formats import arrays

            wanted = arrays.choose(str(path), arrays.names_of_npz(path), self.array)
            arrays.read_npz(path, wanted, groups, self.column, self.flatten)
        else:
            self._read_stream(stream, groups, path.stat().st_size)

    def _read_stream(self, stream: IO[bytes], groups: Groups, size: int | None) -> None:
        """Text or .npy from something that need not be seekable."""
        import io

        from gnicli.samples.formats import arrays, delimited

        buffered = stream if hasattr(stream, "peek") else io.BufferedReader(cast(io.RawIOBase, stream))
        kind = _kind(buffered.peek(6)[:6])
        if kind == "npy":
            arrays.read_npy(cast(BinaryIO, buffered), groups, self.column, self.flatten)
        elif kind is not None:
            raise DataError(f"{groups.source}: {kind} cannot be read from a pipe; give its path")
        else:
            mark = "," if self.decimal in (",", "comma") else "."
            delimited.read(cast(BinaryIO, buffered), groups, self.column, self.group, mark, size)

    def _read_table(self, table: Mapping[str, np.ndarray], groups: Groups) -> None:
        from gnicli.samples.formats import columns

        columns.read(table, groups, self.column, self.group)


def _kind(first: bytes) -> str | None:
    """The kind of a file by its first bytes, None for text."""
    return next((kind for magic, kind in _MAGIC.items() if first.startswith(magic)), None)


COMPONENT = FileSamples
