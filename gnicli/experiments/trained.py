"""The network that a run of `gni train` trained, for `gni gradient-noise source=…`."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, NamedTuple

from gnicli.contracts import State
from gnicli.engine import checkpoint
from gnicli.errors import DataError
from gnicli.experiments import another_run

if TYPE_CHECKING:
    from gnicli.experiments.gradient_noise import GradientNoiseConfig

_COMMAND = "train"
_STATUSES = ("completed", "diverged", "interrupted")


class Trained(NamedTuple):
    """`config` with the network, data set, loss and arithmetic of the source; its last finite weights; a sentence on
    it; the seed that made its data.
    """

    config: GradientNoiseConfig
    state: State
    note: str
    data_seed: int


def read(config: GradientNoiseConfig) -> Trained:
    """Noise, M and batch are those of `config`: they may be other ones than in training.

    Raises `UsageError` for a folder that is no run of gni train, and for a dataset, network, loss or dtype that was
    given another value than the source has; `DataError` for a damaged one.
    """
    folder = another_run.folder_of(str(config.source), _COMMAND, _STATUSES)
    saved = another_run.saved_config(folder)
    defaults = {field.name: field.default for field in dataclasses.fields(config)}
    changes = {name: another_run.component_of(name, config, saved, folder) for name in ("dataset", "network")}
    for name in ("loss", "dtype"):
        changes[name] = another_run.key_of(config, name, defaults[name], saved, folder)
    state = checkpoint.read_state(folder)
    if state is None:
        raise DataError(f"{folder} holds no whole checkpoint; train it anew")
    noise = dict(saved["noise"]).get("name") if isinstance(saved.get("noise"), dict) else None
    note = f"The network is that of {_COMMAND} after {state.step} steps with noise={noise}, M={saved.get('M')}."
    seed = saved.get("seed")
    if not isinstance(seed, int):
        raise DataError(f"{folder}: its configuration has no readable seed")
    return Trained(dataclasses.replace(config, **changes), state, note, seed)
