"""What a person sees of the jobs of a sweep: a live table in a terminal, elsewhere a line now and then."""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

from gnicli.contracts.results import Headline
from gnicli.engine import content, end_of_run, first_line, folders
from gnicli.engine.display import Display
from gnicli.engine.jobs import due, progress, warned
from gnicli.engine.jobs.processes import Ended
from gnicli.errors import shown

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

LINE_SECONDS = 1.0  # between two plain lines, those of failures aside
_MOST_ROWS = 30
_WIDEST_SETTING = 30  # characters
_MAX_LOG = 1 << 20


def labels(words: Sequence[Sequence[str]]) -> list[str]:
    """Each job in words: those that not all jobs have, as in `M=4 seed=1`."""
    common = set(words[0]).intersection(*words[1:]) if words else set()
    return [" ".join(word for word in job if word not in common) for job in words]


class Board:
    """The jobs of a sweep as `processes.run` tells of them; it records the ends that the jobs did not record."""

    def __init__(
        self,
        sweep: Path,
        names: Sequence[str],
        jobs: Sequence[int],
        *,
        alone: Callable[[int], str],
        headlines: Sequence[Headline] = (),
        shows: bool = True,
        live: bool | None = None,
        said: set[str] | None = None,
    ) -> None:
        """`names` are those of all jobs by number, `jobs` those that are run, `alone` the command that runs one.

        `headlines` are the values that are shown first, `said` the warnings that are not said again.
        """
        self._sweep, self._names, self._alone, self._headlines = sweep, names, alone, headlines
        self._total, self._shows = len(jobs), shows
        self._is_live = shows and (first_line.stderr_is_live() if live is None else live)
        self._lines = Display(live=False)
        self._running: dict[int, float] = {}
        self._ends: dict[str, int] = {}
        self._told, self._untold = 0.0, 0
        self._waited_for: set[int] = set()
        self._said: set[str] = set() if said is None else said
        self._is_advised = self._is_stopping = False
        self._seen: set[int] = set()  # jobs that have told how far they are
        self._begin = time.monotonic()
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if self._is_live and self._total:
            from rich.console import Console
            from rich.live import Live

            console = Console(stderr=True, highlight=False)
            self._live = Live(
                get_renderable=self._table, console=console, auto_refresh=False, transient=True,
                redirect_stdout=False, redirect_stderr=False,
            )  # fmt: skip
            first_line.clear()
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None
        elif self._untold:
            self._summary_line()

    def announce(self, text: str) -> None:
        """A line before the first job."""
        self._line(text)

    # ------------------------------------------------------------------------------------------------ as a watcher

    def began(self, job: int) -> None:
        """Show a job as running."""
        self._running[job] = time.monotonic()

    def ended(self, job: int, how: Ended) -> None:
        """Record and show how a job ended; a failure at once, with its folder and the command that runs it alone."""
        folder = self._sweep / str(job)
        due.settle(folder, how)
        self._running.pop(job, None)
        self._remove_traces(job)
        status, message, values = self._read(job, how)
        self._ends[status] = self._ends.get(status, 0) + 1
        name = self._name(job)
        if status in ("completed", "diverged"):
            self._done(f"{name}: {message or status}  {values}".rstrip())
        elif status == "interrupted":
            self._done(f"{name}: {message}")
        else:
            self._line(f"{name} failed: {message}  ({folder}; log: {progress.log_of(self._sweep, job)}; "
                       f"alone: {self._alone(job)})")  # fmt: skip
        for warning in warned.unsaid(folder, self._said):  # how many jobs have it is said at the end
            self._line(f"{name}: {warning}")

    def waits(self, job: int) -> None:
        """Say once for which process the sweep waits: one that another sweep left, which ends by itself."""
        if job not in self._waited_for:
            self._waited_for.add(job)
            manifest = folders.read_run(self._sweep / str(job)).manifest
            self._line(
                f"job {job} runs already (pid {manifest.get('pid')} on {manifest.get('host')}); waiting for its end"
            )

    def stopping(self) -> None:
        """Say what the stop waits for, and how to stop at once."""
        self._is_stopping = True
        n = len(self._running)
        if n:
            jobs = f"{n} jobs after their steps" if n > 1 else "a job after its step"
            self._line(f"stopping {jobs}; Ctrl-C once more, or a second signal, stops at once")

    def tick(self) -> None:
        """Draw the table anew, or tell what has not been told for a second; tell once what a long job advises."""
        self._advise()
        if self._live is not None:
            self._live.refresh()
        elif self._untold and time.monotonic() >= self._told + LINE_SECONDS:
            self._summary_line()

    # ------------------------------------------------------------------------------------------------------- reading

    def _read(self, job: int, how: Ended) -> tuple[str, str, str]:
        """Status, message and first values of a job that has ended."""
        folder = self._sweep / str(job)
        if content.is_unborn(folder) or not (folder / content.MANIFEST).exists():
            if how.stopped:
                return "interrupted", "stopped before it began", ""
            said = self._last_words(job)
            return "failed", said if said and how.exit_code > 0 else how.what_happened(), ""
        info = folders.read_run(folder)
        values = end_of_run.in_line(info.values, self._headlines)
        if info.status not in ("completed", "diverged", "interrupted", "failed"):
            return "failed", self._last_words(job) or how.what_happened(), ""
        return info.status, info.error, values

    def _last_words(self, job: int) -> str:
        """The error that a job printed last, if it printed one."""
        try:
            lines = progress.log_of(self._sweep, job).read_bytes()[-_MAX_LOG:].decode(errors="replace").splitlines()
        except OSError:
            return ""
        errors = [line.removeprefix("gni: error: ") for line in lines if line.startswith("gni: error: ")]
        return errors[-1] if errors else ""

    def _remove_traces(self, job: int) -> None:
        """Remove what a process that was killed left of its progress, and a log in which nothing is."""
        log = progress.log_of(self._sweep, job)
        with contextlib.suppress(OSError):  # nothing is lost by them
            progress.file_of(self._sweep, job).unlink(missing_ok=True)
            if not log.stat().st_size:
                log.unlink()

    # ------------------------------------------------------------------------------------------------------- showing

    def _name(self, job: int) -> str:
        return f"job {job} {self._names[job]}".rstrip()

    def _advise(self) -> None:
        """Tell the advice of the first job that has any: the others are mostly like it."""
        for job in () if self._is_advised else self._running:
            told = progress.read(progress.file_of(self._sweep, job))
            if told is not None and told.advice:
                self._is_advised = True
                self._line(told.advice)
                return

    def _line(self, text: str) -> None:
        if not self._shows:
            return
        if self._live is not None:
            self._live.console.print(shown(text), markup=False, soft_wrap=True)
        else:
            self._lines.note(text)
            self._told = time.monotonic()

    def _done(self, text: str) -> None:
        """Tell of an end now, or later in a line on several."""
        if self._live is not None:
            self._live.refresh()
        elif time.monotonic() >= self._told + LINE_SECONDS and not self._untold:
            self._line(text)
        else:
            self._untold += 1

    def _summary_line(self) -> None:
        self._untold = 0
        self._line(self._summary())

    def _summary(self) -> str:
        n_ended = sum(self._ends.values())
        counts = [f"{n} {status}" for status, n in self._ends.items()]
        if self._running:
            counts.append(f"{len(self._running)} running")
        left = self._total - n_ended - len(self._running)
        if left:
            counts.append(f"{left} to go")
        text = f"{n_ended} of {self._total} jobs ended: {', '.join(counts)}"
        if n_ended and n_ended < self._total and not self._is_stopping:
            seconds = (time.monotonic() - self._begin) / n_ended * (self._total - n_ended)
            text += f"; about {progress.duration(seconds)} left"
        return text

    def _table(self) -> RenderableType:
        """The sum and a line for each running job; what does not fit into the width is cut from the end of a line."""
        from rich.console import Group
        from rich.text import Text

        rows = [self._cells(job, began) for job, began in list(self._running.items())[:_MOST_ROWS]]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        line = functools.partial(Text, no_wrap=True, overflow="ellipsis")
        return Group(line(self._summary(), style="dim"), *map(line, lines))

    def _cells(self, job: int, began: float) -> tuple[str, ...]:
        """Number, setting, time and progress of a running job."""
        told = progress.read(progress.file_of(self._sweep, job))
        if told is not None:
            self._seen.add(job)
        how_far = told.words() if told is not None else "ending" if job in self._seen else "starting"
        setting = self._names[job]
        setting = setting if len(setting) <= _WIDEST_SETTING else f"{setting[: _WIDEST_SETTING - 1]}…"
        return f"job {job}", shown(setting), progress.duration(time.monotonic() - began), shown(how_far)
