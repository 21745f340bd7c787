"""The chains of a finished `gni simulate-sde` run, for `gni kde-stationary source=…`."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from gnicli.engine import tables
from gnicli.errors import DataError
from gnicli.experiments.sources import run_folder
from gnicli.model.keys import ModelConfig

Keys = TypeVar("Keys", bound=ModelConfig)
_COMMAND = "simulate-sde"


def read(config: Keys, source: str) -> tuple[Keys, dict[str, np.ndarray]]:
    """`config` with the model of the run in the folder `source`, and the arrays of that run.

    Raises `UsageError` for a folder that is no finished run of simulate-sde, and for a key of the model that was given
    another value than the source has; `DataError` for a damaged one.
    """
    folder = run_folder.folder_of(source, _COMMAND, ("completed",))
    saved = run_folder.saved_config(folder)
    changes = _changes(config, saved, folder)
    rebuilt = run_folder.rebuilt(config, changes, folder)
    try:
        return rebuilt, tables.read_arrays(folder / "arrays.npz")
    except FileNotFoundError as error:
        raise DataError(f"{folder} has lost its arrays.npz; simulate it anew") from error


def _changes(config: ModelConfig, saved: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The keys of the model as the source has them."""
    changes: dict[str, Any] = {}
    for field in dataclasses.fields(ModelConfig):
        if field.name != "potential":
            default = field.default_factory() if callable(field.default_factory) else field.default
            changes[field.name] = run_folder.key_of(config, field.name, default, saved, folder)
    changes["potential"] = run_folder.component_of("potential", config, saved, folder)
    return changes
