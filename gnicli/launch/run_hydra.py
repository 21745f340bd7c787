"""Calling Hydra for what was typed: the one place that starts it for a run or a sweep."""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING

from gnicli.engine import first_line
from gnicli.engine.caller import COMMAND_LINE, Caller
from gnicli.errors import Interrupted, ResourceError, UsageError
from gnicli.launch import arguments as argument_reader
from gnicli.launch import (
    commands,
    components,
    expressions,
    hydra_session,
    newcomer_words,
    paper_experiments,
    path_shorthand,
)

if TYPE_CHECKING:
    from gnicli.engine.outcome import Outcome
    from gnicli.engine.sweep import SweepOutcome
    from gnicli.launch.session import Session

_HYDRA_FOLDERS = ("hydra.run.dir", "hydra.sweep.dir")
_LAUNCHER = "hydra/launcher"


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
    newcomer_words.check_paths(command, words)
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

    from gnicli.engine import table_text
    from gnicli.launch import hydra_calls
    from gnicli.launch.jobs import launchers, sweepers
    from gnicli.launch.session import Session

    session = Session(command, ["gni", command, *words], arguments, n_jobs=n_jobs, caller=caller)
    call = hydra_session.Call(session, arguments)
    launchers.register()
    sweepers.register()
    for line in components.shadowed(arguments.overrides) if session.caller.shows else ():
        first_line.clear()
        print(f"gni: note: {line}", file=sys.stderr)  # noqa: T201
    interrupted: Interrupted | KeyboardInterrupt | None = None
    try:
        makers = hydra_calls.Makers(launchers.of(session), sweepers.of(session))
        call.start(_overrides(command, arguments, caller), makers)
    except KeyboardInterrupt as stop:
        if session.sweep is None:
            raise
        interrupted = _interruption(session) or stop
    finally:
        session.clean()
        first_line.clear()
    if session.sweep is not None and session.handed_over:
        if caller.shows:
            table_text.print_path(session.sweep.folder)
        return 0 if interrupted is None else getattr(interrupted, "exit_code", 130)
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
        raise call.translate(job.error) or job.error
    assert job.outcome is not None
    return job.outcome


def _interruption(session: Session) -> Interrupted | None:
    """The error for a sweep that was stopped, by the exit code of its last job."""
    outcome = session.jobs[-1].outcome if session.jobs else None
    if outcome is None or not outcome.exit_code:
        return None
    return Interrupted("the sweep was stopped", by_keyboard=outcome.exit_code != Interrupted.exit_code)


def _overrides(command: str, arguments: argument_reader.Arguments, caller: Caller) -> list[str]:
    """The overrides for Hydra: those typed, those that keep it quiet, and last those that name the folder."""
    quiet = hydra_session.quiet(arguments.overrides)
    if argument_reader.typed(arguments.overrides, _LAUNCHER) is None:
        quiet.append(f"{_LAUNCHER}={default_launcher(arguments.overrides, caller)}")
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


def default_launcher(overrides: list[str], caller: Caller) -> str:
    """The launcher of a sweep for which none is typed: a process for each job, where they are the caller's to start.

    A program that calls gni may be anything, even one that starts itself again in each process. What can be read once
    (standard input, a pipe) has one reader, and jobs of one process share it.
    """
    paths = (argument_reader.typed(overrides, "samples.path") or "").split(",")
    is_read_once = any(_is_read_once(path.strip("'\"")) for path in paths)
    return "local" if caller.owns_process and not is_read_once else "basic"


def _is_read_once(path: str) -> bool:
    return path == "-" or (os.path.exists(path) and not os.path.isfile(path))
