"""The keys of a launcher: as Hydra composed them, or typed where Hydra is not called."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar, cast

from gnicli.errors import UsageError
from gnicli.launch import error_messages, hydra_versions
from gnicli.launch.did_you_mean import hint

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from omegaconf import DictConfig

    Conf = TypeVar("Conf", bound=DataclassInstance)

PREFIX = "hydra.launcher."


def composed(conf: type[Conf], found: DictConfig) -> Conf:
    """The keys that Hydra has composed and checked against the types of the dataclass `conf`."""
    return conf(**hydra_versions.plain(found, resolve=True))


def typed(conf: type[Conf], words: Sequence[str]) -> Conf:
    """The keys in `words`, each `hydra.launcher.KEY=VALUE`; `UsageError` for other words, keys and values."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import OverrideParseException
    from omegaconf import OmegaConf

    known = OmegaConf.structured(conf)
    names = [field.name for field in dataclasses.fields(conf) if not field.name.startswith("_")]
    for word in words:
        try:
            (override,) = OverridesParser.create().parse_overrides([word])
        except OverrideParseException as error:
            raise UsageError(f"{word!r} is not KEY=VALUE; write for instance {PREFIX}{names[0]}=VALUE") from error
        name = override.key_or_group.removeprefix(PREFIX)
        if not override.key_or_group.startswith(PREFIX) or override.is_delete() or override.is_sweep_override():
            raise UsageError(
                f"{word}: here only {PREFIX}KEY=VALUE can be given; the keys of the jobs are those of the sweep"
            )
        if name.partition(".")[0] not in names:
            raise UsageError(f"unknown key {PREFIX}{name}{hint(name, names)}; there are {', '.join(names)}")
        try:
            OmegaConf.update(known, name, override.value())
        except Exception as error:
            told = error_messages.translate(error, "train", {})
            raise UsageError(f"{word}: {told or error_messages.one_line(str(error))}") from error
    return cast("Conf", OmegaConf.to_object(known))
