"""Waiting for the jobs of a sweep that run on other machines: by their folders, and by what Slurm's queue says."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from gnicli.engine import content, folders
from gnicli.engine.jobs import progress, queue
from gnicli.engine.jobs.board import Board
from gnicli.engine.jobs.processes import TICK_SECONDS, Ended
from gnicli.engine.jobs.queue import Queue
from gnicli.engine.signals import StopNow, stop_on_signals

READ_SECONDS = 1.0  # between two looks at the folders
LOOK_SECONDS = 15.0  # between two questions to squeue, which is busy on a large cluster
_LOOKS = 2  # so often a job is seen to be over: its folder may say so a moment later on a file system of a network


def wait(sweep: Path, jobs: Sequence[int], board: Board) -> None:
    """Wait until `jobs` of a sweep in Slurm have ended, and tell the board. Raises `StopNow` after a signal."""
    watch = _Watch(sweep, jobs, board)
    with stop_on_signals() as stop:
        stop.at_once = False
        read_at = look_at = 0.0
        while watch.left and not stop.requested:
            now = time.monotonic()
            if now >= read_at:
                read_at = now + READ_SECONDS
                watch.read()
            if now >= look_at and watch.left:
                look_at = now + LOOK_SECONDS
                watch.look(queue.look(sweep))
            board.tick()
            time.sleep(TICK_SECONDS)
    if stop.requested and watch.left:
        raise StopNow(stop.exit_code)


class _Watch:
    """The jobs that are `left`, those of them that were seen to run, and how often one was seen to be over."""

    def __init__(self, sweep: Path, jobs: Sequence[int], board: Board) -> None:
        self.left = list(jobs)
        self._sweep, self._board = sweep, board
        self._began: dict[int, float] = {}
        self._over: dict[int, int] = {}

    def read(self) -> None:
        """Look at the folders of the jobs that are left."""
        for job in list(self.left):
            folder = self._sweep / str(job)
            status = folders.status_of(folder) if (folder / content.MANIFEST).exists() else ""
            if status == "running" and job not in self._began:
                self._began[job] = time.monotonic()
                self._board.began(job)
            if status in (*folders.FINISHED, "failed"):
                self._end(job, "")

    def look(self, there: Queue) -> None:
        """See which jobs Slurm will not start any more; where squeue does not answer, none."""
        for job in list(self.left):
            entry = there.of(job)
            self._over[job] = self._over.get(job, 0) + 1 if entry is not None and entry.is_over else 0
            if self._over[job] >= _LOOKS:
                log = progress.log_of(self._sweep, job)
                more = "" if log.exists() else f"; what it printed: {queue.log_of(self._sweep, there.ids[job])}"
                self._end(job, f"{there.words(job)}{more}")

    def _end(self, job: int, said: str) -> None:
        self.left.remove(job)
        seconds = time.monotonic() - self._began.get(job, time.monotonic())
        self._board.ended(job, Ended(1 if said else 0, seconds, timed_out=False, stopped=False, said=said))
