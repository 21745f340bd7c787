"""What a terminal shows while a command is being read, before there is a display: one line, taken away by what follows.

Reading a configuration and importing torch take seconds on a busy machine, and a person wants to see that the command
was understood. Outside a terminal nothing is written: a log needs no such line. Nothing here imports rich.
"""

from __future__ import annotations

import os
import sys

_is_shown = False


def stderr_is_live() -> bool:
    """Whether stderr is a terminal that can rewrite a line."""
    return sys.stderr.isatty() and os.environ.get("TERM", "") not in ("dumb", "")


def show(text: str) -> None:
    """Show a line that stays until `clear`."""
    global _is_shown
    if stderr_is_live():
        sys.stderr.write(f"\r\x1b[2m{text}\x1b[0m\x1b[K")
        sys.stderr.flush()
        _is_shown = True


def clear() -> None:
    """Take the line away, if there is one."""
    global _is_shown
    if _is_shown:
        _is_shown = False
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
