"""First exits from the basins of a potential, simulated and by theory."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from gnicli.contracts.components import Potential
from gnicli.contracts.observer import Observer
from gnicli.contracts.results import Curve, FigureData, Panel, Value
from gnicli.errors import UsageError
from gnicli.model import build
from gnicli.model.keys import ModelConfig
from gnicli.sde.exits.simulated import Exits, count_interval, first_exits
from gnicli.sde.exits.theory import exit_rate_from, exit_theory
from gnicli.sde.levy_noise import LevyNoise
from gnicli.seeding import numpy_stream

_STREAM = 2**62 + 1  # a step block that no simulation reaches: exits have draws of their own
_NEVER = 1e300  # a side without a saddle
_SMALL = 0.2  # what has to be much less than 1
_SURE = 0.999  # level of the interval that a rate of theory is held against: many are, in a sweep


class Basin:
    """The basin (minimum − left, minimum + right) of one minimum, its exits by theory and, after `follow`, as seen."""

    exits: Exits

    def __init__(self, config: ModelConfig, number: int, minimum: float, left: float, right: float) -> None:
        self.number, self.minimum, self.left, self.right = number, minimum, left, right
        self._noise = config.noise
        self.theory = exit_theory(self._noise, left, right)
        self.smallness = smallness(config.potential, self._noise, minimum, left, right)

    def follow(self, config: ModelConfig, n_steps: int, eta: float, observer: Observer) -> None:
        """Simulate exits over `n_steps` steps of length `eta`, by Strang's scheme: it never explodes."""
        seed = int(numpy_stream(config.seed, "simulate", _STREAM, self.number).integers(2**63 - 1))
        increments, scheme = build.moving(config, config.potential, "strang")
        self.exits = first_exits(
            scheme,
            increments,
            self.minimum,
            min(self.left, _NEVER),
            min(self.right, _NEVER),
            eta,
            n_steps,
            config.n_chains,
            seed,
            observer,
        )

    @property
    def from_positions(self) -> float:
        """The rate of theory from where chains were seen to live in the basin."""
        return exit_rate_from(self._noise, self.exits.nearness)

    def values(self) -> dict[str, Value]:
        """Measured and theoretical rate and direction, and what has to be small for the theory."""
        seen, number = self.exits, self.number
        values = {
            f"exit_rate/{number}": rate_value(seen.n, seen.time),
            f"exit_rate_theory/{number}": Value(self.theory.rate, unit="1/time"),
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
            values[f"exit_time_theory/{number}"] = Value(1 / self.theory.rate, unit="time")
            values[f"exit_to_right_theory/{number}"] = Value(self.theory.to_right)
            values[f"exit_rate_positions/{number}"] = Value(self.from_positions, unit="1/time")
        for name, value in self.smallness.items():
            values[f"exit_{name}/{number}"] = Value(value)
        return values


def smallness(potential: Potential, noise: LevyNoise, minimum: float, left: float, right: float) -> dict[str, float]:
    """What has to be much less than 1 for the theory of exits and transitions, over the way to the nearest border.

    `ratio`: ε|β tan(πα/2)|. `shift`: how far the noise's centering moves the resting place. `spread`: the width of the
    law of a chain that stays at the minimum.
    """
    nearest, stiffness, centering = min(left, right), _curvature(potential, minimum), abs(noise.centering)
    still = stiffness > 0
    settled = noise.epsilon * (noise.alpha * stiffness) ** (-1 / noise.alpha) if still else math.inf
    moved = abs(noise.wind) / stiffness if still else math.inf if centering else 0.0
    return {"ratio": noise.epsilon * centering / nearest, "shift": moved / nearest, "spread": settled / nearest}


def _curvature(potential: Potential, minimum: float) -> float:
    step = 1e-5 * (1 + abs(minimum))
    pair = potential.gradient(np.array([minimum - step, minimum + step]))
    curvature = float(pair[1] - pair[0]) / (2 * step)
    return curvature if curvature > 1e-6 else 0.0  # a quartic minimum holds nothing by its curvature


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
    minima = potential.minima()
    if given is not None:
        low, high = given
        if len(minima) != 1 or not low < minima[0] < high:
            raise UsageError(
                f"basin={list(given)} must hold the potential's only minimum, potential={potential.name} has "
                f"{', '.join(f'{m:g}' for m in minima)}"
            )
        return [Basin(config, 1, float(minima[0]), float(minima[0] - low), float(high - minima[0]))]
    borders = np.concatenate([[-np.inf], potential.saddles(), [np.inf]])
    if len(borders) == 2:
        return []
    return [
        Basin(config, i + 1, float(m), float(m - borders[i]), float(borders[i + 1] - m)) for i, m in enumerate(minima)
    ]


def notes(basins: Sequence[Basin]) -> list[str]:
    """Sentences where the theory is not to be relied on: by its own conditions, and by what was measured."""
    told = []
    for basin in basins:
        what = f"exits from {basin.minimum:g}"
        told += too_large(what, [basin.smallness])
        seen = basin.exits
        told += denied([(what, seen.n, seen.time, basin.theory.rate)])
        if told and told[-1].startswith(f"{what}: the measured") and math.isfinite(basin.from_positions):
            told[-1] += f"; from where chains live in the basin theory gives {basin.from_positions:.4g}"
    return told


def too_large(what: str, conditions: Sequence[Mapping[str, float]]) -> list[str]:
    """A sentence where one of the `smallness` of a theory is too large for it."""
    name, worst = max(((n, v) for each in conditions for n, v in each.items()), key=lambda pair: pair[1])
    if worst <= _SMALL:
        return []
    return [
        f"{what}: the noise is too large for the small-noise theory ({name} {worst:.2g}; below {_SMALL} needed): take "
        "a smaller epsilon to compare"
    ]


def denied(rates: Sequence[tuple[str, int, float, float]]) -> list[str]:
    """A sentence for each (what, events, time, rate of theory) whose events chance does not reconcile with theory."""
    told = []
    for what, n, time, theory in rates:
        found = Exits(n, 0, time, np.array([]), np.array([]))
        low, high = found.rate_interval(_SURE)
        if not low <= theory <= high:
            told.append(
                f"{what}: the measured rate {found.rate:.4g} ({100 * _SURE:g} % interval {low:.4g} to {high:.4g}) is "
                f"not that of the small-noise theory, {theory:.4g}"
            )
    return told


def figure(basins: Sequence[Basin], n_chains: int) -> FigureData:
    """How often a chain has left its basin up to a time, against theory: a straight line, for exits have no memory."""
    panels = []
    for basin in basins:
        seen = basin.exits
        t = np.linspace(0, seen.time / n_chains, 200)
        count = np.searchsorted(np.sort(seen.moments), t, side="right")
        low, high = count_interval(count)
        curves = [Curve("simulated", t, count / n_chains, low / n_chains, high / n_chains)]
        if basin.theory.rate:
            curves.append(Curve("theory", t, basin.theory.rate * t, style="dashed"))
        title = f"basin of {basin.minimum:g}: {seen.n} exits"
        panels.append(Panel(tuple(curves), "time", "exits per chain so far", title))
    return FigureData(
        "First exits",
        tuple(panels),
        "Chains begin again at the minimum after each exit. Mean number of exits of a chain up to a time, with its "
        "pointwise exact 95 % (Poisson) band, and rate · time with the rate of theory (small noise).",
    )
