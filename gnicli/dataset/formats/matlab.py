"""MATLAB v5 files as SVHN has them: `X` uint8 (32, 32, 3, N) and `y` (N, 1), compressed or not, little endian.

Layout as in "MAT-File Format", MathWorks: a header of 128 bytes, then elements of (type, length, data). Only what SVHN
needs is read; everything else is refused.
"""

from __future__ import annotations

import struct
from typing import BinaryIO, NamedTuple

import numpy as np

from gnicli.dataset.formats.inflate import ZLIB, Inflated
from gnicli.dataset.formats.labels import check_labels
from gnicli.errors import DataError

SIDE, CHANNELS = 32, 3
_EACH = SIDE * SIDE * CHANNELS
_INT8, _INT32, _UINT32, _MATRIX, _COMPRESSED = 1, 5, 6, 14, 15
_STORED = {1: "<i1", 2: "<u1", 3: "<i2", 4: "<u2", 5: "<i4", 6: "<u4", 7: "<f4", 9: "<f8"}
_NUMERIC_CLASSES = range(6, 14)  # double, single, (u)int8 … (u)int32
_COMPLEX = 0x08
_HEADER = 128
_OVERHEAD = 4096  # bytes of one variable besides its data: tags, flags, dimensions, name, padding


class _Variable(NamedTuple):
    name: str
    shape: tuple[int, ...]
    values: np.ndarray  # flat, in MATLAB's (column-major) order


