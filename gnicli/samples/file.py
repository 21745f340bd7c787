"""`samples=file`: numbers from a file, a pipe or standard input; `samples=PATH` is short for it."""

from __future__ import annotations

import dataclasses
import io
import re
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, ClassVar, Optional, TextIO, cast

from gnicli import checks
from gnicli.checks import key
from gnicli.contracts.components import ParquetReader
from gnicli.contracts.observer import Observer
from gnicli.errors import DataError, GniError, NoSuchFileError, ResourceError, UsageError, shown

if TYPE_CHECKING:
    import numpy as np
    from _typeshed import WriteableBuffer

    from gnicli.samples.collecting import Groups

STDIN = "-"
DECIMALS = ("point", "comma")  # the marks themselves are taken as well; a comma is awkward to quote
THOUSANDS = ("none", "comma", "point", "space", "apostrophe")
HEADERS = ("auto", "yes", "no")
_MAGIC = {b"\x93NUMPY": "npy", b"PK\x03\x04": "zip", b"PK\x05\x06": "zip", b"PAR1": "parquet"}
_BINARY = {".npy": "npy", ".npz": "zip", ".parquet": "parquet", ".pq": "parquet"}
_HEAD = 512  # bytes that show of which kind a file is
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/+")


@dataclass
class FileSamples:
    """Numbers from text (such as .csv), .npy, .npz, .parquet where pandas can read it, or standard input.

    The first bytes decide which of these a file is; text and .npy may be compressed.
    """

    name: str = key("file", "numbers from a file")
    path: Optional[str] = key(None, "the file, or a pipe; - is standard input (text or .npy)")
    column: Optional[str] = key(None, "column by name, or by number from 0")
    group: Optional[str] = key(None, "column of labels: one fit per label")
    array: Optional[str] = key(None, ".npz: name of the array; with * one fit for each match")
    header: str = key("auto", "text: whether the first line names the columns", choices=HEADERS)
    decimal: str = key("point", "text: decimal mark", choices=DECIMALS)
    thousands: str = key("none", "text: mark between thousands, as in 1,234,567", choices=THOUSANDS)
    flatten: bool = key(False, "take an array of several dimensions, or all columns of text, as one sample")
    drop_nonfinite: bool = key(False, "leave out NaN, infinite and missing values (empty, NA, null, .)")
    max_n: Optional[int] = key(None, "fit a random subset of at most this many values (of each group)")

    def __post_init__(self) -> None:
        # A file of YAML may say yes without quotes, which is true there.
        self.header = {"True": "yes", "False": "no", "true": "yes", "false": "no"}.get(self.header, self.header)
        checks.choice("samples.header", self.header, HEADERS)
        checks.choice("samples.decimal", self.decimal, (*DECIMALS, ".", ","))
        checks.choice("samples.thousands", self.thousands, THOUSANDS)
        self.decimal = {".": "point", ",": "comma"}.get(self.decimal, self.decimal)
        if self.thousands == self.decimal:
            other = "comma" if self.decimal == "point" else "point"
            raise UsageError(
                f"samples.thousands={self.thousands}: the same mark is the decimal mark; add samples.decimal={other}"
            )
        if self.flatten and self.column is not None:
            raise UsageError(
                f"samples.flatten=true takes all columns, and samples.column={self.column} one: give either"
            )
        if self.max_n is not None:
            checks.integer("samples.max_n", self.max_n, least=50)
        _check_path(self.path)

    def load(self, seed: int, observer: Observer, read_parquet: ParquetReader) -> Mapping[str, np.ndarray]:
        """Read them, in chunks; see `contracts.components.Samples`."""
        from gnicli.samples.collecting import Groups

        if not self.path:
            raise UsageError("samples.path: which file? write samples=PATH")
        source = "standard input" if self.path == STDIN else shown(self.path)
        groups = Groups(source, self.max_n, self.drop_nonfinite, seed, observer)
        if self.path == STDIN:
            return _Standard.read(self, groups, seed)
        path = _found(self.path)
        try:
            with path.open("rb") as stream:
                status = path.stat()
                is_file = stat.S_ISREG(status.st_mode)
                if is_file and not status.st_size:
                    raise DataError(f"{source} is empty")
                _Reading(self, groups, read_parquet, path if is_file else None).read(stream, status.st_size)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise ResourceError(f"cannot read {source}: {reason}") from error
        return groups.finish()


