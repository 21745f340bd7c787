"""Run folders: how they are named, owned and read.

A folder belongs to the run that creates its `manifest.json` exclusively. While the run lives it holds `.lock`,
which the system releases when the process dies; whoever resumes the run takes that lock first.

A run is born whole: what resuming needs (`.hydra/`) lies in the folder before the manifest does, and the manifest
appears with all its content. Whatever moment a process dies at, the folder is absent, unborn (nothing but what
`BEFORE_BIRTH` names: another run may take it) or can be resumed.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import string
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Unpack

from gnicli import checks, files
from gnicli.contracts.results import Value
from gnicli.engine import content, places, provenance, records, tables
from gnicli.engine.content import LOCK, MANIFEST, PRODUCTS
from gnicli.engine.manifest import Manifest
from gnicli.errors import ConflictError, DataError, ResourceError

FORMAT = 1
FINISHED = ("completed", "diverged")
_UNBORN = (
    "{}: nothing was begun there, so there is nothing to resume; start the run again (run.dir may name this folder)"
)
_LETTERS = string.ascii_lowercase + string.digits


def now() -> datetime:
    """The present moment with the local offset from UTC."""
    return datetime.now().astimezone()


def stamp() -> str:
    """The present moment as the manifest writes it: ISO 8601, seconds."""
    return now().isoformat(timespec="seconds")


def output_root(root: str | os.PathLike[str] | None = None) -> Path:
    """The folder of all runs: `root` if given, else `$GNI_OUTPUTS`, else `outputs`; `~` is the home folder."""
    if root:
        return Path(checks.home("run.root", os.fspath(root)))
    # No folder named ~ is meant here, be there one or not.
    return Path(checks.home("GNI_OUTPUTS", os.environ.get("GNI_OUTPUTS") or "outputs", existing=False))


def new_folder(root: str | os.PathLike[str] | None, command: str) -> Path:
    """A name for a new run or sweep: `<root>/<command>/<YYYY-MM-DD>/<HH-MM-SS-ffffff>-<4 characters>`.

    Nothing is created: whoever runs in it claims it. The random part keeps simultaneous starts and clocks that were
    set back apart.
    """
    while True:
        moment = now()
        tail = "".join(secrets.choice(_LETTERS) for _ in range(4))
        name = f"{moment:%H-%M-%S}-{moment.microsecond:06d}-{tail}"
        folder = output_root(root) / command / f"{moment:%Y-%m-%d}" / name
        if not folder.exists():
            return folder


# ----------------------------------------------------------------------------------------------------------- ownership


class Claim:
    """A folder that this process owns: its lock, its manifest, and what it had to create."""

    def __init__(self, folder: Path, manifest: Manifest, lock: contextlib.ExitStack, created: list[Path]) -> None:
        self.folder = folder
        self.manifest = manifest
        self._lock = lock
        self._created = created

    def update(self, **changes: Unpack[Manifest]) -> None:
        """Change the manifest, on disk too."""
        self.manifest |= changes
        files.replace(self.folder / MANIFEST, encode(self.manifest))

    def release(self) -> None:
        """Let others take the folder."""
        self._lock.close()

    def discard(self) -> None:
        """Undo the claim of a fresh folder: what the run wrote goes, and so do created folders that are empty."""
        content.undo(self.folder, self._created)
        self.release()


def encode(value: object) -> bytes:
    """Indented JSON with a final newline."""
    # A name that is not UTF-8 comes as lone surrogates, which the escapes of JSON can hold.
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode(errors="backslashreplace")


def _identity() -> Manifest:
    pid = os.getpid()
    return {"host": provenance.host(), "pid": pid, "process": provenance.process_mark(pid)}


def _make_folder(folder: Path) -> list[Path]:
    """Create `folder` and its parents; returns those that were not there, outermost first."""
    places.check_place(folder)
    missing: list[Path] = []
    try:
        with files.explained(folder, "create run folder"):
            missing = [path for path in (folder, *folder.parents) if not path.exists()][::-1]
            folder.mkdir(parents=True, exist_ok=True)
    except BaseException as error:
        content.remove_empty(missing)  # those that were made before one failed
        if isinstance(error, FileExistsError):
            raise ConflictError(f"{folder} or a part of it is a file, not a folder; choose another run.dir") from error
        raise
    return missing


def _hold(folder: Path) -> contextlib.ExitStack:
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(files.locked(folder / LOCK, wait_seconds=0, busy=f"{folder} is in use"))
        except ConflictError:
            raise ConflictError(f"{folder} is in use by {_holder(folder)}; wait for it or choose another") from None
        content.check_content(folder)
        content.remove_leftovers(folder)
        return stack.pop_all()


def _holder(folder: Path) -> str:
    try:
        manifest = read_manifest(folder)
    except DataError:
        return "another process that has just begun"
    since = str(manifest.get("resumed") or manifest.get("start"))
    with contextlib.suppress(ValueError):
        moment = datetime.fromisoformat(since).astimezone()
        since = f"{moment:%H:%M}" if moment.date() == now().date() else f"{moment:%Y-%m-%d %H:%M}"
    return f"pid {manifest.get('pid')} on {manifest.get('host')} since {since}"


def claim(folder: Path, manifest: Manifest, settings: Mapping[str, bytes] | None = None) -> Claim:
    """Create `folder` where needed and own it.

    `settings` are the files of `.hydra/` by name; they are on disk before the manifest is.
    Raises `ConflictError` when the folder belongs to another run, live or not, or holds files of one; `ResourceError`
    when it cannot be written, `DataError` where a link or the like is in the way. Then nothing is left behind.
    """
    folder = Path(folder)
    created = _make_folder(folder)
    lock = contextlib.ExitStack()
    is_ours = False
    try:
        lock = _hold(folder)
        _refuse_taken(folder, manifest.get("kind"))
        is_ours = True
        content.write_settings(folder, settings or {})
        begun: Manifest = {"start": stamp(), "resumed": None, **_identity(), "status": "running"}
        born: Manifest = {"format": FORMAT, **manifest, **begun}
        if not files.create_exclusively(folder / MANIFEST, encode(born)):
            is_ours = False
            raise ConflictError(f"{folder} has just been taken by another run; choose another run.dir")
        return Claim(folder, born, lock, created)
    except BaseException:
        if is_ours:
            content.undo(folder, created)
        else:
            content.remove_empty(created)
        lock.close()
        raise


def _refuse_taken(folder: Path, kind: str | None) -> None:
    found = [name for name in PRODUCTS if files.kind_of(folder / name) is not None]
    if kind == "sweep":  # whose jobs these would seem to be
        found += sorted(path.name for path in folder.iterdir() if path.name.isdecimal())
    if content.is_stillborn(folder) and content.is_unborn(folder):
        with files.explained(folder / MANIFEST, "remove"):
            (folder / MANIFEST).unlink()
        return
    if files.kind_of(folder / MANIFEST) is not None:
        status = status_of(folder)
        if status in FINISHED:
            raise ConflictError(f"{folder} is finished; choose another run.dir")
        if status == "broken":
            raise ConflictError(f"{folder} holds a run whose manifest is damaged; choose another run.dir")
        raise ConflictError(
            f"{folder} holds a run that is {status}; {places.resume_command(folder)}, or choose another run.dir"
        )
    if found:
        raise ConflictError(f"{folder} holds {found[0]} but no {MANIFEST}; choose another run.dir")


def reclaim(folder: Path, kind: str = "run") -> Claim:
    """Take an unfinished run's folder again, or that of a sweep; the manifest is not touched until `Claim.update`.

    Raises `DataError` when there is no readable run, `ConflictError` when it is a finished run, is not of that `kind`,
    or another process has it.
    """
    folder = Path(folder)
    read_manifest(folder)
    lock = _hold(folder)
    try:
        manifest = read_manifest(folder)  # again: its owner may have finished before the lock was ours
        if manifest.get("kind", "run") != kind:
            raise ConflictError(f"{folder} is no {kind}")
        if manifest.get("status") in FINISHED and kind == "run":
            raise ConflictError(f"{folder} is finished; there is nothing to resume")
        records.require_described(folder / MANIFEST, manifest)
        return Claim(folder, manifest, lock, [])
    except BaseException:
        lock.close()
        raise


def clear(folder: Path) -> None:
    """Remove what a run wrote from a folder that nobody holds; `ConflictError` where somebody does."""
    with _hold(folder):
        content.undo(folder, [])


def identify_again() -> Manifest:
    """The manifest's changes when a run goes on in this process."""
    return {"resumed": stamp(), **_identity(), "status": "running", "error": "", "end": None}


