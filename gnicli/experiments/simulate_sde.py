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

_MOST_DRAWS = 100_001  # measured in each chain
GIVEN, MEASURED = "given", "measured"
LAWS = (GIVEN, MEASURED)

HEADLINES = (
    Headline("exit_rate/*", "exit rate, basin *"),
    Headline("exit_rate_theory/*", "exit rate by theory, basin *"),
    Headline("transition_rate/*", "transition rate, *"),
    Headline("transition_rate_theory/*", "transition rate by theory, *"),
    Headline("exact_basin_mass/*", "exact mass, basin *"),
    Headline("basin_mass_theory/*", "mass by theory, basin *"),
    Headline("mean/*", "mean of *"),
    Headline("loss_gap/*", "log of loss over training's, *"),
    Headline("nearer_than_brownian/*", "nearer to training than Brownian, *"),
    Headline("diverged_share/*", "diverged share, *"),
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
    laws: str = key(
        GIVEN,
        "given: alpha, beta and epsilon say what the noise is; measured: with potential=network, the laws of the "
        "gradient noise of its layers, and training itself beside the models",
        choices=LAWS,
    )
    M: int = key(1, "noise draws averaged in one step of training, equation (4.5), for laws=measured")
    n_draws: int = key(200, "gradients of each chain on which laws=measured measures the laws of the noise")
    measure_every: Optional[int] = key(
        None, "steps of training after which laws=measured measures the laws again; default: at the start alone"
    )
    run: RunConfig = key(RunConfig, "where a run lives and how often its state is kept")

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.choice("laws", self.laws, LAWS)
        checks.integer("M", self.M, least=1)
        checks.at_most("M", self.M, checks.MOST_DRAWS)
        checks.integer("n_draws", self.n_draws, least=10, below=_MOST_DRAWS)
        if self.measure_every is not None:
            checks.integer("measure_every", self.measure_every, least=1)
        if self.laws == MEASURED:
            self._check_measured()
        checks.integer("exit_steps", self.exit_steps, least=0)
        if self.exit_eta is not None:
            checks.number("exit_eta", self.exit_eta, above=0)
        if self.basin is not None:
            if not isinstance(self.basin, list | tuple) or len(self.basin) != 2:
                raise UsageError(f"basin: expected two numbers such as [-1,2], got {self.basin!r}")
            for end in self.basin:
                checks.number("basin", end)

    def _check_measured(self) -> None:
        """Refuse what training, which the models are compared with, is not."""
        if self.potential.name != NETWORK:
            raise UsageError(f"laws=measured needs potential=network, got potential={self.potential.name}")
        if self.scheme != "euler":
            raise UsageError(
                f"laws=measured compares steps of training, which are those of scheme=euler, got {self.scheme}"
            )
        if self.eta_power:
            raise UsageError(f"laws=measured takes steps of one length: eta_power=0, got {self.eta_power:g}")
        if self.n_chains < 2:
            raise UsageError(f"laws=measured compares chains with chains: n_chains >= 2, got {self.n_chains}")

    def _check_records(self) -> None:
        """With laws=measured every path is recorded at steps of its own."""
        if self.laws == MEASURED:
            checks.integer("n_steps", self.n_steps, least=10)
        else:
            super()._check_records()


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
    if config.laws == MEASURED:
        return _beside_training(config, observer)
    problem = network_chains.build(config, observer)
    results = network_chains.run(config, problem, Parts(observer, {"chains": config.n_steps}).observe("chains"))
    return results._replace(about=about.of_simulation(config, results.values, _exits(config), None))


def _beside_training(config: SimulateSdeConfig, observer: Observer) -> Results:
    """The models of the measured gradient noise beside training."""
    from gnicli.experiments.about import chains as about
    from gnicli.experiments.parts import Parts
    from gnicli.gradients.landscape import FreshGradients
    from gnicli.model import network_chains
    from gnicli.model.measured import run as measured
    from gnicli.model.measured.words import ARMS

    keys = measured.Keys(config.eta, config.n_steps, config.seed, config.n_draws, config.measure_every or 0)
    problem = network_chains.build(config, observer, lambda d: measured.check_chains(keys, d, config.n_chains))
    measured.check_draws(config.M, config.n_chains, problem.inputs.numel())
    fresh = FreshGradients(problem.network._replace(M=config.M), problem.inputs, problem.targets)
    parts = Parts(
        observer, dict.fromkeys(ARMS, config.n_steps), {name: f"{words}: step" for name, words in ARMS.items()}
    )
    layers = problem.landscape.layers
    found = measured.run(problem.landscape, problem.clean, fresh, layers, problem.start, keys, parts.observe, observer)
    return found._replace(
        about=about.of_measured(config, config.M, config.n_draws, config.measure_every, found.notes[0])
    )


def summarize(records: Sequence[RunRecord]) -> Results:
    """What `-m` shows: exit rates over those of theory for every setting, besides the means over seeds."""
    from gnicli.experiments.sweeps import simulate_sde

    return simulate_sde.summarize(records)
