"""Words as users type them, made into words that Hydra reads as they were meant.

`group=PATH` stands for `group=file group.path=PATH`: any group whose member `file` has a key `path` takes paths. A
value is a path if no member has its name and it holds `/` or `.`, is `-` (standard input), or is a file that exists. Of
a sweep (`samples=a.csv,b.csv`) every value must be one.

Paths, and values with characters that Hydra's grammar lacks, are quoted for it; a leading `~` in a path is the home
folder, which a shell writes out only at the beginning of a word.
"""

from __future__ import annotations

import dataclasses
import os
import re

from gnicli import checks
from gnicli.errors import UsageError
from gnicli.launch import commands, components

MEMBER = "file"
KEY = "path"
# The keys whose values are paths; `run.dir` and `run.root` take one, the others may be swept.
PATH_KEYS = ("run.dir", "run.root", "source", "samples.path", "dataset.dir")
MAX_NAME_BYTES = 255  # of one part of a path, on every file system in use
_SINGLE = ("run.dir", "run.root")
_FUNCTION = re.compile(r"(choice|range|interval|glob|sort|shuffle|tag|extend_list)\(.*\)", re.DOTALL)
_STRUCTURE = frozenset("[]{}()'\"\\$")
_GRAMMAR = re.compile(r"[\w./:+\-*%@?|, ]*", re.ASCII)  # what Hydra's grammar reads without quotes


def groups(command: str) -> list[str]:
    """The groups of a command that take paths."""
    return [group for group in commands.groups(command) if _takes_paths(group)]


def _takes_paths(group: str) -> bool:
    if MEMBER not in components.members(group):
        return False
    return any(field.name == KEY for field in dataclasses.fields(components.schema(group, MEMBER)))


def expand(command: str, words: list[str]) -> list[str]:
    """The words with every `group=PATH` written out and quoted where Hydra needs it.

    `UsageError` where paths and members are mixed in one word, or a path is empty, too long or of nobody's home.
    """
    found = []
    for word in words:
        key, sign, value = word.partition("=")
        if not sign or key.startswith(("-", "~")):
            found.append(word)
        elif key.lstrip("+") in PATH_KEYS:
            found.append(f"{key}={_path_value(key.lstrip('+'), value)}")
        elif value and key in commands.groups(command) and (expanded := _expanded(key, value)):
            found += expanded
        else:
            found.append(f"{key}={_readable(value)}")
    return found


def _expanded(group: str, value: str) -> list[str] | None:
    """`group=file` and the path, or None where the value names no path."""
    parts = _parts(value)
    are_paths = [is_path(group, part) for part in parts]
    if not any(are_paths) or not _takes_paths(group):  # in this order: the second may import another package
        return None
    if not all(are_paths):
        names = ", ".join(part for part, is_path in zip(parts, are_paths, strict=True) if not is_path)
        raise UsageError(f"{group}={value}: paths and choices ({names}) cannot be swept together")
    key = f"{group}.{KEY}"
    return [f"{group}={MEMBER}", f"{key}={_listed(key, parts)}"]


def _path_value(key: str, value: str) -> str:
    """The value of a key that takes paths, quoted; what is null, a reference or a function of Hydra's stays."""
    plain = _unquoted(value)
    exists = os.path.lexists(plain)
    if value.strip() == "null" or (not exists and ("${" in value or _FUNCTION.fullmatch(value.strip()))):
        return value
    if key in _SINGLE and "," in value and plain == value.strip():
        return value  # refused where sweeps are counted
    return _listed(key, [plain] if key in _SINGLE else _parts(value))


def _parts(value: str) -> list[str]:
    """The paths of a value: one where it is quoted or there is such a file, else those between its commas."""
    plain = _unquoted(value)
    for whole in (value, plain):  # a blank at the beginning of a name is part of it where there is such a file
        if os.path.lexists(whole):
            return [whole]
    return [plain] if plain != value.strip() else [_unquoted(part) for part in value.split(",")]


def _listed(key: str, paths: list[str]) -> str:
    return ",".join(quoted(_checked(key, path)) for path in paths)


def _checked(key: str, path: str) -> str:
    """The path with its `~` written out; `UsageError` where it cannot be one."""
    if not path.strip():
        raise UsageError(f"{key}= is empty; name a path, or leave {key} out")
    if "${" in path:
        raise UsageError(f"{key}={path}: a name with '${{' cannot be given; rename the file or folder")
    if any(len(os.fsencode(part)) > MAX_NAME_BYTES for part in path.split(os.sep)):
        raise UsageError(f"{key}: a name in this path has more than {MAX_NAME_BYTES} bytes; choose a shorter one")
    return checks.home(key, path)


def _readable(value: str) -> str:
    """The value in quotes where it has characters that Hydra's grammar lacks, such as umlauts; lists stay."""
    if _GRAMMAR.fullmatch(value) or _STRUCTURE & set(value):
        return value
    return ",".join(part if _GRAMMAR.fullmatch(part) else quoted(part) for part in value.split(","))


def is_path(group: str, value: str) -> bool:
    """Whether a value of a group is meant as a path: see above."""
    if value in components.members(group) or not value:
        return False
    if os.path.lexists(value):
        return True
    # What stands in brackets is a sweep or a reference of Hydra's: choice(a,b), ${other}.
    if "${" in value or value.endswith(")"):
        return False
    return value == "-" or "/" in value or "." in value


def _unquoted(value: str) -> str:
    value = value.strip()
    return value[1:-1] if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"" else value


def in_quotes_if_needed(path: str) -> str:
    """A path as it is typed for a key that takes one: in quotes where it would be read as several, or trimmed."""
    return f"'{path}'" if "," in path or path != path.strip() or path[:1] in ("'", '"') else path


def quoted(path: str) -> str:
    """A text as a quoted word of Hydra's grammar, in which a quote and the backslashes before any quote are escaped."""
    return "'" + re.sub(r"(\\*)('|\Z)", lambda found: 2 * found[1] + ("\\'" if found[2] else ""), path) + "'"