# ------------------------------------------------------------------------------------------------------------- reading


class RunInfo(NamedTuple):
    """What a listing shows of a run; `status` is `broken` where the manifest cannot be read."""

    folder: Path
    status: str
    command: str
    start: str
    error: str
    values: dict[str, Value]
    manifest: Manifest


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a run or sweep. Raises `DataError` when absent or damaged, `ResourceError` when too new."""
    path = Path(folder) / MANIFEST
    try:
        manifest = records.read_json(path)
    except (FileNotFoundError, NotADirectoryError) as error:
        unborn = content.is_unborn(Path(folder))
        raise DataError(_UNBORN.format(folder) if unborn else f"{folder} is not a run folder: no {MANIFEST}") from error
    except DataError as error:
        if content.is_unborn(Path(folder)):
            raise DataError(_UNBORN.format(folder)) from error
        raise
    version = manifest.get("format", 1) if isinstance(manifest, dict) else 1
    if isinstance(version, bool) or not isinstance(version, int) or abs(version) > records.MAX_COUNT:
        raise records.damaged(path, "its format is no number")
    if version > FORMAT:
        raise ResourceError(f"{path}: format {version}, this gni reads <= {FORMAT}: upgrade gni")
    return records.check_manifest(path, manifest)


def status_now(manifest: Manifest) -> str:
    """The status that a manifest has; lost where it says running and its process on this machine is gone."""
    status = manifest["status"]
    if status != "running" or manifest.get("host") != provenance.host():
        return status
    pid = manifest.get("pid")
    alive = isinstance(pid, int) and pid > 0 and provenance.is_alive(pid, manifest.get("process"))
    return "running" if alive else "lost"


def status_of(folder: Path) -> str:
    """running, completed, failed, interrupted, diverged; lost: its process is gone; broken: unreadable."""
    try:
        return status_now(read_manifest(folder))
    except (DataError, ResourceError):
        return "broken"


def read_run(folder: Path) -> RunInfo:
    """Read a run for a listing; never raises for what a folder holds."""
    folder = Path(folder)
    try:
        manifest = read_manifest(folder)
    except (DataError, ResourceError) as error:
        return RunInfo(folder, "broken", "", "", str(error), {}, {})
    try:
        values = tables.read_results(folder / "results.json")
    except (DataError, OSError):
        values = {}
    texts = {name: str(manifest.get(name) or "") for name in ("command", "start", "error")}
    return RunInfo(folder, status_now(manifest), texts["command"], texts["start"], texts["error"], values, manifest)
