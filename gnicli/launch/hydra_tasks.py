"""What Hydra calls for each run, in this process or in a launcher's worker.

Launchers pickle a task by reference, so each is a function at module level, and this module imports nothing heavy.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, cast

from omegaconf import DictConfig, OmegaConf

from gnicli import checks
from gnicli.engine import first_line
from gnicli.engine.caller import COMMAND_LINE
from gnicli.errors import GniError, Interrupted, UsageError
from gnicli.launch import commands, error_messages, foreign_configs, hydra_versions, idle_keys, validation
from gnicli.launch.references import RESOLVER
from gnicli.launch.session import Job, Session

if TYPE_CHECKING:
    from gnicli.contracts.results import Results
    from gnicli.engine.outcome import Outcome

STOPPED = (Interrupted.exit_code, 130)


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
    called = f'"{name}"'  # a job's is a number, which Hydra would hand over as one
    call = f"${{{RESOLVER}:{folder},${{run.root}},{command},{called},{kind},{trusted},{str(root_typed).lower()}}}"
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
    except (Exception, Interrupted) as error:
        job = Job(None, error)
    if _session is not None:
        _session.jobs.append(job)
    if _session is not None and _session.place is not None:
        return job.outcome  # who started this process looks at the folder and tells what became of the job
    if in_sweep and isinstance(job.error, Exception) and (_session is None or _session.caller.shows):
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
        _session.announce(folder.name, setting)
    elif _session is not None and _session.caller.shows:
        first_line.show(f"gni {command}: preparing the run")
    try:
        config, plain = validation.validated(command, cfg)
        idle = idle_keys.found(command, plain, overrides)
        if idle and not in_sweep:
            raise UsageError(idle[0])
        run = idle_keys.with_warnings(run, idle)  # which the sweep shows
    except Exception as error:
        refusal = error_messages.translate(error, command, {})
        if not in_sweep or refusal is None:
            raise
        run = _refusing(refusal)  # so that the job's folder records why there is no result
        config, plain = validation.refused(cfg)
    gc.enable()  # the process of a job composes without
    outcome = execute(
        run,
        config,
        folder,
        plain=plain,
        command=command,
        overrides=overrides,
        argv=_session.argv if _session is not None else ["gni", command, *overrides],
        settings=validation.saved_as(plain, overrides, plain_hydra(hydra_config, folder, in_sweep)),
        in_sweep=in_sweep,
        caller=_session.caller if _session is not None else COMMAND_LINE,
        headlines=commands.module(command).HEADLINES,
        setting=setting,
    )
    if in_sweep and _session is not None:
        _session.warn(folder, setting)
    return outcome


def _refusing(refusal: GniError) -> Callable[..., Results]:
    def run(*_: object) -> NoReturn:
        raise refusal

    return run


def plain_hydra(hydra_config: DictConfig, folder: Path, in_sweep: bool) -> dict[str, object]:
    """Hydra's configuration as it is saved, with the folder as it came out."""
    copy = hydra_versions.plain(hydra_config, resolve=False)
    copy["run"]["dir"], copy["sweep"]["dir"] = (None, str(folder.parent)) if in_sweep else (str(folder), None)
    return copy


def _report(error: Exception, command: str, hydra_config: DictConfig) -> None:
    """Say at once that a job of a sweep could not even get its folder; the others go on."""
    message = error_messages.describe(error, command)
    print(f"job {hydra_config.job.num} failed: {message}", file=sys.stderr, flush=True)  # noqa: T201
