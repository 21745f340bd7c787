"""Calling Hydra: the one place that starts it."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gnicli.engine import first_line
from gnicli.engine.caller import COMMAND_LINE, Caller
from gnicli.errors import Interrupted, ResourceError, UsageError
from gnicli.launch import arguments as argument_reader
from gnicli.launch import (
    commands,
    components,
    expressions,
    guard,
    hydra_calls,
    newcomer_words,
    paper_experiments,
    path_shorthand,
    sweeps,
)

if TYPE_CHECKING:
    from gnicli.engine.job import Outcome
    from gnicli.engine.sweep import SweepOutcome
    from gnicli.launch.hydra_tasks import Session

_HYDRA_FOLDERS = ("hydra.run.dir", "hydra.sweep.dir")
# The engine keeps .hydra/ and run.log itself and gni names the folders, so Hydra writes and logs nothing.
_QUIET = {
    "hydra/hydra_logging": "none",
    "hydra/job_logging": "none",
    "hydra.output_subdir": "null",
    "hydra.job.chdir": "false",
    "hydra.sweep.subdir": "'${hydra.job.num}'",
}


# Hydra's state, the command line and the loggers are the process's: two threads cannot use them at once.
_one_at_a_time = threading.RLock()


def launch(command: str, words: list[str]) -> int:
    """Do what `gni <command> <words>` asks for and return the exit code.

    Raises `GniError` where there is nothing to run or the run failed, `KeyboardInterrupt` where the user stopped it.
    """
    ended = perform(command, words)
    return ended if isinstance(ended, int) else ended.exit_code


def perform(command: str, words: list[str], caller: Caller = COMMAND_LINE) -> Outcome | SweepOutcome | int:
    """Do what `gni <command> <words>` asks for; returns how the run or the sweep ended, or 0 where nothing was to run.

    Raises as `launch` does. Calls from several threads take turns.
    """
    with _one_at_a_time:
        return _perform(command, words, caller)


def _perform(command: str, words: list[str], caller: Caller) -> Outcome | SweepOutcome | int:
    try:
        os.getcwd()
    except FileNotFoundError as error:
        raise ResourceError("the working folder no longer exists; change to another one") from error
    typed, told = newcomer_words.read(command, words)
    arguments = argument_reader.split(typed, lambda: newcomer_words.names(command, typed))
    words_of_hydra = expressions.quote(path_shorthand.expand(command, arguments.overrides))
    arguments = arguments._replace(overrides=paper_experiments.without_null(words_of_hydra))
    n_jobs = argument_reader.check(arguments)
    argument_reader.check_config_name(arguments, commands.config_name(command), command)
    paper_experiments.check(command, arguments)
    if caller.shows and told:
        print(f"gni: note: {told}", file=sys.stderr)  # noqa: T201
    if caller.shows and not arguments.shows_only:
        first_line.show(f"gni {command}: reading the configuration")

    from gnicli.launch import error_messages, hydra_tasks

    broken = components.register({commands.config_name(name): commands.schema(name) for name in commands.COMMANDS})
    session = hydra_tasks.Session(command, words, arguments.overrides, n_jobs, caller)
    for line in components.shadowed(arguments.overrides) if session.caller.shows else ():
        first_line.clear()
        print(f"gni: note: {line}", file=sys.stderr)  # noqa: T201
    interrupted: Interrupted | KeyboardInterrupt | None = None
    overrides = _overrides(command, arguments)
    try:
        with _hydra_state(command), guard.guarded(arguments):
            sweeps.look_through(arguments, commands.config_name(command))
            hydra_tasks.begin(session)
            hydra_calls.start(commands.config_name(command), hydra_tasks.of(command), arguments, overrides)
    except KeyboardInterrupt as stop:
        if session.sweep is None:
            raise
        interrupted = _interruption(session) or stop
    except Exception as error:
        known = error_messages.translate(error, command, broken)
        if known is None:
            raise
        raise known from error
    finally:
        hydra_tasks.begin(None)
        session.clean()
        first_line.clear()
    if session.sweep is not None:
        experiment = commands.module(command)
        return session.sweep.finish(
            experiment.summarize,
            interrupted=interrupted,
            headlines=experiment.HEADLINES,
            shows=session.caller.shows,
        )
    if arguments.multirun and not arguments.shows_only:
        raise UsageError("this sweep has no jobs: a pattern matches nothing; --info shows the choices of a group")
    if not session.jobs:  # a flag that only shows something
        return 0
    (job,) = session.jobs
    if job.error is not None:
        raise error_messages.translate(job.error, command, broken) or job.error
    assert job.outcome is not None
    return job.outcome


def _interruption(session: Session) -> Interrupted | None:
    """The error for a sweep that was stopped, by the exit code of its last job."""
    outcome = session.jobs[-1].outcome if session.jobs else None
    if outcome is None or not outcome.exit_code:
        return None
    return Interrupted("the sweep was stopped", by_keyboard=outcome.exit_code != Interrupted.exit_code)


def _overrides(command: str, arguments: argument_reader.Arguments) -> list[str]:
    """The overrides for Hydra: those typed, those that keep it quiet, and last those that name the folder."""
    quiet = [
        f"{key}={value}" for key, value in _QUIET.items() if argument_reader.typed(arguments.overrides, key) is None
    ]
    if arguments.shows_only:
        return [*arguments.overrides, *quiet]
    from gnicli.engine.folders import new_folder
    from gnicli.launch.hydra_tasks import folder_expression

    folder = new_folder(None, command)
    name = f"{folder.parent.name}/{folder.name}"
    is_typed = argument_reader.typed(arguments.overrides, "run.dir") is not None
    root_is_typed = argument_reader.typed(arguments.overrides, "run.root") is not None
    kept = [word for word in arguments.overrides if word.partition("=")[0].lstrip("+") not in _HYDRA_FOLDERS]
    for key in _HYDRA_FOLDERS:
        literal = argument_reader.typed(arguments.overrides, key)
        kind = key.split(".")[1]
        value = folder_expression(command, name, kind=kind, literal=literal, typed=is_typed, root_typed=root_is_typed)
        kept.append(f"{key}={value}")
    return [*kept, *quiet]


@contextlib.contextmanager
def _hydra_state(command: str) -> Iterator[None]:
    """Tell Hydra the name of its program and make it raise; afterwards everything global is as it was."""
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.hydra_config import HydraConfig

    argv, full_error = sys.argv, os.environ.get("HYDRA_FULL_ERROR")
    hydra_before, config_before = GlobalHydra.instance().hydra, HydraConfig.instance().cfg
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    loggers = {name: (logger.disabled, logger.level) for name, logger in _loggers().items()}
    sys.argv = [f"gni {command}"]
    os.environ["HYDRA_FULL_ERROR"] = "1"
    GlobalHydra.instance().clear()
    try:
        yield
    finally:
        sys.argv = argv
        if full_error is None:
            os.environ.pop("HYDRA_FULL_ERROR", None)
        else:
            os.environ["HYDRA_FULL_ERROR"] = full_error
        GlobalHydra.instance().clear()
        GlobalHydra.instance().hydra = hydra_before
        HydraConfig.instance().cfg = config_before
        root.handlers[:] = handlers
        root.setLevel(level)
        for name, logger in _loggers().items():
            logger.disabled, was = loggers.get(name, (False, logger.level))
            if logger.level != was:  # hydra.verbose names loggers
                logger.setLevel(was)


def _loggers() -> dict[str, logging.Logger]:
    known = logging.root.manager.loggerDict
    return {name: logger for name, logger in known.items() if isinstance(logger, logging.Logger)}
