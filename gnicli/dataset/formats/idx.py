"""The idx format of MNIST: big endian; a magic number, the dimensions, then bytes. Files are gzip-compressed."""

from __future__ import annotations

import struct
from typing import BinaryIO

import numpy as np

from gnicli.dataset.formats.inflate import Inflated
from gnicli.dataset.formats.labels import check_labels
from gnicli.errors import DataError

_IMAGES, _LABELS = 0x00000803, 0x00000801  # unsigned bytes in three dimensions, in one
SIDE = 28


def read_images(stream: BinaryIO, name: str, most: int, exactly: int | None = None) -> np.ndarray:
    """Images as uint8 (n, 28, 28) with n <= `most`, or n = `exactly`; `DataError` on anything else."""
    return _read(stream, name, _IMAGES, (SIDE, SIDE), most, exactly)


def read_labels(stream: BinaryIO, name: str, most: int, exactly: int | None = None) -> np.ndarray:
    """Labels 0 … 9 as uint8 (n,) with n <= `most`, or n = `exactly`; `DataError` on anything else."""
    labels = _read(stream, name, _LABELS, (), most, exactly)
    check_labels(labels, name, 0, 9)
    return labels


def _read(
    stream: BinaryIO, name: str, magic: int, shape: tuple[int, ...], most: int, exactly: int | None
) -> np.ndarray:
    kind = "image" if shape else "label"
    start = 8 + 4 * len(shape)
    each = int(np.prod(shape, dtype=np.int64))
    data = Inflated(stream, name, start + most * each)
    head = data.read(start) or b""
    if len(head) < 4 or struct.unpack(">I", head[:4])[0] != magic:
        raise DataError(f"{name}: not an idx {kind} file (magic 0x{head[:4].hex() or '-'}, expected 0x{magic:08x})")
    if len(head) < start:
        raise DataError(f"{name}: ends within its header; the file is truncated")
    n, *sides = struct.unpack(f">{1 + len(shape)}I", head[4:])
    if tuple(sides) != shape:
        raise DataError(f"{name}: images of {'×'.join(map(str, sides))} pixels, expected {SIDE}×{SIDE}")
    if not 0 < n <= most or exactly not in (None, n):
        raise DataError(f"{name}: declares {n:,} {kind}s, expected {'' if exactly else 'at most '}{exactly or most:,}")
    values = np.empty(n * each, np.uint8)
    got = data.readinto(values.data)
    if got < values.size:
        raise DataError(f"{name}: {got:,} of {values.size:,} bytes; the file is truncated")
    data.finish()
    return values.reshape(n, *shape)
