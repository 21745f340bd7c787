"""`measure=layers`: the law of each layer's gradient noise, population by population."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from gnicli import checks
from gnicli.checks import Unchecked, key
from gnicli.contracts.components import Bench
from gnicli.contracts.observer import Observer
from gnicli.contracts.results import Results
from gnicli.errors import UsageError

FIGURES = ("positive_part", "stable_fit", "forward", "alpha")


@dataclass
class Layers:
    """The gradient noise of each layer: its populations, their statistics, and controls whose law is known."""

    name: str = key("layers", "the law of each layer's gradient noise, population by population")
    n_draws: int = key(1000, "noise draws of the populations over draws")
    n_traced: int = key(16, "weights of each layer whose draws are all kept, for fits and figures")
    minibatch: Optional[int] = key(
        None,
        "examples of a random minibatch, for the population over_batches (equation (2.4)); default: no such population",
    )
    figures: Unchecked[list[str] | tuple[str, ...]] = key(list(FIGURES), f"figures to draw, of {', '.join(FIGURES)}")

    def __post_init__(self) -> None:
        checks.integer("measure.n_draws", self.n_draws, least=2, below=10**8)
        checks.integer("measure.n_traced", self.n_traced, least=1)
        if self.minibatch is not None:
            checks.integer("measure.minibatch", self.minibatch, least=1)
        if not isinstance(self.figures, list | tuple):
            raise UsageError(f"measure.figures: expected a list such as [{FIGURES[0]}], got {self.figures!r}")
        for figure in self.figures:
            checks.choice("measure.figures", figure, FIGURES)

    def measure(self, bench: Bench, observer: Observer) -> Results:
        """See `contracts.components.Measure`."""
        from gnicli.measure import room
        from gnicli.measure.layers import populations, results

        keys = f"measure=layers with measure.n_draws={self.n_draws}, measure.n_traced={self.n_traced}"
        least = room.of_layers(bench, self.n_draws, self.n_traced, 2 if self.minibatch is None else 3)
        room.require(least, f"{keys} on {room.described(bench)}", bench.inputs.device)
        found = populations.measure(bench, self.n_draws, self.n_traced, observer, self.minibatch)
        return results.results(found, bench, self.n_draws, list(self.figures), self.minibatch)


COMPONENT = Layers
