"""What lies in a run folder: what runs write there, what may lie there before one is born, what must not.

Nothing here looks at who owns the folder: that is `folders`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from gnicli import files

MANIFEST = "manifest.json"
LOCK = ".lock"
JOBS = "jobs.json"  # of a sweep: the words of its jobs
LOGS = "logs"  # of a sweep: what its jobs print, and how far they are
# What a run or a sweep writes: a folder without a manifest that holds one of these is not a free one.
PRODUCTS = (
    "metrics.csv", "results.json", "arrays.npz", "figures", "report.md", "report.html", "checkpoint.safetensors",
    "checkpoint.prev", "sweep.csv", "run.log", "multirun.yaml", JOBS, LOGS,
)  # fmt: skip
SETTINGS = ".hydra"
SETTINGS_FILES = ("config.yaml", "overrides.yaml", "hydra.yaml")
FIGURES = "figures"
BEFORE_BIRTH = (LOCK, SETTINGS)


def undo(folder: Path, created: list[Path]) -> None:
    """Remove what a run wrote. A disk that fails must not hide why; what is left has no manifest, so it is unborn."""
    for name in (MANIFEST, *PRODUCTS):
        path = folder / name
        with contextlib.suppress(OSError):
            shutil.rmtree(path) if files.kind_of(path) == "a folder" else path.unlink(missing_ok=True)
    files.remove_leftovers(folder)
    if files.kind_of(folder / SETTINGS) == "a folder":
        files.remove_leftovers(folder / SETTINGS)
        for name in SETTINGS_FILES:
            with contextlib.suppress(OSError):
                (folder / SETTINGS / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            (folder / SETTINGS).rmdir()
    with contextlib.suppress(OSError):
        (folder / LOCK).unlink(missing_ok=True)
    remove_empty(created)


def remove_empty(created: list[Path]) -> None:
    """Remove created folders, outermost first in the list, as far as nothing lies in them."""
    for path in reversed(created):
        with contextlib.suppress(OSError):
            path.rmdir()


def check_content(folder: Path) -> None:
    """Refuse a folder, which may be a stranger's, in which a link, a pipe or the like lies where runs write."""
    for name in (FIGURES, SETTINGS, LOGS):
        if files.require_folder(folder / name):
            for path in (folder / name).iterdir():
                if files.kind_of(path) != "a folder":
                    files.require_file(path)
    for name in (MANIFEST, *PRODUCTS, "checkpoint.damaged"):
        if name not in (FIGURES, LOGS):
            files.require_file(folder / name)


def remove_leftovers(folder: Path) -> None:
    """What a process left that died while it wrote. Called with the lock held: nobody else is writing."""
    for place in (folder, folder / FIGURES, folder / SETTINGS, folder / LOGS):
        files.remove_leftovers(place)


def write_settings(folder: Path, settings: Mapping[str, bytes]) -> None:
    """Write the files of `.hydra/`, before the run is born; those of one that never was go."""
    if settings:
        files.make_folder(folder / SETTINGS)
    for name in SETTINGS_FILES:
        path = folder / SETTINGS / name
        if name in settings:
            files.replace(path, settings[name])
        elif files.kind_of(path) is not None:  # of one that was never born
            with files.explained(path, "remove"):
                path.unlink(missing_ok=True)


def is_stillborn(folder: Path) -> bool:
    """Whether the manifest is there and empty: the disk was full when it was to be born, and knows no hard links."""
    try:
        return os.lstat(folder / MANIFEST).st_size == 0 and files.kind_of(folder / MANIFEST) == "a file"
    except (FileNotFoundError, NotADirectoryError):
        return False


def is_unborn(folder: Path) -> bool:
    """Whether a run was to begin in `folder` and died before it did."""
    try:
        names = {path.name for path in folder.iterdir()}
    except OSError:
        return False
    rest = {name for name in names - {*BEFORE_BIRTH} if not files.is_leftover(name)}
    return bool(names) and (not rest or (rest == {MANIFEST} and is_stillborn(folder)))
