"""`potential=network`: the loss of a small network of `gni train` as a function of its weights.

Only the schema: potentials know neither networks nor losses. `gni simulate-sde` builds the landscape from it
(`model.network_chains`, `gradients.landscape`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gnicli import checks, registry
from gnicli.checks import key
from gnicli.errors import FieldError

LOSSES = ("auto", "mse", "cross_entropy")


@dataclass
class NetworkLoss:
    """f(w) = the full-batch training loss of a dense network with weights w: without noise, or under M fixed draws."""

    name: str = key("network", "the training loss of a small network of gni train")
    dataset: Any = key(
        "sinusoids", "data set: a name, or a mapping such as {name: sinusoids, frequencies: [1], n_train: 50}"
    )
    width: int = key(8, "units of each hidden layer")
    depth: int = key(1, "hidden layers; 0 makes a linear model")
    activation: str = key("tanh", "activation function of the hidden layers, as in network.activation")
    bias: bool = key(True, "give every layer a bias")
    init: str = key("he", "law of the weights at which chains start, as in network.init")
    loss: str = key("auto", "loss; auto: mse for regression, cross_entropy for classes", choices=LOSSES)
    noise: Any = key(
        "none", "noise injected into the activations: none, add, mult, or a mapping {name: mult, std: 0.3}"
    )
    M: int = key(16, "noise draws averaged in f, the same for all chains and steps")

    def __post_init__(self) -> None:
        _check_member("dataset", "dataset", self.dataset)
        _check_member("noise", "noise", self.noise)
        checks.integer("width", self.width, least=1)
        checks.integer("depth", self.depth, least=0)
        checks.at_most("depth", self.depth, checks.MOST_DEPTH)
        checks.choice("loss", self.loss, LOSSES)
        checks.integer("M", self.M, least=1)
        checks.at_most("M", self.M, checks.MOST_DRAWS)


def _check_member(key: str, group: str, given: Any) -> None:
    """Check that `given` names a member of a group, alone or in a mapping; raises `UsageError` where it does not."""
    if not isinstance(given, str | Mapping):
        raise FieldError(key, f": expected a name or a mapping with one, got {given!r}")
    name = given.get("name") if isinstance(given, Mapping) else given
    registry.find(group, name, f"{key}.name" if isinstance(given, Mapping) else key)


COMPONENT = NetworkLoss
