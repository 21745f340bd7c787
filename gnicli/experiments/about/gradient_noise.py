"""What a run of `gni gradient-noise` is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gnicli.contracts.components import NoisyNetwork
from gnicli.contracts.data import Data
from gnicli.contracts.results import About, Value
from gnicli.experiments.about import components
from gnicli.experiments.about.components import count
from gnicli.experiments.about.train import LOSSES

if TYPE_CHECKING:
    from gnicli.experiments.gradient_noise import GradientNoiseConfig

_ACROSS = "alpha/across_weights/layer"
_SCALED = "alpha_scaled/across_weights/layer"
_CONTROLS = "control/"


def about(
    config: GradientNoiseConfig,
    data: Data,
    network: NoisyNetwork,
    n_examples: int,
    step: int,
    values: Mapping[str, Value],
) -> About:
    """Title, conditions and the tail index of each layer. `n_examples` are those of the measured gradient."""
    trained = f"after {count(step, 'step')} of training" if config.source is not None else "untrained"
    loss = network.loss if isinstance(network.loss, str) else config.loss
    conditions = {
        "data": components.data(config.dataset, data),
        "network": f"{components.network(config.network, network.module)}; {trained}",
        "loss": LOSSES.get(loss, loss),
        "noise": components.noise(config.noise),
        "gradient": f"of {count(n_examples, 'example')}",
        "M": f"{config.M:,}",
        "centering": f"the mean of {count(config.n_mean, 'fresh draw')} is subtracted (equation (3.2))",
        "measure": components.words(config.measure, leave_out=("figures",)),
    }
    measured, noise = components.network_name(config.network), components.noise_name(config.noise)
    title = f"Gradient noise of {measured} on {config.dataset.name} {noise}"
    return About(title, conditions, conclusion(values))


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
