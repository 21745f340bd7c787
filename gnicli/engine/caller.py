"""Who starts a run. Nothing here imports anything heavy."""

from __future__ import annotations

from typing import NamedTuple


class Caller(NamedTuple):
    """Who starts a run: whether anything is shown, and whether the process is there for the run alone.

    In a process that is somebody else's only Ctrl-C is looked at while a run lasts, and nothing ends the process.
    """

    shows: bool = True
    owns_process: bool = True


COMMAND_LINE = Caller()
