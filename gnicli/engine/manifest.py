"""What the manifest of a run or a sweep holds: `records` checks one that is read, key by key."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from gnicli.contracts.results import Results


class ArrayNote(TypedDict, total=False):
    """What the manifest says of an array of `arrays.npz`."""

    shape: list[int]
    dtype: str
    meaning: str


class AboutNote(TypedDict, total=False):
    """What the manifest says that a run is about: `contracts.results.About` without its conclusion."""

    title: str
    conditions: dict[str, str]


class GitState(TypedDict, total=False):
    """The checkout that the source lies in; None where there is none or it is not known."""

    commit: str | None
    dirty: bool | None


class Manifest(TypedDict, total=False):
    """The keys of `manifest.json`, none of which an old or damaged run need have. Times are ISO 8601."""

    format: int
    status: str
    kind: str
    command: str
    command_line: str
    argv: list[str]
    overrides: list[str]
    fingerprint: str
    seed: object
    git: GitState
    code: str
    versions: dict[str, str | None]
    error: str
    start: str
    end: str | None
    resumed: str | None
    host: str
    pid: int
    process: str | None
    wall_seconds: float
    engine_seconds: float
    part_seconds: dict[str, float]
    resumed_from: list[int | None]
    device: str
    threads: int | None
    arrays: dict[str, ArrayNote]
    about: AboutNote
    warnings: list[str]
    n_jobs: int | None


def of_results(results: Results) -> Manifest:
    """What the manifest says of results: the arrays with their meanings, what the run is about, the warnings."""
    told: Manifest = {
        "arrays": {
            name: {"shape": list(array.values.shape), "dtype": str(array.values.dtype), "meaning": array.meaning}
            for name, array in results.arrays.items()
        }
    }
    if results.about is not None:
        told["about"] = {"title": results.about.title, "conditions": dict(results.about.conditions)}
    if results.warnings:
        told["warnings"] = list(results.warnings)
    return told
