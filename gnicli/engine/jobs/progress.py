"""How far a job is: a small file in the sweep's folder `logs`, written by the job, read by whoever shows the sweep."""

from __future__ import annotations

import contextlib
import json
import math
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from gnicli import files
from gnicli.engine.caller import Caller
from gnicli.engine.content import LOGS
from gnicli.engine.display import Display, Silent
from gnicli.errors import DataError

EVERY_SECONDS = 1.0
_MAX_BYTES = 4096


class Progress(NamedTuple):
    """`done` of `total` pieces of the work `what` are reached; `seconds_left` is None where it is not known.

    `advice` is a sentence on how long the job takes and what takes less; "" where there is none.
    """

    what: str
    done: int
    total: int | None
    seconds_left: float | None
    advice: str = ""

    def words(self) -> str:
        """As in `step 120/2000  0:00:12 left`."""
        amount = f"{self.done}/{self.total}" if self.total else str(self.done)
        left = "" if self.seconds_left is None else f"  {duration(self.seconds_left)} left"
        return f"{self.what} {amount}{left}"


def duration(seconds: float) -> str:
    """Hours, minutes and seconds, as in 0:02:10."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def log_of(sweep: Path, job: int) -> Path:
    """Where what a job prints goes."""
    return sweep / LOGS / f"{job}.log"


def file_of(sweep: Path, job: int) -> Path:
    """Where a job says how far it is."""
    return sweep / LOGS / f"{job}.progress"


def read(path: Path) -> Progress | None:
    """What a job has said last; None where it has said nothing, or nothing that can be read."""
    try:
        found = json.loads(files.read_regular(path, _MAX_BYTES))
    except (OSError, ValueError, DataError, RecursionError):
        return None
    if not isinstance(found, list) or len(found) != len(Progress._fields):
        return None
    what, done, total, left, advice = found
    if (
        not isinstance(what, str)
        or not isinstance(advice, str)
        or not _count(done)
        or not (total is None or _count(total))
    ):
        return None
    known = isinstance(left, int | float) and not isinstance(left, bool) and math.isfinite(left) and 0 <= left < 1e9
    return Progress(what, done, total, float(left) if known else None, advice)


def _count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


class Reporting(Display):
    """The display of a job in a process of its own: lines go to its log, and its progress to a file."""

    def __init__(self, path: Path) -> None:
        super().__init__(live=False, terse=True)
        self._path = path
        self._next_word = 0.0
        self._advice = ""

    def update(self, what: str, done: int, total: int | None, unit: str, shown: Mapping[str, float]) -> None:
        """Write down, at most once a second, that `done` of `total` are reached."""
        super().update(what, done, total, unit, shown)
        now = time.monotonic()
        if now >= self._next_word and self._task is not None:
            self._next_word = now + EVERY_SECONDS
            self._write(Progress(what, done, total, self._task.time_remaining, self._advice))

    def advise(self, text: str) -> None:
        """Let whoever shows the sweep tell the sentence, which goes to the log too."""
        super().advise(text)
        self._advice, self._next_word = text, 0.0

    def close(self) -> None:
        """Remove the file: the folder of the run says how it ended."""
        super().close()
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _write(self, progress: Progress) -> None:
        # Neither synced nor worth an error: the next second brings the next one.
        temporary = self._path.with_suffix(".part")
        with contextlib.suppress(OSError):
            temporary.write_text(json.dumps(progress))
            os.replace(temporary, self._path)


def display_of(caller: Caller, in_sweep: bool) -> Display:
    """The display of a run that `caller` starts: for a job in a process of its own the one that reports."""
    if caller.progress is not None:
        return Reporting(caller.progress)
    return Display(terse=in_sweep) if caller.shows else Silent()
