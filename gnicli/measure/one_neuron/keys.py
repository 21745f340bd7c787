"""The keys of a one-neuron network, for the measures that have one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gnicli import checks
from gnicli.checks import Unchecked, key
from gnicli.errors import UsageError

if TYPE_CHECKING:
    from gnicli.contracts.components import Noise
    from gnicli.measure.one_neuron.network import OneNeuronNetwork

ACTIVATIONS = ("linear", "relu", "elu")
_MOST_DECADES = 10
_SIZES = (10.0**-_MOST_DECADES, 10.0**_MOST_DECADES)  # eighth powers of gradients, cubes of these, are computed
LOSSES = ("mse", "cross_entropy")


@dataclass
class OneNeuronKeys:
    """A one-neuron network and its one data point; its noise is the command's `noise=`."""

    name: str = key("", "quantity to measure")
    chain: bool = key(True, "measure a one-neuron network (one neuron per layer); false: network= and its data")
    n_layers: int = key(4, "L, the number of weights of the one-neuron network")
    weights: Unchecked[float | list[float] | tuple[float, ...]] = key(
        1.0, "its weights, none of them 0: one number, or a list of n_layers"
    )
    x: float = key(1.0, "its input, not 0")
    target: float = key(0.0, "its target; with cross_entropy the class, 0 or 1, of logits (0, output)")
    activation: str = key("linear", "activation function of its hidden layers", choices=ACTIVATIONS)
    loss: str = key("mse", "its loss", choices=LOSSES)

    def __post_init__(self) -> None:
        checks.integer("measure.n_layers", self.n_layers, least=1)
        checks.at_most("measure.n_layers", self.n_layers, checks.MOST_DEPTH)
        weights = self.weights if isinstance(self.weights, list | tuple) else [self.weights] * self.n_layers
        if len(weights) != self.n_layers:
            raise UsageError(
                f"measure.weights has {len(weights)} entries and measure.n_layers is {self.n_layers}; "
                "give one number or a list of that length"
            )
        for name, value in [("measure.weights", each) for each in weights] + [("measure.x", self.x)]:
            checks.number(name, value, sizes=None)
            if value == 0:
                raise UsageError(f"{name} must not be 0: a one-neuron network with a 0 has a constant output")
            if not _SIZES[0] <= abs(value) <= _SIZES[1]:
                raise UsageError(f"{name} must be between {_SIZES[0]:g} and {_SIZES[1]:g} in size, got {value:g}")
        size = sum(math.log10(abs(value)) for value in (*weights, self.x))
        if abs(size) > _MOST_DECADES:
            raise UsageError(
                f"measure.x times all measure.weights must be between {_SIZES[0]:g} and {_SIZES[1]:g} in size, "
                f"got about 1e{size:+.0f}: rescale the weights"
            )
        checks.number("measure.target", self.target, sizes=_SIZES)
        checks.choice("measure.activation", self.activation, ACTIVATIONS)
        checks.choice("measure.loss", self.loss, LOSSES)
        if self.loss == "cross_entropy":
            checks.choice("measure.target", self.target, (0.0, 1.0))

    def one_neuron_network(self, noise: Noise) -> OneNeuronNetwork:
        """The one-neuron network under the command's noise; raises `UsageError` where there is none."""
        from gnicli.measure.one_neuron.network import OneNeuronNetwork

        stds = noise.stds(self.n_layers)
        operation = noise.operation
        if operation == "none" or not any(std > 0 for std in stds):
            raise UsageError(f"measure={self.name} needs noise in the activations; choose noise=add or noise=mult")
        weights = self.weights if isinstance(self.weights, list | tuple) else [self.weights] * self.n_layers
        return OneNeuronNetwork(
            tuple(map(float, weights)), self.x, self.target, self.activation, self.loss, operation, stds
        )
