"""`potential=network`: the loss of a small network of `gni train` as a function of its weights.

Only the schema: potentials know neither networks nor losses. `gni simulate-sde` builds the landscape from it
(`model.network_chains`, `gradients.landscape`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gnicli import checks
from gnicli.checks import key
from gnicli.errors import UsageError

DATASETS = ("sinusoids", "digits", "mnist", "svhn", "cifar10")
NOISES = ("none", "add", "mult")
LOSSES = ("auto", "mse", "cross_entropy")


@dataclass
class NetworkLoss:
    """f(w) = the full-batch training loss of a dense network with weights w: without noise, or under M fixed draws."""

    name: str = key("network", "the training loss of a small network of gni train")
    dataset: Any = key(
        "sinusoids", "what is learned: a name, or a mapping such as {name: sinusoids, frequencies: [1], n_train: 50}"
    )
    width: int = key(8, "units of each hidden layer")
    depth: int = key(1, "hidden layers; 0 makes a linear model")
    activation: str = key("tanh", "activation function of the hidden layers, as in network.activation")
    bias: bool = key(True, "give every layer a bias")
    init: str = key("he", "law of the weights that chains start from, as in network.init")
    loss: str = key("auto", "loss; auto: mse for regression, cross_entropy for classes", choices=LOSSES)
    noise: Any = key(
        "none", "noise injected into the activations: none, add, mult, or a mapping {name: mult, std: 0.3}"
    )
    M: int = key(16, "draws of that noise whose mean loss is f, the same ones for all chains and steps")

    def __post_init__(self) -> None:
        check_choice("potential.dataset", self.dataset, DATASETS)
        check_choice("potential.noise", self.noise, NOISES)
        checks.integer("potential.width", self.width, least=1)
        checks.integer("potential.depth", self.depth, least=0)
        checks.at_most("potential.depth", self.depth, checks.MOST_DEPTH)
        checks.choice("potential.loss", self.loss, LOSSES)
        checks.integer("potential.M", self.M, least=1)
        checks.at_most("potential.M", self.M, checks.MOST_DRAWS)


def check_choice(key: str, given: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """The keys of a nested component as a mapping with its `name`; raises `UsageError` for an unknown one."""
    if not isinstance(given, str | Mapping):
        raise UsageError(f"{key}: expected a name or a mapping with one, got {given!r}")
    values = dict(given) if isinstance(given, Mapping) else {"name": given}
    checks.choice(f"{key}.name" if isinstance(given, Mapping) else key, values.get("name"), names)
    return values


COMPONENT = NetworkLoss
