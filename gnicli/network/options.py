"""What the networks of this package have in common in their schemas; imports nothing heavy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnicli import checks, memory
from gnicli.errors import UsageError

if TYPE_CHECKING:
    import torch

Counts = list[int] | tuple[int, ...]  # one for each layer
ACTIVATIONS = ("relu", "elu", "leaky_relu", "gelu", "tanh", "sigmoid", "linear")
INITS = ("default", "he", "glorot_normal")

_COPIES = 3  # of the weights at least: themselves, the gradient of a draw, the mean over draws

ACTIVATION_HELP = "activation function of the hidden layers"
BIAS_HELP = "give every layer a bias"
INIT_HELP = (
    "weights: he N(0, 2/fan_in), glorot_normal N(0, 2/(fan_in+fan_out)), both with zero biases; "
    "default: torch's U(±1/sqrt(fan_in)), biases too"
)


def require_room(keys: str, n_weights: int, dtype: torch.dtype) -> None:
    """Raise `ResourceError` where memory cannot hold a network of so many weights and its gradients."""
    memory.require(_COPIES * n_weights * dtype.itemsize, keys, "take a smaller network")


def check_shared(activation: str, init: str) -> None:
    """Check the fields that every network has; raises `UsageError`."""
    checks.choice("network.activation", activation, ACTIVATIONS)
    checks.choice("network.init", init, INITS)


def per_layer(key: str, value: int | Counts, n_layers: int) -> tuple[int, ...]:
    """One positive integer for each of `n_layers`, from a number that serves for all or a list; else `UsageError`."""
    values = list(value) if isinstance(value, list | tuple) else [value] * n_layers
    if len(values) != n_layers:
        raise UsageError(f"{key}: expected a number or a list of {n_layers}, one per layer, got {list(values)}")
    for entry in values:
        checks.integer(key, entry, least=1)
    return tuple(values)
