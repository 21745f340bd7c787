"""`measure=factors`: the two factors of a gradient, their skewness and what their dependence adds to the product's."""

from __future__ import annotations

from dataclasses import dataclass

from gnicli import checks
from gnicli.checks import key
from gnicli.contracts.components import Bench
from gnicli.contracts.observer import Observer
from gnicli.contracts.results import Results
from gnicli.measure.one_neuron.keys import OneNeuronKeys


@dataclass
class Factors(OneNeuronKeys):
    """∂L̃/∂h̃ and ∂h̃/∂W of one weight of each layer (Section 3, Appendix C), for one data point."""

    name: str = key("factors", "skewness of the two factors of a gradient, and of their product (Appendix C)")
    n_draws: int = key(20000, "noise draws")

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.integer("measure.n_draws", self.n_draws, least=100)

    def measure(self, bench: Bench, observer: Observer) -> Results:
        """See `contracts.components.Measure`; a one-neuron network takes the place of the bench's network and data."""
        from gnicli.measure import room
        from gnicli.measure.factors import network, one_neuron, results
        from gnicli.seeding import numpy_stream

        keys = f"measure=factors with measure.n_draws={self.n_draws}"
        if not self.chain:
            room.require(room.of_network(bench, 2, self.n_draws), f"{keys} on {room.described(bench)}")
            drawn = network.draw(bench, self.n_draws, observer)
            picked = ", ".join(f"{unit}-{source}" for unit, source in drawn.weights)
            note = f"One data point and one weight (unit-input {picked}) of each layer, {self.n_draws} draws."
            return results.results(drawn.backward, drawn.forward, [], note)
        import numpy as np

        from gnicli.measure.one_neuron.network import words

        chain = self.one_neuron_network(bench.network.noise)
        room.require(room.of_one_neuron(3 * self.n_layers, self.n_draws), f"{keys}, measure.n_layers={self.n_layers}")
        z = numpy_stream(bench.network.seed, "sample", bench.step).standard_normal((self.n_draws, self.n_layers))
        layers = range(1, self.n_layers + 1)
        pairs = [one_neuron.factors(chain, layer, z) for layer in layers]
        known = [one_neuron.exact(chain, layer) for layer in layers] if one_neuron.is_exact(chain) else []
        backward, forward = np.array(pairs).swapaxes(0, 1)
        return results.results(backward, forward, known, words(chain))


COMPONENT = Factors
