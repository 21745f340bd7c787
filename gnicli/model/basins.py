"""First exits from the basins of a potential, simulated and by theory."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from gnicli.contracts.components import Potential
from gnicli.contracts.observer import Observer
from gnicli.contracts.results import Curve, FigureData, Panel, Value
from gnicli.errors import UsageError
from gnicli.model.keys import ModelConfig
from gnicli.sde.exits import basins as places
from gnicli.sde.exits import rates
from gnicli.sde.exits.simulated import Exits, count_interval
from gnicli.sde.exits.theory import exit_rate_from, exit_theory, smallness
from gnicli.sde.levy_noise import LevyNoise
from gnicli.sde.loop import Plan
from gnicli.sde.means import INFINITE

SMALL = 0.2  # what has to be much less than 1
TOO_LARGE = "noise too large"
_SURE = 0.999  # level of the interval that a rate of theory is compared with; high, because a sweep has many


class Basin:
    """The basin of one minimum, its exits by theory and, after `follow`, as seen."""

    exits: Exits

    def __init__(self, potential: Potential, noise: LevyNoise, basin: places.Basin) -> None:
        self.number, self.minimum, self._basin = basin.number, basin.minimum, basin
        self._potential, self._noise = potential, noise
        self.theory = exit_theory(noise, basin.left, basin.right)
        self.smallness = smallness(potential, noise, basin)

    def follow(self, plan: Plan, observer: Observer) -> None:
        """Simulate exits, as many chains and steps as the plan says."""
        self.exits = rates.follow(self._basin, self._potential, self._noise, plan, observer)

    @property
    def from_positions(self) -> float:
        """The rate of theory from where chains were seen to live in the basin."""
        return exit_rate_from(self._noise, self.exits.nearness)

    def values(self) -> dict[str, Value]:
        """Measured and theoretical rate and direction, and what has to be small for the theory."""
        seen, number, caveat = self.exits, self.number, caveat_of([self.smallness])
        values = {
            f"exit_rate/{number}": rate_value(seen.n, seen.time),
            f"exit_rate_theory/{number}": Value(self.theory.rate, unit="1/time", caveat=caveat),
        }
        if seen.n:
            share = seen.n_right / seen.n
            error = math.sqrt(share * (1 - share) / seen.n)
            low, high = seen.right_interval()
            values[f"exit_time/{number}"] = Value(
                seen.time / seen.n, seen.time / seen.n / math.sqrt(seen.n), seen.n, "time"
            )
            values[f"exit_to_right/{number}"] = Value(share, error, seen.n, ci95=(low, high))
        if self.theory.rate:
            values[f"exit_time_theory/{number}"] = Value(1 / self.theory.rate, unit="time", caveat=caveat)
            values[f"exit_to_right_theory/{number}"] = Value(self.theory.to_right, caveat=caveat)
            values[f"exit_rate_positions/{number}"] = Value(self.from_positions, unit="1/time")
        for name, value in self.smallness.items():
            values[f"exit_{name}/{number}"] = Value(value if math.isfinite(value) else INFINITE)
        return values


def rate_value(n: int, time: float) -> Value:
    """n events in a total time, with the exact (Poisson) interval of their rate."""
    low, high = Exits(n, 0, time, np.array([]), np.array([])).rate_interval()
    return Value(n / time, math.sqrt(n) / time, n, "1/time", (low, high))


def of(config: ModelConfig, exit_steps: int, given: Sequence[float] | None) -> list[Basin]:
    """The basins whose exits are followed; none in several dimensions, for another drift, or with no `exit_steps`.

    `given` are the ends of the only one, for a potential with a single minimum.

    At alpha = 2 there are no jumps, so no such theory.
    """
    potential = config.potential
    if potential.dimension > 1 or config.drift != "gradient" or not exit_steps or config.alpha == 2:
        if given is not None:
            raise UsageError("basin needs one dimension, drift=gradient, alpha < 2 and exit_steps > 0")
        return []
    return [Basin(potential, config.noise, basin) for basin in places.basins(potential, given)]


def warnings(basins: Sequence[Basin]) -> list[str]:
    """Sentences where the theory is unreliable: by its own conditions, and by the measured rates."""
    sentences = []
    for basin in basins:
        what = f"exits from {basin.minimum:g}"
        sentences += too_large(what, [basin.smallness])
        seen = basin.exits
        sentences += denied([(what, seen.n, seen.time, basin.theory.rate)])
        if sentences and sentences[-1].startswith(f"{what}: the measured") and math.isfinite(basin.from_positions):
            sentences[-1] += f"; from the positions of the chains in the basin, theory gives {basin.from_positions:.4g}"
    return sentences


def caveat_of(conditions: Sequence[Mapping[str, float]]) -> str:
    """What is said beside a value of theory where one of its `smallness` is too large for it; else nothing."""
    return TOO_LARGE if max(v for each in conditions for v in each.values()) > SMALL else ""


def too_large(what: str, conditions: Sequence[Mapping[str, float]]) -> list[str]:
    """A sentence where one of the `smallness` of a theory is too large for it."""
    name, worst = max(((n, v) for each in conditions for n, v in each.items()), key=lambda pair: pair[1])
    if worst <= SMALL:
        return []
    told = f"{worst:.2g}" if math.isfinite(worst) else INFINITE
    return [
        f"{what}: the noise is too large for the small-noise theory ({name} {told}, should be below {SMALL}): "
        "take a smaller epsilon to compare"
    ]


def denied(measured: Sequence[tuple[str, int, float, float]]) -> list[str]:
    """A sentence for each (what, events, time, rate of theory) whose measured rate differs from that of theory."""
    sentences = []
    for what, n, time, theory in measured:
        found = Exits(n, 0, time, np.array([]), np.array([]))
        low, high = found.rate_interval(_SURE)
        if not low <= theory <= high:
            sentences.append(
                f"{what}: the measured rate {found.rate:.4g} ({100 * _SURE:g} % interval {low:.4g} to {high:.4g}) is "
                f"not that of the small-noise theory, {theory:.4g}"
            )
    return sentences


def figure(basins: Sequence[Basin], n_chains: int, about: str = "") -> FigureData:
    """How often a chain has left its basin up to a time, against theory: a straight line, for exits have no memory.

    `about` ends the title.
    """
    panels = []
    for basin in basins:
        seen = basin.exits
        t = np.linspace(0, seen.time / n_chains, 200)
        count = np.searchsorted(np.sort(seen.moments), t, side="right")
        low, high = count_interval(count)
        curves = [Curve("simulated", t, count / n_chains, low / n_chains, high / n_chains)]
        if basin.theory.rate:
            caveat = caveat_of([basin.smallness])
            theory = Curve("theory", t, basin.theory.rate * t, style="dashed")
            curves.append(theory.greyed(caveat) if caveat else theory._replace(words="theory (small noise)"))
        title = f"basin of {basin.minimum:g}: {seen.n:,} exits"
        panels.append(Panel(tuple(curves), "time", "exits per chain so far", title))
    return FigureData(
        f"Exits, each followed by a new start at the minimum{about}",
        tuple(panels),
        "Chains begin again at the minimum after each exit. Mean number of exits of a chain up to a time, with its "
        "pointwise exact 95 % (Poisson) band, and rate · time with the rate of theory (small noise).",
        "95 % interval (Poisson)",
        "y",
    )
