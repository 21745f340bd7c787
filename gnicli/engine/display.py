"""What stderr shows while something runs: one live line in a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import textwrap
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from gnicli.contracts.number_text import plain
from gnicli.engine import first_line
from gnicli.engine.first_line import stderr_is_live
from gnicli.errors import shown

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, Task
    from rich.text import Text

    from gnicli.contracts.results import Table

REDRAW_SECONDS = 0.1
PLAIN_SECONDS = 30.0
_RATE_SECONDS = 600.0  # the longest time that a rate is averaged over: rich gives none for steps that take longer


def rate_text(rate: float, unit: str) -> str:
    """A rate in three digits: `850 step/s`, or `1.8 s/step` where that reads better."""
    if rate <= 0:
        return ""
    if rate < 1:
        return f"{1 / rate:.3g} s/{unit}"
    return f"{rate:.0f} {unit}/s" if rate >= 100 else f"{rate:.3g} {unit}/s"


class Display:
    """Shows stages, progress and notes; `update` is cheap enough for ten calls a second."""

    def __init__(self, live: bool | None = None, console: Console | None = None, *, terse: bool = False) -> None:
        """`terse`, for one of many jobs: outside a terminal only what stays and a line every 30 s."""
        self._terse = terse
        self._live_wanted = stderr_is_live() if live is None else live
        self._console_given = console
        self._progress: Progress | None = None
        self._task: Task | None = None
        self._next_line = 0.0
        self._tenths_told = -1

    def _console(self) -> Console:
        if self._console_given is None:
            from rich.console import Console

            self._console_given = Console(stderr=True, highlight=False)
        return self._console_given

    def _begin(self, what: str, done: int = 0, total: int | None = None) -> Task:
        """Follow a new piece of work in place of the one before; its rate counts from here."""
        if self._progress is None:
            self._progress = _progress(self._console() if self._live_wanted else None)
        for task in self._progress.tasks:
            self._progress.remove_task(task.id)
        # One less, so that the first look is a sample, which rich counts the rate from.
        self._progress.add_task(what, total=total, completed=done - 1, line=shown(what))
        (self._task,) = self._progress.tasks
        return self._task

    def _draw(self, task: Task, line: Text) -> None:
        assert self._progress is not None
        first_line.clear()
        self._progress.update(task.id, line=line)
        self._progress.start()
        self._progress.refresh()

    def stage(self, text: str) -> None:
        """Say what is being done now."""
        if self._live_wanted:
            from rich.text import Text

            self._draw(self._begin(text), Text(shown(text), style="dim", no_wrap=True, overflow="ellipsis"))
        elif not self._terse:
            self.note(text)

    def note(self, text: str) -> None:
        """Print one line, which stays. A terminal that is narrower breaks it between words, so paths can be copied."""
        first_line.clear()
        text = shown(text)  # it may quote a stranger's file; what breaks lines is escaped too
        if self._live_wanted:
            room = self._console().width - 1
            text = "\n".join(textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False))
            self._console().print(text, markup=False, soft_wrap=True)
        else:
            sys.stderr.write(text + "\n")
            sys.stderr.flush()

    def advise(self, text: str) -> None:
        """Print a line on this machine and this moment; a job in a process of its own hands it on as well."""
        self.note(text)

    def table(self, title: str, table: Table) -> None:
        """Print a table to standard output; for a job of a sweep print nothing."""
        if self._terse:
            return
        from gnicli.engine.table_text import print_table

        if self._progress is not None and self._live_wanted:
            self._progress.stop()
        print_table(table, title)

    def update(self, what: str, done: int, total: int | None, unit: str, shown: Mapping[str, float]) -> None:
        """Show that `done` of `total` are reached. The caller limits how often this is called."""
        now = time.monotonic()
        task = self._task
        if task is None or what != task.description:
            task = self._begin(what, done, total)
            self._next_line, self._tenths_told = now + PLAIN_SECONDS, -1
        elif done < task.completed:
            task = self._begin(what, done, total)
        assert self._progress is not None
        self._progress.update(task.id, completed=done, total=total)
        parts = progress_parts(task, unit, shown)
        if self._live_wanted:
            self._draw(task, progress_line(parts, done, total, self._console()))
            return
        tenths = 10 * done // total if total and not self._terse else -1
        if now >= self._next_line or tenths > self._tenths_told:
            self.note("  ".join(parts))
            self._next_line = now + PLAIN_SECONDS
            self._tenths_told = tenths

    def close(self) -> None:
        """Remove the live line."""
        if self._progress is not None and self._live_wanted:  # stopped where nothing is live, rich prints an empty line
            self._progress.stop()
        self._progress = self._task = None


class Silent(Display):
    """A display that shows nothing."""

    def stage(self, text: str) -> None:
        """Show nothing."""

    def update(self, what: str, done: int, total: int | None, unit: str, shown: Mapping[str, float]) -> None:
        """Show nothing."""

    def note(self, text: str) -> None:
        """Show nothing."""

    def table(self, title: str, table: Table) -> None:
        """Show nothing."""

    def close(self) -> None:
        """Do nothing: there is no live line."""


def _count(number: int, unit: str) -> str:
    return f"{number / 1e6:.1f}M" if unit in ("byte", "bytes", "B") and number >= 1e5 else str(number)


def _progress(console: Console | None) -> Progress:
    """What keeps the rate of the work, and where a terminal is shows its line."""
    from rich.progress import Progress, ProgressColumn

    class Line(ProgressColumn):
        """The line as a whole: of rich's own columns a narrow terminal cuts each, in place of leaving out the last."""

        def render(self, task: Task) -> Text | str:
            line: Text | str = task.fields["line"]
            return line

    return Progress(
        Line(),
        console=console,
        auto_refresh=False,
        transient=True,
        speed_estimate_period=_RATE_SECONDS,
        get_time=lambda: time.monotonic(),
    )


def progress_parts(task: Task, unit: str, shown: Mapping[str, float]) -> list[str]:
    """The words of a progress line, most important first."""
    from rich.progress import TimeRemainingColumn

    total, rate = task.total, task.speed or 0.0
    amount = _count(int(task.completed), unit) + (f"/{_count(int(total), unit)}" if total else "")
    parts = [f"{task.description} {amount}"]
    parts += [f"{name}={plain(value, 4)}" for name, value in shown.items()]
    if rate > 0:
        parts.append(rate_text(rate / 1e6, "MB") if unit in ("byte", "bytes", "B") else rate_text(rate, unit))
        if total:
            parts.append(f"{TimeRemainingColumn().render(task).plain} left")
    return parts


def progress_line(parts: Sequence[str], done: int, total: int | None, console: Console) -> Text:
    """One line that fits: words as long as there is room for them, and a bar if there is room for all and more."""
    from rich.text import Text

    room = console.width - 1
    fitting = [part for n, part in enumerate(parts) if n == 0 or len("  ".join(parts[: n + 1])) <= room]
    line = Text(shown("  ".join(fitting)), no_wrap=True, overflow="ellipsis")
    # In steps of ten, or the bar would jitter with the length of the numbers; by hand, because rich draws nothing of
    # the rest of its bar where there are no colors.
    width = min(30, (room - len(line.plain) - 2) // 10 * 10)
    if total and width > 0 and len(parts) > 2:
        full, rest = ("#", "-") if console.options.ascii_only else ("━", "─")
        filled = min(width, width * done // total)
        line = Text.assemble((full * filled, "cyan"), (rest * (width - filled), "dim"), "  ", line)
    line.truncate(room, overflow="ellipsis")
    return line
