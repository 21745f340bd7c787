"""The chains of a finished `gni simulate-sde` run, for `gni kde-stationary source=…`."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gnicli.engine import tables
from gnicli.errors import DataError
from gnicli.experiments import another_run
from gnicli.experiments.model import ModelConfig

if TYPE_CHECKING:
    from gnicli.experiments.kde_stationary import KdeStationaryConfig

_COMMAND = "simulate-sde"
_OWN = ("run", "potential")  # not compared as plain values


def read(config: KdeStationaryConfig) -> tuple[KdeStationaryConfig, dict[str, np.ndarray]]:
    """`config` with the model of its source, and the arrays of the source.

    Raises `UsageError` for a folder that is no finished run of simulate-sde, and for a key of the model that was given
    another value than the source has; `DataError` for a damaged one.
    """
    folder = another_run.folder_of(str(config.source), _COMMAND, ("completed",))
    saved = another_run.saved_config(folder)
    changes = _changes(config, saved, folder)
    rebuilt = another_run.rebuilt(config, changes, folder)
    try:
        return rebuilt, tables.read_arrays(folder / "arrays.npz")
    except FileNotFoundError as error:
        raise DataError(f"{folder} has lost its arrays.npz; simulate it anew") from error


def _changes(config: KdeStationaryConfig, saved: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The keys of the model as the source has them."""
    changes: dict[str, Any] = {}
    for field in dataclasses.fields(ModelConfig):
        if field.name not in _OWN:
            default = field.default_factory() if callable(field.default_factory) else field.default
            changes[field.name] = another_run.key_of(config, field.name, default, saved, folder)
    changes["potential"] = another_run.component_of("potential", config, saved, folder)
    return changes
