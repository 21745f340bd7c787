"""`gni kde-stationary`: the stationary density of the model, estimated, and beside it the exact one and Gibbs's."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Optional

from gnicli import checks
from gnicli.checks import key
from gnicli.contracts.observer import Observer
from gnicli.contracts.results import Headline, Results, RunRecord, Value
from gnicli.errors import UsageError
from gnicli.experiments.common import RunConfig
from gnicli.kde.choices import ESTIMATORS, RULES
from gnicli.model.keys import ModelConfig

if TYPE_CHECKING:
    from gnicli.model.build import Model
    from gnicli.model.chains import Chains
    from gnicli.model.densities import Estimate, Smoothing
    from gnicli.model.stationary_laws import Laws

_MOST_POINTS = 1_000_001
_BESIDE = (
    "n_steps", "n_chains", "burn_in", "thin", "eta", "eta_power", "scheme", "drift", "h", "K", "order", "start", "seed",
)  # fmt: skip

HEADLINES = (
    Headline("weak_error_sum/*", "weak error of *, sum over coordinates"),
    Headline("drift_error_sum/*", "weak error of the drift, sum of * over coordinates"),
    Headline("drift_bound_sum/*", "its bound by theorem 4.2, sum of * over coordinates"),
    Headline("weak_error/*", "weak error of *"),
    Headline("drift_error/*", "weak error of the drift, *"),
    Headline("l1_to_exact", "L1 distance to exact"),
    Headline("wasserstein_to_exact", "Wasserstein distance to exact"),
    Headline("l1_to_gibbs", "L1 distance to Gibbs"),
    Headline("modes", "modes"),
    Headline("exact_modes", "exact modes"),
    Headline("split_rhat", "split R̂"),
)


@dataclass
class KdeStationaryConfig(ModelConfig):
    """All keys of `gni kde-stationary`."""

    source: Optional[str] = key(None, "folder of a gni simulate-sde run whose model and chains are used")
    bandwidth: Any = key("isj", "isj (Improved Sheather-Jones on the central 99 %), robust (quartiles), or a number")
    estimator: str = key(
        "binned", "binned: binning and FFT; sklearn: the exact sum of scikit-learn, as in the paper", choices=ESTIMATORS
    )
    points: int = key(1001, "points from low to high at which the density is estimated")
    drift_errors: bool = key(
        False,
        "with drift=fractional, h and K: also compute the weak errors of b_{h,K} without sampling, and for order=1 "
        "their bound (takes seconds)",
    )
    beside: Any = key(None, "keys of a second simulation in the same figure, such as {n_chains:1,eta:0.001}")
    run: RunConfig = key(RunConfig, "where a run lives and how often its state is kept")

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.bandwidth, str):
            if self.bandwidth not in RULES:
                raise UsageError(f"bandwidth must be isj, robust or a number > 0, got {self.bandwidth!r}")
        else:
            checks.number("bandwidth", self.bandwidth, above=0)
        checks.choice("estimator", self.estimator, ESTIMATORS)
        checks.integer("points", self.points, least=2, below=_MOST_POINTS + 1)
        if self.beside is not None:
            if not isinstance(self.beside, dict):
                raise UsageError(f"beside: expected keys such as {{n_chains:1,eta:0.001}}, got {self.beside!r}")
            for name in self.beside:
                checks.choice("keys of beside", name, _BESIDE)
            if self.source is not None:
                raise UsageError("beside simulates by the keys of this run: it does not go with source")
            _ = self.second

    @property
    def second(self) -> KdeStationaryConfig | None:
        """The keys of the simulation beside this one, if there is one."""
        if not self.beside:
            return None
        return dataclasses.replace(self, **{"drift_errors": False, **self.beside, "beside": None})

    @property
    def smoothing(self) -> Smoothing:
        """How densities are estimated."""
        from gnicli.model.densities import Smoothing

        return Smoothing(self.bandwidth, self.estimator, self.points)


def run(config: KdeStationaryConfig, observer: Observer) -> Results:
    """Estimate as `config` says.

    Raises `UsageError` where keys do not go together, `NumericalError` when every chain has exploded, `DataError` for
    a source that is damaged.
    """
    from gnicli.experiments.about import chains as about
    from gnicli.experiments.parts import Parts
    from gnicli.experiments.sources import simulated_chains
    from gnicli.kde import figures
    from gnicli.model import chains, densities, stationary_laws, weak_errors, wells
    from gnicli.model.build import build

    kept = None
    if config.source is not None:
        config, kept = simulated_chains.read(config, config.source)
    model, second = build(config), config.second
    other = None if second is None else build(second)
    _check(config, model)
    sizes = {"chains": config.n_steps} | ({} if second is None else {"beside": second.n_steps})
    parts = Parts(observer, sizes, {"beside": "beside: step"})
    if kept is not None:
        found = chains.load(config, model, kept)
    else:
        found = chains.simulate_chains(config, model, parts.observe("chains"))
    observer.stage("exact laws")
    laws, notes = stationary_laws.laws(config.potential, config.noise)
    observer.stage("densities")
    own = _estimated(config, model, found, laws)
    values = own.values | wells.theory_masses(config.potential, config.noise, config.drift)
    arrays, beside = densities.arrays(own.estimates, laws), None
    if config.drift_errors:
        observer.stage("weak errors of the drift")
        values |= weak_errors.drift_errors(config)
    warnings = own.warnings + chains.warnings(found)
    if second is not None and other is not None:
        other = other._replace(low=model.low, high=model.high)  # the same window, so that the two can be compared
        more = chains.simulate_chains(second, other, parts.observe("beside"))
        drawn = _estimated(second, other, more, laws)
        beside = drawn.estimates
        warnings += [f"beside: {sentence}" for sentence in drawn.warnings + chains.warnings(more)]
        notes += [f"beside: {sentence}" for sentence in chains.notes(more)]
        values |= {f"beside/{k}": v for k, v in drawn.values.items() if not k.startswith(("exact", "gibbs"))}
        arrays |= {f"beside/{name}": array for name, array in densities.arrays(beside, []).items()}
    figure = figures.densities(
        own.estimates,
        laws,
        beside,
        _label(config),
        f": {config.noise_words()}",
        _words(config),
        stationary_laws.caveats(config.drift, config.alpha),
    )
    notes += densities.notes(config.estimator, found)
    said = about.of_density(config, config.smoothing, config.beside or {}, values)
    return Results(values, arrays, {"density": figure}, notes=tuple(notes), warnings=tuple(warnings), about=said)


class _Estimated(NamedTuple):
    """The densities of a simulation, the values that come of them and of its chains, and warnings about its steps."""

    estimates: list[Estimate]
    values: dict[str, Value]
    warnings: list[str]


def _estimated(config: KdeStationaryConfig, model: Model, found: Chains, laws: Sequence[Laws]) -> _Estimated:
    from gnicli.model import build, chains, densities, stationary_laws, weak_errors

    estimates = densities.estimate(config.smoothing, model, found)
    caveats = stationary_laws.caveats(config.drift, config.alpha)
    values = densities.values(config.potential, found, estimates, laws, caveats) | chains.values_of(found)
    values |= weak_errors.weak_errors(config, found, laws)
    return _Estimated(estimates, values, build.step_warnings(config, model.potential))


def _check(config: KdeStationaryConfig, built: Model) -> None:
    """Refuse, before anything is simulated, errors of a sum that is none, a bandwidth the histogram cannot carry."""
    from gnicli.model import densities

    # Not a check of the schema: theorem42 sweeps h, and composes without it.
    if config.drift_errors and config.h is None:
        raise UsageError("drift_errors=true is for the sum b_{h,K}: add drift=fractional, h and K")
    densities.check(config.smoothing, built, config.n_bins)


def _label(config: KdeStationaryConfig) -> str:
    """What the second simulation does differently, in words."""
    return " ".join(f"{name}={value}" for name, value in (config.beside or {}).items())


def _words(config: KdeStationaryConfig) -> tuple[str, str]:
    """What the legend calls the simulation and the one beside it."""
    from gnicli.kde.figures import DRIFT_WORDS, beside_words

    beside = config.beside or {}
    if "drift" in beside:
        return f"{DRIFT_WORDS[config.drift]}, chains", f"{DRIFT_WORDS[str(beside['drift'])]}, chains"
    return "", beside_words(beside) if beside else ""


def summarize(records: Sequence[RunRecord]) -> Results:
    """What `-m` shows: the densities of all settings in one figure, weak errors along a key that varies."""
    from gnicli.experiments.sweeps import kde_stationary

    return kde_stationary.summarize(records)
