"""The two factors of the gradients of a one-neuron network: sampled, and exact where all is polynomial."""

from __future__ import annotations

import itertools

import numpy as np

from gnicli.measure.factors.statistics import of_factors
from gnicli.measure.one_neuron.network import OneNeuronNetwork, derivative, forward

_NODES = 4  # of Gauss and Hermite for each noise: the cube of a gradient has degree 6 in it at most
_MOST_NOISES = 9  # of a quadrature: 4⁹ points


def factors(network: OneNeuronNetwork, layer: int, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """X = ∂L̃/∂h̃_i and Y = ∂h̃_i/∂w_i, each (n,), for i = `layer` from 1, at standard normal `z` (n, L).

    The last h̃_L is the output o, which has neither activation nor noise. XY is the gradient of `one_neuron.network`.
    """
    noised, slopes, output = forward(network, z)
    backward = derivative(network, output)
    for above in range(network.n_layers, layer, -1):
        backward = backward * network.weights[above - 1] * _slope(network, above, z, slopes)
    return backward, noised[layer - 1] * _slope(network, layer, z, slopes)


def _slope(network: OneNeuronNetwork, layer: int, z: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    """∂h̃_i/∂(w_i h̃_{i−1}): κ', and under multiplicative noise times ε_i; 1 of the output."""
    if layer == network.n_layers:
        return np.ones(len(z))
    if network.operation == "multiply":
        return np.asarray(slopes[layer] * (1.0 + network.stds[layer] * z[:, layer]))
    return slopes[layer]


def is_exact(network: OneNeuronNetwork) -> bool:
    """Whether the quadrature of `exact` is exact here: linear, mean squared error, few noisy layers."""
    n_noisy = sum(std > 0 for std in network.stds)
    return network.activation == "linear" and network.loss == "mse" and n_noisy <= _MOST_NOISES


def exact(network: OneNeuronNetwork, layer: int) -> dict[str, float]:
    """`statistics.of_factors` over all noise, by Gauss–Hermite quadrature; needs `is_exact`.

    The factors are polynomials in the noise there, and each noise has degree 6 at most in the cube of their product.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    weights = weights / weights.sum()
    noisy = [place for place, std in enumerate(network.stds) if std > 0]
    grid = np.array(list(itertools.product(range(_NODES), repeat=len(noisy)))).reshape(-1, len(noisy))
    z = np.zeros((len(grid), network.n_layers))
    z[:, noisy] = nodes[grid]
    return of_factors(*factors(network, layer, z), weights[grid].prod(axis=1))
