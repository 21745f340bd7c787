"""From a composed or saved configuration to one whose every key is known, typed and in range."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gnicli.errors import UsageError
from gnicli.launch import commands, components, references

if TYPE_CHECKING:
    from omegaconf import DictConfig

OBJECTS_REFUSED = "{}: a configuration may not name Python objects; choose by name, as in network=conv"


def validated(command: str, cfg: DictConfig) -> DictConfig:
    """Merge `cfg` into fresh schemas and check it.

    Hydra lets `+key=1` through and a saved file may hold anything, so the types of `cfg` are not trusted: a key that no
    schema has raises omegaconf's error (`failures` puts it into words), a value out of range `UsageError`.
    """
    from omegaconf import OmegaConf

    # A value that was followed once stays what it is: followed again, "$" and "{oc.env:HOME}" that came together would
    # read the environment.
    values = references.literal(OmegaConf.to_container(cfg, resolve=True))
    assert isinstance(values, dict)
    refuse_objects(values)
    base = OmegaConf.structured(commands.schema(command))
    for group in commands.groups(command):
        base[group] = OmegaConf.structured(_member_schema(group, values.get(group), OmegaConf.get_type(cfg, group)))
    merged = OmegaConf.merge(base, values)
    OmegaConf.to_object(merged)  # runs the checks of every schema
    return merged  # type: ignore[return-value]


def _member_schema(group: str, values: Any, composed_as: type | None) -> type:
    """The schema that the values of a group name."""
    choices = ", ".join(components.members(group))
    if not isinstance(values, dict) or not isinstance(values.get("name"), str):
        raise UsageError(f"{group}: a choice is missing; write {group}=NAME with one of {choices}")
    schema = components.schema(group, values["name"])
    if composed_as not in (schema, dict):
        raise UsageError(f"{group}.name cannot be set alone; write {group}={values['name']}")
    return schema


def refuse_objects(values: Any, path: str = "", trusted: tuple[str, ...] = ()) -> None:
    """Refuse `_target_` and logging's `()` anywhere: a configuration from a stranger must not name Python objects.

    `trusted` are beginnings of names that are harmless.
    """
    entries = values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    for key, value in entries:
        here = f"{path}.{key}" if path else str(key)
        if key in ("_target_", "()") and not (trusted and str(value).startswith(trusted)):
            raise UsageError(OBJECTS_REFUSED.format(here))
        refuse_objects(value, here, trusted)
