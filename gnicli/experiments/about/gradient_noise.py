"""What a run of `gni gradient-noise` is about."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Optional, Protocol

from gnicli.contracts.components import Dataset, Measure, Network, Noise, NoisyNetwork
from gnicli.contracts.data import Data
from gnicli.contracts.results import About, Value
from gnicli.experiments.about import components
from gnicli.experiments.about.components import count
from gnicli.experiments.about.train import LOSSES

_ACROSS = "alpha/across_weights/layer"
_SCALED = "alpha_scaled/across_weights/layer"
_CONTROLS = "control/"


class NoiseKeys(Protocol):
    """The keys of the command that a report names."""

    dataset: Dataset
    network: Network
    noise: Noise
    measure: Measure
    source: Optional[str]
    loss: str
    M: int
    n_mean: int


def about(
    config: NoiseKeys,
    data: Data,
    network: NoisyNetwork,
    n_examples: int,
    step: int,
    values: Mapping[str, Value],
) -> About:
    """Title, conditions and the tail index of each layer. `n_examples` are those of the measured gradient."""
    noise = components.noise_name(config.noise)
    if getattr(config.measure, "chain", False):
        # The keys of data and network have no effect then.
        return About(f"Gradient noise of a one-neuron network {noise}", _one_neuron(config), conclusion(values))
    trained = f"after {count(step, 'step')} of training" if config.source is not None else "untrained"
    loss = network.loss if isinstance(network.loss, str) else config.loss
    conditions = {
        "data": components.data(config.dataset, data),
        "network": f"{components.network(config.network, network.module)}; {trained}",
        "loss": LOSSES.get(loss, loss),
        "noise": components.noise(config.noise),
        "gradient": f"of {count(n_examples, 'example')}",
    }
    if not hasattr(config.measure, "chain"):  # a measure that has the key measures single draws
        conditions["M"] = f"{config.M:,}"
        conditions["centering"] = f"the mean of {count(config.n_mean, 'fresh draw')} is subtracted (equation (3.2))"
    conditions["measure"] = components.words(config.measure, leave_out=("figures", "n_samples", *_keys_of_one_neuron()))
    measured = components.network_name(config.network)
    return About(f"Gradient noise of {measured} on {config.dataset.name} {noise}", conditions, conclusion(values))


def _keys_of_one_neuron() -> list[str]:
    from gnicli.measure.one_neuron.keys import OneNeuronKeys

    return [field.name for field in dataclasses.fields(OneNeuronKeys)] + ["layer"]


def _one_neuron(config: NoiseKeys) -> dict[str, str]:
    measure = config.measure
    own = {
        name: getattr(measure, name)
        for name in _keys_of_one_neuron()
        if name not in ("name", "chain", "loss") and hasattr(measure, name)
    }
    idle = ("n_draws", "inflation") if hasattr(measure, "n_samples") else ()
    return {
        "network": f"one neuron in each layer: {components.listed(own)}",
        "loss": LOSSES.get(str(getattr(measure, "loss", "")), ""),
        "noise": components.noise(config.noise),
        "measure": components.words(measure, leave_out=(*_keys_of_one_neuron(), *idle)),
    }


def conclusion(values: Mapping[str, Value]) -> str:
    """The tail indices of one draw's noise across weights; empty where they were not measured."""
    found = _by_layer(values, _ACROSS)
    if not found:
        return ""
    if any(
        value.number == 0 for name, value in values.items() if name.startswith(_CONTROLS) and name.endswith("/passed")
    ):
        return "The controls failed: do not rely on the tail indices of this run."
    scaled = _by_layer(values, _SCALED)
    unequal = f"; with each weight in units of its own standard deviation it has {_listed(scaled)}" if scaled else ""
    return f"Across the weights of a layer one draw of the gradient noise has alpha = {_listed(found)}{unequal}."


def _by_layer(values: Mapping[str, Value], prefix: str) -> dict[str, Value]:
    return {name.removeprefix(prefix): value for name, value in values.items() if name.startswith(prefix)}


def _listed(alphas: Mapping[str, Value]) -> str:
    return ", ".join(f"{alpha.number:.2f} in layer {layer}" for layer, alpha in alphas.items())
