"""How a run ended: what the engine returns of it, and an error in one line."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from gnicli.contracts.results import Value
from gnicli.errors import GniError

DIVERGED_EXIT_CODE = 4


class Outcome(NamedTuple):
    """How a run ended: `exit_code` is 0, 4 (diverged), 75 or 130 (interrupted), or the error's; `message` one line.

    In a sweep 75 or 130 asks to start no further job, even where this one was completed in spite of the signal.
    """

    status: str
    folder: Path
    exit_code: int
    message: str
    values: dict[str, Value]


def first_line(error: BaseException) -> str:
    """An error in one line; a bug is named with its type."""
    text = next((line for line in str(error).splitlines() if line.strip()), "")
    if isinstance(error, GniError) and text:
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
