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
    from gnicli.evidence.tempering import Tempering

LAWS = (
    "stable", "normal", "student", "laplace", "subweibull",
    "half_normal", "half_cauchy", "log_normal", "gamma", "weibull", "pareto",
)  # fmt: skip
PARAMETERS = ("alpha", "beta", "loc", "scale")
FEWEST_TEMPERING = 99  # bootstrap samples without which p cannot be 1 %

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
        ("tempering_p", "p of stable within tempered"),
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
    n_tempering: int = key(
        0, "largest number of bootstrap samples for the test whether samples are stable or tempered; 0: not tested"
    )
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
        checks.integer("n_tempering", self.n_tempering, least=0, below=checks.MOST_DRAWS)
        self._check_tempering()
        checks.number("holdout", self.holdout, least=0, most=0.5)
        checks.seed("seed", self.seed)

    def _check_tempering(self) -> None:
        if not self.n_tempering:
            return
        if self.n_tempering < FEWEST_TEMPERING:
            raise UsageError(
                f"n_tempering: fewer than {FEWEST_TEMPERING} bootstrap samples cannot reject at 1 %, "
                f"got {self.n_tempering}; take 0 for no test, or {FEWEST_TEMPERING} or more"
            )
        if self.law != "stable" or self.fixed:
            given = f"law={self.law}" if self.law != "stable" else f"fixed={self.fixed}"
            raise UsageError(
                f"n_tempering tests the stable law with all parameters fitted, got {given}; leave out one of the two"
            )


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
        saved = {} if state is None else state.values
        self.observer, self.n_groups = observer, n_groups
        self._tests: dict[str, PlainGoodness] = dict(saved.get("tests", {}))
        self._tempering: dict[str, dict[str, str]] = dict(saved.get("tempering", {}))

    def test(self, look: Look, index: int, what: str) -> Goodness | None:
        """The tests of group `index`, made now or kept from before; None where none are wanted."""
        from gnicli.evidence.goodness import from_plain, to_plain

        if not look.plan.n_bootstrap:
            return None
        if str(index) in self._tests:
            return from_plain(self._tests[str(index)])
        tested = look.test(lambda done, total: self.observer.progress(what, done, total, "sample"))
        self._tests[str(index)] = to_plain(tested)
        self._save(index)
        return tested

    def ask_tempering(self, look: Look, index: int, what: str) -> Tempering | None:
        """Whether the samples of group `index` are stable or tempered, likewise."""
        from gnicli.evidence.tempering import from_plain, to_plain

        if not look.plan.n_tempering:
            return None
        if str(index) in self._tempering:
            return from_plain(self._tempering[str(index)])
        found = look.ask_tempering(lambda done, total: self.observer.progress(what, done, total, "sample"))
        if found is not None:
            self._tempering[str(index)] = to_plain(found)
            self._save(index)
        return found

    def _save(self, index: int) -> None:
        if self.n_groups > 1:
            values = {"tests": dict(self._tests), "tempering": dict(self._tempering)}
            self.observer.keep(State(index + 1, {}, values))


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
        n_tempering=config.n_tempering,
        holdout=config.holdout,
        seed=config.seed,
        group=index,
    )
    look = Look(x, plan)
    if kept.n_groups == 1 and plan.law == "stable":
        kept.observer.table(*reporting.stable_table(look.stable, look.held))
    place = f"group {index + 1} of {kept.n_groups}, {group}: " if kept.n_groups > 1 else ""
    what = f"{place}alpha {look.stable.alpha:.3g}; bootstrap sample"
    tested = kept.test(look, index, what)
    return conclude(look, tested, kept.ask_tempering(look, index, f"{what}, stable or tempered"))


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
