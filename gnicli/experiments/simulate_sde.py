"""`gni simulate-sde`: chains of the model (4.3) or (4.6), how they mix, explode and leave their basins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Optional

from gnicli import checks
from gnicli.checks import key
from gnicli.contracts.observer import Observer
from gnicli.contracts.results import Headline, NamedArray, Results, RunRecord
from gnicli.errors import UsageError
from gnicli.experiments.common import RunConfig
from gnicli.model.keys import NETWORK, ModelConfig

HEADLINES = (
    Headline("exit_rate/*", "exit rate, basin *"),
    Headline("exit_rate_theory/*", "exit rate by theory, basin *"),
    Headline("transition_rate/*", "transition rate, *"),
    Headline("transition_rate_theory/*", "transition rate by theory, *"),
    Headline("exact_basin_mass/*", "exact mass, basin *"),
    Headline("basin_mass_theory/*", "mass by theory, basin *"),
    Headline("mean/*", "mean of *"),
    Headline("loss/q0.5", "median loss"),
    Headline("norm/q0.5", "median norm"),
    Headline("split_rhat", "split R̂"),
    Headline("split_rhat/*", "split R̂, *"),
    Headline("ess", "effective sample size"),
)


@dataclass
class SimulateSdeConfig(ModelConfig):
    """All keys of `gni simulate-sde`."""

    exit_steps: int = key(2000, "steps of each chain in the simulation of exits from basins; 0: no such simulation")
    exit_eta: Optional[float] = key(None, "length of a step in the simulation of exits; default: eta")
    basin: Any = key(None, "ends [left, right] of the basin of a single minimum, for exits; default: the saddles")
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


def run(config: SimulateSdeConfig, observer: Observer) -> Results:
    """Simulate as `config` says.

    Raises `UsageError` where keys do not go together, `NumericalError` when every chain has exploded.
    """
    if config.potential.name == NETWORK:
        return on_network(config, observer)
    from gnicli.experiments.about import chains as about
    from gnicli.experiments.parts import Parts
    from gnicli.model import basins, build, chains, explosions, stationary_laws, transitions, wells
    from gnicli.sde.figures import histogram, paths
    from gnicli.sde.loop import Plan

    built = build.build(config)
    places = basins.of(config, config.exit_steps, config.basin)
    sizes = {"chains": config.n_steps, **{f"exits{p.number}": config.exit_steps for p in places}}
    parts = Parts(observer, sizes, {f"exits{p.number}": f"exits from {p.minimum:g}: step" for p in places})
    counted = transitions.counter(built)
    found = chains.simulate_chains(config, built, parts.observe("chains"), [] if counted is None else [counted])
    n_steps, eta = _exits(config)
    plan = Plan(n_steps, config.n_chains, eta, config.seed)
    for place in places:
        place.follow(plan, parts.observe(f"exits{place.number}"))
    laws, notes = stationary_laws.laws(config.potential, config.noise)
    warnings = build.step_warnings(config, built.potential) + chains.warnings(found)

    values = chains.values_of(found) | explosions.by_theory(built, found.trace.positions)
    values |= transitions.values(config, counted) | wells.masses(config.potential, config.noise, config.drift, laws)
    figures = {
        "paths": paths(found.times, found.trace.positions, f": {config.noise_words()}"),
        "density": histogram(
            found.histogram,
            laws,
            f": {config.noise_words()}",
            stationary_laws.caveats(config.drift, config.alpha),
            not found.mixing.stuck,
        ),
    }
    arrays = chains.arrays_of(found)
    for place in places:
        values |= place.values()
        arrays[f"exit_durations/{place.number}"] = NamedArray(
            place.exits.durations, f"times that exits took from the basin of the minimum {place.minimum:g}"
        )
    if places:
        figures["exits"] = basins.figure(places, config.n_chains, f": {config.noise_words()}")
        warnings += basins.warnings(places)
    warnings += transitions.warnings(config, counted)
    notes += chains.notes(found)
    said = about.of_simulation(config, values, _exits(config), config.basin)
    return Results(values, arrays, figures, notes=tuple(notes), warnings=tuple(warnings), about=said)


def _exits(config: SimulateSdeConfig) -> tuple[int, float]:
    """The number and the length of the steps in which exits are counted."""
    return config.exit_steps, config.exit_eta or config.eta


def on_network(config: SimulateSdeConfig, observer: Observer) -> Results:
    """Chains on the loss of a network, which has neither densities nor exits."""
    from gnicli.experiments.about import chains as about
    from gnicli.experiments.parts import Parts
    from gnicli.model import network_chains

    if config.basin is not None:
        raise UsageError("basin is a key of one-dimensional potentials; leave it out with potential=network")
    problem = network_chains.build(config, observer)
    results = network_chains.run(config, problem, Parts(observer, {"chains": config.n_steps}).observe("chains"))
    return results._replace(about=about.of_simulation(config, results.values, _exits(config), None))


def summarize(records: Sequence[RunRecord]) -> Results:
    """What `-m` shows: exit rates over those of theory for every setting, besides the means over seeds."""
    from gnicli.experiments.sweeps import simulate_sde

    return simulate_sde.summarize(records)
