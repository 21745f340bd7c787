"""Transitions from well to well: counted along the chains, and by the theory of small noise."""

from __future__ import annotations

import math
from collections.abc import Iterator

from gnicli.contracts.results import Value
from gnicli.model import basins, wells
from gnicli.model.build import Model
from gnicli.model.keys import ModelConfig
from gnicli.sde.exits.theory import transition_rates
from gnicli.sde.sinks.transitions import Transitions


def counter(model: Model) -> Transitions | None:
    """What counts transitions along the chains; None with a single well, in several dimensions, with shorter steps."""
    potential = model.potential
    if potential.dimension > 1 or len(potential.minima()) < 2 or model.plan.eta_power:
        return None
    return Transitions(potential, model.plan.n_chains)


def values(config: ModelConfig, counted: Transitions | None) -> dict[str, Value]:
    """Rates from well to well with their exact intervals, beside those of theory."""
    if counted is None:
        return {}
    found = {}
    caveat = basins.caveat_of(wells.conditions(config.potential, config.noise)) if _has_theory(config) else ""
    for name, n, time, theory in _rates(config, counted):
        found[f"transition_rate/{name}"] = basins.rate_value(n, time)
        if _has_theory(config) and math.isfinite(theory):
            found[f"transition_rate_theory/{name}"] = Value(theory, unit="1/time", caveat=caveat)
    return found


def warnings(config: ModelConfig, counted: Transitions | None) -> list[str]:
    """Sentences where transitions are not those of theory."""
    if counted is None or not _has_theory(config):
        return []
    rates = [
        (f"transitions {name}", n, time, theory)
        for name, n, time, theory in _rates(config, counted)
        if math.isfinite(theory)
    ]
    if not rates:
        return []
    conditions = wells.conditions(config.potential, config.noise)
    return basins.too_large("transitions", conditions) + basins.denied(rates)


def _has_theory(config: ModelConfig) -> bool:
    """For another drift there is no such theory."""
    return config.drift == "gradient"


def _rates(config: ModelConfig, counted: Transitions) -> Iterator[tuple[str, int, float, float]]:
    """From each well where chains have been to each other one: its name, number, time in the well, rate of theory."""
    theory = transition_rates(config.potential, config.noise)
    # The sink's weights are the lengths of the recorded steps, of which there is one in `thin`.
    time = counted.time * config.thin
    for i in range(len(time)):
        for j in range(len(time)):
            if i != j and time[i] > 0:
                yield f"{i + 1}-{j + 1}", int(counted.counts[i, j]), float(time[i]), float(theory[i, j])
