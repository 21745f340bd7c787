"""`gni reproduce`: the runs that the claims of the paper need, and are not there yet, as sweeps one after another."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from gnicli.engine import content, folders, machine
from gnicli.engine.caller import COMMAND_LINE, Caller
from gnicli.engine.jobs import processes, progress
from gnicli.engine.jobs.due import Wishes
from gnicli.engine.reproduction import families as declared
from gnicli.engine.reproduction import standing
from gnicli.engine.reproduction.families import BUDGETS, Family
from gnicli.engine.reproduction.standing import Standing
from gnicli.engine.signals import KEYBOARD_EXIT_CODE
from gnicli.errors import Interrupted, UsageError
from gnicli.launch import run_hydra, spelling
from gnicli.launch.did_you_mean import hint
from gnicli.launch.jobs import again, local, preload

ALL = "all"
_FAILED = 1
_LAUNCHER = ("hydra/launcher=", "hydra.launcher.")


class Wanted(NamedTuple):
    """What is asked for: the families to run, all families (which are judged together), the budget, and launcher words.

    `typed` is what goes on with it: the words, and the folder where one was named.
    """

    chosen: list[Family]
    families: list[Family]
    budget: str
    launcher: list[str]
    typed: list[str]


def read_words(words: Sequence[str], folder: Path = declared.FOLDER) -> Wanted:
    """The meaning of the words of the command: families or `all` (default), `budget=`, and words of a launcher.

    A family's name stands for those too whose names begin with it and an underscore: `fig4` for `fig4_stable`.
    Raises `UsageError` for any other word.
    """
    families = declared.read_all(folder)
    names = [family.name for family in families]
    budget, launcher, chosen = BUDGETS[0], [], []
    for word in words:
        key, sign, value = word.partition("=")
        if key == "budget" and sign:
            if value not in BUDGETS:
                raise UsageError(f"budget must be one of {', '.join(BUDGETS)}, got {value!r}")
            budget = value
        elif word.startswith(_LAUNCHER):
            launcher.append(word)
        elif word == ALL:
            chosen += names
        elif own := [name for name in names if name == word or name.startswith(f"{word}_")]:
            chosen += own
        else:
            raise UsageError(
                f"no family {word!r}{hint(word, (*names, ALL))}; there are {ALL}, {', '.join(names)}, and budget="
            )
    picked = [family for family in families if not chosen or family.name in chosen]
    return Wanted(picked, families, budget, launcher, list(words))


def place(output: str | None, budget: str) -> Path:
    """The folder of the runs and of the report: one for each budget, below the root of all runs."""
    return folders.output_root() / "reproduce" / budget if output is None else Path(output)


def run_missing(
    wanted: Wanted,
    root: Path,
    *,
    retry_failed: bool = False,
    any_version: bool = False,
    n_jobs: int = 0,
    caller: Caller = COMMAND_LINE,
) -> int:
    """Run the jobs of the chosen families that have not finished, a sweep after another; returns the exit code.

    What is there already is left alone. Raises `Interrupted` or `KeyboardInterrupt` after a signal, when the jobs have
    saved their state, and what a sweep raises before it starts (`ConflictError`: other code began it).
    """
    there = list(standing.read_all(root, wanted.chosen, wanted.budget).values())
    due = [each for each in there if each.n_left(with_failed=retry_failed)]
    if not due:
        return 0
    at_once = n_jobs or local.n_cores()
    if caller.shows:
        n, seconds = sum(each.n_left(with_failed=retry_failed) for each in due), standing.left_seconds(due, at_once)
        _say(f"{n:,} jobs in {len(due)} sweeps are to be run, about {progress.duration(seconds)} on {at_once} cores")
    if not wanted.launcher:
        commands = dict.fromkeys(each.runs.command for each in due)
        modules = dict.fromkeys(module for command in commands for module in preload.modules(command))
        processes.warm_up(list(modules), machine.threads_of_a_job())
    code = 0
    for number, each in enumerate(due, 1):
        if caller.shows:
            _say(f"sweep {number} of {len(due)}: {each.runs.typed}")
        code = max(code, _run(each, wanted, retry_failed, any_version, n_jobs, caller))
    return code


def _run(each: Standing, wanted: Wanted, retry_failed: bool, any_version: bool, n_jobs: int, caller: Caller) -> int:
    """Run or complete one sweep."""
    if (each.folder / content.JOBS).exists() and not wanted.launcher:  # from the folder alone: it may have been moved
        wishes = Wishes(failed=retry_failed, any_version=any_version)
        code = again.resume_sweep(str(each.folder), wishes, n_jobs=n_jobs)
    else:
        ended = run_hydra.perform(each.runs.command, _words(each, wanted, n_jobs, any_version), caller)
        code = ended if isinstance(ended, int) else ended.exit_code
    if code in (Interrupted.exit_code, KEYBOARD_EXIT_CODE):
        raise Interrupted(
            f"stopped; what has finished is kept. Go on with: {shlex.join(['gni', 'reproduce', *wanted.typed])}",
            by_keyboard=code == KEYBOARD_EXIT_CODE,
        )
    return _FAILED if code else 0


def _words(each: Standing, wanted: Wanted, n_jobs: int, any_version: bool) -> list[str]:
    """What would be typed behind the command to begin a sweep."""
    where = spelling.words_of(each.runs.command, {"run.dir": str(each.folder)})
    launcher = wanted.launcher or ["hydra/launcher=local"]
    at_once = [f"hydra.launcher.n_jobs={n_jobs}"] if n_jobs else []
    pictures = ["run.pictures=none"]  # the report of the claims has its own; gni plot draws those of a run
    flags = ["--any-version"] * any_version
    return ["-m", *each.runs.words, *pictures, *where, *launcher, *at_once, *flags]


def _say(text: str) -> None:
    print(f"gni reproduce: {text}", file=sys.stderr, flush=True)  # noqa: T201
