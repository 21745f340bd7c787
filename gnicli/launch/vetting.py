"""Configuration files from elsewhere are composed and looked through before Hydra acts on them.

Hydra creates what `hydra.callbacks` and the like name, and logging what `()` names, before a task sees the
configuration; a configuration from a stranger must not get that far. Only commands that add a folder pay for this.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gnicli.errors import UsageError
from gnicli.launch.arguments import Arguments, typed
from gnicli.launch.configs import refuse_objects

# What the schemas of Hydra itself and of installed launchers and sweepers name.
_TRUSTED = ("hydra._internal.core_plugins.", "hydra_plugins.", "hydra.experimental.callbacks.")


def check(arguments: Arguments, config_name: str) -> None:
    """Refuse added folders that are absent, and configurations with them that name Python objects.

    What Hydra raises for files that it cannot read or merge passes through. Call it with Hydra's state set aside.
    """
    given = [*_typed_folders(arguments.overrides), *([arguments.config_dir] if arguments.config_dir else [])]
    if not given and not arguments.config_path:
        return
    for folder in (*given, arguments.config_path or "."):
        if not Path(folder).is_dir():
            raise UsageError(f"{folder}: no such folder; give a folder of YAML files")
    from hydra import compose, initialize_config_dir, initialize_config_module
    from omegaconf import OmegaConf

    where = ",".join(f"'file://{os.path.abspath(folder)}'" for folder in given)
    searched = [f"hydra.searchpath=[{where}]"] if given else []
    if arguments.config_path:
        begin: Any = initialize_config_dir(os.path.abspath(arguments.config_path), version_base="1.3")
    else:
        begin = initialize_config_module("gnicli.conf", version_base="1.3")

    def look_through(words: list[str]) -> set[str]:
        """Check every variant; returns what the files add to the sweep, which only its jobs compose."""
        swept: set[str] = set()
        for overrides in _variants(words):
            cfg = compose(arguments.config_name or config_name, [*overrides, *searched], return_hydra_config=True)
            refuse_objects(OmegaConf.to_container(cfg, resolve=False, enum_to_str=True), trusted=_TRUSTED)
            swept |= {f"{key}={value}" for key, value in (cfg.hydra.sweeper.get("params") or {}).items()}
        return swept

    with begin:
        swept = look_through(arguments.overrides)
        if swept:
            look_through([*swept, *arguments.overrides])


def _typed_folders(overrides: list[str]) -> list[str]:
    """The folders that a typed `hydra.searchpath` names, packages aside."""
    entries = (typed(overrides, "hydra.searchpath") or "").strip("[]").split(",")
    names = [entry.strip().strip("'\"") for entry in entries]
    return [name.removeprefix("file://") for name in names if name and not name.startswith("pkg://")]


def _variants(words: list[str]) -> Iterator[list[str]]:
    """The overrides with each value of each sweep at least once, without all combinations."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.core.override_parser.types import ChoiceSweep, RangeSweep

    columns: list[list[str]] = []
    for override in OverridesParser.create().parse_overrides(words):
        key = override.get_key_element()
        if key.lstrip("+") == "hydra.searchpath":
            continue
        if not override.is_sweep_override():
            columns.append([str(override.input_line)])
        elif isinstance(override.value(), ChoiceSweep):
            columns.append([f"{key}={value}" for value in override.sweep_string_iterator()])
        elif isinstance(override.value(), RangeSweep):
            columns.append([f"{key}={next(iter(override.sweep_string_iterator()))}"])
        else:
            raise UsageError(f"{override.input_line}: with a configuration folder, list the values one by one")
    for index in range(max((len(column) for column in columns), default=1)):
        yield [column[min(index, len(column) - 1)] for column in columns]
