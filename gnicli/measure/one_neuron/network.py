"""One-neuron-wide networks: noised activations, accumulated noise and gradients as functions of L normal numbers.

With x the input, w_1 … w_L the weights, κ the activation function and noise ε_0 … ε_{L−1} (2.8), (2.9):

    h̃_0 = x ∘ ε_0,  h̃_i = κ(w_i h̃_{i−1}) ∘ ε_i for i < L,  o = w_L h̃_{L−1}.

The loss is that of `gradients.losses` for one output: (o − y)² (`mse`), or the cross-entropy of two classes with the
logits (0, o) and the label y, whose derivatives in o are 2 (o − y) and 1/(1 + e^{−o}) − y. Remark 3.1 is about these.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np
from scipy.special import expit

KINDS = ("noised", "accumulated", "gradient")


class OneNeuronNetwork(NamedTuple):
    """L weights, none of them 0, with their one data point; `stds` are the standard deviations of the L noise layers.

    `x`, the input, is not 0.
    """

    weights: tuple[float, ...]
    x: float
    target: float
    activation: str
    loss: str
    operation: Literal["add", "multiply"]
    stds: tuple[float, ...]

    @property
    def n_layers(self) -> int:
        """L, the number of weights."""
        return len(self.weights)


class Quantity(NamedTuple):
    """What is measured: h̃_i or E_i = h̃_i − h_i of noise layer i (from 0), or ∂L̃/∂w_i − `center` (i from 1)."""

    kind: Literal["noised", "accumulated", "gradient"]
    layer: int
    center: float = 0.0

    @property
    def name(self) -> str:
        """The name of the quantity in the results."""
        return f"{self.kind}/layer{self.layer}"


def quantities(network: OneNeuronNetwork) -> list[Quantity]:
    """Everything that can be measured on a one-neuron network; gradients are not centered yet."""
    clean = forward(network, np.zeros((1, network.n_layers)))[0]
    noised = [Quantity("noised", layer) for layer in range(network.n_layers)]
    accumulated = [Quantity("accumulated", layer, float(clean[layer, 0])) for layer in range(network.n_layers)]
    return [*noised, *accumulated, *(Quantity("gradient", layer) for layer in range(1, network.n_layers + 1))]


def values(network: OneNeuronNetwork, quantity: Quantity, z: np.ndarray) -> np.ndarray:
    """The quantity (n,) at standard normal numbers `z` (n, L): the noise of layer i is std_i z_i, 1 + std_i z_i."""
    noised, slopes, output = forward(network, z)
    if quantity.kind != "gradient":
        return noised[quantity.layer] - quantity.center
    return derivative(network, output) * _backward(network, quantity.layer, z, noised, slopes) - quantity.center


def forward(network: OneNeuronNetwork, z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Noised activations h̃_i (L, n), slopes κ'(w_i h̃_{i−1}) in row i = 1 … L − 1 (row 0 is 1), and o (n,)."""
    noised = np.empty((network.n_layers, len(z)))
    slopes = np.ones_like(noised)
    clean = np.full(len(z), network.x)
    for layer in range(network.n_layers):
        if layer > 0:
            clean, slopes[layer] = _activate(network.activation, network.weights[layer - 1] * noised[layer - 1])
        noised[layer] = _meet(network, layer, clean, z)
    return noised, slopes, network.weights[-1] * noised[-1]


def _meet(network: OneNeuronNetwork, layer: int, clean: np.ndarray, z: np.ndarray) -> np.ndarray:
    noise = network.stds[layer] * z[:, layer]
    return clean + noise if network.operation == "add" else clean * (1.0 + noise)


def _activate(name: str, a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """κ(a) and κ'(a)."""
    if name == "linear":
        return a, np.ones_like(a)
    if name == "relu":
        return np.maximum(a, 0.0), (a > 0).astype(float)
    low = np.minimum(a, 0.0)
    return np.where(a > 0, a, np.expm1(low)), np.exp(low)


def _backward(
    network: OneNeuronNetwork, layer: int, z: np.ndarray, noised: np.ndarray, slopes: np.ndarray
) -> np.ndarray:
    """∂o/∂w_i, i = `layer`."""
    found = noised[layer - 1].copy()
    for above in range(layer, network.n_layers):
        found *= slopes[above] * network.weights[above]
        if network.operation == "multiply":
            found *= 1.0 + network.stds[above] * z[:, above]
    return found


def derivative(network: OneNeuronNetwork, output: np.ndarray) -> np.ndarray:
    """The loss's derivative in the output."""
    if network.loss == "mse":
        return 2.0 * (output - network.target)
    return expit(output) - network.target


def printed_exponent(network: OneNeuronNetwork, quantity: Quantity) -> float:
    """What Lemma 3.1 and Theorem 3.1 print: ½ and (i + 1)/2 for activations; 1 and (L + i)/2 for gradients."""
    if network.operation == "add":
        return 1.0 if quantity.kind == "gradient" else 0.5
    return (quantity.layer + (network.n_layers if quantity.kind == "gradient" else 1)) / 2


def asymptotic_exponent(network: OneNeuronNetwork, quantity: Quantity) -> float:
    """The limit of d log‖X‖_m / d log m: half the number of unbounded Gaussian factors that meet in X.

    Multiplicative: one factor for each noisy layer up to i in h̃_i; in the gradient every noisy layer enters ∂o/∂w_i
    once, and once more through the residual of `mse`, while the derivative of cross-entropy is bounded. Additive: h̃_i
    is one Gaussian factor, and the residual of `mse` another. It takes for granted that the activation grows linearly
    on one side at least and that no factor is cut off on both.
    """
    noisy = [std > 0 for std in network.stds]
    squared = network.loss == "mse"
    if network.operation == "multiply":
        if quantity.kind == "gradient":
            return sum(noisy) * (1.0 if squared else 0.5)
        return sum(noisy[: quantity.layer + 1]) / 2
    if quantity.kind == "gradient":
        return (any(noisy[: quantity.layer]) + (squared and any(noisy))) / 2
    return any(noisy[: quantity.layer + 1]) / 2


def gaussian_slope(r: float, order: float) -> float:
    """d log‖X‖_m / d log m at m = `order` for X = |N(0, 1)|^{2r}: tends to r, from below."""
    from scipy.special import digamma, gammaln

    power = 2.0 * r * order
    log_moment = 0.5 * power * math.log(2.0) + float(gammaln((power + 1) / 2)) - 0.5 * math.log(math.pi)
    log_mean = r * (math.log(2.0) + float(digamma((power + 1) / 2)))
    return log_mean - log_moment / order


def words(network: OneNeuronNetwork) -> str:
    """The network in one sentence."""
    loss = "mean-squared error" if network.loss == "mse" else "cross-entropy"
    kind = "additive" if network.operation == "add" else "multiplicative"
    stds = ", ".join(f"{std:g}" for std in sorted(set(network.stds)))
    return f"One-neuron {network.activation} network, L = {network.n_layers}, {loss}, {kind} noise of std {stds}."
