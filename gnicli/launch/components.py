"""The groups of components: which members each has, and their schemas for Hydra.

A built-in member is `conf/<group>/<name>.yaml` and the module `<package>/<name>.py`. Another package adds one through
an entry point of the group `gnicli.<group>` that names a schema dataclass. Nothing here imports hydra until
`register` is called.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gnicli.errors import UsageError

GROUPS = {
    "dataset": "gnicli.dataset",
    "network": "gnicli.network",
    "noise": "gnicli.noise",
    "objective": "gnicli.gradients.objective",
    "inject": "gnicli.gradients.inject",
    "track": "gnicli.training.track",
    "measure": "gnicli.measure.kinds",
    "schedule": "gnicli.training.schedule",
    "samples": "gnicli.samples",
    "potential": "gnicli.potential",
}
SCHEMA_SUFFIX = "_schema"


@dataclass(frozen=True)
class Member:
    """One choice of a group; `load` imports its module and returns the schema dataclass."""

    group: str
    name: str
    built_in: bool
    load: Callable[[], type]


def conf_folder() -> Path:
    """The folder that holds the packaged configuration."""
    return Path(importlib.import_module("gnicli.conf").__path__[0])


@functools.cache
def _installed(group: str) -> tuple[Any, ...]:
    # Imported here because it takes as long as starting Python does.
    from importlib.metadata import entry_points

    return tuple(entry_points(group=f"gnicli.{group}"))


def _built_in(package: str, name: str) -> type:
    return importlib.import_module(f"{package}.{name}").COMPONENT


def _origin(entry_point: Any) -> str:
    return entry_point.dist.name if entry_point.dist else entry_point.value


def _foreign(group: str, entry_point: Any) -> type:
    """The schema of another package's member; `UsageError` for whatever keeps it from being one."""
    try:
        found = _loaded(entry_point)
        wrong = _not_a_schema(found, entry_point.name)
    except Exception as error:
        wrong = f"cannot be loaded: {type(error).__name__}: {' '.join(str(error).split())}"
    if wrong:
        raise UsageError(f"{group}={entry_point.name} from the package {_origin(entry_point)} {wrong}")
    return found


def _loaded(entry_point: Any) -> Any:
    """Import an entry point. A module that ends the process while it is imported is as broken as one that raises."""
    import signal
    import threading

    from gnicli.engine import signals

    pressed = []
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        numbers = [getattr(signal, name) for name in signals.NAMES if hasattr(signal, name)]
        found = {number: signal.getsignal(number) for number in numbers}
        before = {number: handler for number, handler in found.items() if callable(handler)}

    def note(number: int, frame: Any) -> None:
        pressed.append(number)
        before[number](number, frame)

    for number in before:
        signal.signal(number, note)
    try:
        return entry_point.load()
    except Exception:
        raise
    except BaseException as error:
        if pressed:  # Ctrl-C or another signal, and not the module's own doing
            raise
        raise ImportError(f"its import ended with {type(error).__name__} {error}".strip()) from error
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _not_a_schema(found: Any, name: str) -> str:
    """What is missing for `found` to be the schema of a member `name`; nothing where it is one."""
    import dataclasses

    from omegaconf import OmegaConf

    if not isinstance(found, type):
        return f"is no class but {found!r:.60}; its entry point must name a class with @dataclass"
    if not dataclasses.is_dataclass(found):
        return f"is a class without @dataclass: put @dataclass above class {found.__name__}, so that its keys are known"
    fields = {field.name: field for field in dataclasses.fields(found)}
    if "name" not in fields or fields["name"].default != name:
        return f"has no key 'name' that is {name!r}: add to class {found.__name__} the line name: str = {name!r}"
    try:
        OmegaConf.structured(found)
    except Exception as error:
        return f"has a key that cannot be configured: {next(iter(str(error).splitlines()), type(error).__name__)}"
    return ""


def shadowed(words: list[str]) -> list[str]:
    """A line for each member that the words name and that another package has as well: gni's own is used."""
    lines = []
    for word in words:
        group, sign, names = word.partition("=")
        for entry_point in _installed(group) if sign and group in GROUPS else ():
            if entry_point.name in names.split(",") and members(group)[entry_point.name].built_in:
                theirs = f"the one of the package {_origin(entry_point)} is not used"
                lines.append(f"{group}={entry_point.name} is gni's own; {theirs}")
    return lines


@functools.cache
def members(group: str) -> dict[str, Member]:
    """The members of a group by name, built-in ones first, each part in alphabetical order."""
    package = GROUPS[group]
    names = sorted(path.stem for path in (conf_folder() / group).glob("*.yaml"))
    found = {name: Member(group, name, True, functools.partial(_built_in, package, name)) for name in names}
    for entry_point in sorted(_installed(group), key=lambda entry: entry.name):
        if entry_point.name not in found:
            load = functools.partial(_foreign, group, entry_point)
            found[entry_point.name] = Member(group, entry_point.name, False, load)
    return found


def schema(group: str, name: str) -> type:
    """The schema dataclass of `<group>=<name>`; `UsageError` if there is none."""
    from gnicli.launch.nearest import unknown

    found = members(group)
    if name not in found:
        raise UsageError(unknown(group, name, found))
    return found[name].load()


def register(command_schemas: dict[str, type]) -> dict[tuple[str, str], UsageError]:
    """Tell Hydra all schemas: those of the commands as `<command>_schema`, those of all members by group.

    Returns the members of other packages that could not be loaded; they matter only to those who name them.
    """
    from hydra.core.config_store import ConfigStore

    store = ConfigStore.instance()
    broken = {}
    for command, command_schema in command_schemas.items():
        store.store(name=command + SCHEMA_SUFFIX, node=command_schema, provider="gni")
    for group in GROUPS:
        for name, member in members(group).items():
            try:
                node = member.load()
            except UsageError as error:
                broken[group, name] = error
                continue
            store.store(group=group, name=name + (SCHEMA_SUFFIX if member.built_in else ""), node=node, provider="gni")
    return broken
