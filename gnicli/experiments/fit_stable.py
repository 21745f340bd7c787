"""`gni fit-stable`: fit a stable law to samples and say what the evidence allows.

This module imports nothing heavy: `--help` and completion read the schema from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gnicli import checks
from gnicli.checks import Unchecked, key
from gnicli.contracts.components import Samples
from gnicli.contracts.observer import Observer, State
from gnicli.contracts.results import Headline, Results, RunRecord
from gnicli.errors import GniError, UsageError, shown
from gnicli.experiments import learning
from gnicli.experiments.common import RunConfig

if TYPE_CHECKING:
    import numpy as np

    from gnicli.evidence.finding import Finding, Look
    from gnicli.evidence.goodness import Goodness, PlainGoodness

LAWS = (
    "stable", "normal", "student", "laplace", "subweibull",
    "half_normal", "half_cauchy", "log_normal", "gamma", "weibull", "pareto",
)  # fmt: skip
PARAMETERS = ("alpha", "beta", "loc", "scale")

HEADLINES = tuple(
    Headline(f"{name}{group}", words + (", *" if group else ""))
    for group in ("", "/*")
    for name, words in (
        ("verdict", "verdict"),
        ("alpha", "alpha"),
        ("alpha_mohammadi", "alpha by sums"),
        *((name, name) for name in ("beta", "df", "r", "shape", "mean", "std", "scale", "loc")),
        ("tail_gain_stable", "tail gain over Gaussian"),
        ("tests_p", "p of all tests"),
    )
)


@dataclass
class FitStableConfig:
    """All keys of `gni fit-stable`; `samples` is a component with a schema of its own."""

    samples: Unchecked[Samples] = key(None, "samples to fit; a path is read as a file, - is standard input")
    law: str = key("stable", "the law whose parameters and goodness of fit are reported", choices=LAWS)
    parameterization: str = key(
        "S1", "parameterization of the stable law; S1 and S0 differ in loc", choices=("S1", "S0")
    )
    fixed: Any = key(None, "parameters of the stable law that are held fixed, as in {beta:0}")
    n_bootstrap: int = key(199, "largest number of bootstrap samples for the p-values; 0: no tests")
    n_tested: int = key(20000, "largest number of samples in the tests; of more, a random subset is tested")
    holdout: float = key(0.2, "share of the samples that is held out to score predictions, in [0, 0.5]")
    seed: int = key(0, "random seed of draws, random subsets and bootstrap")
    run: RunConfig = key(RunConfig, "where a run lives")

    def __post_init__(self) -> None:
        checks.choice("law", self.law, LAWS)
        checks.choice("parameterization", self.parameterization, ("S1", "S0"))
        if not isinstance(self.fixed, dict | None):
            raise UsageError(f"fixed: expected parameters such as {{beta:0}}, got {self.fixed!r}")
        for name, value in (self.fixed or {}).items():
            checks.choice("fixed", name, PARAMETERS)
            checks.number(f"fixed.{name}", value, sizes=checks.WIDE_SIZES)
        checks.integer("n_bootstrap", self.n_bootstrap, least=0, below=checks.MOST_DRAWS)
        checks.integer("n_tested", self.n_tested, least=50)
        checks.number("holdout", self.holdout, least=0, most=0.5)
        checks.seed("seed", self.seed)


def run(config: FitStableConfig, observer: Observer) -> Results:
    """Fit as `config` says, one fit per group of samples.

    Raises what reading the samples raises, and `NumericalError` where they cannot be fitted. Of several groups those
    that cannot be fitted are named in a warning, unless none can.
    """
    from gnicli.engine.tables import read_parquet
    from gnicli.evidence import reporting
    from gnicli.evidence.shared_alpha import with_shared_alpha
    from gnicli.experiments.about import fit_stable as about

    observer.stage("getting the samples")
    with learning.reading(config.samples, config.seed):
        samples = config.samples.load(config.seed, observer, read_parquet)
    findings: dict[str, Finding] = {}
    warnings: list[str] = []
    failure: GniError | None = None
    kept = _Kept(observer, len(samples))
    for index, (group, values) in enumerate(samples.items()):
        try:
            findings[group] = _investigate(config, values, group, index, kept)
        except UsageError:
            raise
        except GniError as error:
            if len(samples) == 1:
                raise
            failure = error
            warnings.append(f"{group}: {error}")
    if failure is not None and not findings:
        raise type(failure)(f"none of the {len(samples)} groups can be fitted; the last: {warnings[-1]}")
    origin = _origin(config.samples)
    sizes = {group: len(values) for group, values in samples.items()}
    found = reporting.results(findings, warnings, *origin)._replace(about=about.about(config, *origin, sizes))
    if config.law == "stable" and not config.fixed:
        found = with_shared_alpha(found, {group: samples[group] for group in findings})
    return found


def _origin(samples: object) -> tuple[str, str]:
    """Where samples are from, and what they are: a file's name and column, or the law that they were drawn from.

    That law is what the help of the component says: `draws from a Student t law`.
    """
    from pathlib import Path

    name, path, column = (getattr(samples, key, None) for key in ("name", "path", "column"))
    if path is None:
        field = getattr(samples, "__dataclass_fields__", {}).get("name")
        said = "" if field is None else str(field.metadata.get("help", ""))
        return said if said.startswith("draws ") else f"{name} draws", "x"
    is_named = column is not None and not str(column).isdecimal()
    source = "standard input" if path == "-" else Path(path).name
    return shown(source), shown(str(column)) if is_named else "x"


class _Kept:
    """The tests of the groups so far. They take nearly all of the time, so each is saved as soon as it is made."""

    def __init__(self, observer: Observer, n_groups: int) -> None:
        state = observer.restore()
        self.observer, self.n_groups = observer, n_groups
        self._tests: dict[str, PlainGoodness] = {} if state is None else dict(state.values["tests"])

    def test(self, look: Look, index: int, what: str) -> Goodness | None:
        """The tests of group `index`, made now or kept from before; None where none are wanted."""
        from gnicli.evidence.goodness import from_plain, to_plain

        if not look.plan.n_bootstrap:
            return None
        if str(index) in self._tests:
            return from_plain(self._tests[str(index)])
        tested = look.test(lambda done, total: self.observer.progress(what, done, total, "sample"))
        self._tests[str(index)] = to_plain(tested)
        if self.n_groups > 1:
            self.observer.keep(State(index + 1, {}, {"tests": dict(self._tests)}))
        return tested


def _investigate(config: FitStableConfig, x: np.ndarray, group: str, index: int, kept: _Kept) -> Finding:
    """Show the fit, which takes milliseconds, then test it."""
    from gnicli.evidence import reporting
    from gnicli.evidence.finding import Look, Plan, conclude

    plan = Plan(
        law=config.law,
        parameterization=config.parameterization,
        fixed={name: float(value) for name, value in (config.fixed or {}).items()},
        n_bootstrap=config.n_bootstrap,
        n_tested=config.n_tested,
        holdout=config.holdout,
        seed=config.seed,
        group=index,
    )
    look = Look(x, plan)
    if kept.n_groups == 1 and plan.law == "stable":
        kept.observer.table(*reporting.stable_table(look.stable, look.held))
    place = f"group {index + 1} of {kept.n_groups}, {group}: " if kept.n_groups > 1 else ""
    what = f"{place}alpha {look.stable.alpha:.3g}; bootstrap sample"
    return conclude(look, kept.test(look, index, what))


def summarize(runs: Sequence[RunRecord]) -> Results:
    """Of a sweep: the mean of every value over seeds, what these say of the tails, and density and tails side by side.

    These figures are of the first completed run of each setting.
    """
    from gnicli.engine.summary import groups
    from gnicli.engine.sweep_summary import summary
    from gnicli.engine.tables import read_arrays
    from gnicli.evidence import figures
    from gnicli.experiments.sweeps import tail_gain

    means = summary(runs)
    firsts = {}
    for group in groups(runs):
        done = [record for record in group.records if record.status == "completed"]
        known = [record for record in done if (record.folder / "arrays.npz").exists()]
        if known:
            firsts[group.label or str(known[0].job)] = known[0]
    arrays: dict[str, Mapping[str, np.ndarray]] = {
        label: read_arrays(record.folder / "arrays.npz") for label, record in firsts.items()
    }
    notes = (*means.notes, *tail_gain.sentences(runs))
    return means._replace(figures=figures.side_by_side(arrays), notes=notes)
