"""`group=PATH` for `group=file group.path=PATH`: any group whose member `file` has a key `path` takes paths.

A value is a path if no member has its name and it holds `/` or `.`, is `-` (standard input), or is a file that exists.
Of a sweep (`samples=a.csv,b.csv`) every value must be one.
"""

from __future__ import annotations

import dataclasses
import os

from gnicli.errors import UsageError
from gnicli.launch import commands, components

MEMBER = "file"
KEY = "path"


def groups(command: str) -> list[str]:
    """The groups of a command that take paths."""
    return [group for group in commands.groups(command) if _takes_paths(group)]


def _takes_paths(group: str) -> bool:
    if MEMBER not in components.members(group):
        return False
    return any(field.name == KEY for field in dataclasses.fields(components.schema(group, MEMBER)))


def expand(command: str, words: list[str]) -> list[str]:
    """The words with every `group=PATH` written out. `UsageError` where paths and members are mixed in one word."""
    found = []
    for word in words:
        group, sign, value = word.partition("=")
        if sign and value and not group.startswith("-") and group in groups(command):
            found += _expanded(group, value) or [word]
        else:
            found.append(word)
    return found


def _expanded(group: str, value: str) -> list[str] | None:
    """`group=file` and the path, or None where the value names no path."""
    plain = _unquoted(value)
    parts = [plain] if plain != value or os.path.exists(plain) else [_unquoted(part) for part in value.split(",")]
    are_paths = [_is_path(group, part) for part in parts]
    if not any(are_paths):
        return None
    if not all(are_paths):
        names = ", ".join(part for part, is_path in zip(parts, are_paths, strict=True) if not is_path)
        raise UsageError(f"{group}={value}: paths and choices ({names}) cannot be swept together")
    return [f"{group}={MEMBER}", f"{group}.{KEY}={','.join(map(_quoted, parts))}"]


def _is_path(group: str, value: str) -> bool:
    if value in components.members(group) or not value:
        return False
    # What stands in brackets is a sweep or a reference of Hydra's: choice(a,b), ${other}.
    if "${" in value or (value.endswith(")") and not os.path.exists(value)):
        return False
    return value == "-" or "/" in value or "." in value or os.path.exists(value)


def _unquoted(value: str) -> str:
    value = value.strip()
    return value[1:-1] if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"" else value


def _quoted(path: str) -> str:
    """A path as a quoted word of Hydra's grammar, in which a quote and the backslashes before it are escaped."""
    escaped = path.replace("\\'", "\\\\'").replace("'", "\\'")
    return "'" + escaped + ("\\" if escaped.endswith("\\") else "") + "'"
