"""From a composed or saved configuration to one whose every key is known, typed and in range."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from gnicli.engine import yaml_files
from gnicli.errors import FieldError, UsageError
from gnicli.launch import commands, components, references

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from omegaconf import DictConfig

OBJECTS_REFUSED = "{}: a configuration may not name Python objects; choose by name, as in network=conv"


class Validated(NamedTuple):
    """A configuration whose every key is known, typed and in range.

    `config` is the dataclass of the command, whose groups are components. `plain` is the same as it was given, before
    components read anything into their keys: nested dicts, lists and scalars that JSON can hold. It is what a run
    saves.
    """

    config: DataclassInstance
    plain: dict[str, object]


def validated(command: str, cfg: DictConfig) -> Validated:
    """Merge `cfg` into fresh schemas, check it and make the dataclass that runs are given: the only place that does.

    Hydra lets `+key=1` through and a saved file may hold anything, so the types of `cfg` are not trusted: a key that no
    schema has raises omegaconf's error (`error_messages` puts it into words), a value out of range `UsageError`, which
    names a field of a component with its group.
    """
    from omegaconf import DictConfig, OmegaConf

    # A value that was followed once stays what it is: followed again, "$" and "{oc.env:HOME}" that came together would
    # read the environment.
    values = references.literal(OmegaConf.to_container(cfg, resolve=True))
    assert isinstance(values, dict)
    refuse_objects(values)
    base = OmegaConf.structured(commands.schema(command))
    for group in commands.groups(command):
        base[group] = OmegaConf.structured(_member_schema(group, values.get(group), OmegaConf.get_type(cfg, group)))
    merged = OmegaConf.merge(base, values)
    assert isinstance(merged, DictConfig)
    try:
        config = OmegaConf.to_object(merged)  # runs the checks of every schema
    except FieldError as error:
        raise _placed(error, command, merged) from None
    assert dataclasses.is_dataclass(config) and not isinstance(config, type)  # noqa: PT018 - what type checkers know
    return Validated(config, _plain(merged))


def _placed(error: FieldError, command: str, merged: DictConfig) -> FieldError:
    """`error` with the group whose component raised it before its field, if one did: components name fields alone."""
    from omegaconf import OmegaConf

    for group in commands.groups(command):
        try:
            OmegaConf.to_object(OmegaConf.select(merged, group))
        except FieldError as found:
            return found.of(group)
    return error


@dataclasses.dataclass(frozen=True)
class Refused:
    """Stands for the configuration of a job that was refused in a sweep, whose folder records why."""


def refused(cfg: DictConfig) -> Validated:
    """A configuration that `validated` refused, as it was composed."""
    return Validated(Refused(), _plain(cfg))


def _plain(cfg: DictConfig) -> dict[str, object]:
    from omegaconf import OmegaConf

    container = OmegaConf.to_container(cfg, resolve=True, enum_to_str=True)
    found: dict[str, object] = json.loads(json.dumps(container, default=str))
    return found


def saved_as(plain: dict[str, object], overrides: list[str], hydra_config: Mapping[str, object]) -> dict[str, bytes]:
    """The files of `.hydra/` by name: the configuration as it was given, the overrides, and Hydra's own part."""
    parts = {"config.yaml": plain, "overrides.yaml": overrides, "hydra.yaml": {"hydra": hydra_config}}
    return {name: yaml_files.written(part).encode() for name, part in parts.items()}


def _member_schema(group: str, values: object, composed_as: type | None) -> type:
    """The schema that the values of a group name."""
    choices = ", ".join(components.members(group))
    if not isinstance(values, dict) or not isinstance(values.get("name"), str):
        raise UsageError(f"{group}: a choice is missing; write {group}=NAME with one of {choices}")
    schema = components.schema(group, values["name"])
    if composed_as not in (schema, dict):
        raise UsageError(f"{group}.name cannot be set alone; write {group}={values['name']}")
    return schema


def refuse_objects(values: object, path: str = "", trusted: tuple[str, ...] = ()) -> None:
    """Refuse `_target_` and logging's `()` anywhere: a configuration from a stranger must not name Python objects.

    `trusted` are beginnings of names that are harmless.
    """
    entries = values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    for key, value in entries:
        here = f"{path}.{key}" if path else str(key)
        if key in ("_target_", "()") and not (trusted and str(value).startswith(trusted)):
            raise UsageError(OBJECTS_REFUSED.format(here))
        refuse_objects(value, here, trusted)