def _check_path(path: str | None) -> None:
    """Raise `UsageError` for what can be no path of a file that a run may write down."""
    if path is None:
        return
    if _URL.match(path):
        raise UsageError(f"samples={path}: a web address is not read; fetch it first, for instance: curl -LO URL")
    try:
        path.encode()
    except UnicodeEncodeError as error:
        raise UsageError(
            f"samples={path}: the name of the file is not UTF-8, and a run could not write it down; "
            "rename the file, or pipe it: gni fit-stable samples=- < FILE"
        ) from error


def _found(name: str) -> Path:
    """The path of a file that is there."""
    path = Path(checks.home("samples.path", name))
    try:
        if (path / "manifest.json").exists():
            raise UsageError(
                f"{path} is a run: samples=run samples.path={path} samples.array=NAME reads an array of it"
            )
        if path.is_dir():
            raise UsageError(f"{path} is a folder; give a file")
        if not path.exists():
            raise NoSuchFileError(f"{path}: no such file")
    except OSError as error:
        raise ResourceError(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from error
    return path


class _Standard:
    """Standard input, which can be read only once in a process: the runs of a sweep share what was read."""

    _last: ClassVar[tuple[TextIO, object, Mapping[str, np.ndarray] | GniError] | None] = None

    @classmethod
    def read(cls, wishes: FileSamples, groups: Groups, seed: int) -> Mapping[str, np.ndarray]:
        """The samples in it."""
        if sys.stdin is None or sys.stdin.isatty():
            raise UsageError("samples=-: nothing is piped into standard input")
        # A random part depends on the seed; all values do not.
        asked = (dataclasses.astuple(wishes), None if wishes.max_n is None else seed)
        if cls._last is not None and cls._last[0] is sys.stdin:
            if cls._last[1] != asked:
                raise UsageError(
                    "samples=-: standard input was read by an earlier run of this sweep, in another way; "
                    "save it to a file and write samples=PATH"
                )
            if isinstance(cls._last[2], GniError):  # what was wrong with it then is so still
                raise cls._last[2]
            return {name: values.copy() for name, values in cls._last[2].items()}
        cls._last = (sys.stdin, None, {})  # what comes now can be had only once, even if it is stopped
        try:
            _Reading(wishes, groups, None, None).read(sys.stdin.buffer, None)
            found = groups.finish()
        except OSError as error:
            raise ResourceError(f"cannot read standard input: {(error.strerror or str(error)).lower()}") from error
        except GniError as error:
            cls._last = (sys.stdin, asked, error)
            raise
        cls._last = (sys.stdin, asked, {name: values.copy() for name, values in found.items()})
        return found


class _Reading:
    """One reading of one file or stream; `path` is None where it can only be read from its beginning to its end."""

    def __init__(
        self, wishes: FileSamples, groups: Groups, read_parquet: ParquetReader | None, path: Path | None
    ) -> None:
        self.wishes, self.groups, self.read_parquet, self.path = wishes, groups, read_parquet, path
        self.source = groups.source

    def read(self, stream: BinaryIO, size: int | None) -> None:
        """Read the stream as the kind of file that its first bytes show."""
        from gnicli.samples.formats import compressed, foreign

        buffered, first = _looked_at(stream)
        if not first:
            pipe = "" if self.path else "; a pipe can be read only once: for a sweep save it to a file"
            raise DataError(f"{self.source} is empty{pipe if self.source != 'standard input' else ''}")
        if advice := foreign.advice(first):
            raise DataError(f"{self.source} {advice.replace('FILE', self.source)}")
        kind = _kind(first)
        packed = next((name for magic, name in compressed.MAGIC.items() if first.startswith(magic)), None)
        expected = _BINARY.get(self.path.suffix.lower()) if self.path else None
        if expected and kind != expected:
            raise DataError(
                f"{self.source} is no {Path(self.source).suffix} file: its first bytes are those of another kind"
            )
        if packed:
            self._read_plain(compressed.expand(buffered, packed, self.source), None)
        elif kind == "zip":
            self._read_zip(stream)
        elif kind == "parquet":
            self._read_parquet()
        else:
            self._read_plain(buffered, size if self.path else None)

    def _read_plain(self, stream: io.BufferedReader, size: int | None) -> None:
        """Text or .npy, out of its wrapping."""
        from gnicli.samples.formats import arrays, compressed, delimited, foreign
        from gnicli.samples.formats.numerals import DECIMALS, THOUSANDS, Marks

        buffered, first = _looked_at(stream)
        if not first:
            raise DataError(f"{self.source} is empty")
        if advice := foreign.advice(first):
            raise DataError(f"{self.source} {advice.replace('FILE', self.source)}")
        kind, wishes = _kind(first), self.wishes
        if kind in ("zip", "parquet") or first.startswith(tuple(compressed.MAGIC)):
            raise DataError(f"{self.source} is compressed twice, or an archive in an archive; unpack it first")
        if wishes.array is not None:
            raise UsageError(f"samples.array={wishes.array} is for .npz files, and {self.source} is none")
        if kind == "npy":
            self._refuse_table_keys()
            arrays.read_npy(cast(BinaryIO, buffered), self.groups, wishes.column, wishes.flatten)
            return
        marks = Marks(DECIMALS[wishes.decimal], THOUSANDS[wishes.thousands])
        asked = delimited.Wishes(wishes.column, wishes.group, marks, wishes.header, wishes.flatten)
        delimited.read(buffered, self.groups, asked, size)

    def _read_zip(self, stream: BinaryIO) -> None:
        """An archive of arrays, or of one file."""
        from gnicli.samples.formats import arrays, compressed, foreign

        if self.path is None:
            raise DataError(f"{self.source}: a zip archive (.npz) cannot be read from a pipe; give its path")
        names = compressed.zip_names(stream, self.source)
        if advice := foreign.zip_advice(names):
            raise DataError(f"{self.source} {advice}")
        if self.path.suffix.lower() != ".npz" and not any(name.endswith(".npy") for name in names):
            self._read_plain(compressed.expand_only_member(stream, names, self.source), None)
            return
        self._refuse_table_keys()
        wanted = arrays.choose(self.source, arrays.names_of_npz(self.path), self.wishes.array)
        arrays.read_npz(self.path, wanted, self.groups, self.wishes.column, self.wishes.flatten)

    def _read_parquet(self) -> None:
        from gnicli.samples.formats import columns

        if self.path is None or self.read_parquet is None:
            raise DataError(f"{self.source}: a Parquet file cannot be read from a pipe; give its path")
        if self.wishes.array is not None:
            raise UsageError(f"samples.array={self.wishes.array} is for .npz files, and {self.source} is none")
        if self.wishes.flatten:
            raise UsageError(f"samples.flatten=true is for arrays and text, and {self.source} is a table")
        self._refuse_text_keys()
        columns.read(self.read_parquet(self.path), self.groups, self.wishes.column, self.wishes.group)

    def _refuse_table_keys(self) -> None:
        if self.wishes.group is not None:
            raise UsageError(
                f"samples.group={self.wishes.group} is for tables, and {self.source} holds arrays; see samples.array="
            )
        self._refuse_text_keys()

    def _refuse_text_keys(self) -> None:
        for name, default in (("header", "auto"), ("decimal", "point"), ("thousands", "none")):
            value = getattr(self.wishes, name)
            if value != default:
                raise UsageError(f"samples.{name}={value} is for text, and {self.source} is none")


class _Again(io.RawIOBase):
    """A stream from its beginning, whose first bytes were taken already."""

    def __init__(self, first: bytes, stream: BinaryIO) -> None:
        self._first, self._stream = first, stream

    def readable(self) -> bool:
        """True, as `io.RawIOBase` asks of what can be read."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill `buffer` with what there is, without waiting for more."""
        view = memoryview(buffer)
        data, self._first = self._first[: len(view)], self._first[len(view) :]
        if not data:
            data = getattr(self._stream, "read1", self._stream.read)(len(view))
        view[: len(data)] = data
        return len(data)


def _looked_at(stream: BinaryIO) -> tuple[io.BufferedReader, bytes]:
    """A stream and its first bytes, which it still gives. A pipe may give them one by one."""
    first = b""
    while len(first) < _HEAD and (more := stream.read(_HEAD - len(first))):
        first += more
    return io.BufferedReader(_Again(first, stream), 1 << 16), first


def _kind(first: bytes) -> str | None:
    """The kind of a file by its first bytes, None for text."""
    return next((kind for magic, kind in _MAGIC.items() if first.startswith(magic)), None)


COMPONENT = FileSamples
