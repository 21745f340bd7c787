"""What Hydra calls for each run, in this process or in a launcher's worker.

Launchers pickle a task by reference, so each is a function at module level, and this module imports nothing heavy.
"""

from __future__ import annotations

import datetime
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn, cast

from omegaconf import DictConfig, OmegaConf

from gnicli import checks
from gnicli.engine import first_line
from gnicli.engine.caller import COMMAND_LINE, Caller
from gnicli.errors import GniError, Interrupted, UsageError
from gnicli.launch import commands, error_messages, foreign_configs, hydra_versions, schema_keys, validation
from gnicli.launch.arguments import Arguments
from gnicli.launch.references import RESOLVER

if TYPE_CHECKING:
    from gnicli.contracts.observer import Observer
    from gnicli.contracts.results import Results
    from gnicli.engine.job import Outcome
    from gnicli.engine.jobs.due import Wishes
    from gnicli.engine.jobs.plan import Plan
    from gnicli.engine.sweep import Sweep

STOPPED = (Interrupted.exit_code, 130)


class Job(NamedTuple):
    """What became of a run in this process: the engine's outcome, or the error that it raised."""

    outcome: Outcome | None
    error: Exception | None


class Session:
    """One call of a Hydra command in this process: what it ran, its sweep, the folders that were not there before."""

    def __init__(
        self,
        command: str,
        argv: list[str],
        arguments: Arguments,
        *,
        n_jobs: int | None = None,
        caller: Caller = COMMAND_LINE,
        place: Path | None = None,
    ) -> None:
        """`argv` is what was typed. A job in a process of its own has the folder `place`; others choose theirs."""
        self.caller = caller
        self.command = command
        self.argv = argv
        self.arguments = arguments
        self.n_jobs = n_jobs
        self.place = place
        self.jobs: list[Job] = []
        self.sweep: Sweep | None = None
        self.has_begun = False  # whether a job was started in another process
        self._absent: list[Path] = []
        self._begun = 0.0

    def chose(self, kind: str, folder: Path) -> None:
        """Called with the folder of the run or the sweep before anybody creates it; a sweep claims its own."""
        self._absent += [path for path in (folder, *folder.parents) if not path.exists()]
        if kind == "sweep" and self.sweep is None:
            from gnicli.engine.sweep import Sweep

            if self._holds_the_same(folder):
                self.sweep = Sweep.again(folder)
                return
            self.sweep = Sweep(
                folder,
                command=self.command,
                overrides=self.arguments.overrides,
                argv=self.argv,
                n_jobs=self.n_jobs,
            )

    def setting(self, overrides: list[str]) -> str:
        """Write those overrides of a job that the sweep does not give to all of its jobs."""
        return " ".join(word for word in overrides if word not in self.arguments.overrides)

    def announce(self, number: str, setting: str) -> None:
        """Print which job of how many begins, and how long the jobs that are left may take."""
        if not self.caller.shows:
            return
        from gnicli.engine.display import Display

        self._begun = self._begun or time.monotonic()
        done, place, left = len(self.jobs), "", ""
        if self.n_jobs is not None:
            place = f" ({done + 1} of {self.n_jobs})"
            if done:
                seconds = (time.monotonic() - self._begun) / done * (self.n_jobs - done)
                left = f"; {datetime.timedelta(seconds=round(seconds))} left"
        Display(live=False).note(f"job {number}{place}{': ' if setting else ''}{setting}{left}")

    def _holds_the_same(self, folder: Path) -> bool:
        """Whether `folder` holds the sweep of these words, which then goes on; how it is launched may differ."""
        from gnicli.engine import folders

        try:
            found = folders.read_manifest(folder)
        except GniError:
            return False
        same = _of_jobs(found.get("overrides") or []) == _of_jobs(self.arguments.overrides)
        return found.get("kind") == "sweep" and found.get("command") == self.command and same

    def sweep_of_launch(self) -> Sweep:
        """The sweep, whose folder Hydra names before it launches."""
        assert self.sweep is not None
        return self.sweep

    def plan(self, first: int, words: Sequence[Sequence[str]]) -> Plan:
        """What the jobs of the sweep are, those from number `first` on included; nothing is written."""
        from gnicli.engine.jobs import plan

        begun = self.sweep_of_launch().plan or plan.Plan(
            self.command, [], _own_words(self.arguments.overrides), plan.given(self.arguments._asdict())
        )
        return begun.extended(first, words)

    @property
    def wishes(self) -> Wishes:
        """What is to be run again where the sweep has begun before."""
        from gnicli.engine.jobs.due import Wishes

        return Wishes(self.arguments.retry_failed, self.arguments.force, self.arguments.any_version)

    def begins_jobs(self) -> None:
        """Called before jobs start in processes of their own: what they leave is to be seen."""
        self.has_begun = True

    def clean(self) -> None:
        """Remove what Hydra created and no run wrote into, and a sweep that began no job."""
        if self.sweep is not None and not self.sweep.is_new and not self.has_begun:
            self.sweep.leave()
            self.sweep = None
        if self.sweep is not None and not any(path.is_dir() for path in self.sweep.folder.glob("[0-9]*/*")):
            for path in self.sweep.folder.glob("[0-9]*"):
                _remove_if_empty(path)
            if not self.jobs and not self.has_begun:
                (self.sweep.folder / "multirun.yaml").unlink(missing_ok=True)
                self.sweep.discard()
                self.sweep = None
        for path in sorted(set(self._absent), key=lambda path: len(path.parts), reverse=True):
            _remove_if_empty(path)


