"""The quantities of a one-neuron network, each gradient about its mean."""

from __future__ import annotations

from gnicli.measure.one_neuron import exact
from gnicli.measure.one_neuron.network import KINDS, OneNeuronNetwork, Quantity, quantities, values
from gnicli.seeding import numpy_stream

_CENTER = len(KINDS)  # the stream that gradients are centered with; those before it are of the kinds


def center(network: OneNeuronNetwork, n_samples: int, seed: int, step: int) -> list[Quantity]:
    """The quantities that vary; gradients are centered at their exact mean, or where it is not known at a sample's.

    The sample has 10 `n_samples` draws; what its error does to a slope falls as ‖X‖_m grows with m.
    """
    if exact.is_known(network):
        found = exact.centered(network)
    else:
        z = numpy_stream(seed, "sample", step, _CENTER).standard_normal((10 * n_samples, network.n_layers))
        found = [
            each._replace(center=float(values(network, each, z).mean())) if each.kind == "gradient" else each
            for each in quantities(network)
        ]
    noisy = [std > 0 for std in network.stds]
    return [each for each in found if each.kind == "gradient" or any(noisy[: each.layer + 1])]