def read_svhn(stream: BinaryIO, name: str, most: int, exactly: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Images as uint8 (n, 3, 32, 32) and labels 0 … 9 as uint8 (n,), with n <= `most`, or n = `exactly`.

    The images are a view of the file's own order (height runs fastest there), so no copy is made. The file's labels
    run from 1 to 10, 10 standing for the digit 0. `DataError` on anything else.
    """
    _check_header(stream.read(_HEADER), name)
    found: dict[str, _Variable] = {}
    while tag := stream.read(8):
        variable = _read_element(stream, tag, name, most)
        if variable.name not in ("X", "y") or variable.name in found:
            raise DataError(f"{name}: holds unexpected variable {variable.name!r}; expected X and y; refused")
        found[variable.name] = variable
    if set(found) != {"X", "y"}:
        raise DataError(f"{name}: holds {', '.join(sorted(found)) or 'nothing'}; expected the variables X and y")
    return _images(found["X"], name, most, exactly), _labels(found["y"], name, found["X"].values.size // _EACH)


def _check_header(header: bytes, name: str) -> None:
    if header[:6] == b"\x89HDF\r\n" or header[124:126] == b"\x00\x02":
        raise DataError(f"{name}: a MATLAB v7.3 (HDF5) file; save it as v5 (save -v6 or -v7)")
    if len(header) < _HEADER or header[124:128] != b"\x00\x01IM":
        raise DataError(f"{name}: not a little-endian MATLAB v5 file (starts with 0x{header[:4].hex() or '-'})")


def _images(variable: _Variable, name: str, most: int, exactly: int | None) -> np.ndarray:
    shape, values = variable.shape, variable.values
    shape = (*shape, 1) if len(shape) == 3 else shape  # MATLAB drops a last dimension of 1
    if shape[:3] != (SIDE, SIDE, CHANNELS) or len(shape) != 4 or values.dtype != np.uint8:
        raise DataError(f"{name}: X is {values.dtype} {shape}, expected uint8 (32, 32, 3, N)")
    if not 0 < shape[3] <= most or exactly not in (None, shape[3]):
        wanted = f"{'' if exactly else 'at most '}{exactly or most:,}"
        raise DataError(f"{name}: X holds {shape[3]:,} images, expected {wanted}")
    return values.reshape(shape[3], CHANNELS, SIDE, SIDE).transpose(0, 1, 3, 2)


def _labels(variable: _Variable, name: str, n: int) -> np.ndarray:
    if variable.shape not in ((n, 1), (1, n)):
        raise DataError(f"{name}: y has the shape {variable.shape}, expected ({n}, 1)")
    check_labels(variable.values, name, 1, 10)
    labels = variable.values.astype(np.uint8)
    if not np.array_equal(labels, variable.values):
        raise DataError(f"{name}: y holds labels that are not whole numbers; refused")
    return labels % np.uint8(10)


def _read_element(stream: BinaryIO, tag: bytes, name: str, most: int) -> _Variable:
    if len(tag) < 8:
        raise DataError(f"{name}: ends within an element; the file is truncated")
    kind, length = struct.unpack("<II", tag)
    if kind == _MATRIX:
        return _Matrix(stream, name, most, length).read()
    if kind != _COMPRESSED:
        raise DataError(f"{name}: element of type {kind}, expected a matrix; refused")
    inner = Inflated(stream, name, most * _EACH + _OVERHEAD, ZLIB, length)
    head = inner.read(8) or b""
    if len(head) < 8 or struct.unpack("<II", head)[0] != _MATRIX:
        raise DataError(f"{name}: a compressed element holds no matrix; refused")
    variable = _Matrix(inner, name, most, struct.unpack("<II", head)[1]).read()
    inner.finish()
    return variable


class _Matrix:
    """Reads one matrix element of `left` bytes."""

    def __init__(self, stream: BinaryIO | Inflated, name: str, most: int, left: int) -> None:
        self._stream, self._name, self._most, self._left = stream, name, most, left

    def read(self) -> _Variable:
        flags, shape, label = self._head()
        if flags[0] not in _NUMERIC_CLASSES or flags[1] & _COMPLEX:
            raise DataError(f"{self._name}: variable {label!r} is no array of real numbers; refused")
        count = 1
        for side in shape:  # in Python's integers, which do not overflow
            count *= side
        kind, length, small = self._tag()
        if kind not in _STORED:
            raise DataError(f"{self._name}: variable {label!r} is stored as type {kind}, expected numbers; refused")
        if length > self._most * _EACH or length != count * np.dtype(_STORED[kind]).itemsize:
            raise DataError(
                f"{self._name}: variable {label!r} of shape {shape} does not fit its {length:,} bytes; refused"
            )
        values = self._data(length, small).view(_STORED[kind])
        if self._left:
            raise DataError(f"{self._name}: bytes left over after variable {label!r}; refused")
        return _Variable(label, shape, values)

    def _head(self) -> tuple[bytes, tuple[int, ...], str]:
        flags = self._part(_UINT32, 8)
        sides = np.frombuffer(self._part(_INT32, 64), "<i4")
        label = self._part(_INT8, 63).decode("ascii", "replace")
        if len(flags) != 8 or sides.size < 2 or (sides < 0).any():
            raise DataError(f"{self._name}: a matrix with damaged flags or dimensions; refused")
        return flags, tuple(map(int, sides)), label

    def _part(self, wanted: int, most: int) -> bytes:
        kind, length, small = self._tag()
        if kind != wanted or length > most or (wanted == _INT32 and length % 4):
            raise DataError(f"{self._name}: a matrix header with part of type {kind}, {length} bytes; refused")
        return self._data(length, small).tobytes()

    def _tag(self) -> tuple[int, int, bytes]:
        head = self._exactly(np.empty(8, np.uint8)).tobytes()
        kind, length = struct.unpack("<II", head)
        if kind >> 16:  # a small element: its length and up to 4 bytes of data share the tag
            if kind >> 16 > 4:
                raise DataError(f"{self._name}: a damaged small element; refused")
            return kind & 0xFFFF, kind >> 16, head[4:]
        return kind, length, b""

    def _data(self, length: int, small: bytes) -> np.ndarray:
        if small:
            return np.frombuffer(small[:length], np.uint8)
        if length > self._left:  # before anything of that size is allocated
            raise DataError(f"{self._name}: a part is longer than its matrix; refused")
        values = self._exactly(np.empty(length, np.uint8))
        self._exactly(np.empty(min(-length % 8, self._left), np.uint8))
        return values

    def _exactly(self, buffer: np.ndarray) -> np.ndarray:
        self._left -= buffer.size
        if self._left < 0:
            raise DataError(f"{self._name}: a matrix ends early; refused")
        if buffer.size and self._stream.readinto(buffer.data) != buffer.size:  # type: ignore[union-attr]
            raise DataError(f"{self._name}: ends within a matrix; the file is truncated")
        return buffer
