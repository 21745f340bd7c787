"""How files are written and read: whole or not at all, and never through what somebody put in a file's place.

Only `engine` (run folders) and `dataset/download` (the cache) write, and both go through these functions. Whoever reads
a folder that may be a stranger's goes through `open_regular` and `read_regular`: a link, a pipe or a device in place of
a file is refused before a byte of it is read.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from gnicli.errors import ConflictError, DataError, ResourceError

_BLOCK = 1 << 20
# What the machine or the place cannot do, as against what a caller did wrong.
_MACHINE = (
    errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EACCES, errno.EPERM, errno.EROFS, errno.EMFILE,
    errno.ENFILE, errno.ENOMEM, errno.ENAMETOOLONG, errno.EISDIR, errno.ENOTDIR, errno.ENOTEMPTY, errno.ELOOP,
    errno.EBUSY, errno.ESTALE, errno.EILSEQ,
)  # fmt: skip
# A link, where O_NOFOLLOW met one (EMLINK: FreeBSD); a pipe without a reader, or a socket.
_NOT_REGULAR = (errno.ELOOP, errno.EMLINK, errno.ENXIO, errno.EOPNOTSUPP)
_SAFE_FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_LEFTOVER = re.compile(r"\.(?P<name>.+)\.[0-9a-f]{8}\.tmp", re.DOTALL)
_KINDS = {
    stat.S_IFREG: "a file", stat.S_IFDIR: "a folder", stat.S_IFLNK: "a symbolic link", stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device", stat.S_IFBLK: "a device", stat.S_IFSOCK: "a socket",
}  # fmt: skip


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, as hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


@contextlib.contextmanager
def explained(path: Path, action: str = "write", *, kept: bool = False) -> Iterator[None]:
    """Turn an `OSError` about the machine (no space, no permission, read-only, too large) into a `ResourceError`.

    `kept` says that a former state of `path` survives the failure.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _MACHINE:
            reason = os.strerror(error.errno).lower()
            more = "; the previous state is kept" if kept else ""
            if error.errno in (errno.EMFILE, errno.ENFILE):
                more = f"; raise the limit (ulimit -n){more}"
            raise ResourceError(f"cannot {action} {path}: {reason}{more}") from error
        if error.errno == errno.ENOENT and not path.parent.exists():
            raise ResourceError(f"cannot {action} {path}: its folder was moved or removed") from error
        raise


# ----------------------------------------------------------------------------------------- what lies in a file's place


def kind_of(path: Path) -> str | None:
    """What lies at `path`, in words (a link is one, wherever it points); None where there is nothing."""
    try:
        return _kind(os.lstat(path))
    except (FileNotFoundError, NotADirectoryError):
        return None


def _kind(status: os.stat_result) -> str:
    return _KINDS.get(stat.S_IFMT(status.st_mode), "no file")


def require_file(path: Path) -> bool:
    """Whether there is a file at `path`. Raises `DataError` when a link, a pipe, a device or a folder lies there."""
    return _require(path, "a file")


def require_folder(path: Path) -> bool:
    """Whether there is a folder at `path`. Raises `DataError` when something else lies there, be it a link to one."""
    return _require(path, "a folder")


def _require(path: Path, wanted: str) -> bool:
    kind = kind_of(path)
    if kind not in (None, wanted):
        raise DataError(f"{path} is {kind}, not {wanted}; it is not touched")
    return kind is not None


def make_folder(path: Path) -> None:
    """Create the folder `path` in one that exists. `DataError` when something else lies there; else as `replace`."""
    if not require_folder(path):
        with explained(path, "create"), contextlib.suppress(FileExistsError):
            path.mkdir()
        require_folder(path)


def open_regular(path: Path, flags: int = os.O_RDONLY) -> int:
    """A descriptor of the file at `path`, opened with `flags` of `os.open`, without following a link or waiting.

    Raises `DataError` where no plain file lies there, and `OSError` as `os.open` does.
    """
    try:
        handle = os.open(path, flags | _SAFE_FLAGS, 0o666)
    except OSError as error:
        if error.errno in (*_NOT_REGULAR, errno.EISDIR):
            raise DataError(f"{path} is {kind_of(path) or 'no file'}, not a file; it is not touched") from error
        raise
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):
        os.close(handle)
        raise DataError(f"{path} is {_kind(status)}, not a file; it is not touched")
    return handle


