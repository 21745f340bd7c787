"""The folder of downloaded files, and what is known of each file in it.

A file is used only after its SHA-256 matched. Since hashing 180 MB at every start costs time, a match leaves a stamp
beside the file (`NAME.verified`: sum, size, modification time); while all three hold, the file is trusted.
`gni data verify` hashes anew. A file that is being fetched is `NAME.part`, one whose sum is wrong `NAME.bad`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from gnicli import checks, files
from gnicli.contracts.observer import Observer
from gnicli.errors import ConflictError, DataError, ResourceError

LOCK_SECONDS = 4 * 3600.0  # until a process that fetches the same file has finished
# What to do with the files once they were fetched elsewhere, and without them.
WITHOUT_NETWORK = "then here: gni data import FOLDER, where they were copied to; dataset=digits needs no files"

Condition = Literal["absent", "partial", "present", "verified"]


class Wanted(NamedTuple):
    """One file: what it must be, where it lies, and where it can be had."""

    dataset: str
    name: str
    sha256: str
    size: int | None  # None where the sum is the user's own: then only `most_bytes` bounds it
    most_bytes: int
    folder: Path
    mirrors: tuple[str, ...]
    command: str  # what fetches it, for messages
    owned: bool = True  # False in a folder of the user's, whose files are never moved
    role: str = ""  # its key in dataset.sha256

    @property
    def path(self) -> Path:
        """Where the whole file lies."""
        return self.folder / self.name

    @property
    def part(self) -> Path:
        """Where it grows while it is being fetched."""
        return self.folder / f"{self.name}.part"

    @property
    def bad(self) -> Path:
        """Where it goes when its sum is wrong."""
        return self.folder / f"{self.name}.bad"

    @property
    def stamp(self) -> Path:
        """Where it is written down that its sum matched."""
        return self.folder / f"{self.name}.verified"

    @property
    def whose_sum(self) -> str:
        """Words for the sum that it must have."""
        return "the one in dataset.sha256" if self.size is None else "the published one"


def cache_folder() -> Path:
    """$GNI_DATA_DIR, or gni in $XDG_CACHE_HOME, or ~/.cache/gni."""
    if own := os.environ.get("GNI_DATA_DIR"):
        return Path(checks.home("GNI_DATA_DIR", own, existing=False))
    return user_cache()


def user_cache() -> Path:
    """gni in $XDG_CACHE_HOME, or ~/.cache/gni: what may be deleted at any time."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(checks.home("XDG_CACHE_HOME", base, existing=False)) / "gni"


def offline() -> bool:
    """Whether GNI_OFFLINE forbids the network (any value but empty, 0, false and no)."""
    return os.environ.get("GNI_OFFLINE", "").strip().lower() not in ("", "0", "false", "no")


def condition(wanted: Wanted) -> Condition:
    """What is there of a file, from names, sizes and its stamp alone: nothing is hashed."""
    size = size_of(wanted.path)
    if size is None:
        return "absent" if size_of(wanted.part) is None else "partial"
    if wanted.size is not None and size < wanted.size:
        return "partial"
    return "verified" if _stamp_fits(wanted) else "present"


def verify(wanted: Wanted, observer: Observer) -> None:
    """Hash the file that lies there and stamp it; `DataError` (and the file moved to *.bad) when the sum is wrong."""
    observer.stage(f"checking {wanted.name}")
    before = _stamp(wanted)
    with readable(wanted):
        found = files.sha256_of(wanted.path)
    if found.startswith(wanted.sha256):
        with contextlib.suppress(ResourceError):  # a read-only cache serves as well; it is then hashed each time
            _write_stamp(wanted, {**before, "sha256": found})
        files.remove_leftovers(wanted.folder, wanted.stamp.name)  # another's is equal, if it is alive
        return
    raise set_aside(wanted, wanted.path, found)


def _write_stamp(wanted: Wanted, stamp: Mapping[str, object]) -> None:
    """Write the stamp of a file whose sum was right; `ResourceError` when the disk does not take it."""
    # Another process that verifies the same file needs no turn, and may have taken the half-written stamp for a
    # leftover: then the file has its stamp, an equal one, or is hashed once more.
    with contextlib.suppress(FileNotFoundError):
        files.replace(wanted.stamp, json.dumps(stamp).encode())


def set_aside(wanted: Wanted, path: Path, found: str) -> DataError:
    """Move a file with the wrong sum `found` to *.bad, and return the error that says so."""
    differs = f"sha256 differs from {wanted.whose_sum}"
    if path == wanted.path and not wanted.owned:
        return DataError(
            f"{wanted.path}: {differs}; not loaded; remove the file or correct the sum: its own is "
            f"dataset.sha256={{{wanted.role or 'ROLE'}: {found}}}"
        )
    # Another process may have found the same and been faster.
    with files.explained(wanted.bad), contextlib.suppress(FileNotFoundError):
        os.replace(path, wanted.bad)
    if wanted.size is None:
        return DataError(
            f"{wanted.name}: {differs}; moved to {shown(wanted.bad)}; not loaded; its sum is {found}, and "
            f"{wanted.sha256} was expected: correct the sum, or put the right file in its place"
        )
    return DataError(
        f"{wanted.name}: {differs}; moved to {shown(wanted.bad)}; not loaded; its sum is {found}; "
        f"to fetch it anew run: {wanted.command}"
    )


