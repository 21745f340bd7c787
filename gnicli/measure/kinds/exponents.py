"""`measure=exponents`: how the moments of activations and gradients grow with their order."""

from __future__ import annotations

from dataclasses import dataclass

from gnicli import checks
from gnicli.checks import Unchecked, key
from gnicli.contracts.components import Bench
from gnicli.contracts.observer import Observer
from gnicli.contracts.results import Results
from gnicli.errors import UsageError
from gnicli.measure.one_neuron.keys import OneNeuronKeys

ORDERS = [2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128]


@dataclass
class Exponents(OneNeuronKeys):
    """Slopes of log‖X‖_m on log m (Lemma 3.1, Theorem 3.1, Remark 3.1): by importance sampling, and exact values."""

    name: str = key("exponents", "growth of moments with their order (Lemma 3.1, Theorem 3.1)")
    orders: Unchecked[list[int] | tuple[int, ...]] = key(ORDERS, "orders m of the moments, ascending, each in [1, 512]")
    n_samples: int = key(20000, "draws of importance sampling for each quantity and order")
    n_draws: int = key(5000, "chain=false: noise draws of the network")
    inflation: float = key(1.0, "chain=false: factor of the noise's std in importance sampling; 1: plain draws")
    least_ess: float = key(1000.0, 'effective sample size below which a slope is marked "not enough"')

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.listed("measure.orders", self.orders, "orders", "[2,8,64]")
        for order in self.orders:
            checks.number("measure.orders", order, least=1, most=512)
        if sorted(set(self.orders)) != list(self.orders):
            raise UsageError(f"measure.orders must rise, got {list(self.orders)}")
        checks.integer("measure.n_samples", self.n_samples, least=100)
        checks.integer("measure.n_draws", self.n_draws, least=100)
        checks.number("measure.inflation", self.inflation, least=1, most=10)
        checks.number("measure.least_ess", self.least_ess, above=0)

    def measure(self, bench: Bench, observer: Observer) -> Results:
        """See `contracts.components.Measure`; a one-neuron network takes the place of the bench's network and data."""
        from gnicli.measure import room
        from gnicli.measure.growth import exponents, network, results

        orders = [float(order) for order in self.orders]
        if not self.chain:
            keys = f"measure=exponents with measure.n_draws={self.n_draws} on {room.described(bench)}"
            room.require(room.of_network(bench, 1, self.n_draws), keys)
            return network.measure(bench, orders, self.n_draws, self.inflation, self.least_ess, observer)
        one_neuron = self.one_neuron_network(bench.network.noise)
        keys = f"measure=exponents with measure.n_samples={self.n_samples}, measure.n_layers={self.n_layers}"
        room.require(room.of_one_neuron(self.n_layers, self.n_samples), keys)
        found = exponents.measure(one_neuron, orders, self.n_samples, bench.network.seed, bench.step, observer)
        return results.results(one_neuron, found, self.least_ess)


COMPONENT = Exponents
