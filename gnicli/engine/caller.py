"""Who starts a run. Nothing here imports anything heavy."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Caller(NamedTuple):
    """Who starts a run: whether anything is shown, and whether the process is there for the run alone.

    In a process that is somebody else's only Ctrl-C is looked at while a run lasts, and nothing ends the process.
    A job in a process of its own writes to the file `progress` how far it is.
    """

    shows: bool = True
    owns_process: bool = True
    progress: Path | None = None


COMMAND_LINE = Caller()
