"""How the jobs of a sweep stand, read from its folder alone; nothing is written."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from gnicli.contracts.results import Table
from gnicli.engine import content, folders
from gnicli.engine.jobs import plan as plans
from gnicli.engine.jobs import progress, queue
from gnicli.engine.jobs.board import labels
from gnicli.engine.jobs.progress import Progress
from gnicli.engine.jobs.queue import Queue
from gnicli.engine.sweep_records import NOT_STARTED


class Job(NamedTuple):
    """One job: its words, its status as `folders.status_of` has it, why, and how far it is if it runs.

    `in_queue` is what Slurm knows of it, in words, where it was submitted and is not finished; `log` is the file with
    what it printed. `message` names that file where Slurm's job is over and has made no run: no folder says why.
    """

    number: int
    words: list[str]
    label: str
    status: str
    message: str
    progress: Progress | None
    in_queue: str
    log: Path

    def what_is_known(self) -> str:
        """The message or the progress, and what Slurm knows."""
        told = self.message if self.progress is None else self.progress.words()
        return "; ".join(filter(None, (told, self.in_queue)))


class Standing(NamedTuple):
    """The jobs of a sweep, and the status of the sweep itself; `unasked` where Slurm did not say what it knows."""

    folder: Path
    status: str
    jobs: list[Job]
    unasked: bool

    def counts(self) -> dict[str, int]:
        """How many jobs have each status."""
        found: dict[str, int] = {}
        for job in self.jobs:
            found[job.status] = found.get(job.status, 0) + 1
        return found

    def table(self) -> Table:
        """The jobs as a table to read."""
        rows = tuple((str(job.number), job.label, job.status, job.what_is_known()) for job in self.jobs)
        return Table(("job", "setting", "status", "what is known"), rows)

    def sentence(self) -> str:
        """The sum, in a line."""
        told = ", ".join(f"{n} {status}" for status, n in self.counts().items())
        silent = "; squeue does not answer, so that only folders were read" if self.unasked else ""
        return f"{len(self.jobs)} jobs: {told}; the sweep itself: {self.status}{silent}"

    def as_json(self) -> dict[str, object]:
        """The same for programs."""
        jobs = [
            {
                "job": job.number,
                "status": job.status,
                "words": job.words,
                "folder": str(self.folder / str(job.number)),
                "log": str(job.log),
                "message": job.message,
                "in_queue": job.in_queue,
                "progress": None if job.progress is None else job.progress._asdict(),
            }
            for job in self.jobs
        ]
        return {"folder": str(self.folder), "status": self.status, "counts": self.counts(), "jobs": jobs}


def read(folder: Path) -> Standing:
    """The standing of the sweep in `folder`. Errors as of `plan.read`; damaged jobs are shown as such."""
    plan, there = plans.read(folder), queue.look(folder)
    named = zip(plan.words, labels(plan.words), strict=True)
    jobs = [_job(folder, number, words, label, there) for number, (words, label) in enumerate(named)]
    return Standing(folder, folders.status_of(folder), jobs, bool(there.ids) and there.entries is None)


def _job(sweep: Path, number: int, words: list[str], label: str, there: Queue) -> Job:
    folder, log = sweep / str(number), progress.log_of(sweep, number)
    if number in there.ids and not log.exists():
        log = queue.log_of(sweep, there.ids[number])
    if content.is_unborn(folder) or not (folder / content.MANIFEST).exists():
        message = _left_behind(sweep, log) if there.is_over(number) else ""
        return Job(number, words, label, NOT_STARTED, message, None, there.words(number), log)
    info = folders.read_run(folder)
    is_gone = info.status == "running" and there.lost(sweep, number, info.manifest)
    status = "lost" if is_gone else info.status
    message = "its process is gone" if status == "lost" and not info.error else info.error
    known = progress.read(progress.file_of(sweep, number)) if status == "running" else None
    in_queue = "" if status in folders.FINISHED else there.words(number)
    return Job(number, words, label, status, message, known, in_queue, log)


def _left_behind(sweep: Path, log: Path) -> str:
    """What a job of Slurm's that ended too early left; the path is short, as a cell of a table has to be."""
    left = f"what it printed: {log.relative_to(sweep)}" if log.exists() else "it left no log"
    return f"ended before its run began; {left}"
