"""Every run and sweep below a folder, read from what is kept of them where that still holds."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from gnicli.engine import content, folders, runs
from gnicli.engine.run import Run
from gnicli.engine.run_index import stored, walk
from gnicli.errors import DataError, UsageError


def read(root: Path, tell: Callable[[int], object] = lambda n: None) -> list[Run]:
    """The runs and sweeps below `root` in no order, damaged and unborn ones among them; jobs are runs.

    `tell` is called with the number of folders read anew, after each. Raises `UsageError` where `root` is no folder.
    """
    place = root.absolute()
    if not place.is_dir():
        raise UsageError(f"{place} is no folder; give one that holds runs, such as outputs")
    kept, found, n_read = stored.Store(place), [], 0

    def looks(folder: str) -> bool:
        nonlocal n_read
        signature, path = stored.sign(folder), folder.removeprefix(str(place)).lstrip("/")
        run = kept.get(path, signature)
        if run is None:
            run = read_anew(Path(folder))
            kept.put(path, signature, run)
            n_read += 1
            tell(n_read)
        found.append(run)
        return is_sweep(run)

    n_known = 0
    for folder in walk.folders(str(place), looks):
        if len(found) == n_known:  # it has no manifest: its run was never born, and there is nothing to keep
            found.append(runs.read(Path(folder)))
        n_known = len(found)
    kept.save()
    return found


def read_one(folder: Path) -> Run:
    """The run or the sweep in `folder`, damaged or unborn too. Raises `DataError` where it is neither."""
    if not os.path.lexists(folder / content.MANIFEST) and not content.is_unborn(folder):
        folders.read_manifest(folder)  # which says what is missing
    return read_anew(folder.absolute())


def at(places: Sequence[Path]) -> list[Run]:
    """The runs, the jobs of sweeps and the runs below folders at `places`, each once, whatever state they are in.

    Raises `DataError` where a place has none.
    """
    found: dict[Path, Run] = {}
    for place in places:
        mine = runs.load_runs(place) if place.is_dir() else ()
        if not mine:
            folders.read_manifest(place)  # which says what is missing
            raise DataError(f"{place} is a sweep of which no job has begun")
        found |= {run.folder.resolve(): run for run in mine}
    return list(found.values())


def is_sweep(run: Run) -> bool:
    """Whether what was read is the folder of a sweep."""
    return run.manifest.get("kind") == "sweep"


def read_anew(folder: Path) -> Run:
    """The run or the sweep in `folder`, whatever state it is in; never raises for what a folder holds."""
    manifest = runs.manifest_or_none(folder)
    if manifest.get("kind") != "sweep":
        return runs.read(folder)
    told = str(manifest.get("error") or "")
    return Run(folder, folders.status_now(manifest), str(manifest.get("command") or ""), told, manifest=manifest)
