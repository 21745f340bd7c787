"""`measure=averages`: what averaging over a batch does to the tail of the gradient noise (Theorem 3.2)."""

from __future__ import annotations

from dataclasses import dataclass

from gnicli import checks
from gnicli.checks import Unchecked, key
from gnicli.contracts.components import Bench
from gnicli.contracts.observer import Observer
from gnicli.contracts.results import Results
from gnicli.errors import UsageError
from gnicli.measure.one_neuron.keys import OneNeuronKeys


@dataclass
class Averages(OneNeuronKeys):
    """The tail of the mean gradient over B data points whose noise is independent, B = 1, 4, 16, …"""

    name: str = key("averages", "tail of the mean gradient over a batch (Theorem 3.2)")
    layer: int = key(1, "number of the measured weight of the one-neuron network, from 1")
    sizes: Unchecked[list[int] | tuple[int, ...]] = key([1, 4, 16, 64], "batch sizes B, ascending")
    n_draws: int = key(50000, "draws of the mean for each size")

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.integer("measure.layer", self.layer, least=1, below=self.n_layers + 1)
        checks.listed("measure.sizes", self.sizes, "batch sizes", "[1,4,16]")
        for size in self.sizes:
            checks.integer("measure.sizes", size, least=1)
        if sorted(set(self.sizes)) != list(self.sizes):
            raise UsageError(f"measure.sizes must rise, got {list(self.sizes)}")
        checks.integer("measure.n_draws", self.n_draws, least=100)

    def measure(self, bench: Bench, observer: Observer) -> Results:
        """See `contracts.components.Measure`."""
        from gnicli.measure import room
        from gnicli.measure.averages import results

        sizes = [int(size) for size in self.sizes]
        keys = f"measure=averages with measure.n_draws={self.n_draws}, measure.sizes={sizes}"
        if self.chain:
            one_neuron = self.one_neuron_network(bench.network.noise)
            room.require(room.of_one_neuron_means(self.n_layers, sizes, self.n_draws), keys)
            return results.of_one_neuron(
                one_neuron, self.layer, sizes, self.n_draws, bench.network.seed, bench.step, observer
            )
        room.require(room.of_network(bench, len(sizes), self.n_draws), f"{keys} on {room.described(bench)}")
        return results.of_network(bench, sizes, self.n_draws, observer)


COMPONENT = Averages
