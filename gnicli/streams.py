"""Standard output and standard error as they may be: closed, full, or with nobody left to read them.

What is printed matters less than the run that prints it: a run goes on when a reader leaves (`| head -1`), a terminal
closes or the disk behind a redirection is full. `prepare` makes both streams so, and `lost` gives the command line the
first error afterwards.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import TextIO


class Spared(io.TextIOWrapper):
    """A text stream whose writer never meets an error: the first one is kept as `error`, and the rest goes nowhere."""

    error: OSError | None = None
    _beneath: io.TextIOWrapper | None = None

    @classmethod
    def over(cls, stream: io.TextIOWrapper) -> Spared:
        """The same stream, spared. Characters that its encoding lacks are written as escapes."""
        spared = cls(
            stream.buffer,
            encoding=stream.encoding,
            errors="backslashreplace",
            line_buffering=stream.line_buffering,
            write_through=stream.write_through,
        )
        spared._beneath = stream  # which closes the buffer when it goes
        return spared

    def write(self, text: str, /) -> int:
        """Write as far as the stream takes it; returns the number of characters given."""
        try:
            super().write(text)
        except OSError as error:
            self._give_up(error)
        return len(text)

    def flush(self) -> None:
        """Flush as far as the stream takes it."""
        try:
            super().flush()
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        # What is left in the buffers must go somewhere too, or the flush at the end of the process fails.
        self.error = self.error or error
        with contextlib.suppress(OSError, ValueError):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, self.fileno())
            os.close(null)


def prepare() -> None:
    """Make this process's standard streams fit to be written to, whatever becomes of them; done once.

    A process may start without them (`>&-`, as daemons do): then they lead to the null device, since the next file
    that is opened would otherwise get the number of standard output, and whatever a library prints.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number: this one
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "w" if number else "r", encoding="utf-8", closefd=False))  # noqa: SIM115 - for good
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if type(stream) is io.TextIOWrapper:
            setattr(sys, name, Spared.over(stream))


def lost(stream: TextIO) -> OSError | None:
    """Why `stream` could not take all that was written to it; None where it took all, after a flush."""
    stream.flush()
    return stream.error if isinstance(stream, Spared) else None
