"""Deleting the folders of runs and sweeps, and refusing all other folders."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from gnicli import files
from gnicli.contracts.number_text import plain
from gnicli.engine import content, folders
from gnicli.engine.places import shell_word
from gnicli.errors import ConflictError, DataError, GniError

_OWN = {
    content.MANIFEST, content.LOCK, content.SETTINGS, *content.PRODUCTS, "checkpoint.damaged", "tables", "tensorboard",
    "mlruns", "wandb",
}  # fmt: skip
_MOST_NAMED = 5


class Doomed(NamedTuple):
    """A folder that may be deleted: its size in bytes, and what lies in it that gni did not write, by name."""

    folder: Path
    status: str
    size: int
    foreign: list[str]


class Removal(NamedTuple):
    """Folders of runs and sweeps to delete."""

    doomed: list[Doomed]

    def words(self) -> str:
        """How many there are, and their size."""
        n, size = len(self.doomed), sum(each.size for each in self.doomed)
        return f"{n} folder{'s' * (n != 1)} ({plain(round(size / 1e6, 1))} MB)"

    def lines(self) -> list[str]:
        """A line for each folder, with what in it is not gni's."""
        told = []
        for each in self.doomed:
            names = ", ".join(each.foreign[:_MOST_NAMED]) + ", …" * (len(each.foreign) > _MOST_NAMED)
            more = f"  with {names}, which gni did not write" if names else ""
            told.append(f"{shell_word(each.folder)}  {each.status}{more}")
        return told

    def delete(self) -> None:
        """Delete them, the manifest last: what a kill leaves can be deleted again.

        Raises `ConflictError` where a run has begun meanwhile, `ResourceError` where the disk refuses.
        """
        for each in self.doomed:
            busy = f"{each.folder} is in use; it is not deleted"
            with files.locked(each.folder / content.LOCK, wait_seconds=0, busy=busy):
                _refuse_running(each.folder)
                with files.explained(each.folder, "delete"):
                    _empty(each.folder)
            with files.explained(each.folder, "delete"):
                (each.folder / content.LOCK).unlink(missing_ok=True)
                each.folder.rmdir()
            _tidy(each.folder)


def examine(places: Sequence[Path]) -> Removal:
    """Look at folders that are to be deleted; nothing is.

    Raises `DataError` where one is no folder of a run or sweep, `ConflictError` where a run in it is running or it
    holds other runs.
    """
    wanted = list(dict.fromkeys(place.absolute() for place in places))
    wanted = [place for place in wanted if place.parent not in wanted]  # the job of a sweep goes with it
    for folder in wanted:
        _require_run(folder)
    for folder in wanted:
        _refuse_running(folder)
    return Removal([_look(folder) for folder in wanted])


def _require_run(folder: Path) -> None:
    refusal = DataError(f"{folder} is no folder of a run or a sweep; it is not deleted")
    kind = files.kind_of(folder)
    if kind != "a folder":
        raise DataError(f"{folder} is {kind or 'not there'}, not the folder of a run; nothing is deleted")
    if content.is_unborn(folder):
        return
    if not os.path.lexists(folder / content.MANIFEST):
        raise refusal
    has_settings = files.kind_of(folder / content.SETTINGS) == "a folder"
    try:
        if not has_settings and not folders.read_manifest(folder).get("command"):
            raise refusal
    except GniError:  # a manifest that cannot be read may be anybody's
        raise refusal from None


def _is_sweep(folder: Path) -> bool:
    return (folder / content.JOBS).exists() or (folder / "multirun.yaml").exists()


def _refuse_running(folder: Path) -> None:
    """Raise `ConflictError` where a run or a job in the folder is running, here or on another machine."""
    jobs = [path for path in folder.iterdir() if path.name.isdecimal() and path.is_dir()] if _is_sweep(folder) else []
    for place in (folder, *jobs):
        if os.path.lexists(place / content.MANIFEST) and folders.status_of(place) == "running":
            manifest = folders.read_manifest(place)
            raise ConflictError(
                f"{place} is running (pid {manifest.get('pid')} on {manifest.get('host')}); stop it first, nothing was "
                "deleted"
            )


def _look(folder: Path) -> Doomed:
    """Size and foreign names; `ConflictError` where other runs lie within."""
    is_sweep, size = _is_sweep(folder), 0
    for place, below, names in os.walk(folder):
        here = Path(place)
        is_job = is_sweep and here.parent == folder and here.name.isdecimal()
        if here != folder and not is_job and content.MANIFEST in names and content.SETTINGS in below:
            raise ConflictError(f"{folder} holds another run, {here}; delete or move that first")
        size += sum(os.lstat(os.path.join(place, name)).st_size for name in names)
    own = {path.name for path in folder.iterdir() if path.name.isdecimal()} if is_sweep else set()
    foreign = [
        path.name for path in folder.iterdir() if path.name not in _OWN | own and not files.is_leftover(path.name)
    ]
    return Doomed(folder, folders.status_of(folder), size, sorted(foreign))


def _empty(folder: Path) -> None:
    """Remove all but the manifest and the lock, then the manifest. Links are removed, not followed."""
    for path in folder.iterdir():
        if path.name not in (content.MANIFEST, content.LOCK):
            _delete(path)
    if files.kind_of(folder / content.MANIFEST) is not None:
        _delete(folder / content.MANIFEST)


def _delete(path: Path) -> None:
    if files.kind_of(path) == "a folder":
        shutil.rmtree(path)
    else:
        path.unlink()


def _tidy(folder: Path) -> None:
    """Remove the folders of the day and the command where they are empty now, if they are in the output folder."""
    root = folders.output_root().absolute()
    if root in folder.parents:
        content.remove_empty([path for path in folder.parents if root in path.parents][::-1])
