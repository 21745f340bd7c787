"""The chains of a finished `gni simulate-sde` run, for `gni kde-stationary source=…`."""

from __future__ import annotations

import dataclasses
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gnicli.engine import folders, tables
from gnicli.errors import DataError, UsageError
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
    folder = Path(str(config.source))
    if not folder.is_dir():
        raise UsageError(f"source={folder}: no such folder; give one that gni simulate-sde printed")
    manifest = folders.read_manifest(folder)
    if manifest.get("command") != _COMMAND or manifest.get("kind") != "run":
        raise UsageError(f"source={folder} is no run of gni {_COMMAND} but {manifest.get('kind')} of another command")
    if manifest.get("status") != "completed":
        raise UsageError(f"source={folder} is {manifest.get('status')}; gni resume {folder} may finish it")
    saved = _config(folder)
    changes = _changes(config, saved, folder)
    try:
        return dataclasses.replace(config, **changes), tables.read_arrays(folder / "arrays.npz")
    except FileNotFoundError as error:
        raise DataError(f"{folder} has lost its arrays.npz; simulate it anew") from error


def _config(folder: Path) -> dict[str, Any]:
    from omegaconf import OmegaConf
    from yaml import YAMLError

    path = folder / ".hydra" / "config.yaml"
    try:
        saved = OmegaConf.to_container(OmegaConf.load(path))
    except (OSError, YAMLError, ValueError) as error:
        raise DataError(f"{path}: the saved configuration cannot be read") from error
    if not isinstance(saved, dict):
        raise DataError(f"{path}: the saved configuration is damaged: not a mapping of keys")
    return {str(name): value for name, value in saved.items()}


def _changes(config: KdeStationaryConfig, saved: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The keys of the model as the source has them; a key typed otherwise is refused rather than passed over."""
    changes: dict[str, Any] = {}
    for field in dataclasses.fields(ModelConfig):
        name = field.name
        if name in _OWN:
            continue
        if name not in saved:
            raise DataError(f"{folder}: its configuration lacks {name}; simulate it anew")
        default = field.default_factory() if callable(field.default_factory) else field.default
        given = getattr(config, name)
        if given not in (default, saved[name]):
            raise UsageError(
                f"{name}={given} contradicts the source, which has {name}={saved[name]}; leave it out, or simulate anew"
            )
        changes[name] = saved[name]
    changes["potential"] = _potential(config, saved.get("potential"), folder)
    return changes


def _potential(config: KdeStationaryConfig, saved: Any, folder: Path) -> Any:
    values = dict(saved) if isinstance(saved, dict) else {}
    name = str(values.get("name"))
    component: Any = type(config.potential)
    if name != config.potential.name:
        if not name.isidentifier() or importlib.util.find_spec(f"gnicli.potential.{name}") is None:
            raise UsageError(f"{folder} has the potential {name!r} of another package; add potential={name}")
        component = getattr(importlib.import_module(f"gnicli.potential.{name}"), "COMPONENT", None)
    try:
        found = component(**values)
    except TypeError as error:
        raise DataError(f"{folder}: its configuration has no readable potential") from error
    given = dataclasses.asdict(config.potential)
    if given != dataclasses.asdict(component()) and given != dataclasses.asdict(found) and given["name"] == name:
        raise UsageError(f"the keys of potential contradict the source, which has {values}; leave them out")
    return found
