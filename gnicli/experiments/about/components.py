"""Components in words: by what their packages say of them and by their keys, whoever wrote them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from gnicli.contracts.components import Dataset, Network, Noise
from gnicli.contracts.data import Data

if TYPE_CHECKING:
    import torch

_MOST_CHARACTERS = 200  # of the keys of a component: a list may have any length
_UNSAID = (None, False, "", "none")


def meaning(component: Any) -> str:
    """What a component is, as `--help` says it; its name where nothing does."""
    field = next((field for field in dataclasses.fields(component) if field.name == "name"), None)
    found = field.metadata.get("help") if field is not None else None
    return str(found or getattr(component, "name", type(component).__name__))


def words(component: Any, leave_out: Collection[str] = ()) -> str:
    """A component's meaning and those of its keys that are set: "dense layers of equal width: depth 4, width 256"."""
    keys = keys_of(component, leave_out)
    return f"{meaning(component)}{': ' if keys else ''}{keys}"


def keys_of(component: Any, leave_out: Collection[str] = ()) -> str:
    """The keys of a component that are set, but for its name and those in `leave_out`."""
    pairs = {
        field.name: getattr(component, field.name)
        for field in dataclasses.fields(component)
        if field.name != "name" and field.name not in leave_out
    }
    return listed(pairs)


def listed(pairs: dict[str, object]) -> str:
    """Keys with their values in words; one that is on has no value, one that is off or not given is left out."""
    set_keys = {key: value for key, value in pairs.items() if not _is_unsaid(value)}
    said = ", ".join(
        _words_of(key) if value is True else f"{_words_of(key)} {shown(value)}" for key, value in set_keys.items()
    )
    return said if len(said) <= _MOST_CHARACTERS else f"{said[: _MOST_CHARACTERS - 1]}…"


def _is_unsaid(value: object) -> bool:
    return isinstance(value, str | bool | None) and value in _UNSAID


def _words_of(key: str) -> str:
    return key.replace("_", " ")


def shown(value: object) -> str:
    """A value of a key as a person writes it."""
    if isinstance(value, dict):
        return f"({', '.join(f'{key} {shown(each)}' for key, each in value.items())})"
    if isinstance(value, list | tuple):
        return f"({', '.join(map(shown, value))})"
    if isinstance(value, float):
        return f"{value:g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def count(n: int, one: str, several: str = "") -> str:
    """How many of a thing: "1 step", "2,000 steps"."""
    return f"{n:,} {one if n == 1 else several or f'{one}s'}"


# ------------------------------------------------------------------------------------------ data, networks and noise


def data(dataset: Dataset, found: Data) -> str:
    """A data set by its name, the numbers of its examples and what is learned of them."""
    shape = found.train.inputs.shape[1:]
    inputs = (
        f"{math.prod(shape)} input{'s' * (math.prod(shape) != 1)}" if len(shape) < 2 else " × ".join(map(str, shape))
    )
    outputs = (
        count(found.n_outputs, "class", "classes")
        if found.task == "classification"
        else count(found.n_outputs, "regressed value")
    )
    n_train, n_test = len(found.train.inputs), len(found.test.inputs)
    scale = ", standardized" if getattr(dataset, "inputs", "") == "standardized" else ""
    return f"{dataset.name}: {n_train:,} training and {n_test:,} test examples of {inputs}{scale}, {outputs}"


def network(component: Network, module: torch.nn.Module) -> str:
    """A network by its layers and the number of its parameters."""
    n = sum(parameter.numel() for parameter in module.parameters())
    return f"{_layers(component)}; {count(n, 'parameter')}"


def _layers(component: Any) -> str:
    from gnicli.network.mlp import Mlp

    if not isinstance(component, Mlp):
        return f"{component.name}, {words(component)}"
    biases = "" if component.bias else ", no biases"
    if component.depth == 0:
        return f"linear model{biases}, initialization {component.init}"
    layers = count(component.depth, "hidden layer")
    return (
        f"multilayer perceptron, {layers} of {component.width:,} units ({component.activation}){biases}, "
        f"initialization {component.init}"
    )


def network_name(component: Network) -> str:
    """A network in a title."""
    return {"mlp": "a multilayer perceptron", "conv": "a convolutional network"}.get(component.name, component.name)


def noise_name(component: Noise) -> str:
    """The noise in a title."""
    if component.name == "none":
        return "without noise"
    kind = {"add": "additive Gaussian", "mult": "multiplicative Gaussian"}.get(component.name, component.name)
    return f"with {kind} noise"


def noise(component: Noise) -> str:
    """The noise by its law, its size and where it enters."""
    from gnicli.noise.gaussian import GaussianNoise

    if not isinstance(component, GaussianNoise):
        return words(component)
    std = component.default_std if component.std is None else component.std
    size = f"std {shown(std)}" if component.var is None else f"variance {shown(component.var)}"
    where = "" if component.input else ", none at the input"
    pairs = ", in antithetic pairs" if component.antithetic else ""
    return f"{meaning(component)}; {size}{where}{pairs}"
