"""A walk over every key of every command: which keys change nothing in a choice, found by running it."""

import hashlib
from collections.abc import Iterator

import numpy as np
from omegaconf import OmegaConf

from gnicli.contracts.observer import SilentObserver
from gnicli.errors import GniError
from gnicli.launch import commands, hydra_versions, references, schema_keys, validation

# Where a run lives, how fast it is, what it remembers on the way: no result may depend on these.
PLACES_AND_SPEED = (
    "device", "threads", "run.dir", "run.root", "run.checkpoint_steps", "run.checkpoint_seconds", "run.latex",
    "run.pictures",
    "dataset.mirrors",
)  # fmt: skip
# Values beside the automatic ones, for keys whose type does not say what they take.
VALUES = {
    "noise.std": [0.9],
    "noise.var": [0.7],
    "noise.layers": [[0]],
    "epochs": [2.0],
    "steps": [9],
    "batch_size": [5, "full"],
    "eval_every": [3.0, 1.0],
    "loss": ["cross_entropy", "mse"],
    "schedule.milestones": [[0.2]],
    "schedule.final": [0.5],
    "schedule.warmup_steps": [3],
    "network.activation": ["relu", "tanh", "elu"],
    "network.init": ["glorot_normal", "he", "default"],
    "network.channels": [[3]],
    "network.kernel": [2],
    "network.stride": [1],
    "track.every": [3],
    "dataset.n_train": [14, 30],
    "dataset.n_test": [7, 30],
    "dataset.frequencies": [[1, 3]],
    "measure.figures": [["alpha"], []],
    "measure.weights": [2.0],
    "measure.target": [1.0],
    "measure.x": [1.7],
    "measure.n_draws": [150],
    "measure.n_samples": [300],
    "measure.n_traced": [3],
    "measure.inflation": [1.5],
    "measure.least_ess": [1e9],
    "measure.orders": [[2, 6]],
    "measure.sizes": [[1, 3]],
    "measure.layer": [2],
    "beta": [0.2, -0.4],
    "h": [0.2],
    "K": [4],
    "start": [0.7, "minima"],
    "measure_every": [17],
    "functions": [["w**4"]],
    "low": [-9.0],
    "high": [9.0],
    "exit_eta": [0.02],
    "basin": [[-1.5, 1.7]],
    "bandwidth": ["robust", 0.3],
    "beside": [{"eta": 0.02}],
    "fixed": [{"beta": 0.1}],
    "holdout": [0.3],
    "n_bins": [500, 9000],
    "n_tested": [50, 55],
    "n_bootstrap": [19, 0],
    "potential.dataset": [{"name": "sinusoids", "n_train": 7}],
    "potential.noise": ["add"],
    "potential.activation": ["relu"],
    "potential.init": ["glorot_normal", "default"],
    "potential.loss": ["mse", "cross_entropy"],
    "potential.terms": [[0, 0.3, -0.5, 0, 0.25]],
    "potential.wells": [[-2.2, 0, 2]],
    "potential.between": [[-1.1, 1]],
    "potential.parts": [["quartic", "double_well"]],
}


def candidates(key: schema_keys.Key, present) -> list:
    """Other values of a key, by its type and its choices; `present` is the value that it has."""
    if key.name in VALUES:
        found = VALUES[key.name]
    elif key.choices:
        found = [int(choice) if isinstance(present, int) else choice for choice in key.choices]
    elif isinstance(present, bool):
        found = [not present]
    elif isinstance(present, int):
        found = [present + 1, present + 2, 2 * present, present - 1]
    elif isinstance(present, float):
        found = [0.8 * present, 0.25, 1.3 * present]
    else:
        found = []
    return [value for value in found if value != present]


def composed(command: str, words: tuple[str, ...]):
    """The merged and checked configuration of `gni <command> <words>`, without running anything."""
    from hydra import compose
    from hydra.core.global_hydra import GlobalHydra

    commands.register()
    GlobalHydra.instance().clear()
    with hydra_versions.initialized():
        return validation.validated(command, compose(commands.config_name(command), list(words)))


def products(command: str, config: validation.Validated) -> str:
    """A sum of all that a run gives: values, metrics, arrays, data of figures, tables, sentences. Raises its errors."""
    watcher = SilentObserver()
    found = commands.module(command).run(config.config, watcher)
    digest = hashlib.sha256()
    for part in (*found, watcher.rows, watcher.notes):
        _add(digest, part)
    return digest.hexdigest()


def _add(digest, part) -> None:
    if isinstance(part, dict):
        for name, value in part.items():
            digest.update(repr(name).encode())
            _add(digest, value)
    elif isinstance(part, np.ndarray):
        digest.update(repr((part.dtype, part.shape)).encode())
        digest.update(np.ascontiguousarray(part).tobytes())
    elif isinstance(part, tuple | list):
        digest.update(b"(")
        for value in part:
            _add(digest, value)
        digest.update(b")")
    else:
        digest.update(repr(part).encode())


def idle_keys(command: str, words: tuple[str, ...], apart=()) -> Iterator[tuple[str, object, bool]]:
    """(key, configuration with its last other value, whether all other values change nothing) of the choice `words`.

    A choice that is refused is an effect. Keys none of whose other values can be run are left out: an error is an
    answer.
    """
    config = composed(command, words)
    base = products(command, config)
    for key in schema_keys.all_of(command, list(words)):
        if key.name in PLACES_AND_SPEED or key.name in apart:
            continue
        changed, ran = None, False
        for value in candidates(key, plain(OmegaConf.select(OmegaConf.create(config.plain), key.name))):
            other = OmegaConf.create(references.literal(config.plain))
            OmegaConf.update(other, key.name, value, merge=False)
            try:
                other = validation.validated(command, other)
                same = products(command, other) == base
            except GniError:
                if key.choices:
                    ran = False
                    break
                continue
            changed, ran = other, True
            if not same:
                yield key.name, changed, False
                break
        else:
            if ran:
                yield key.name, changed, True


def plain(value):
    return OmegaConf.to_container(value) if OmegaConf.is_config(value) else value
