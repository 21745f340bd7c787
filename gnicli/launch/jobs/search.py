"""A search by Optuna: which jobs of a sweep come next, given the values of those that have ended.

Its state is that of the sweep's folder alone: `jobs.json` has what was proposed, and the folders of the jobs have the
values. So a search that was stopped goes on as if it had not been, whoever stopped it. A proposal depends on the seed,
on its place and on the jobs before its batch, and neither on the machine nor on how many jobs run at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Optional

from gnicli import checks, files
from gnicli.engine import extras, folders
from gnicli.engine.display import Display
from gnicli.engine.jobs.plan import Plan, Search
from gnicli.errors import UsageError
from gnicli.launch import commands

if TYPE_CHECKING:
    from hydra.core.override_parser.types import Override
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial

    from gnicli.engine.sweep import Sweep

JOURNAL = "optuna.log"
DIRECTIONS = ("minimize", "maximize")
SAMPLERS = ("tpe", "random")

Launch = Callable[[int, list[list[str]]], object]


@dataclass
class Keys:
    """How to search. A batch is proposed at once, and all of it has ended before the next one is."""

    n_trials: int = 20
    direction: str = "minimize"
    metric: Optional[str] = None
    batch: int = 4
    sampler: str = "tpe"
    seed: int = 0

    def __post_init__(self) -> None:
        checks.integer("hydra.sweeper.n_trials", self.n_trials, least=1)
        checks.choice("hydra.sweeper.direction", self.direction, DIRECTIONS)
        checks.integer("hydra.sweeper.batch", self.batch, least=1)
        checks.choice("hydra.sweeper.sampler", self.sampler, SAMPLERS)
        checks.seed("hydra.sweeper.seed", self.seed)


class Best(NamedTuple):
    """The best job of a search, and its value."""

    job: int
    words: list[str]
    value: float


def require() -> None:
    """Raise `ResourceError` where Optuna is not installed."""
    extras.require("hydra/sweeper=optuna", "optuna", "optuna")


def is_unfinished(plan: Plan) -> bool:
    """Whether a plan is that of a search which has jobs to propose."""
    return plan.search is not None and len(plan.words) < keys_of(plan.search).n_trials


def planned(space: Sequence[str], keys: Keys) -> Search:
    """The search as `jobs.json` has it."""
    return Search(list(space), {name: str(value) for name, value in vars(keys).items() if value is not None})


def keys_of(search: Search) -> Keys:
    """The keys of a search that was read; `UsageError` where one is none or out of range."""
    given = dict(search.keys)
    try:
        numbers = {name: int(given.pop(name)) for name in ("n_trials", "batch", "seed") if name in given}
        return Keys(**numbers, **given)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise UsageError(f"jobs.json: the keys of the search cannot be read: {error}") from error


def go_on(sweep: Sweep, search: Search, launch: Launch, *, shows: bool = True) -> None:
    """Run what is left of a search, and say which job is the best. `launch` and errors as of `Searching`.

    `sweep.plan` has the jobs that were proposed before.
    """
    begun = sweep.plan.words if sweep.plan is not None else []
    command = sweep.command
    headlines = [headline.name for headline in commands.module(command).HEADLINES]
    searching = Searching(sweep.folder, search, [name for name in headlines if "*" not in name])
    screen = Display(live=False)
    if shows:
        screen.note(searching.announcement(len(begun)))
    searching.run(begun, launch)
    if shows and sweep.plan is not None:
        screen.note(searching.conclusion(sweep.plan.words))


class Searching:
    """A search in the folder of a sweep. `default_metric` are values, of which the first that runs have is sought."""

    def __init__(self, sweep: Path, search: Search, default_metric: Sequence[str]) -> None:
        """Read the search; `UsageError` where a word is no range and no list, `ResourceError` without Optuna."""
        require()
        self._sweep, self._search = sweep, search
        self._keys = keys_of(search)
        self._metrics = [self._keys.metric] if self._keys.metric else list(default_metric)
        self._overrides = _parsed(search.space)
        self._space = {
            override.get_key_element(): _distribution(override)
            for override in self._overrides
            if override.is_sweep_override()
        }
        if not self._space:
            raise UsageError(
                "hydra/sweeper=optuna searches over keys with ranges or lists: "
                "type for instance lr=interval(0.001,0.1) or M=1,4,16"
            )

    def run(self, begun: Sequence[Sequence[str]], launch: Launch) -> None:
        """Run what is left: jobs that were proposed before (`begun`), and as many more as there are to be.

        `launch(first, words)` runs jobs from number `first` on and returns when they have ended.
        """
        words = [list(job) for job in begun]
        if words:
            launch(0, words)
        while len(words) < self._keys.n_trials:
            size = min(self._keys.batch - len(words) % self._keys.batch, self._keys.n_trials - len(words))
            batch = self._proposed(words, size)
            launch(len(words), batch)
            words += batch
        self._write_journal(words)

    def best(self, words: Sequence[Sequence[str]]) -> Best | None:
        """The best of the jobs with these words; None where none has a finite value."""
        values = {job: value for job in range(len(words)) if (value := self._value(job)) is not None}
        finite = {job: value for job, value in values.items() if math.isfinite(value)}
        if not finite:
            return None
        job = (min if self._keys.direction == "minimize" else max)(finite, key=finite.__getitem__)
        return Best(job, list(words[job]), finite[job])

    def announcement(self, n_begun: int) -> str:
        """How many jobs there will be, and how they are proposed."""
        n, batch = self._keys.n_trials, self._keys.batch
        told = f"a search of {n} job{'s' * (n > 1)}, {min(n, batch)} proposed at a time"
        return f"{told}; {n_begun} proposed already" if n_begun else told

    def conclusion(self, words: Sequence[Sequence[str]]) -> str:
        """Which job is the best, with its value and its words."""
        best = self.best(words)
        if best is None:
            return "no job of the search has a finite value"
        searched = [word for word in best.words if word.partition("=")[0] in self._space]
        return f"best: job {best.job} {' '.join(searched)}: {self._metrics[0]} {best.value:.6g}"

    # ------------------------------------------------------------------------------------------------------- proposals

    def _proposed(self, words: Sequence[Sequence[str]], n: int) -> list[list[str]]:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        study = optuna.create_study(direction=self._keys.direction, sampler=self._sampler(len(words)))
        study.add_trials(self._trials(words))
        asked = [study.ask(self._space).params for _ in range(n)]
        return [[self._word(override, params) for override in self._overrides] for params in asked]

    def _sampler(self, place: int) -> BaseSampler:
        import numpy as np
        import optuna

        (seed,) = np.random.SeedSequence([self._keys.seed, place]).generate_state(1).tolist()
        if self._keys.sampler == "random":
            return optuna.samplers.RandomSampler(seed=seed)
        # Those of a batch do not know one another's values: without the lie they would be alike.
        return optuna.samplers.TPESampler(seed=seed, constant_liar=True)

    def _word(self, override: Override, params: dict[str, object]) -> str:
        key = override.get_key_element()
        return f"{key}={_text(self._space[key], params[key])}" if key in params else str(override.input_line)

    # ----------------------------------------------------------------------------------------------------------- values

    def _trials(self, words: Sequence[Sequence[str]]) -> list[FrozenTrial]:
        from optuna.trial import TrialState, create_trial

        trials = []
        for job, mine in enumerate(words):
            typed = dict(word.partition("=")[::2] for word in mine)
            params = {key: _read(distribution, typed.get(key)) for key, distribution in self._space.items()}
            value = self._value(job)
            state = TrialState.FAIL if value is None else TrialState.COMPLETE
            trials.append(create_trial(state=state, params=params, distributions=self._space, value=value))
        return trials

    def _value(self, job: int) -> float | None:
        """The value of a job; the worst there is where it diverged, None where it failed."""
        info = folders.read_run(self._sweep / str(job))
        worst = math.inf if self._keys.direction == "minimize" else -math.inf
        if info.status == "diverged":
            return worst
        if info.status != "completed":
            return None
        name = next((name for name in self._metrics if name in info.values), None)
        if name is None or isinstance(info.values[name].value, str | tuple):
            known = ", ".join(name for name, value in info.values.items() if isinstance(value.value, float | int))
            raise UsageError(
                f"hydra.sweeper.metric: {self._metrics[0]} is no number among the results; take one of {known}"
            )
        self._metrics = [name]
        number = info.values[name].number
        return worst if math.isnan(number) else number

    def _write_journal(self, words: Sequence[Sequence[str]]) -> None:
        """Write the trials as Optuna's own programs read them."""
        from optuna import create_study
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend

        path = self._sweep / JOURNAL
        if files.require_file(path):
            path.unlink()
        storage = JournalStorage(JournalFileBackend(str(path)))
        study = create_study(storage=storage, study_name=self._sweep.name, direction=self._keys.direction)
        study.add_trials(self._trials(words))


