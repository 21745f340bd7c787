"""Compressed files of numbers, expanded as they are read: gzip, bzip2, xz, and a zip archive of one file.

Nothing is unpacked to disk. What expands beyond reason is stopped, so that a small file cannot keep the machine busy.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, BinaryIO, cast

from gnicli.errors import DataError, UsageError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAGIC = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz"}
_BLOCK = 1 << 16
Stream = io.RawIOBase | io.BufferedIOBase | IO[bytes]
# Numbers as text shrink to a half or a tenth. What shrinks further than this is nearly one value over and over.
_FREE_BYTES = 1 << 26
_MOST_RATIO = 200
_XZ_MEMORY = 1 << 28  # an xz file may ask for gigabytes to be expanded; its own presets ask for 65 MB at most
_FAULTS = (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, OSError, ValueError, NotImplementedError)


class _Counted(io.RawIOBase):
    """A stream that knows how many bytes were taken from it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        # `read1` gives what a pipe holds and does not wait for a full block.
        read = getattr(self._stream, "read1", self._stream.read)
        view = memoryview(buffer)
        data = read(len(view))
        view[: len(data)] = data
        self.taken += len(data)
        return len(data)


class _Xz(io.RawIOBase):
    """`lzma.LZMAFile` with a limit on memory, which that class has not."""

    def __init__(self, stream: io.RawIOBase) -> None:
        self._stream = stream
        self._engine = lzma.LZMADecompressor(memlimit=_XZ_MEMORY)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        while True:
            if self._engine.eof:
                rest = self._engine.unused_data or self._stream.read(_BLOCK) or b""
                if not rest.strip(b"\0"):
                    return 0
                self._engine = lzma.LZMADecompressor(memlimit=_XZ_MEMORY)
            else:
                rest = (self._stream.read(_BLOCK) or b"") if self._engine.needs_input else b""
                if not rest and self._engine.needs_input:
                    raise EOFError("the compressed data end early")
            data = self._engine.decompress(rest, len(view))
            if data:
                view[: len(data)] = data
                return len(data)


class _Expanded(io.RawIOBase):
    """What a compressed stream expands to; whatever is wrong with it is a `DataError` that names the source."""

    def __init__(self, source: str, kind: str, compressed: _Counted, expanded: Stream) -> None:
        self._source, self._kind, self._compressed, self._expanded = source, kind, compressed, expanded
        self._given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        try:
            data = self._expanded.read(min(len(view), _BLOCK)) or b""
        except RuntimeError as error:  # zipfile's word for a password
            raise DataError(f"{self._source}: cannot be unpacked: {_reason(error)}; unpack it first") from error
        except _FAULTS as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise DataError(f"{self._source} is damaged ({self._kind}): {_reason(error)}") from error
        view[: len(data)] = data
        self._given += len(data)
        if self._given > max(_FREE_BYTES, _MOST_RATIO * self._compressed.taken):
            raise DataError(
                f"{self._source} expands to more than {_MOST_RATIO} times its size; stopped; "
                "if it is what you mean, unpack it first"
            )
        return len(data)


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__


def expand(stream: BinaryIO, kind: str, source: str) -> io.BufferedReader:
    """What `stream` (gzip, bzip2 or xz) expands to. It need not be seekable. Raises `DataError` while it is read."""
    counted = _Counted(stream)
    makers: dict[str, Callable[[], Stream]] = {
        "gzip": lambda: gzip.GzipFile(fileobj=cast(BinaryIO, counted)),
        "bzip2": lambda: bz2.BZ2File(cast(BinaryIO, counted)),
        "xz": lambda: _Xz(counted),
    }
    return io.BufferedReader(_Expanded(source, kind, counted, makers[kind]()), _BLOCK)


def zip_names(stream: BinaryIO, source: str) -> list[str]:
    """The files in a zip archive. Raises `DataError` where it is damaged."""
    try:
        with zipfile.ZipFile(stream) as archive:
            return [name for name in archive.namelist() if not name.endswith("/")]
    except (*_FAULTS, RuntimeError) as error:
        raise DataError(f"{source} is damaged (zip): {_reason(error)}") from error


def expand_only_member(stream: BinaryIO, names: list[str], source: str) -> io.BufferedReader:
    """What the one file in a zip archive expands to; `UsageError` where there are several."""
    # macOS and Windows put files of their own beside those that were packed.
    kept = [name for name in names if not name.startswith("__MACOSX/") and not name.rpartition("/")[2].startswith(".")]
    if not kept:
        raise DataError(f"{source} is a zip archive that holds no file")
    if len(kept) > 1:
        told = ", ".join(kept[:5]) + (", …" if len(kept) > 5 else "")
        raise UsageError(f"{source} is a zip archive of {len(kept)} files ({told}); unpack it and give one of them")
    counted = _Counted(stream)
    try:
        member = zipfile.ZipFile(stream).open(kept[0])  # noqa: SIM115 - closed with the stream
    except RuntimeError as error:
        raise DataError(f"{source}: {kept[0]} cannot be unpacked: {_reason(error)}; unpack it first") from error
    except _FAULTS as error:
        raise DataError(f"{source} is damaged (zip): {_reason(error)}") from error
    counted.taken = stream.seek(0, io.SEEK_END)  # zipfile takes bytes where it likes; the file bounds them
    return io.BufferedReader(_Expanded(source, "zip", counted, member), _BLOCK)
