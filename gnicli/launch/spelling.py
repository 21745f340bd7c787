"""Values of Python as they are typed on the command line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from os import PathLike, fspath

from gnicli.errors import UsageError
from gnicli.launch import commands, path_shorthand, schema_keys

_PLAIN = re.compile(r"[A-Za-z_][\w./-]*", re.ASCII)
_READ_OTHERWISE = ("null", "none", "true", "false", "yes", "no", "on", "off", "inf", "nan")


def words_of(command: str, given: Mapping[str, object], *, swept: bool = False) -> list[str]:
    """Arguments as words of the command line; with `swept` lists, tuples and ranges are values to run one by one.

    Raises `UsageError` for what has no spelling there, such as an object of a class.
    """
    found = []
    for name, value in given.items():
        if isinstance(value, Mapping) and _has_keys(command, name):
            parts = dict(value)
            if "name" in parts and name in commands.groups(command):
                found.append(f"{name}={_spelled(name, parts.pop('name'))}")
            found += words_of(command, {f"{name}.{part}": one for part, one in parts.items()}, swept=swept)
        elif swept and isinstance(value, list | tuple | range):
            found.append(f"{name}={','.join(_spelled(name, one) for one in value)}")
        else:
            found.append(f"{name}={_spelled(name, value)}")
    return found


def _has_keys(command: str, name: str) -> bool:
    """Whether a name is that of a group of keys: of a component, or of `optimizer` and the like."""
    own = schema_keys.of_command(command)
    return name in commands.groups(command) or any(key.name.startswith(f"{name}.") for key in own)


def _spelled(name: str, value: object) -> str:
    """A value as it is typed for the key `name`; within lists and tables the key is ""."""
    if value is None or isinstance(value, bool):
        return schema_keys.typed(value)
    if isinstance(value, PathLike) or (isinstance(value, str) and name in path_shorthand.PATH_KEYS):
        return path_shorthand.in_quotes_if_needed(fspath(value))
    if isinstance(value, str):
        is_plain = _PLAIN.fullmatch(value) and value.casefold() not in _READ_OTHERWISE
        is_choice = bool(name) and "." not in name and value.isidentifier()  # noise=none
        return value if is_plain or is_choice else path_shorthand.quoted(value)
    if hasattr(value, "tolist"):  # of NumPy and torch
        value = value.tolist()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{part}:{_spelled('', one)}" for part, one in value.items()) + "}"
    if isinstance(value, Iterable):
        return "[" + ",".join(_spelled("", one) for one in value) + "]"
    raise UsageError(f"{name}: expected a number, a text, a list or a table of keys, got {type(value).__name__}")
