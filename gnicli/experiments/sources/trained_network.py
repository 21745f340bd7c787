"""The network that a run of `gni train` trained, for `gni gradient-noise source=…`."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar, cast

from gnicli import checks
from gnicli.contracts.observer import State
from gnicli.engine import checkpoint, provenance
from gnicli.errors import DataError, UsageError
from gnicli.experiments.learning import Learning
from gnicli.experiments.sources import run_folder

if TYPE_CHECKING:
    import torch

Keys = TypeVar("Keys", bound=Learning)
_COMMAND = "train"
_STATUSES = ("completed", "diverged", "interrupted")


class Trained(NamedTuple, Generic[Keys]):
    """The keys with the network, data set, loss and arithmetic of the source; its last finite weights; a sentence on
    it; the seed that made its data.
    """

    config: Keys
    state: State
    note: str
    data_seed: int


def read(config: Keys, source: str) -> Trained[Keys]:
    """The network of the run in the folder `source`, in place of that of `config`.

    Noise, M and batch are those of `config`: they may be other ones than in training.

    Raises `UsageError` for a folder that is no run of gni train, and for a dataset, network, loss or dtype that was
    given another value than the source has; `DataError` for a damaged one.
    """
    folder = run_folder.folder_of(source, _COMMAND, _STATUSES)
    saved = run_folder.saved_config(folder)
    found = checkpoint.read_state_and_config(folder)
    if found is None:
        raise DataError(f"{folder} holds no whole checkpoint; train it anew")
    state, inside = found
    # The weights are those of the config in their own file; the other one may have been edited since.
    plain = json.loads(json.dumps(saved, default=str))
    for name, (theirs, ours) in provenance.differences(inside, plain).items():
        raise DataError(
            f"{folder}: its .hydra/config.yaml was changed after training: {name} is {ours!r} there and {theirs!r} in "
            "its checkpoint; train it anew"
        )
    defaults = {field.name: field.default for field in dataclasses.fields(config)}
    changes = {name: run_folder.component_of(name, config, saved, folder) for name in ("dataset", "network")}
    for name in ("loss", "dtype"):
        changes[name] = run_folder.key_of(config, name, defaults[name], saved, folder)
    noise = dict(saved["noise"]).get("name") if isinstance(saved.get("noise"), dict) else None
    note = (
        f"The network is that of a gni {_COMMAND} run after {state.step} steps with noise={noise}, M={saved.get('M')}."
    )
    seed = saved.get("seed")
    try:
        checks.seed("seed", seed)
    except UsageError as error:
        raise DataError(f"{folder}: its configuration has no readable seed: {error}") from error
    return Trained(run_folder.rebuilt(config, changes, folder), state, note, int(cast(int, seed)))


def put(module: torch.nn.Module, state: State, source: str | None) -> None:
    """Put the weights of a state into a network; `DataError` where they are not its own, or not finite."""
    from gnicli.training.loop import load_parameters

    try:
        load_parameters(module, state)
    except (RuntimeError, TypeError, ValueError) as error:
        raise DataError(f"{source}: the weights of its checkpoint do not fit its network; train it anew") from error
    if not all(bool(weight.isfinite().all()) for weight in module.parameters()):
        raise DataError(f"{source}: the weights of its checkpoint are not all finite; train it anew")
