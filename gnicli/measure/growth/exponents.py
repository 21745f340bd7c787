"""The growth of moments on a chain: importance sampling at each order, and the exact value where it is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gnicli.contracts.observer import Observer
from gnicli.measure.growth.proposal import log_weights, propose
from gnicli.measure.moments import Moment, estimate, log_abs
from gnicli.measure.one_neuron import exact
from gnicli.measure.one_neuron.network import KINDS, Chain, Quantity, quantities, values
from gnicli.seeding import numpy_stream

_CENTER = 3  # the stream that gradients are centered with; 0 … 2 number the kinds


class Row(NamedTuple):
    """One quantity at one order: measured, and exact (NaN where no exact value is known)."""

    quantity: Quantity
    moment: Moment
    exact_log_norm: float
    exact_slope: float


def measure(
    chain: Chain, orders: Sequence[float], n_samples: int, seed: int, step: int, observer: Observer
) -> list[Row]:
    """Every quantity of the chain that is not constant, at every order; each pair has a random stream of its own."""
    measured = center(chain, n_samples, seed, step)
    rows = []
    total = len(measured) * len(orders)
    for quantity in measured:
        for index, order in enumerate(orders):
            stream = numpy_stream(seed, "sample", step, KINDS.index(quantity.kind), quantity.layer, index)
            moment = importance(chain, quantity, order, n_samples, stream)
            known = exact.exact_growth(chain, quantity, order) if exact.is_known(chain) else (math.nan, math.nan)
            rows.append(Row(quantity, moment, *known))
            observer.progress("moments", len(rows), total, "moment")
    return rows


def center(chain: Chain, n_samples: int, seed: int, step: int) -> list[Quantity]:
    """The quantities that vary; gradients are centered at their exact mean, or where it is not known at a sample's.

    The sample has 10 `n_samples` draws; what its error does to a slope falls as ‖X‖_m grows with m.
    """
    if exact.is_known(chain):
        found = exact.centered(chain)
    else:
        z = numpy_stream(seed, "sample", step, _CENTER).standard_normal((10 * n_samples, chain.n_layers))
        found = [
            each._replace(center=float(values(chain, each, z).mean())) if each.kind == "gradient" else each
            for each in quantities(chain)
        ]
    noisy = [scale > 0 for scale in chain.scales]
    return [each for each in found if each.kind == "gradient" or any(noisy[: each.layer + 1])]


def importance(chain: Chain, quantity: Quantity, order: float, n_samples: int, stream: np.random.Generator) -> Moment:
    """The moment of one order by importance sampling with a proposal made for it."""

    def log_size(z: np.ndarray) -> np.ndarray:
        return log_abs(values(chain, quantity, z))

    proposal = propose(log_size, chain.n_layers, order, stream)
    z = proposal.draw(n_samples, stream)
    return estimate(log_weights(proposal, z), log_size(z), order)