def cut_short(wanted: Wanted) -> DataError:
    """The error for a file in the user's folder that is shorter than the published one: is it a subset, or broken?"""
    with readable(wanted):
        found = files.sha256_of(wanted.path)
    return DataError(
        f"{wanted.path}: {size_of(wanted.path) or 0:,} bytes, and the published file has {wanted.size or 0:,}; for a "
        f"file of your own give its sum: dataset.sha256={{{wanted.role or 'ROLE'}: {found}}}; if a download was cut "
        f"short, move it away and run: {wanted.command}"
    )


def accept(wanted: Wanted, path: Path) -> None:
    """Hash `path` (a finished download or import in the same folder), rename it to its place and stamp it.

    `DataError` (and *.bad) when the sum is wrong.
    """
    found = files.sha256_of(path)
    if found != wanted.sha256:
        raise set_aside(wanted, path, found)
    if path != wanted.path:
        files.rename(path, wanted.path)
    _write_stamp(wanted, _stamp(wanted))


def make_folder(wanted: Wanted) -> None:
    """Create the folder of a file; `ResourceError` when that cannot be done."""
    try:
        wanted.folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise ResourceError(
            f"{wanted.folder} cannot be a folder: a file is in its way; choose another by GNI_DATA_DIR or dataset.dir"
        ) from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ResourceError(
            f"cannot create {wanted.folder}: {reason}; choose another folder by GNI_DATA_DIR or dataset.dir"
        ) from error


@contextlib.contextmanager
def turn(wanted: Wanted, observer: Observer, seconds: float = LOCK_SECONDS) -> Iterator[None]:
    """Be the one process that writes a file of the cache; what one that died in its turn left half-written goes.

    Raises `ConflictError` where another has its turn for longer than `seconds`.
    """
    lock = _lock_of(wanted)
    busy = f"another process is still fetching {wanted.path}; wait for it, or end it"
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(files.locked(lock, wait_seconds=0, busy=busy))
        except ConflictError:
            observer.note(f"{wanted.name}: another process is fetching it; waiting")
            stack.enter_context(files.locked(lock, wait_seconds=seconds, busy=busy))
        for path in (wanted.path, wanted.stamp):
            files.remove_leftovers(wanted.folder, path.name)
        yield


def _lock_of(wanted: Wanted) -> Path:
    """Beside the file, but for a folder of the user's, where nothing of ours is left behind: then in the cache."""
    if wanted.owned:
        return wanted.folder / f".{wanted.name}.lock"
    folder = cache_folder() / "locks"
    make_folder(wanted._replace(folder=folder))
    return folder / f"{hashlib.sha256(os.fsencode(wanted.path.absolute())).hexdigest()[:32]}.lock"


def import_file(wanted: Wanted, source: Path, observer: Observer, seconds: float = LOCK_SECONDS) -> bool:
    """Copy `source` to its place in the cache if its sum is right; False (and nothing done) if it is not."""
    with readable(wanted, source):
        if files.sha256_of(source) != wanted.sha256:
            return False
    make_folder(wanted)
    with turn(wanted, observer, seconds):
        if not (wanted.path.exists() and wanted.path.samefile(source)):
            with source.open("rb") as stream:
                files.replace(wanted.path, lambda target: shutil.copyfileobj(stream, target, 1 << 20))
        # Hashed again where it lies now: what was copied may have changed underway.
        accept(wanted, wanted.path)
        wanted.part.unlink(missing_ok=True)
    return True


@contextlib.contextmanager
def readable(wanted: Wanted, path: Path | None = None) -> Iterator[None]:
    """Turn what keeps a file from being read (permission, a folder in its place) into a `DataError`."""
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DataError(
            f"{path or wanted.path}: cannot be read: {reason}; check the file, or run: {wanted.command}"
        ) from error


def absent(wanted: Wanted) -> DataError:
    """The error for a file that is not there, or not whole, where it cannot be fetched."""
    if size_of(wanted.path) and not wanted.owned:
        return cut_short(wanted)
    have = size_of(wanted.path) or size_of(wanted.part)
    if have:
        whole = f" of {size_text(wanted.size)}" if wanted.size else ""
        return DataError(
            f"{wanted.name}: {size_text(have)}{whole} in {shown(wanted.folder)}; "
            f"on a machine with network run {wanted.command} to continue; {WITHOUT_NETWORK}"
        )
    return DataError(
        f"{wanted.dataset}: {wanted.name} is not in {shown(wanted.folder)}; "
        f"on a machine with network run: {wanted.command}; {WITHOUT_NETWORK}"
    )


def size_of(path: Path) -> int | None:
    """The size of a file, or None if there is none (or no permission to look)."""
    try:
        return path.stat().st_size
    except OSError:
        return None


def size_text(size: float) -> str:
    """A size in decimal units, as in "182 MB"."""
    for unit in ("B", "kB", "MB"):
        if size < 999.5:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} GB"


def shown(path: Path) -> str:
    """A path with the home folder as ~."""
    with contextlib.suppress(ValueError, RuntimeError):
        return f"~/{path.relative_to(Path.home())}"
    return str(path)


def _stamp(wanted: Wanted) -> dict[str, str | int]:
    with readable(wanted):
        status = wanted.path.stat()
    return {"sha256": wanted.sha256, "size": status.st_size, "mtime_ns": status.st_mtime_ns}


def stamped_sum(wanted: Wanted) -> str | None:
    """The sum in a file's stamp, if it begins as `wanted.sha256` does: of a sum of the user's only that is kept."""
    try:
        found = json.loads(wanted.stamp.read_bytes())["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if isinstance(found, str) and found.startswith(wanted.sha256) else None


def _stamp_fits(wanted: Wanted) -> bool:
    try:
        return json.loads(wanted.stamp.read_bytes()) == _stamp(wanted)
    except (OSError, ValueError, DataError):
        return False
