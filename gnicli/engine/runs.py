"""Reading runs: the one in a folder, and those in the folders below another."""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gnicli import files
from gnicli.contracts.results import Value
from gnicli.engine import content, folders, records, tables
from gnicli.engine.manifest import Manifest
from gnicli.engine.run import DAMAGED, UNBORN, Run
from gnicli.engine.run_index import walk
from gnicli.errors import DataError, GniError, ResourceError, UsageError

if TYPE_CHECKING:
    import pandas


class Runs(tuple[Run, ...]):
    """Runs in the order of their folders; of a sweep, in that of its jobs.

    >>> Runs().table().columns.tolist()
    ['folder', 'command', 'status']
    """

    __slots__ = ()

    def table(self) -> pandas.DataFrame:
        """One row for each run: folder, command, status, what was given on the command line, every headline value."""
        import pandas

        rows = []
        for run in self:
            row: dict[str, object] = {"folder": str(run.folder), "command": run.command, "status": run.status}
            row |= run.typed
            row |= {f"result/{name}" if name in row else name: value.value for name, value in run.results.items()}
            rows.append(row)
        return pandas.DataFrame(rows, columns=None if rows else ["folder", "command", "status"])

    def where(self, *conditions: str, sort: str | None = None, falling: bool = False) -> Runs:
        """The runs of which all conditions hold, such as "noise=mult", "test_loss<0.2" and "status=failed".

        With `sort`, a result, metric or key, they are ordered by it, the smallest first. Raises `UsageError` for what
        is no condition, and for a name that no run has.

        >>> import gnicli
        >>> runs = gnicli.run("train", "M=1,2", steps=3)
        >>> [run.config["M"] for run in runs.where("M>1")]
        [2]
        """
        from gnicli.engine.run_index import conditions as read

        found: Sequence[Run] = read.chosen(self, [read.parse(word) for word in conditions])
        return Runs(found if sort is None else read.ordered(found, sort, falling=falling))

    def compare(self) -> pandas.DataFrame:
        """One row for each setting and result: the mean over completed runs, its standard error and 95 % interval, n.

        Runs have one setting if their configurations agree in all but the seed. Raises `UsageError` where they are of
        several commands.

        >>> import gnicli
        >>> runs = gnicli.run("train", "M=1,2", "seed=0,1", steps=3)
        >>> runs.compare()[["M", "result", "n"]].values.tolist()[::3]
        [['1', 'train_loss', 2], ['2', 'train_loss', 2]]
        """
        import pandas

        from gnicli.engine.run_views import comparison

        return pandas.DataFrame(comparison.between(self).rows())


def load_run(folder: str | os.PathLike[str]) -> Run:
    """Read the run in `folder`, finished or not.

    Raises `DataError` where there is none or a file of it is damaged, `UsageError` where it is a sweep (`load_runs`
    reads its jobs), `ResourceError` where a newer gni wrote it.

    >>> import gnicli
    >>> folder = gnicli.run("train", steps=3).folder
    >>> run = gnicli.load_run(folder)
    >>> run.status, list(run.results), run.config["M"]
    ('completed', ['train_loss', 'test_loss', 'train_learned', 'test_learned', 'steps'], 1)
    """
    place = Path(folder).absolute()
    manifest = folders.read_manifest(place)
    if manifest.get("kind") == "sweep":
        raise UsageError(f"{place} is a sweep, not a run; gnicli.load_runs reads its jobs")
    results = _results(place, manifest)
    return Run(
        place,
        folders.status_of(place),
        str(manifest.get("command") or ""),
        str(manifest.get("error") or ""),
        records.read_config(place),
        results,
        manifest,
    )


def _results(folder: Path, manifest: Manifest) -> dict[str, Value]:
    """The headline values; `DataError` where what a finished run must have is not there."""
    finished = manifest["status"] in folders.FINISHED
    try:
        values = tables.read_results(folder / "results.json")
    except FileNotFoundError as error:
        if finished:
            raise DataError(f"{folder / 'results.json'} is missing, though the run is finished") from error
        values = {}
    if finished:
        _require_parts(folder, manifest)
    return values


def _require_parts(folder: Path, manifest: Manifest) -> None:
    """Metrics that are rows, and an archive with the arrays that the manifest names; their numbers are not read."""
    try:
        tables.read_metrics(folder / "metrics.csv")
    except OSError as error:
        raise DataError(f"{folder / 'metrics.csv'} cannot be read: {str(error.strerror).lower()}") from error
    named = {f"{name}.npy" for name in manifest.get("arrays") or ()}
    if named:
        path = folder / "arrays.npz"
        try:
            with os.fdopen(files.open_regular(path), "rb") as stream, zipfile.ZipFile(stream) as archive:
                lacking = named.difference(archive.namelist())
        except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise DataError(f"{path} is missing or damaged: {' '.join(str(error).split())[:120]}") from error
        if lacking:
            raise DataError(f"{path} is damaged: it lacks {', '.join(sorted(lacking))}")


def load_runs(root: str | os.PathLike[str] = "outputs", command: str | None = None) -> Runs:
    """Read every run below `root`: a folder of runs, a sweep, or a run itself.

    With `command` ("train") only its runs, and those whose folder does not say whose they are. A run that cannot be
    read is among them with the status "damaged" and the reason in `message`; one whose process died before it began
    has the status "unborn". Links are not followed. Raises `UsageError` where `root` is no folder.

    >>> import gnicli
    >>> sweep = gnicli.run("train", "M=1,2", steps=3, run={"dir": "outputs/example"})
    >>> runs = gnicli.load_runs("outputs/example")
    >>> runs.table()[["M", "status"]].values.tolist()
    [['1', 'completed'], ['2', 'completed']]
    """
    place = Path(root).absolute()
    if not place.is_dir():
        raise UsageError(f"{place} is no folder; give one that holds runs, such as outputs")
    places = map(Path, walk.folders(str(place), _is_sweep))
    found = (read(folder) for folder in sorted(places, key=_natural) if not _is_sweep(str(folder)))
    return Runs(run for run in found if command is None or run.command in (command, ""))


def read(folder: Path) -> Run:
    """The run in `folder`, whatever state it is in; never raises for what a folder holds."""
    try:
        return load_run(folder)
    except (GniError, OSError) as error:
        if content.is_unborn(folder):
            return Run(folder, UNBORN, message=str(error))
        manifest = manifest_or_none(folder)
        return Run(folder, DAMAGED, str(manifest.get("command") or ""), str(error), manifest=manifest)


def manifest_or_none(folder: Path) -> Manifest:
    """The manifest in `folder`, an empty one where there is none that can be read."""
    try:
        return folders.read_manifest(folder)
    except (DataError, ResourceError, OSError):
        return {}


def _is_sweep(folder: str) -> bool:
    return manifest_or_none(Path(folder)).get("kind") == "sweep"


def _natural(folder: Path) -> list[tuple[int, int, str]]:
    """A key that puts job 10 behind job 2."""
    parts = re.split(r"(\d+)", str(folder))
    return [(1, int(part), "") if part.isdecimal() else (0, 0, part) for part in parts]