def read_regular(path: Path, max_bytes: int) -> bytes:
    """The bytes of the file at `path`; `DataError` where it is none or larger than `max_bytes`, `OSError` as `open`."""
    with os.fdopen(open_regular(path), "rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        if size > max_bytes:
            raise DataError(f"{path} is damaged: {size} bytes, where at most {max_bytes} are expected")
        return stream.read(max_bytes)


def open_own(path: Path, flags: int) -> int:
    """`open_regular` for a file that is changed in place: one that has a second name (a hard link) is copied first."""
    handle = open_regular(path, flags)
    if os.fstat(handle).st_nlink == 1:
        return handle
    os.close(handle)
    with os.fdopen(open_regular(path), "rb") as stream:
        replace(path, lambda target: shutil.copyfileobj(stream, target, _BLOCK))
    return open_regular(path, flags)


def append(path: Path, text: bytes) -> None:
    """Append to a file, created if need be, which may be a stranger's; errors as `open_regular` and `replace`."""
    with explained(path), os.fdopen(open_own(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT), "ab", buffering=0) as out:
        view = memoryview(text)
        while view:
            view = view[out.write(view) :]


# ------------------------------------------------------------------------------------------------------------- writing


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")


def remove_leftovers(folder: Path, name: str | None = None) -> list[Path]:
    """Remove the temporary files that a process which died left in `folder`, and return them.

    Call it only where nobody else can be writing, which is where the lock of the folder is held. Only plain files named
    as `replace` names its own go, with `name` only those for that file; links are neither followed nor removed.
    """
    gone = []
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            match = _LEFTOVER.fullmatch(entry.name)
            if match and name in (None, match["name"]) and entry.is_file(follow_symlinks=False):
                with contextlib.suppress(OSError):
                    os.unlink(entry.path)
                    gone.append(Path(entry.path))
    return gone


def is_leftover(name: str) -> bool:
    """Whether a file of that name is a temporary one of `replace`."""
    return _LEFTOVER.fullmatch(name) is not None


def _write_temporary(temporary: Path, write: Callable[[BinaryIO], object] | bytes) -> None:
    with temporary.open("xb") as stream:
        if isinstance(write, bytes):
            stream.write(write)
        else:
            write(stream)
        stream.flush()
        os.fsync(stream.fileno())


def replace(path: Path, write: Callable[[BinaryIO], object] | bytes, *, keep: Path | None = None) -> None:
    """Write `path` atomically and durably: into a temporary file beside it, synced, then renamed over it.

    With `keep` the old file is renamed to that path once the new one is safely on disk; should the machine stop between
    the two renames, `path` is absent and `keep` is the last good state. A link at `path` is replaced, not followed.
    Raises `ResourceError` when the disk is full or read-only; the old file is then kept and nothing is left behind.
    """
    temporary = _temporary(path)
    with explained(path, kept=kind_of(path) == "a file"):
        try:
            _write_temporary(temporary, write)
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
    with explained(target, kept=True):
        os.replace(source, target)
        _sync_folder(target.parent)


def create_exclusively(path: Path, content: bytes) -> bool:
    """Create `path` with `content` if nobody has; False if it exists already. Two callers never both get True.

    It is there with all its content or not at all, whatever moment the process dies or the disk fails at.
    """
    temporary = _temporary(path)
    with explained(path, "create"):
        try:
            _write_temporary(temporary, content)
            return _link(temporary, path, content)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()
            _sync_folder(path.parent)


def _link(temporary: Path, path: Path, content: bytes) -> bool:
    """Give a finished file its name, unless somebody has that name."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK):
            raise
    else:
        return True
    # A file system without hard links (FAT, some of those over a network): the name first, then the content.
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError:
        return False
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException:
        with contextlib.suppress(OSError):
            path.unlink()
        raise
    return True


@contextlib.contextmanager
def locked(path: Path, *, wait_seconds: float, busy: str) -> Iterator[None]:
    """Hold the lock file `path`, which the system releases if the process dies.

    Raises `ConflictError(busy)` when another holds it for longer than `wait_seconds`, `DataError` where it is no file.
    """
    import filelock

    require_file(path)
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
