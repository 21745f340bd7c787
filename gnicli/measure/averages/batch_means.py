"""Draws of the mean over a batch on a one-neuron network; `measure.weight_draws` has those of any network."""

from __future__ import annotations

import numpy as np

from gnicli.contracts.observer import Observer
from gnicli.measure.one_neuron.network import OneNeuronNetwork, Quantity, values
from gnicli.seeding import numpy_stream

CHUNK = 1 << 19  # gradients of a one-neuron network that are held at a time


def one_neuron_means(
    network: OneNeuronNetwork,
    quantity: Quantity,
    sizes: list[int],
    n_draws: int,
    seed: int,
    step: int,
    observer: Observer,
) -> list[np.ndarray]:
    """For each batch size B, `n_draws` means over B independent copies of the network's data point.

    The sizes have random streams of their own.
    """
    found = []
    for index, size in enumerate(sizes):
        stream = numpy_stream(seed, "sample", step, index)
        rows = max(1, CHUNK // size)
        means = np.empty(n_draws)
        for first in range(0, n_draws, rows):
            last = min(n_draws, first + rows)
            z = stream.standard_normal(((last - first) * size, network.n_layers))
            means[first:last] = values(network, quantity, z).reshape(-1, size).mean(axis=1)
            observer.progress(f"means over {size}", last, n_draws, "draw")
        found.append(means)
    return found
