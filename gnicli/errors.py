"""The errors a user can meet, each with the exit code the command line gives it.

Raise one of these, with a message of one line that says what was given, what is allowed and what to do.
Anything else that escapes is a bug of gni and is reported as such (exit code 1).
"""

from __future__ import annotations


class GniError(Exception):
    """A run failed for a reason that the user can act on."""

    exit_code = 1


class UsageError(GniError):
    """A wrong argument, key, value or combination of them."""

    exit_code = 2


class DataError(GniError):
    """Data that is absent, damaged or not what it claims to be."""

    exit_code = 3


class NumericalError(GniError):
    """A computation that has no finite answer (a diverged run, a sample without spread)."""

    exit_code = 4


class ConflictError(GniError):
    """A folder, lock or checkpoint that belongs to another run or another configuration."""

    exit_code = 5


class ResourceError(GniError):
    """The machine lacks something: disk, permission, device, version."""

    exit_code = 6


class Interrupted(GniError):  # noqa: N818 - a request that was honored, not an error
    """A signal stopped the run after its state was saved; `gni resume` continues it."""

    exit_code = 75

    def __init__(self, message: str, *, by_keyboard: bool = False) -> None:
        super().__init__(message)
        if by_keyboard:
            self.exit_code = 130
