"""The components by group and name: those of gni, and those that other packages bring.

A built-in member is a module `<package>/<name>.py` that says `COMPONENT = <its dataclass>`. Another package adds one
through an entry point of the group `gnicli.<group>` that names a dataclass. Nothing is imported before it is asked for.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import signal
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, FunctionType
from typing import TYPE_CHECKING, Literal, overload

from gnicli import checks
from gnicli.contracts.components import PROTOCOLS
from gnicli.errors import FieldError, UsageError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from gnicli.contracts.components import Component, Dataset, Logger, Noise, Potential

GROUPS = {
    "dataset": "gnicli.dataset",
    "network": "gnicli.network",
    "noise": "gnicli.noise",
    "objective": "gnicli.gradients.objective",
    "inject": "gnicli.gradients.inject",
    "track": "gnicli.training.track",
    "logger": "gnicli.engine.logger",
    "measure": "gnicli.measure.kinds",
    "schedule": "gnicli.training.schedule",
    "samples": "gnicli.samples",
    "potential": "gnicli.potential",
}


@dataclass(frozen=True)
class Member:
    """One choice of a group; `load` imports its module and returns the dataclass, `origin` is another's package."""

    group: str
    name: str
    load: Callable[[], type]
    origin: str | None = None

    @property
    def built_in(self) -> bool:
        """Whether it is gni's own."""
        return self.origin is None


@functools.cache
def own_names(group: str) -> tuple[str, ...]:
    """The names of gni's own members, found without importing them: help lists names alone."""
    folder = Path(__file__).parent.joinpath(*GROUPS[group].split(".")[1:])
    return tuple(sorted(path.stem for path in folder.glob("*.py") if b"\nCOMPONENT = " in path.read_bytes()))


@functools.cache
def installed(group: str) -> tuple[EntryPoint, ...]:
    """The entry points of other packages, also of members that gni has itself."""
    # Imported here because it takes as long as starting Python does.
    from importlib.metadata import entry_points

    return tuple(entry_points(group=f"gnicli.{group}"))


@functools.cache
def members(group: str) -> dict[str, Member]:
    """The members of a group by name, built-in ones first, each part in alphabetical order."""
    found = {name: Member(group, name, functools.partial(_own, group, name)) for name in own_names(group)}
    for entry_point in sorted(installed(group), key=lambda entry: entry.name):
        if entry_point.name not in found:
            load = functools.partial(_foreign, group, entry_point)
            found[entry_point.name] = Member(group, entry_point.name, load, origin(entry_point))
    return found


def find(group: str, name: object, key: str | None = None) -> type:
    """The dataclass of the member `name`.

    Raises `UsageError`, which names `key` (default: the group), where there is none or it cannot be loaded.
    """
    if isinstance(name, str) and name in own_names(group):
        return _own(group, name)
    checks.choice(key or group, name, members(group))
    return members(group)[str(name)].load()


@overload
def build(group: Literal["dataset"], values: str | Mapping[str, object], key: str | None = None) -> Dataset: ...
@overload
def build(group: Literal["noise"], values: str | Mapping[str, object], key: str | None = None) -> Noise: ...
@overload
def build(group: Literal["potential"], values: str | Mapping[str, object], key: str | None = None) -> Potential: ...
@overload
def build(group: Literal["logger"], values: str | Mapping[str, object], key: str | None = None) -> Logger: ...
@overload
def build(group: str, values: str | Mapping[str, object], key: str | None = None) -> Component: ...
def build(group: str, values: str | Mapping[str, object], key: str | None = None) -> Component:
    """The member that `values` describe: its name, or a mapping of `name` and its keys.

    Raises `UsageError` as `find` does, for keys that the member has not, and for their values: these are named as the
    member does, and where `key` is given as its parts.
    """
    given = {"name": values} if isinstance(values, str) else dict(values)
    schema = find(group, given.get("name"), key)
    unknown = set(given) - {field.name for field in dataclasses.fields(schema)}
    if unknown:
        which = ", ".join(sorted(map(str, unknown)))
        raise FieldError(key or group, f": {given['name']} has no key {which}: {given!r}")
    try:
        built: Component = schema(**given)
    except FieldError as error:
        raise error if key is None else error.of(group, key) from None
    return built


# ------------------------------------------------------------------------------------------------------------- loading


def _own(group: str, name: str) -> type:
    found: type = importlib.import_module(f"{GROUPS[group]}.{name}").COMPONENT
    return found


def origin(entry_point: EntryPoint) -> str:
    """The package that an entry point is from."""
    return entry_point.dist.name if entry_point.dist else entry_point.value


def _foreign(group: str, entry_point: EntryPoint) -> type:
    """The dataclass of another package's member; `UsageError` for whatever keeps it from being one."""
    found = None
    try:
        found = load_guarded(entry_point)
        wrong = _not_a_schema(group, found, entry_point.name)
    except Exception as error:
        wrong = f"cannot be loaded: {type(error).__name__}: {' '.join(str(error).split())}"
    if wrong or not isinstance(found, type):
        raise UsageError(f"{group}={entry_point.name} from the package {origin(entry_point)} {wrong}")
    return found


def load_guarded(entry_point: EntryPoint) -> object:
    """Import an entry point. A module that ends the process while it is imported is as broken as one that raises."""
    pressed = []
    before: dict[int, Callable[[int, FrameType | None], object]] = {}
    if threading.current_thread() is threading.main_thread():
        found = {number: signal.getsignal(number) for number in signal.valid_signals()}
        before = {number: handler for number, handler in found.items() if callable(handler)}

    def note(number: int, frame: FrameType | None) -> None:
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


def _not_a_schema(group: str, found: object, name: str) -> str:
    """What is missing for `found` to be the dataclass of a member `name` of a group; nothing where it is one."""
    if not isinstance(found, type):
        return f"is no class but {found!r:.60}; its entry point must name a class with @dataclass"
    if not dataclasses.is_dataclass(found):
        return f"is a class without @dataclass: put @dataclass above class {found.__name__}, so that its keys are known"
    fields = {field.name: field for field in dataclasses.fields(found)}
    if "name" not in fields or fields["name"].default != name:
        return f"has no key 'name' that is {name!r}: add to class {found.__name__} the line name: str = {name!r}"
    lacking = _lacking(group, found, set(fields))
    if lacking:
        return f"lacks what every {group}= has: add to class {found.__name__} {', '.join(lacking)}"
    return ""


def _lacking(group: str, schema: type, fields: set[str]) -> list[str]:
    """The methods and attributes of its group's protocol that a dataclass has not, as one writes them.

    A class may set attributes in `__post_init__`, and where it has one these are left to it.
    """
    protocol, lacking = PROTOCOLS[group], []
    for name, part in vars(protocol).items():
        if isinstance(part, FunctionType) and not name.startswith("_") and not callable(getattr(schema, name, None)):
            arguments = part.__code__.co_varnames[: part.__code__.co_argcount]
            lacking.append(f"the method {name}({', '.join(arguments)})")
    if not hasattr(schema, "__post_init__"):
        properties = [name for name, part in vars(protocol).items() if isinstance(part, property)]
        for name in [*protocol.__annotations__, *properties]:
            if name not in fields and not hasattr(schema, name):
                lacking.append(f"the attribute {name}")
    return lacking
