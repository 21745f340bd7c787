"""`measure=layers`: the law of each layer's gradient noise, population by population."""

from __future__ import annotations

from dataclasses import dataclass

from gnicli import checks
from gnicli.checks import key
from gnicli.contracts import Bench, Observer, Results


@dataclass
class Layers:
    """The gradient noise of each layer: its populations, their statistics, and controls of the instrument."""

    name: str = key("layers", "the law of each layer's gradient noise, population by population")
    n_draws: int = key(1000, "draws of the populations over draws")

    def __post_init__(self) -> None:
        checks.integer("measure.n_draws", self.n_draws, least=2)

    def measure(self, bench: Bench, observer: Observer) -> Results:
        """See `contracts.Measure`."""
        from gnicli.measurement import populations

        return populations.measure(self, bench, observer)


COMPONENT = Layers
