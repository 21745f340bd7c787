"""What is still to be done for a sweep, read from its folder alone, and ends that a process did not record itself."""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from gnicli.engine import content, folders, provenance
from gnicli.engine.jobs import plan as plans
from gnicli.engine.jobs import queue
from gnicli.engine.jobs.plan import Plan
from gnicli.engine.jobs.processes import Ended
from gnicli.engine.manifest import Manifest
from gnicli.errors import ConflictError, GniError

_MOST_NAMED = 20


class Wishes(NamedTuple):
    """What is to be done again: failed jobs, all jobs; whether jobs that other code has finished may stand."""

    failed: bool = False
    force: bool = False
    any_version: bool = False


class Due(NamedTuple):
    """The jobs to run, those of them whose folders are emptied first, and the failed ones that are not run again."""

    jobs: list[int]
    cleared: list[int]
    failed: list[int]


def due(
    sweep: Path,
    plan: Plan,
    wishes: Wishes = Wishes(),  # noqa: B008 - a tuple does not change
    changed: Collection[int] = frozenset(),
    first: int = 0,
) -> Due:
    """The jobs of a sweep from number `first` on that are not complete; nothing is written.

    `changed` are those that would be configured otherwise now, by files; they begin anew.
    A job is complete if its folder holds a finished run (completed or diverged) of its words, by the code and the
    packages that are here now: then its configuration has the fingerprint that it would have now. Raises
    `ConflictError` where a folder holds a run of other words, and where other code began a run, unless it may stand or
    every job is run again.
    """
    found, others = Due([], [], []), []
    for job, words in enumerate(plan.words[first:], first):
        folder = sweep / str(job)
        if content.is_unborn(folder) or not (folder / content.MANIFEST).exists():
            found.jobs.append(job)
            continue
        info = folders.read_run(folder)
        status, manifest = info.status, info.manifest
        if manifest and _bare(manifest.get("overrides") or []) != _bare(words):
            told = " ".join(manifest.get("overrides") or ())
            raise ConflictError(f"{folder} holds a run of {told!r}, and job {job} is {' '.join(words)!r}; move it away")
        if job in changed:
            found.cleared.append(job)
            found.jobs.append(job)
            continue
        if manifest and not wishes.force and _made_by(manifest) != provenance.code():
            others.append(job)
        is_failure = status in ("failed", "broken")
        if wishes.force or (status == "broken" and wishes.failed):
            found.cleared.append(job)
        elif status in folders.FINISHED:
            continue
        elif is_failure and not wishes.failed:
            found.failed.append(job)
            continue
        found.jobs.append(job)
    if others and not wishes.any_version:
        raise ConflictError(_about_others(sweep, others))
    return found


def _bare(words: list[str]) -> list[str]:
    """Words without the place, which a job that somebody ran by itself has of its own."""
    return [word for word in words if not word.startswith("run.dir=")]


def _made_by(manifest: Manifest) -> dict[str, str | None]:
    known = manifest.get("versions") or {}
    return {name: known.get(name) for name in provenance.versions()} | {"code": manifest.get("code")}


def _about_others(sweep: Path, jobs: list[int]) -> str:
    made = _made_by(folders.read_run(sweep / str(jobs[0])).manifest)
    now = provenance.code()
    differ = ", ".join(f"{name} {made[name]} and not {now[name]}" for name in now if made[name] != now[name])
    return (
        f"{sweep}: {names(jobs)} ran with another version ({differ}); "
        "--any-version lets what is finished stand and goes on, --force runs every job again"
    )


def names(jobs: list[int]) -> str:
    """Jobs by number, as in `jobs 1, 2`."""
    told = ", ".join(map(str, jobs[:_MOST_NAMED])) + (
        f" and {len(jobs) - _MOST_NAMED} more" * (len(jobs) > _MOST_NAMED)
    )
    return f"job{'s' * (len(jobs) > 1)} {told}"


def clear(sweep: Path, jobs: list[int]) -> None:
    """Empty the folders of jobs that are run again; `ConflictError` where another process has one."""
    for job in jobs:
        folders.clear(sweep / str(job))


def reopen(sweep: Path, jobs: list[int]) -> None:
    """Record of failed jobs that they are to be run again, where somebody else will start them.

    Raises `ConflictError` where another process has one.
    """
    for job in jobs:
        folder = sweep / str(job)
        if (folder / content.MANIFEST).exists() and folders.status_of(folder) == "failed":
            claim = folders.reclaim(folder)
            claim.update(status="interrupted", error=f"to be run again; it failed: {claim.manifest.get('error')}")
            claim.release()


def have_ended(sweep: Path) -> bool:
    """Whether every job of a sweep has ended, some of them perhaps by failing. Errors as of `plan.read`."""
    jobs = range(len(plans.read(sweep).words))
    # The last jobs mostly end last: where some are left, this looks at few folders.
    return all(folders.status_of(sweep / str(job)) in (*folders.FINISHED, "failed") for job in reversed(jobs))


def is_held(folder: Path) -> bool:
    """Whether a process that lives runs in the folder of a job."""
    info = folders.read_run(folder) if (folder / content.MANIFEST).exists() else None
    if info is None or info.status != "running":
        return False
    if info.manifest.get("host") == provenance.host():
        return True
    return not queue.known(folder.parent).lost(folder.parent, int(folder.name), info.manifest)


def settle(folder: Path, how: Ended) -> None:
    """Record in the folder of a job how its process ended, where it has not done so itself."""
    status = folders.status_of(folder) if (folder / content.MANIFEST).exists() else ""
    is_gone = status == "lost" or (status == "running" and how.said)  # on another machine nobody sees the process
    if not is_gone and not (how.timed_out and status == "interrupted"):
        return
    stopped = how.stopped and not how.timed_out
    with contextlib.suppress(GniError, OSError):
        claim = folders.reclaim(folder)
        try:
            error = "stopped before it could save its state" if stopped else how.what_happened()
            claim.update(status="interrupted" if stopped else "failed", error=error, end=folders.stamp())
        finally:
            claim.release()
