"""The jobs of a sweep on this machine: a process for each, as many at once as there are cores for."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from gnicli import files
from gnicli.engine import content, machine, places
from gnicli.engine.jobs import board, due, processes, progress
from gnicli.engine.jobs.due import Wishes
from gnicli.engine.jobs.plan import Plan
from gnicli.engine.sweep import Sweep
from gnicli.errors import UsageError
from gnicli.launch import arguments as argument_reader
from gnicli.launch import commands, schema_keys
from gnicli.launch.jobs import ahead, configured, unit

_PLACES = ("run.dir", "hydra.run.dir", "hydra.sweep.dir")
_DRIVERS = Path("/proc/driver/nvidia/gpus")


class Pace(NamedTuple):
    """How jobs are run: `n_jobs` at once (0: as cores allow), each for at most `timeout_s` seconds (0: no limit).

    `threads` is the configured number of threads of a job, None without one; `device` the configured device.
    """

    n_jobs: int = 0
    timeout_s: float = 0.0
    threads: int | None = None
    device: str | None = None

    def check(self, n_jobs: str, timeout_s: str) -> None:
        """Raise `UsageError` for values out of range; the arguments are what users call them."""
        if self.n_jobs < 0:
            raise UsageError(f"{n_jobs} must be an integer >= 0, got {self.n_jobs}; 0 takes as many as there are cores")
        if not 0 <= self.timeout_s < float("inf"):
            raise UsageError(f"{timeout_s} must be a number of seconds >= 0, got {self.timeout_s:g}; 0 is no limit")

    def at_once(self, n_cores: int, n_gpus: int) -> int:
        """How many jobs run at once. Their number changes no result, because it does not change their threads."""
        if self.n_jobs:
            return self.n_jobs
        if n_gpus and self.device is not None and self.device.startswith(("auto", "cuda")):
            return 1  # they would share the memory of one GPU
        return max(1, n_cores // (self.threads or machine.threads_of_a_job()))


def pace_of(plan: Plan, n_jobs: int, timeout_s: float) -> Pace:
    """The pace of a sweep whose plan alone is known; for `n_jobs` or `timeout_s` of 0 what was typed at its start."""
    words = plan.words[0] if plan.words else []
    n_jobs = n_jobs or int(_number(plan, "n_jobs"))
    timeout_s = timeout_s or _number(plan, "timeout_s")
    threads, device = argument_reader.typed(words, "threads"), argument_reader.typed(words, "device")
    typed = int(threads) if threads and threads.isdecimal() else None
    return Pace(n_jobs, timeout_s, typed, device or ("auto" if _has_threads(plan.command) else None))


def _number(plan: Plan, key: str) -> float:
    """What was typed for a key of the launcher; 0 where nothing was, or what another launcher would take."""
    try:
        return float(argument_reader.typed(plan.hydra, f"hydra.launcher.{key}") or 0)
    except ValueError:
        return 0.0


def run_due(
    sweep: Sweep,
    plan: Plan,
    wishes: Wishes,
    pace: Pace,
    *,
    begins: Callable[[], object],
    shows: bool,
    allow_env: bool,
    first: int = 0,
) -> None:
    """Run the jobs of `plan` from number `first` on that are not complete, each in a process of its own.

    Returns when all have ended.

    Raises `ConflictError` before anything is written where the folders do not hold this sweep, and `StopNow` after a
    signal, when the jobs have saved their state. `begins` is called before the first job starts.
    """
    plan, found, n_changed = configured.due_now(
        sweep.folder, sweep.plan, plan, wishes, allow_env=allow_env, first=first
    )
    begins()
    # Before the plan is written, which says what the files were: a kill in between must not let old results stand.
    due.clear(sweep.folder, found.cleared)
    sweep.record(plan)
    files.make_folder(sweep.folder / content.LOGS)
    n_at_once = pace.at_once(n_cores(), n_gpus())
    shown = board_of(sweep, plan, found.jobs, shows=shows)
    if plan.search is None:  # a search has told how many jobs it has
        shown.announce(_announced(plan, found, n_at_once, pace, n_changed))
    common = ahead.Ahead(plan, found.jobs)
    with shown:
        processes.run(
            found.jobs,
            unit.run_job,
            lambda job: (str(sweep.folder.absolute()), job, allow_env, plan.of(job), common.of(job)),
            n_at_once=n_at_once,
            timeout_s=pace.timeout_s,
            log=lambda job: progress.log_of(sweep.folder, job).absolute(),
            held=lambda job: due.is_held(sweep.folder / str(job)),
            watcher=shown,
        )


def board_of(sweep: Sweep, plan: Plan, jobs: Sequence[int], *, shows: bool) -> board.Board:
    """What shows `jobs` of a sweep, whoever runs them."""
    return board.Board(
        sweep.folder,
        board.labels(plan.words),
        jobs,
        alone=lambda job: alone(plan, job),
        headlines=commands.module(plan.command).HEADLINES,
        shows=shows,
        said=sweep.said,
    )


def _announced(plan: Plan, found: due.Due, n_at_once: int, pace: Pace, n_changed: int = 0) -> str:
    """What is run, and how, in one line."""
    n, n_done = len(found.jobs), len(plan.words) - len(found.jobs) - len(found.failed)
    at_once = min(n_at_once, max(1, n))
    head, parts = f"{n} job{'s' * (n != 1)}, {at_once} at once", []
    if _has_threads(plan.command):
        threads = pace.threads or machine.threads_of_a_job()
        head += f", {threads} thread{'s' * (threads > 1)} each"
        share = n_cores() // at_once
        if not pace.n_jobs and share > threads and pace.device == "cpu":
            parts.append(f"threads={share} would use all {n_cores()} cores")
    if n_done:
        parts.append(f"{n_done} of {len(plan.words)} complete already")
    if n_changed:
        parts.append(f"{n_changed} ran with other values of your files and begin anew")
    if found.failed:
        parts.append(f"{due.names(found.failed)} failed before (--retry-failed or --failed runs them again)")
    return "; ".join([head, *parts])


def alone(plan: Plan, job: int) -> str:
    """The command that runs one job by itself, in a new folder, with the same result."""
    words = [word for word in plan.words[job] if word.partition("=")[0].lstrip("+") not in _PLACES]
    if any(word.startswith("experiment=") for word in words):
        words.append("hydra.mode=RUN")  # an experiment may say that it is a sweep
    if _has_threads(plan.command) and argument_reader.typed(words, "threads") is None:
        words.append(f"threads={machine.threads_of_a_job()}")
    flags = [part for name, value in plan.options.items() for part in (f"--{name.replace('_', '-')}", value)]
    return " ".join([shlex.join(["gni", plan.command]), *map(places.shell_word, [*words, *plan.hydra, *flags])])


def _has_threads(command: str) -> bool:
    return command in commands.COMMANDS and any(key.name == "threads" for key in schema_keys.of_command(command))


def n_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def n_gpus() -> int:
    """The GPUs that a job would see. CUDA is not asked: the processes forked afterwards could not use it."""
    if os.environ.get("CUDA_VISIBLE_DEVICES", "0") in ("", "-1"):
        return 0
    try:
        return len(list(_DRIVERS.iterdir()))
    except OSError:
        return 0
