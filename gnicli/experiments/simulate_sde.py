"""`gni simulate-sde`: chains of the model (4.3) or (4.6), how they mix, explode and leave their basins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Optional, cast

from gnicli import checks
from gnicli.checks import key
from gnicli.contracts.observer import Observer
from gnicli.contracts.results import NamedArray, Results, RunRecord, Value
from gnicli.errors import UsageError
from gnicli.experiments.common import RunConfig
from gnicli.model.keys import NETWORK, ModelConfig

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from gnicli.model.build import Model
    from gnicli.model.chains import Chains
    from gnicli.sde.sinks import Transitions


@dataclass
class SimulateSdeConfig(ModelConfig):
    """All keys of `gni simulate-sde`."""

    exit_steps: int = key(2000, "steps of the chains that are followed until they leave their basin; 0: none")
    exit_eta: Optional[float] = key(None, "length of those steps; default: eta")
    basin: Any = key(None, "[left, right] around the only minimum, for exits; default: between the saddles")
    run: RunConfig = key(RunConfig, "where a run lives and how often its state is kept")

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.integer("exit_steps", self.exit_steps, least=0)
        if self.exit_eta is not None:
            checks.number("exit_eta", self.exit_eta, above=0)
        if self.basin is not None:
            if not isinstance(self.basin, list | tuple) or len(self.basin) != 2:
                raise UsageError(f"basin: expected two numbers such as [-1,2], got {self.basin!r}")
            for end in self.basin:
                checks.number("basin", end)


def run(cfg: DictConfig, observer: Observer) -> Results:
    """Simulate as `cfg` says (a merged `SimulateSdeConfig`).

    Raises `UsageError` where keys do not go together, `NumericalError` when every chain has exploded.
    """
    from omegaconf import OmegaConf

    config = cast(SimulateSdeConfig, OmegaConf.to_object(cfg))

    if config.potential.name == NETWORK:
        return on_network(config, observer)
    from gnicli.experiments.parts import Parts
    from gnicli.model import basins, build, chains, stationary_laws, step_length
    from gnicli.sde import pictures
    from gnicli.sde.sinks import Transitions

    built = build.build(config)
    places = basins.of(config, config.exit_steps, config.basin)
    parts = Parts(observer, {"chains": config.n_steps, **{f"exits{p.number}": config.exit_steps for p in places}})
    has_wells = built.potential.dimension == 1 and len(built.potential.minima()) > 1 and not config.eta_power
    transitions = Transitions(built.potential, config.n_chains) if has_wells else None
    found = chains.simulate_chains(
        config, built, parts.observe("chains"), [transitions] if transitions is not None else []
    )
    for place in places:
        place.follow(config, config.exit_steps, config.exit_eta or config.eta, parts.observe(f"exits{place.number}"))
    laws, notes = stationary_laws.laws(config)
    notes = step_length.step_notes(config, built.potential, built.increments.betas) + notes

    values = chains.values_of(found) | _explosions(config, built, found) | _transitions(config, transitions)
    figures = {
        "paths": pictures.paths(found.times, found.trace.positions),
        "density": pictures.histogram(found.histogram, laws),
    }
    arrays = chains.arrays_of(found)
    for place in places:
        values |= place.values()
        arrays[f"exit_durations/{place.number}"] = NamedArray(
            place.exits.durations, f"times that exits took from the basin of the minimum {place.minimum:g}"
        )
    if places:
        figures["exits"] = basins.figure(places, config.n_chains)
        notes += basins.notes(places)
    notes += _transition_notes(config, transitions)
    return Results(values, arrays, figures, notes=(*notes, *chains.notes(found)))


def on_network(config: SimulateSdeConfig, observer: Observer) -> Results:
    """Chains on the loss of a network, which has neither densities nor exits."""
    from gnicli.experiments.parts import Parts
    from gnicli.model import network_chains

    if config.basin is not None:
        raise UsageError("basin is a key of one-dimensional potentials; leave it out with potential=network")
    problem = network_chains.build(config, observer)
    return network_chains.run(config, problem, Parts(observer, {"chains": config.n_steps}).observe("chains"))


def _explosions(config: SimulateSdeConfig, model: Model, found: Chains) -> dict[str, Value]:
    """Euler's explosions by the formula, from where the chains were seen to live."""
    if config.scheme != "euler" or model.potential.dimension > 1 or config.eta_power:
        return {}
    from gnicli.sde.exits import explosion_probability

    (beta,) = model.increments.betas
    probability = explosion_probability(
        model.potential, config.alpha, beta, config.epsilon, config.eta, config.n_steps, found.trace.positions
    )
    return {"exploded_share_theory": Value(probability)}


def _transition_notes(config: SimulateSdeConfig, transitions: Transitions | None) -> list[str]:
    """Sentences where transitions are not those of theory."""
    if transitions is None or not _has_theory(config):
        return []
    import numpy as np

    from gnicli.model import basins
    from gnicli.sde.exits import transition_rates
    from gnicli.sde.noise import Increments

    (beta,) = Increments(config.alpha, config.beta, config.epsilon).betas
    theory = transition_rates(config.potential, config.alpha, beta, config.epsilon)
    wells, borders = config.potential.minima(), np.concatenate([[-np.inf], config.potential.saddles(), [np.inf]])
    conditions = [
        basins.smallness(config, float(well), float(well - left), float(right - well))
        for well, left, right in zip(wells, borders, borders[1:], strict=False)
    ]
    time = transitions.time * config.thin
    rates = [
        (f"transitions {i + 1}-{j + 1}", int(transitions.counts[i, j]), float(time[i]), float(theory[i, j]))
        for i in range(len(wells))
        for j in range(len(wells))
        if i != j and time[i] > 0
    ]
    return basins.too_large("transitions", conditions) + basins.denied(rates)


def _has_theory(config: SimulateSdeConfig) -> bool:
    """At alpha = 2 there are no jumps, and for another drift no such theory."""
    return config.alpha < 2 and config.drift == "gradient"


def _transitions(config: SimulateSdeConfig, transitions: Transitions | None) -> dict[str, Value]:
    """Rates from well to well with their exact intervals, beside those of theory."""
    if transitions is None:
        return {}
    from gnicli.model.basins import rate_value
    from gnicli.sde.exits import transition_rates
    from gnicli.sde.noise import Increments

    (beta,) = Increments(config.alpha, config.beta, config.epsilon).betas
    theory = transition_rates(config.potential, config.alpha, beta, config.epsilon)
    values = {}
    # The sink's weights are the lengths of the recorded steps, of which there is one in `thin`.
    time = transitions.time * config.thin
    for i in range(len(time)):
        for j in range(len(time)):
            if i != j and time[i] > 0:
                name = f"{i + 1}-{j + 1}"
                values[f"transition_rate/{name}"] = rate_value(int(transitions.counts[i, j]), float(time[i]))
                if _has_theory(config):
                    values[f"transition_rate_theory/{name}"] = Value(float(theory[i, j]), unit="1/time")
    return values


def summarise(records: Sequence[RunRecord]) -> Results:
    """What `-m` shows: exit rates over those of theory for every setting, besides the means over seeds."""
    from gnicli.experiments.sweeps import simulate_sde

    return simulate_sde.summarise(records)