# Of Hydra's own words these are the sweep's, and all others are those of its jobs too.
_OF_SWEEP = ("hydra/launcher", "hydra/sweeper", "hydra.launcher.", "hydra.sweeper.", "hydra.mode", "hydra.run.dir",
             "hydra.sweep.dir")  # fmt: skip


def _of_jobs(overrides: list[str]) -> list[str]:
    """The words of a sweep that decide what its jobs are."""
    return [word for word in overrides if not word.lstrip("+").startswith(_OF_SWEEP)]


def _own_words(overrides: list[str]) -> list[str]:
    """The words of Hydra's own that a job of the sweep needs, such as `hydra.searchpath`."""
    return [word for word in _of_jobs(overrides) if word.lstrip("+").startswith(("hydra.", "hydra/"))]


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


_session: Session | None = None


def begin(session: Session | None) -> None:
    """Let the tasks of this process report to `session`; None ends it."""
    global _session
    _session = session


def folder_expression(
    command: str, name: str, *, kind: str, literal: str | None, typed: bool, root_typed: bool = False
) -> str:
    """The value for `hydra.run.dir` or `hydra.sweep.dir`: the folder follows `run.dir` and `run.root`, wherever set.

    `name` is the name of a new folder, chosen once before Hydra starts so that workers inherit it; `typed` says that
    the user typed `run.dir`, `root_typed` that they typed `run.root`; `literal` is a folder the user gave in Hydra's
    own key.
    """
    folder = "${run.dir}" if literal is None else '"' + literal.replace("\\", "\\\\").replace('"', '\\"') + '"'
    trusted = str(typed and literal is None).lower()
    call = f"${{{RESOLVER}:{folder},${{run.root}},{command},{name},{kind},{trusted},{str(root_typed).lower()}}}"
    return "'" + call.replace("'", "\\'") + "'"  # quoted for the grammar of Hydra's overrides


def _folder(
    folder: str | None, root: str | None, command: str, name: str, kind: str, typed: bool, root_typed: bool = False
) -> str:
    """The resolver behind `folder_expression`; `UsageError` for a folder that a file puts outside of the root.

    A file cannot call it: of what `${…}` can hold files may only refer to keys (`references`).
    """
    from gnicli.engine.folders import output_root
    from gnicli.engine.places import check_place

    if _session is not None and _session.place is not None:
        return str(_session.place)
    base, usual = output_root(root), output_root()
    if not root_typed and not base.resolve().is_relative_to(usual.resolve()):
        raise UsageError(foreign_configs.outside(str(root), usual, "root"))
    chosen = base / command / name if folder is None else Path(checks.home("run.dir", str(folder)))
    check_place(chosen)
    if folder is not None and not typed and not chosen.resolve().is_relative_to(base.resolve()):
        raise UsageError(foreign_configs.outside(folder, base, "dir"))
    if _session is not None:
        _session.chose(kind, chosen)
    return str(chosen)


hydra_versions.register_resolver(RESOLVER, _folder)


def of(command: str) -> Callable[[DictConfig], Outcome | None]:
    """The task of a command."""
    task: Callable[[DictConfig], Outcome | None] = globals()[commands.config_name(command)]
    return task


def train(cfg: DictConfig) -> Outcome | None:
    """The task of `gni train`."""
    return _perform("train", cfg)


def gradient_noise(cfg: DictConfig) -> Outcome | None:
    """The task of `gni gradient-noise`."""
    return _perform("gradient-noise", cfg)


def fit_stable(cfg: DictConfig) -> Outcome | None:
    """The task of `gni fit-stable`."""
    return _perform("fit-stable", cfg)


def simulate_sde(cfg: DictConfig) -> Outcome | None:
    """The task of `gni simulate-sde`."""
    return _perform("simulate-sde", cfg)


