"""Decompress a zlib or gzip stream, but never more of it than was declared."""

from __future__ import annotations

import io
import zlib
from typing import TYPE_CHECKING, BinaryIO

from gnicli.errors import DataError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

GZIP, ZLIB = 31, 15  # zlib's names for the wrappers: its `wbits`
_BLOCK = 1 << 16


class Inflated(io.RawIOBase):
    """A readable stream of what `stream` expands to.

    Raises `DataError` (naming `name`) when the data are damaged, end early, or expand to more than `most` bytes.
    At most `compressed` bytes are taken from `stream`; None means all of them. A gzip file of several members is read
    as one; zero bytes after the last one are ignored, as gzip itself does.
    """

    def __init__(self, stream: BinaryIO, name: str, most: int, wrapper: int = GZIP, compressed: int | None = None):
        self._stream, self._name, self._most, self._wrapper, self._left = stream, name, most, wrapper, compressed
        self._engine = zlib.decompressobj(wrapper)
        self._input = b""
        self._given = 0
        self._done = False

    def readable(self) -> bool:
        """True, as `io.RawIOBase` asks of what can be read."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill `buffer` as far as the data reach; returns the number of bytes written to it."""
        view = memoryview(buffer).cast("B")
        filled = 0
        while filled < len(view) and not self._done:
            piece = self._expand(len(view) - filled)
            view[filled : filled + len(piece)] = piece
            filled += len(piece)
        return filled

    def finish(self) -> None:
        """Check that nothing but the end is left: reads the trailing sum and refuses further bytes."""
        if self.read(1):
            raise DataError(f"{self._name}: holds more bytes than its header declares; refused")

    def _expand(self, wanted: int) -> bytes:
        if not self._input and not self._engine.eof:
            self._input = self._take()
            if not self._input:
                raise DataError(f"{self._name}: the compressed data end early; the file is truncated")
        if self._engine.eof:
            self._next_member()
            return b""
        try:
            piece = self._engine.decompress(self._input, wanted)
        except zlib.error as error:
            raise DataError(f"{self._name}: the compressed data are damaged ({error})") from error
        self._input = self._engine.unconsumed_tail
        self._given += len(piece)
        if self._given > self._most:
            raise DataError(f"{self._name}: expands beyond the declared {self._most:,} bytes; stopped")
        return piece

    def _next_member(self) -> None:
        rest = self._engine.unused_data or self._take()
        while rest and not rest.strip(b"\0"):
            rest = self._take()
        if not rest:
            self._done = True
        elif self._wrapper == GZIP and rest.startswith(b"\x1f"):
            self._engine, self._input = zlib.decompressobj(GZIP), rest
        else:
            raise DataError(f"{self._name}: unexpected bytes after the end of the compressed data; refused")

    def _take(self) -> bytes:
        block = self._stream.read(_BLOCK if self._left is None else min(_BLOCK, self._left))
        if self._left is not None:
            self._left -= len(block)
        return block
