"""How files are written: whole or not at all.

Only `engine` (run folders) and `dataset/download` (the cache) write, and both go through these functions.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from gnicli.errors import ConflictError, ResourceError

_BLOCK = 1 << 20


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, as hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


@contextlib.contextmanager
def explained(path: Path, action: str = "write") -> Iterator[None]:
    """Turn an `OSError` about the machine (no space, no permission, read-only, too large) into a `ResourceError`."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EACCES, errno.EPERM, errno.EROFS):
            reason = os.strerror(error.errno).lower()
            raise ResourceError(f"cannot {action} {path}: {reason}; the previous state is kept") from error
        raise


def replace(path: Path, write: Callable[[BinaryIO], object] | bytes, *, keep: Path | None = None) -> None:
    """Write `path` atomically and durably: into a temporary file beside it, synced, then renamed over it.

    With `keep` the old file is renamed to that path once the new one is safely on disk; should the machine stop between
    the two renames, `path` is absent and `keep` is the last good state.
    Raises `ResourceError` when the disk is full or read-only; the old file is then kept and nothing is left behind.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    with explained(path):
        try:
            with temporary.open("xb") as stream:
                if isinstance(write, bytes):
                    stream.write(write)
                else:
                    write(stream)
                stream.flush()
                os.fsync(stream.fileno())
            if keep is not None:
                with contextlib.suppress(FileNotFoundError):
                    os.replace(path, keep)
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    # Without this a rename may be lost by a power cut; some file systems refuse to sync a folder, which is no loss.
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)


def rename(source: Path, target: Path) -> None:
    """Rename a finished file to its place in the same folder, durably; `ResourceError` as for `replace`."""
    with explained(target):
        os.replace(source, target)
        _sync_folder(target.parent)


def create_exclusively(path: Path, content: bytes) -> bool:
    """Create `path` with `content` if nobody has; False if it exists already. Two callers never both get True."""
    with explained(path, "create"):
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        except FileExistsError:
            return False
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    return True


@contextlib.contextmanager
def locked(path: Path, *, wait_seconds: float, busy: str) -> Iterator[None]:
    """Hold the lock file `path`, which the system releases if the process dies.

    Raises `ConflictError(busy)` when another holds it for longer than `wait_seconds`.
    """
    import filelock

    lock = filelock.FileLock(path)
    with explained(path, "lock"):
        try:
            lock.acquire(timeout=wait_seconds)
        except filelock.Timeout as error:
            raise ConflictError(busy) from error
    try:
        yield
    finally:
        lock.release()
