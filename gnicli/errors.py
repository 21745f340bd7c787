"""The errors a user can meet, each with the exit code the command line gives it.

Raise one of these, with a message of one line that says what was given, what is allowed and what to do.
Anything else that escapes is a bug of gni and is reported as such (exit code 1). `Interrupted` is a request to stop and
none of them.

What a message quotes may come from a stranger's file. `GniError` therefore passes it through `shown` and `redacted`,
and so does all else that shows names out of files.
"""

from __future__ import annotations

import re
import unicodedata

# What is in front of the @ of a URL; a user name may be in it alone.
_CREDENTIALS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)[^/\s?#\"'<>]*@")


def shown(text: str) -> str:
    r"""The text with everything escaped that is no character to look at, as in \x1b; one line, whatever it was.

    Escaped are control characters, marks that change the direction of writing, line separators, and the bytes of a
    file name that are no UTF-8.
    """
    if text.isprintable():
        return text
    return "".join(_escaped(character) for character in text)


def _escaped(character: str) -> str:
    if character.isprintable() or unicodedata.category(character) == "Zs":
        return character
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # how Python holds a byte that is no UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def redacted(text: str) -> str:
    """The text with the user names and passwords of the URLs in it replaced by ***."""
    return _CREDENTIALS.sub(r"\1***@", text) if "@" in text else text


def safe(message: str) -> str:
    """The message of an error: in one line, without control characters and without passwords of URLs."""
    return redacted(shown(str(message)))


class GniError(Exception):
    """A run failed for a reason that the user can act on.

    The message is one line without control characters and without passwords of URLs, whatever went into it.
    """

    exit_code = 1

    def __init__(self, message: str = "") -> None:
        super().__init__(safe(message))

    def at(self, place: str) -> GniError:
        """The same error with the place where it came up in front of its message."""
        return type(self)(f"{place}: {self}")


class UsageError(GniError, ValueError):
    """A wrong argument, key, value or combination of them; from Python a `ValueError` too."""

    exit_code = 2


class FieldError(UsageError):
    """A value that a field cannot take: the message is the field's name and, right behind it, what is wrong.

    A component names its field alone. Whoever read the component from a configuration says where the field is (`of`).
    """

    def __init__(self, field: str, wrong: str) -> None:
        super().__init__(f"{field}{wrong}")
        self.field, self.wrong = field, wrong

    def __reduce__(self) -> tuple[type[FieldError], tuple[str, str]]:
        return type(self), (self.field, self.wrong)

    def at(self, place: str) -> FieldError:
        """The same error with the place where it came up in front of its message."""
        return type(self)(f"{place}: {self.field}", self.wrong)

    def of(self, group: str, place: str | None = None) -> FieldError:
        """The same of the field of a component of `group`, which stands at the key `place` (default: the group).

        A component may name its field with its group as well: such a name stays as it is.
        """
        if self.field.startswith(f"{group}."):
            return self
        return type(self)(f"{place or group}.{self.field}", self.wrong)


class DataError(GniError):
    """Data that is absent, damaged or not what it claims to be."""

    exit_code = 3


class NoSuchFileError(DataError):
    """A file that was named and is not there: a slip like a wrong key, after which nothing is left behind either."""


class NumericalError(GniError):
    """A computation that has no finite answer (a diverged run, a sample without spread)."""

    exit_code = 4


class ConflictError(GniError):
    """A folder, lock or checkpoint that belongs to another run or another configuration."""

    exit_code = 5


class ResourceError(GniError):
    """The machine lacks something: disk, permission, device, version."""

    exit_code = 6


class Interrupted(BaseException):
    """A signal stopped the run after its state was saved; `gni resume` continues it.

    Like `KeyboardInterrupt` it is no `Exception`: work that goes on after an error, with the next group of samples or
    the next fit, must not go on after a request to stop.
    """

    exit_code = 75

    def __init__(self, message: str, *, by_keyboard: bool = False) -> None:
        super().__init__(safe(message))
        if by_keyboard:
            self.exit_code = 130