def _parsed(space: Sequence[str]) -> list[Override]:
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import OverrideParseException

    try:
        return list(OverridesParser.create().parse_overrides(list(space)))
    except OverrideParseException as error:
        raise UsageError(f"cannot read {' '.join(space)!r}") from error


def _distribution(override: Override) -> BaseDistribution:
    """What Optuna draws from for a word: `1,4`, `range(1,9)`, `interval(0.1,1)`, `tag(log,interval(0.001,1))`."""
    from hydra.core.override_parser.types import ChoiceSweep, IntervalSweep, RangeSweep
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    value = override.value()
    try:
        if isinstance(value, ChoiceSweep):
            return CategoricalDistribution(list(override.sweep_string_iterator()))
        if isinstance(value, RangeSweep) and not value.shuffle:
            assert value.start is not None and value.stop is not None  # noqa: PT018 - what type checkers know
            n_steps = -int(-(value.stop - value.start) // value.step) - 1
            ends = value.start, value.start + n_steps * value.step
            if all(isinstance(part, int) for part in (*ends, value.step)):
                return IntDistribution(int(ends[0]), int(ends[1]), step=int(value.step))
            return FloatDistribution(float(ends[0]), float(ends[1]), step=float(value.step))
        if isinstance(value, IntervalSweep):
            assert value.start is not None and value.end is not None  # noqa: PT018 - what type checkers know
            log = "log" in value.tags
            if isinstance(value.start, int) and isinstance(value.end, int):
                return IntDistribution(value.start, value.end, log=log)
            return FloatDistribution(float(value.start), float(value.end), log=log)
    except ValueError as error:
        raise UsageError(f"{override.input_line}: {str(error).splitlines()[0]}") from error
    raise UsageError(
        f"{override.input_line}: a search takes lists, range(…) and interval(…), as in lr=interval(0.001,0.1)"
    )


def _text(distribution: BaseDistribution, value: object) -> str:
    """A proposed value as a word has it, with six digits where these are within the range: nobody types sixteen."""
    from optuna.distributions import FloatDistribution

    if isinstance(distribution, FloatDistribution) and distribution.step is None:
        short = f"{value:.6g}"
        if distribution.low <= float(short) <= distribution.high:
            return short
    return str(value)


def _read(distribution: BaseDistribution, text: str | None) -> object:
    """The value of a word in a distribution; `UsageError` where it is none of its values."""
    from optuna.distributions import CategoricalDistribution, IntDistribution

    try:
        if text is None:
            raise ValueError("a word is missing")
        value: object = text
        if not isinstance(distribution, CategoricalDistribution):
            value = int(text) if isinstance(distribution, IntDistribution) else float(text)
        distribution.to_internal_repr(value)
        return value
    except ValueError as error:
        raise UsageError(f"jobs.json: {text!r} is not in the space of the search: {error}") from error
