"""The two archives of CIFAR-10, read from the tar stream: nothing is extracted to disk, no member is trusted."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from typing import BinaryIO, NamedTuple

import numpy as np

from gnicli.dataset.formats.inflate import Inflated
from gnicli.dataset.formats.labels import check_labels
from gnicli.errors import DataError

SIDE, CHANNELS = 32, 3
EACH = SIDE * SIDE * CHANNELS
_PER_FILE = 10_000
_SMALL = 1 << 16  # the most that a file of names or a read-me may hold
_PICKLED = 4 << 20  # the most that a pickled batch holds besides its pixels: labels and file names
_TAR_SLACK = 1 << 17  # headers, padding and the end of a tar of ten members

TRAIN = tuple(f"data_batch_{i}" for i in range(1, 6))
TEST = "test_batch"


class Batch(NamedTuple):
    """Images uint8 (n, 3, 32, 32) and labels 0 … 9 uint8 (n,)."""

    images: np.ndarray
    labels: np.ndarray


class _Layout(NamedTuple):
    folder: str
    suffix: str
    others: tuple[str, ...]
    most: int  # bytes of one batch
    decode: Callable[[bytes, str], Batch]


def read_binary(stream: BinaryIO, name: str, exactly: int | None = None) -> dict[str, Batch]:
    """The six batches of `cifar-10-binary.tar.gz`, by name; each holds `exactly` images, or at most 10 000.

    `DataError` on an unexpected member, a link, a size that is no multiple of 3073, a label above 9, or damage.
    """
    most = _PER_FILE * (EACH + 1)
    layout = _Layout("cifar-10-batches-bin", ".bin", ("batches.meta.txt", "readme.html"), most, _decode_records)
    return _read(stream, name, layout, exactly)


def read_python(stream: BinaryIO, name: str, exactly: int | None = None) -> dict[str, Batch]:
    """The six batches of `cifar-10-python.tar.gz`, by name. Call it only on a file whose sum is known to be right.

    The pickles in it go through an unpickler that admits NumPy arrays alone (`gnicli.dataset.formats.pickled`).
    """
    most = _PER_FILE * EACH + _PICKLED
    layout = _Layout("cifar-10-batches-py", "", ("batches.meta", "readme.html"), most, _decode_pickle)
    return _read(stream, name, layout, exactly)


def _read(stream: BinaryIO, name: str, layout: _Layout, exactly: int | None) -> dict[str, Batch]:
    wanted = {f"{layout.folder}/{batch}{layout.suffix}": batch for batch in (*TRAIN, TEST)}
    caps = dict.fromkeys(wanted, layout.most) | {f"{layout.folder}/{other}": _SMALL for other in layout.others}
    data = Inflated(stream, name, sum(caps.values()) + _TAR_SLACK)
    found: dict[str, Batch] = {}
    try:
        with tarfile.open(fileobj=data, mode="r|", bufsize=1 << 20) as tar:
            for member in tar:
                content = _content(tar, member, name, layout.folder, caps)
                if member.name in wanted:
                    batch = wanted[member.name]
                    if batch in found:
                        raise DataError(f"{name}: archive holds {member.name!r} twice; refused")
                    found[batch] = _checked(layout.decode(content, batch), batch, exactly)
        while data.read(1 << 20):  # to the end, so that the sum at the end of the gzip data is checked
            pass
    except DataError:
        raise
    except Exception as error:  # tarfile raises a good dozen kinds on damaged headers, none of them of use to a user
        raise DataError(f"{name}: not a readable tar archive ({_one_line(error)})") from error
    missing = [path for path, batch in wanted.items() if batch not in found]
    if missing:
        raise DataError(f"{name}: archive lacks {missing[0]!r}; is it the right file?")
    return found


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo, name: str, folder: str, caps: dict[str, int]) -> bytes:
    if member.isdir() and member.name == folder:
        return b""
    if member.name not in caps:
        raise DataError(f"{name}: archive holds unexpected member {member.name!r}; refused")
    if not member.isreg() or member.issparse():
        raise DataError(f"{name}: member {member.name!r} is no plain file; refused")
    if not 0 <= member.size <= caps[member.name]:
        raise DataError(
            f"{name}: member {member.name!r} declares {member.size:,} bytes, at most {caps[member.name]:,}; refused"
        )
    file = tar.extractfile(member)
    content = file.read() if file is not None else b""
    if len(content) != member.size:
        raise DataError(f"{name}: member {member.name!r} ends early; the file is truncated")
    return content


def _decode_records(content: bytes, batch: str) -> Batch:
    n, rest = divmod(len(content), EACH + 1)
    if rest or not n:
        raise DataError(f"{batch}.bin: {len(content):,} bytes are no whole number of records of {EACH + 1} bytes")
    records = np.frombuffer(content, np.uint8).reshape(n, EACH + 1)
    return Batch(records[:, 1:].reshape(n, CHANNELS, SIDE, SIDE), records[:, 0])


def _decode_pickle(content: bytes, batch: str) -> Batch:
    from gnicli.dataset.formats.pickled import load_arrays

    value = load_arrays(content, batch)
    fields = {key.decode("latin1") if isinstance(key, bytes) else key: item for key, item in value.items()}
    pixels, labels = fields.get("data"), fields.get("labels")
    if not isinstance(pixels, np.ndarray) or pixels.ndim != 2 or pixels.shape[1] != EACH:
        raise DataError(f"{batch}: 'data' is no array of shape (n, {EACH}); file not from the authors")
    if not isinstance(labels, list) or len(labels) != len(pixels) or not all(type(label) is int for label in labels):
        raise DataError(f"{batch}: 'labels' is no list of {len(pixels)} integers; file not from the authors")
    wide = np.array([min(max(label, -1), 255) for label in labels], np.int64)
    check_labels(wide, batch, 0, 9)
    return Batch(pixels.reshape(-1, CHANNELS, SIDE, SIDE), wide.astype(np.uint8))


def _checked(batch: Batch, name: str, exactly: int | None) -> Batch:
    n = len(batch.labels)
    if not 0 < n <= _PER_FILE or exactly not in (None, n):
        raise DataError(f"{name}: {n:,} images, expected {'' if exactly else 'at most '}{exactly or _PER_FILE:,}")
    check_labels(batch.labels, name, 0, 9)
    return batch


def _one_line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:120]
