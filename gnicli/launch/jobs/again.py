"""`gni resume` and `gni sweep resume`: what was stopped goes on, from its folder alone."""

from __future__ import annotations

from pathlib import Path

from gnicli import checks
from gnicli.engine import folders
from gnicli.engine.jobs import due, queue
from gnicli.engine.jobs import plan as plans
from gnicli.engine.jobs.due import Wishes
from gnicli.engine.jobs.plan import Plan
from gnicli.engine.sweep import Sweep
from gnicli.errors import ConflictError, Interrupted, UsageError
from gnicli.launch import commands, resume
from gnicli.launch.arguments import MAX_JOBS
from gnicli.launch.jobs import configured, local, preload, search


def resume_run_or_sweep(folder: str) -> int:
    """Continue the run or the sweep in `folder`; returns the exit code. Errors as of `resume.go_on` and the next."""
    place = Path(checks.home("RUN", folder))
    if folders.read_manifest(place).get("kind") == "sweep":
        return resume_sweep(folder)
    return resume.go_on(place).exit_code


def resume_sweep(
    folder: str,
    wishes: Wishes = Wishes(),  # noqa: B008 - a tuple does not change
    *,
    n_jobs: int = 0,
    timeout_s: float = 0.0,
    allow_env: bool = False,
    yes: bool = False,
) -> int:
    """Run the jobs of a sweep that never began, were interrupted or lost, and those that `wishes` name; sum up anew.

    Jobs with a checkpoint go on from it. Returns the exit code. Raises `UsageError` where `folder` is a run or an
    argument is out of range, `DataError` where it is neither run nor sweep or its files are damaged, `ConflictError`
    where another process has it, other code made it, or there is nothing to do, `ResourceError` where a newer gni made
    it. Then nothing is written.
    """
    place = read_place(folder)
    plan = read_plan(place)
    pace = local.pace_of(plan, n_jobs, timeout_s)
    pace.check("--n-jobs", "--timeout-s")
    sweep = Sweep.again(place)
    try:
        jobs = left(place, plan, wishes, yes=yes, allow_env=allow_env)
        _refuse_queued(place, jobs)
        is_over = not jobs and not search.is_unfinished(plan)
        if not is_over:
            preload.start(plan.command, pace.threads)
    except BaseException:
        sweep.leave()
        raise
    if is_over:
        return sum_up(sweep, plan)
    stopped: KeyboardInterrupt | Interrupted | None = None
    has_begun: list[bool] = []

    def launch(first: int, words: list[list[str]]) -> None:
        local.run_due(
            sweep,
            (sweep.plan or plan).extended(first, words),
            wishes,
            pace,
            begins=lambda: has_begun.append(True),
            shows=True,
            allow_env=allow_env,
            first=first,
        )

    try:
        if plan.search is None:
            launch(0, plan.words)
        else:
            search.go_on(sweep, plan.search, launch)
    except (KeyboardInterrupt, Interrupted) as stop:
        stopped = stop
    except BaseException:
        if not has_begun:
            sweep.leave()
        raise
    return sum_up(sweep, plan, stopped)


def sum_up(sweep: Sweep, plan: Plan, stopped: KeyboardInterrupt | Interrupted | None = None) -> int:
    """Make the table, the figures and the report of the sweep; returns the exit code."""
    experiment = commands.module(plan.command)
    return sweep.finish(experiment.summarize, interrupted=stopped, headlines=experiment.HEADLINES).exit_code


def read_place(folder: str) -> Path:
    """The folder of a sweep; errors as above where it is none."""
    place = Path(checks.home("SWEEP", folder))
    if folders.read_manifest(place).get("kind") != "sweep":
        raise UsageError(f"{place} is a run and not a sweep; gni resume continues it")
    return place


def read_plan(place: Path) -> Plan:
    """The plan of the sweep in `place`, whose jobs this gni can run. Errors as above."""
    plan = plans.read(place)
    if plan.command not in commands.COMMANDS:
        raise UsageError(f"{place} was made by the command {plan.command!r}, which this gni does not have")
    _refuse_code(place, plan)
    return plan


def _refuse_code(place: Path, plan: Plan) -> None:
    """Refuse packages that the words name: who types one trusts its code, but this is a file."""
    named = [word for word in [*plan.hydra, *plan.options.values()] if "pkg://" in word]
    if named:
        raise UsageError(
            f"{place}: its jobs read configuration from a package ({named[0]}), which is code; "
            "type the command of the sweep again, with its run.dir, if you trust it"
        )


def left(place: Path, plan: Plan, wishes: Wishes, *, yes: bool, allow_env: bool) -> list[int]:
    """The jobs of a sweep that are to be run.

    Empty where nothing but its table is missing, because nobody waited, and where a search has jobs to propose first.

    Raises `ConflictError` where nothing is left to do, `UsageError` for more jobs than anybody wants.
    """
    found = configured.due_now(place, plan, plan, wishes, allow_env=allow_env).due
    if len(found.jobs) > MAX_JOBS and not yes:
        raise UsageError(f"{len(found.jobs):,} jobs are to be run; give --yes to run more than {MAX_JOBS:,}")
    if found.jobs or search.is_unfinished(plan) or folders.read_manifest(place).get("status") == "submitted":
        return found.jobs
    if found.failed:
        raise ConflictError(f"{place}: all other jobs are complete; {due.names(found.failed)} failed: --failed runs "
                            "them again")  # fmt: skip
    raise ConflictError(f"{place} is a sweep whose jobs are all complete; there is nothing to resume")


def _refuse_queued(place: Path, jobs: list[int]) -> None:
    """Refuse to run jobs that Slurm is about to run, or runs."""
    there = queue.look(place)
    queued = [job for job in jobs if there.holds(job)]
    if queued:
        arrays = " ".join(sorted({there.ids[job].partition("_")[0] for job in queued}))
        raise ConflictError(
            f"{place}: {due.names(queued)} {'are' if len(queued) > 1 else 'is'} in Slurm's queue; wait for the end "
            f"(gni sweep status), or run scancel {arrays} first"
        )
