"""The folder of another run, for keys such as `source=outputs/train/…`: which run it is, its keys, its components."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

from gnicli import checks, registry
from gnicli.engine import folders, places, records
from gnicli.errors import DataError, UsageError


class Dataclass(Protocol):
    """Any instance of a dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


Keys = TypeVar("Keys", bound=Dataclass)


def folder_of(source: str, command: str, statuses: Collection[str]) -> Path:
    """The folder, if it is a run of `command` with one of `statuses`; `UsageError` where it is not."""
    folder = Path(checks.home("source", source))
    if not folder.is_dir():
        raise UsageError(f"source={folder}: no such folder; give one that gni {command} printed")
    manifest = folders.read_manifest(folder)
    if manifest.get("command") != command or manifest.get("kind") != "run":
        found = f"{manifest.get('kind')} of gni {manifest.get('command')}"
        raise UsageError(f"source={folder} is a {found}; give a run of gni {command}")
    if manifest.get("status") not in statuses:
        raise UsageError(f"source={folder} is {manifest.get('status')}; {places.resume_command(folder)} may finish it")
    return folder


def _first_line(error: BaseException) -> str:
    return next((line.strip()[:200] for line in str(error).splitlines() if line.strip()), type(error).__name__)


def saved_config(folder: Path) -> dict[str, Any]:
    """The keys of the run; `DataError` where they cannot be read."""
    return records.read_config(folder)


def key_of(config: Any, name: str, default: Any, saved: dict[str, Any], folder: Path) -> Any:
    """The source's value of a plain key; a key typed otherwise is refused rather than passed over."""
    if name not in saved:
        raise DataError(f"{folder}: its configuration lacks {name}; make the run anew")
    given = getattr(config, name)
    if given not in (default, saved[name]):
        raise UsageError(
            f"{name}={given} contradicts the source, which has {name}={saved[name]}; leave it out, or make the run anew"
        )
    return saved[name]


def rebuilt(config: Keys, changes: dict[str, Any], folder: Path) -> Keys:
    """`config` with the source's keys; `DataError` where its schema refuses one, since the source is to blame."""
    try:
        return dataclasses.replace(config, **changes)
    except (TypeError, ValueError, AttributeError, UsageError) as error:
        raise DataError(f"{folder}: its configuration is damaged: {_first_line(error)}") from error


def component_of(group: str, config: Any, saved: dict[str, Any], folder: Path) -> Any:
    """The source's member of a group; one typed with other keys is refused rather than passed over."""
    values = dict(saved[group]) if isinstance(saved.get(group), dict) else {}
    name = str(values.get("name"))
    chosen = getattr(config, group)
    member: Any = type(chosen)
    if name != chosen.name:
        if name not in registry.members(group):
            raise UsageError(f"{folder} has the {group} {name!r} of a package that is not installed here")
        member = registry.find(group, name)
    try:
        found = member(**values)
    except (TypeError, UsageError) as error:
        raise DataError(f"{folder}: its configuration has no readable {group}: {_first_line(error)}") from error
    given = dataclasses.asdict(chosen)
    if given != dataclasses.asdict(member()) and given != dataclasses.asdict(found) and given["name"] == name:
        raise UsageError(f"the keys of {group} contradict the source, which has {values}; leave them out")
    return found
