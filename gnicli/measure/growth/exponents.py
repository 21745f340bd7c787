"""The growth of moments on a one-neuron network: importance sampling at each order, and the exact value where known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gnicli.contracts.observer import Observer
from gnicli.measure.growth.proposal import log_weights, propose
from gnicli.measure.moments import Moment, estimate, log_abs
from gnicli.measure.one_neuron import exact
from gnicli.measure.one_neuron.centers import center
from gnicli.measure.one_neuron.network import KINDS, OneNeuronNetwork, Quantity, values
from gnicli.seeding import numpy_stream


class Row(NamedTuple):
    """One quantity at one order: measured, and exact (NaN where no exact value is known)."""

    quantity: Quantity
    moment: Moment
    exact_log_norm: float
    exact_slope: float


def measure(
    network: OneNeuronNetwork, orders: Sequence[float], n_samples: int, seed: int, step: int, observer: Observer
) -> list[Row]:
    """Every quantity of the network that is not constant, at every order; each pair has a random stream of its own."""
    measured = center(network, n_samples, seed, step)
    rows = []
    total = len(measured) * len(orders)
    for quantity in measured:
        for index, order in enumerate(orders):
            stream = numpy_stream(seed, "sample", step, KINDS.index(quantity.kind), quantity.layer, index)
            moment = importance(network, quantity, order, n_samples, stream)
            known = exact.exact_growth(network, quantity, order) if exact.is_known(network) else (math.nan, math.nan)
            rows.append(Row(quantity, moment, *known))
            observer.progress("moments", len(rows), total, "moment")
    return rows


def importance(
    network: OneNeuronNetwork, quantity: Quantity, order: float, n_samples: int, stream: np.random.Generator
) -> Moment:
    """The moment of one order by importance sampling with a proposal made for it."""

    def log_size(z: np.ndarray) -> np.ndarray:
        return log_abs(values(network, quantity, z))

    proposal = propose(log_size, network.n_layers, order, stream)
    z = proposal.draw(n_samples, stream)
    return estimate(log_weights(proposal, z), log_size(z), order)