def kde_stationary(cfg: DictConfig) -> Outcome | None:
    """The task of `gni kde-stationary`."""
    return _perform("kde-stationary", cfg)


def _perform(command: str, cfg: DictConfig) -> Outcome | None:
    """Run once. Errors are kept, not raised: Hydra would print lines of its own and leave the rest of a sweep."""
    from hydra.core.hydra_config import HydraConfig
    from hydra.types import RunMode

    hydra_config = cast(DictConfig, HydraConfig.get())
    in_sweep = hydra_config.mode == RunMode.MULTIRUN or (_session is not None and _session.place is not None)
    try:
        job = Job(_execute(command, cfg, hydra_config, in_sweep), None)
    except Exception as error:
        job = Job(None, error)
    if _session is not None:
        _session.jobs.append(job)
    if _session is not None and _session.place is not None:
        return job.outcome  # who started this process looks at the folder and tells what became of the job
    if in_sweep and job.error is not None and (_session is None or _session.caller.shows):
        _report(job.error, command, hydra_config)
    if in_sweep and job.outcome is not None and job.outcome.exit_code in STOPPED:
        raise KeyboardInterrupt  # ends the sweep: a signal was given to the whole of it
    return job.outcome


def _execute(command: str, cfg: DictConfig, hydra_config: DictConfig, in_sweep: bool) -> Outcome:
    from gnicli.engine.execute import execute

    # Unresolved: an override may refer to a key that does not exist, which `validated` reports.
    overrides = cast(list[str], OmegaConf.to_container(hydra_config.overrides.task, resolve=False))
    # Unresolved as well: the name of a folder may hold "${".
    folder = Path(str(hydra_versions.plain(hydra_config.runtime, resolve=False)["output_dir"]))
    run = commands.module(command).run
    setting = ""
    if in_sweep and _session is not None:
        setting = _session.setting(overrides)
        if _session.place is None:  # of a process that runs all jobs; another launcher has its own table of them
            _session.announce(folder.name, setting)
    elif _session is not None and _session.caller.shows:
        first_line.show(f"gni {command}: preparing the run")
    try:
        config, plain = validation.validated(command, cfg)
        run = _without_idle_keys(run, command, plain, overrides, in_sweep)
    except Exception as error:
        refusal = error_messages.translate(error, command, {})
        if not in_sweep or refusal is None:
            raise
        run = _refusing(refusal)  # so that the job's folder records why there is no result
        config, plain = validation.refused(cfg)
    return execute(
        run,
        config,
        folder,
        plain=plain,
        command=command,
        overrides=overrides,
        argv=_session.argv if _session is not None else ["gni", command, *overrides],
        settings=validation.saved_as(plain, overrides, _plain(hydra_config, folder, in_sweep)),
        in_sweep=in_sweep,
        caller=_session.caller if _session is not None else COMMAND_LINE,
        headlines=commands.module(command).HEADLINES,
        setting=setting,
    )


def _without_idle_keys(
    run: Callable[..., Results], command: str, plain: dict[str, object], overrides: list[str], in_sweep: bool
) -> Callable[..., Results]:
    """`run`, after notes on typed keys that do nothing in this job of a sweep; of a single run they are an error."""
    from gnicli.engine.sweep import split_overrides
    from gnicli.experiments import idle

    defaults = {key.name: key.default for key in schema_keys.all_of(command, overrides)}
    typed = [name for name, value in split_overrides(overrides).items() if defaults.get(name) != value]
    found = idle.find(command, plain, typed)
    if found and not in_sweep:
        raise UsageError(found[0])

    def noted(config: object, observer: Observer) -> Results:
        for sentence in found:
            observer.note(sentence)
        results = run(config, observer)
        return results._replace(notes=(*results.notes, *found))  # the log is not read as often as the report

    return noted if found else run


def _refusing(refusal: GniError) -> Callable[..., Results]:
    def run(*_: object) -> NoReturn:
        raise refusal

    return run


def _plain(hydra_config: DictConfig, folder: Path, in_sweep: bool) -> DictConfig:
    """A copy of Hydra's configuration to be saved, with the folder as it came out."""
    copy = OmegaConf.create(hydra_versions.plain(hydra_config, resolve=False))
    copy.run.dir, copy.sweep.dir = (None, str(folder.parent)) if in_sweep else (str(folder), None)
    return copy


def _report(error: Exception, command: str, hydra_config: DictConfig) -> None:
    """Say at once that a job of a sweep could not even get its folder; the others go on."""
    message = error_messages.describe(error, command)
    print(f"job {hydra_config.job.num} failed: {message}", file=sys.stderr, flush=True)  # noqa: T201
