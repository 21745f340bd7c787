"""How the jobs of a sweep stand, read from its folder alone; nothing is written."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from gnicli.contracts.results import Table
from gnicli.engine import content, folders
from gnicli.engine.jobs import plan as plans
from gnicli.engine.jobs import progress
from gnicli.engine.jobs.board import labels
from gnicli.engine.jobs.progress import Progress
from gnicli.engine.sweep_records import NOT_STARTED


class Job(NamedTuple):
    """One job: its words, its status as `folders.status_of` has it, why, and how far it is if it runs."""

    number: int
    words: list[str]
    label: str
    status: str
    message: str
    progress: Progress | None


class Standing(NamedTuple):
    """The jobs of a sweep, and the status of the sweep itself."""

    folder: Path
    status: str
    jobs: list[Job]

    def counts(self) -> dict[str, int]:
        """How many jobs have each status."""
        found: dict[str, int] = {}
        for job in self.jobs:
            found[job.status] = found.get(job.status, 0) + 1
        return found

    def table(self) -> Table:
        """The jobs as a table to read."""
        known = [job.message if job.progress is None else job.progress.words() for job in self.jobs]
        rows = tuple((str(job.number), job.label, job.status, why) for job, why in zip(self.jobs, known, strict=True))
        return Table(("job", "setting", "status", "what is known"), rows)

    def sentence(self) -> str:
        """The sum, in a line."""
        told = ", ".join(f"{n} {status}" for status, n in self.counts().items())
        return f"{len(self.jobs)} jobs: {told}; the sweep itself: {self.status}"

    def as_json(self) -> dict[str, object]:
        """The same for programs."""
        jobs = [
            {
                "job": job.number,
                "status": job.status,
                "words": job.words,
                "folder": str(self.folder / str(job.number)),
                "log": str(progress.log_of(self.folder, job.number)),
                "message": job.message,
                "progress": None if job.progress is None else job.progress._asdict(),
            }
            for job in self.jobs
        ]
        return {"folder": str(self.folder), "status": self.status, "counts": self.counts(), "jobs": jobs}


def read(folder: Path) -> Standing:
    """The standing of the sweep in `folder`. Errors as of `plan.read`; damaged jobs are shown as such."""
    plan = plans.read(folder)
    named = zip(plan.words, labels(plan.words), strict=True)
    jobs = [_job(folder, number, words, label) for number, (words, label) in enumerate(named)]
    return Standing(folder, folders.status_of(folder), jobs)


def _job(sweep: Path, number: int, words: list[str], label: str) -> Job:
    folder = sweep / str(number)
    if content.is_unborn(folder) or not (folder / content.MANIFEST).exists():
        return Job(number, words, label, NOT_STARTED, "", None)
    info = folders.read_run(folder)
    is_running = info.status == "running"
    message = "its process is gone" if info.status == "lost" and not info.error else info.error
    return Job(
        number,
        words,
        label,
        info.status,
        message,
        progress.read(progress.file_of(sweep, number)) if is_running else None,
    )
