"""The keys of a command as its schemas declare them: for help, completion, the reference and "did you mean".

Nothing here imports hydra or omegaconf.
"""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from typing import Any, NamedTuple

from gnicli.launch import commands, components

_WORDS: dict[object, str] = {int: "int", float: "number", str: "text", bool: "true/false", Any: "value"}


class Key(NamedTuple):
    """A key as it is typed, its type in a word, its default as it is typed, its meaning and its choices."""

    name: str
    type: str
    default: str
    meaning: str
    choices: tuple[str, ...]


def typed(value: object) -> str:
    """A value as it is typed on the command line."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(typed, value)) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}:{typed(part)}" for key, part in value.items()) + "}"
    return str(value)


def _type_word(hint: object) -> str:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return " or ".join(_type_word(part) for part in typing.get_args(hint) if part is not type(None))
    return _WORDS.get(hint) or str(getattr(hint, "__name__", hint))


def _default(field: dataclasses.Field) -> object:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return None if field.default is dataclasses.MISSING else field.default


def _of(schema: type, prefix: str, values: dict) -> list[Key]:
    """The keys of a schema, nested ones in place; `values` are what a YAML file sets over the schema's defaults."""
    hints = typing.get_type_hints(schema)
    found = []
    for field in dataclasses.fields(schema):
        hint = hints[field.name]
        if dataclasses.is_dataclass(hint) and isinstance(hint, type):
            found += _of(hint, f"{prefix}{field.name}.", values.get(field.name) or {})
            continue
        default = values.get(field.name, _default(field))
        choices = tuple(map(typed, field.metadata.get("choices", ())))
        meaning = field.metadata.get("help", "")
        found.append(Key(prefix + field.name, _type_word(hint), typed(default), meaning, choices))
    return found


@functools.cache
def _yaml(name: str) -> dict:
    import yaml

    return yaml.safe_load((components.conf_folder() / f"{name}.yaml").read_text(encoding="utf-8"))


def default_members(command: str) -> dict[str, str]:
    """The member that each group of a command has when none is named."""
    listed = [entry for entry in _yaml(commands.config_name(command))["defaults"] if isinstance(entry, dict)]
    names = {group: name for entry in listed for group, name in entry.items()}
    return {group: names[group] for group in commands.groups(command)}


def of_command(command: str) -> list[Key]:
    """The keys of a command that belong to no group."""
    groups = commands.groups(command)
    return [
        key for key in _of(commands.schema(command), "", _yaml(commands.config_name(command))) if key.name not in groups
    ]


def group_meaning(command: str, group: str) -> str:
    """The meaning of a group: one line, as the command's schema has it."""
    fields = {field.name: field for field in dataclasses.fields(commands.schema(command))}
    return str(fields[group].metadata["help"])


def of_member(group: str, name: str) -> list[Key]:
    """The keys that `<group>=<name>` brings along; its name is chosen, not typed."""
    return [key for key in _of(components.schema(group, name), f"{group}.", {}) if key.name != f"{group}.name"]


def chosen(command: str, words: list[str]) -> dict[str, str]:
    """The members named by `<group>=<name>` among the words, and the defaults of the other groups.

    Of a sweep (`noise=add,mult`) the last one counts; names that are not known are left out.
    """
    members = default_members(command)
    for word in words:
        group, sign, name = word.partition("=")
        last = name.rpartition(",")[2].strip("'\" ")
        if sign and group in members and last in components.members(group):
            members[group] = last
    return members


def all_of(command: str, words: list[str]) -> list[Key]:
    """Every key that can be typed with the members named in `words`."""
    found = of_command(command)
    for group, name in chosen(command, words).items():
        found += of_member(group, name)
    return found


def owners(name: str) -> list[str]:
    """The commands that have a group or a key of this name, the keys of a group whatever its choice."""
    group = name.partition(".")[0]
    return [
        command
        for command in commands.COMMANDS
        if group in commands.groups(command) or any(key.name == name for key in of_command(command))
    ]
