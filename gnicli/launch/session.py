"""One call of a Hydra command: what it ran, its sweep, and the folders that it leaves or takes away again."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gnicli.engine.caller import COMMAND_LINE, Caller
from gnicli.errors import GniError, Interrupted
from gnicli.launch.arguments import Arguments

if TYPE_CHECKING:
    from gnicli.engine.jobs.due import Wishes
    from gnicli.engine.jobs.plan import Plan, Search
    from gnicli.engine.outcome import Outcome
    from gnicli.engine.sweep import Sweep


class Job(NamedTuple):
    """What became of a run in this process: the engine's outcome, or the error that it raised."""

    outcome: Outcome | None
    error: Exception | Interrupted | None


class Session:
    """One call of a Hydra command in this process: what it ran, its sweep, the folders that were not there before."""

    def __init__(
        self,
        command: str,
        argv: list[str],
        arguments: Arguments,
        *,
        n_jobs: int | None = None,
        caller: Caller = COMMAND_LINE,
        place: Path | None = None,
    ) -> None:
        """`argv` is what was typed. A job in a process of its own has the folder `place`; others choose theirs."""
        self.caller = caller
        self.command = command
        self.argv = argv
        self.arguments = arguments
        self.n_jobs = n_jobs
        self.place = place
        self.jobs: list[Job] = []
        self.sweep: Sweep | None = None
        self.search: Search | None = None  # what the sweep is, where its jobs are proposed one after the other
        self.has_begun = False  # whether a job was started in another process
        self.handed_over = False  # whether jobs go on that nobody here waits for
        self._absent: list[Path] = []
        self._begun = 0.0

    def chose(self, kind: str, folder: Path) -> None:
        """Called with the folder of the run or the sweep before anybody creates it; a sweep claims its own."""
        self._absent += [path for path in (folder, *folder.parents) if not path.exists()]
        if kind == "sweep" and self.sweep is None:
            from gnicli.engine.sweep import Sweep

            if self._holds_the_same(folder):
                self.sweep = Sweep.again(folder)
                return
            self.sweep = Sweep(
                folder,
                command=self.command,
                overrides=self.arguments.overrides,
                argv=self.argv,
                n_jobs=self.n_jobs,
            )

    def setting(self, overrides: list[str]) -> str:
        """Write those overrides of a job that the sweep does not give to all of its jobs."""
        return " ".join(word for word in overrides if word not in self.arguments.overrides)

    def announce(self, number: str, setting: str) -> None:
        """Print which job of how many begins in this process, and how long the jobs that are left may take.

        A job in a process of its own is not announced: who started that process shows its jobs in a table.
        """
        if not self.caller.shows or self.place is not None:
            return
        from gnicli.engine.display import Display
        from gnicli.engine.jobs import progress

        self._begun = self._begun or time.monotonic()
        done, place, left = len(self.jobs), "", ""
        if self.n_jobs is not None:
            place = f" ({done + 1} of {self.n_jobs})"
            if done:
                seconds = (time.monotonic() - self._begun) / done * (self.n_jobs - done)
                left = f"; {progress.duration(seconds)} left"
        Display(live=False).note(f"job {number}{place}{': ' if setting else ''}{setting}{left}")

    def warn(self, job: Path, setting: str) -> None:
        """Print the warnings of a job that has ended in this process, those that no job before it had."""
        if not self.caller.shows or self.place is not None or self.sweep is None:
            return
        from gnicli.engine.display import Display
        from gnicli.engine.jobs import warned

        for warning in warned.unsaid(job, self.sweep.said):
            Display(live=False).note(f"job {job.name}{' ' if setting else ''}{setting}: {warning}")

    def _holds_the_same(self, folder: Path) -> bool:
        """Whether `folder` holds the sweep of these words, which then goes on; how it is launched may differ."""
        from gnicli.engine import folders

        try:
            found = folders.read_manifest(folder)
        except GniError:
            return False
        same = _of_jobs(found.get("overrides") or []) == _of_jobs(self.arguments.overrides)
        return found.get("kind") == "sweep" and found.get("command") == self.command and same

    def sweep_of_launch(self) -> Sweep:
        """The sweep, whose folder Hydra names before it launches."""
        assert self.sweep is not None
        return self.sweep

    def plan(self, first: int, words: Sequence[Sequence[str]]) -> Plan:
        """What the jobs of the sweep are, those from number `first` on included; nothing is written."""
        from gnicli.engine.jobs import plan

        begun = self.sweep_of_launch().plan or plan.Plan(
            self.command, [], _own_words(self.arguments.overrides), plan.given(self.arguments._asdict())
        )
        return begun.extended(first, words)._replace(search=self.search)

    @property
    def wishes(self) -> Wishes:
        """What is to be run again where the sweep has begun before."""
        from gnicli.engine.jobs.due import Wishes

        return Wishes(self.arguments.retry_failed, self.arguments.force, self.arguments.any_version)

    def begins_jobs(self) -> None:
        """Called before jobs start in processes of their own: what they leave is to be seen."""
        self.has_begun = True

    def clean(self) -> None:
        """Remove what Hydra created and no run wrote into, and a sweep that began no job."""
        if self.sweep is not None and self.handed_over:
            self.sweep.hand_over()
            return
        if self.sweep is not None and not self.sweep.is_new and not self.has_begun:
            self.sweep.leave()
            self.sweep = None
        if self.sweep is not None and not any(path.is_dir() for path in self.sweep.folder.glob("[0-9]*/*")):
            for path in self.sweep.folder.glob("[0-9]*"):
                _remove_if_empty(path)
            if not self.jobs and not self.has_begun:
                (self.sweep.folder / "multirun.yaml").unlink(missing_ok=True)
                self.sweep.discard()
                self.sweep = None
        for path in sorted(set(self._absent), key=lambda path: len(path.parts), reverse=True):
            _remove_if_empty(path)


# Of Hydra's own words these are the sweep's, and all others are those of its jobs too.
_OF_SWEEP = ("hydra/launcher", "hydra/sweeper", "hydra.launcher.", "hydra.sweeper.", "hydra.mode", "hydra.run.dir",
             "hydra.sweep.dir")  # fmt: skip


def _of_jobs(overrides: list[str]) -> list[str]:
    """The words of a sweep that decide what its jobs are."""
    return [word for word in overrides if not word.lstrip("+").startswith(_OF_SWEEP)]


def _own_words(overrides: list[str]) -> list[str]:
    """The words of Hydra's own that a job of the sweep needs, such as `hydra.searchpath`."""
    return [word for word in _of_jobs(overrides) if word.lstrip("+").startswith(("hydra.", "hydra/"))]


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
