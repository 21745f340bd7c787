"""The components as Hydra and the command line know them: their schemas, and the folder of their configuration.

Which components there are is the business of `registry`. No member needs a YAML file: `register` tells Hydra the
schemas. Nothing here imports hydra until it is called.
"""

from __future__ import annotations

import functools
import importlib
from pathlib import Path

from gnicli import registry
from gnicli.errors import UsageError
from gnicli.registry import GROUPS, Member, members

NO_EXPERIMENT = "experiment/none"
NO_PROTOCOL = "protocol/none"
NO_BUDGET = "budget/none"
SCHEMA_SUFFIX = "_schema"  # of the schema of a command, beside the YAML file that bears the command's name


def conf_folder() -> Path:
    """The folder that holds the packaged configuration."""
    return Path(importlib.import_module("gnicli.conf").__path__[0])


def shadowed(words: list[str]) -> list[str]:
    """A line for each member that the words name and that another package has as well: gni's own is used."""
    lines = []
    for word in words:
        group, sign, names = word.partition("=")
        for entry_point in registry.installed(group) if sign and group in GROUPS else ():
            if entry_point.name in names.split(",") and members(group)[entry_point.name].built_in:
                theirs = f"the one of the package {registry.origin(entry_point)} is not used"
                lines.append(f"{group}={entry_point.name} is gni's own; {theirs}")
    return lines


def schema(group: str, name: str) -> type:
    """The schema dataclass of `<group>=<name>`; `UsageError` if there is none."""
    from gnicli.launch.did_you_mean import unknown

    found = members(group)
    if name not in found:
        raise UsageError(unknown(group, name, found))
    return _configurable(found[name])


@functools.cache
def _configurable(member: Member) -> type:
    """The dataclass of a member; `UsageError` where another package's has a key of a type that no key can have."""
    found = member.load()
    if not member.built_in:
        from omegaconf import OmegaConf

        try:
            OmegaConf.structured(found)
        except Exception as error:
            why = next(iter(str(error).splitlines()), type(error).__name__)
            whose = f"{member.group}={member.name} from the package {member.origin}"
            raise UsageError(f"{whose} has a key that cannot be configured: {why}") from error
    return found


Broken = dict[tuple[str, str], UsageError]

# What was registered last, and what of it is broken.
_registered: tuple[list[object], Broken] | None = None


def register(command_schemas: dict[str, type]) -> Broken:
    """Tell Hydra all schemas: those of the commands as `<command>_schema`, those of all members by group.

    `experiment=none`, `protocol=none` and `budget=none`, from which commands start, have no keys: they are registered
    too.
    Returns the members of other packages that could not be loaded; they matter only to those who name them.
    It takes a while, so what is registered already is not registered again.
    """
    global _registered
    wanted: list[object] = [*command_schemas.values(), *map(members, GROUPS)]
    if _registered is None or not _are_same(wanted, _registered[0]):
        _registered = wanted, _register(command_schemas)
    return _registered[1]


def _are_same(one: list[object], other: list[object]) -> bool:
    return len(one) == len(other) and all(mine is theirs for mine, theirs in zip(one, other, strict=True))


def _register(command_schemas: dict[str, type]) -> Broken:
    from gnicli.launch.hydra_versions import hasten, store

    hasten()
    broken: Broken = {}
    for command, command_schema in command_schemas.items():
        store(name=command + SCHEMA_SUFFIX, node=command_schema)
    for group in GROUPS:
        for name, member in members(group).items():
            try:
                node = _configurable(member)
            except UsageError as error:
                broken[group, name] = error
                continue
            store(group=group, name=name, node=node)
    for nothing in (NO_EXPERIMENT, NO_PROTOCOL, NO_BUDGET):
        group, _, name = nothing.partition("/")
        store(group=group, name=name, node={}, package="_global_")
    return broken
