"""Where a run folder can be, and how its path is written in a command to copy."""

from __future__ import annotations

import contextlib
import os
import shlex
from pathlib import Path

from gnicli.errors import ConflictError, UsageError

_LONGEST_NAME = 255  # bytes, on all common file systems
_LONGEST_PATH = 4096


def resume_command(folder: Path) -> str:
    """The command that resumes a run, as a shell takes it."""
    return f"gni resume {shell_word(folder)}"


def stopped_message(folder: Path, saved_step: int | None, stopped_step: int | None = None) -> str:
    """What is said of a run that was stopped: what was saved, and the command that goes on.

    `saved_step` is the step of the last checkpoint, None without one; `stopped_step` the step at which the run stopped,
    None in the middle of one.
    """
    if saved_step is None:
        where = "stopped before the first checkpoint"
    elif saved_step == stopped_step:
        where = f"stopped at step {saved_step}; saved"
    else:
        where = f"stopped; last saved at step {saved_step}"
    return f"{where}. Go on with: {resume_command(folder)}"


def shell_word(text: str | os.PathLike[str]) -> str:
    """A path or a word in one line that a shell reads back as it is."""
    word = os.fspath(text)
    if word.startswith("-"):
        word = f"./{word}"
    if word.isprintable():
        return shlex.quote(word)
    escaped = (c if c.isprintable() and c not in "'\\" else _ansi(c) for c in word)
    return f"$'{''.join(escaped)}'"


def _ansi(character: str) -> str:
    if character in "'\\":
        return "\\" + character
    return "".join(f"\\x{byte:02x}" for byte in os.fsencode(character))


def check_place(folder: Path) -> None:
    """Refuse what can never be a run folder, before anything is created there.

    Raises `UsageError` for a name that no file system takes, `ConflictError` where a file is in the way.
    """
    names = folder.parts
    encoded = [len(os.fsencode(name)) for name in names]
    if "\0" in str(folder) or max(encoded, default=0) > _LONGEST_NAME or sum(encoded) + len(names) > _LONGEST_PATH:
        shown = str(folder).replace("\0", "\\0")
        raise UsageError(
            f"{shown[:60]}… is no name for a folder: a part of a path has at most {_LONGEST_NAME} bytes, the whole "
            f"{_LONGEST_PATH}, and none is zero; choose another run.dir"
        )
    for path in (folder, *folder.parents):
        with contextlib.suppress(OSError):  # no permission to look: whoever creates the folder will say so
            if path.exists():
                if not path.is_dir():
                    raise ConflictError(f"{folder}: {path} is a file, not a folder; choose another run.dir")
                return
            if path.is_symlink():
                raise ConflictError(f"{folder}: {path} is a link to nothing; choose another run.dir")
