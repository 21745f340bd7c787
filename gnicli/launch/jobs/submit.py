"""Jobs of a sweep handed to Slurm: those that are left and wait there for no other reason, each of them once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from gnicli.engine import machine, places
from gnicli.engine.display import Display
from gnicli.engine.jobs import due, queue
from gnicli.engine.jobs.due import Wishes
from gnicli.engine.jobs.plan import Plan
from gnicli.engine.sweep import Sweep
from gnicli.engine.table_text import print_path
from gnicli.errors import ConflictError, ResourceError, UsageError
from gnicli.launch import commands, run_hydra
from gnicli.launch.jobs import again, keys, local, slurm
from gnicli.launch.jobs.slurm import SlurmConf

FLAGS = ("--failed", "--force", "--any-version", "--allow-env", "--yes")


class Handed(NamedTuple):
    """The jobs of a sweep that are not complete, and Slurm's numbers of those that were submitted just now."""

    left: list[int]
    ids: dict[int, str]

    def words(self, sweep: Path) -> str:
        """What was done, in one line."""
        n, rest = len(self.ids), len(self.left) - len(self.ids)
        arrays = ", ".join(dict.fromkeys(number.partition("_")[0] for number in self.ids.values()))
        told = f"{n} job{'s' * (n != 1)} submitted to Slurm" + (f" as {arrays}" if arrays else "")
        there = f"; {rest} {'is' if rest == 1 else 'are'} there already" if rest else ""
        return f"{told}{there}; gni sweep status {places.shell_word(sweep)} shows how they stand"


def hand_over(sweep: Sweep, plan: Plan, wishes: Wishes, conf: SlurmConf, *, allow_env: bool) -> Handed:
    """Submit the jobs of `plan` that are neither complete nor in Slurm's queue nor running.

    Raises `ConflictError` before anything is written where the folders do not hold this sweep, `ResourceError` where
    squeue does not answer, or sbatch refuses the jobs.
    """
    place = sweep.folder
    found, there = due.due(place, plan, wishes), queue.look(place)
    if there.ids and there.entries is None:
        raise ResourceError("squeue does not answer, and some of these jobs may be in Slurm's queue; try again later")
    jobs = [job for job in found.jobs if not there.holds(job) and not due.is_held(place / str(job))]
    if sweep.is_new or plan != sweep.plan:
        sweep.record(plan)
    if not jobs:
        return Handed(found.jobs, {})
    due.clear(place, [job for job in found.cleared if job in jobs])
    due.reopen(place, jobs)
    threads = local.pace_of(plan, 0, 0.0).threads or machine.threads_of_a_job()
    ids = slurm.submit(place, jobs, conf, name=f"gni-{plan.command}", threads=threads, allow_env=allow_env)
    return Handed(found.jobs, ids)


def submit(words: Sequence[str]) -> int:
    """`gni sweep submit`: submit a new sweep (a command and its words) or what is left of one (its folder, first).

    Returns the exit code. Raises as `run_hydra.launch` and `again.resume_sweep` do, and `ResourceError` without Slurm.
    """
    if not words:
        raise UsageError("say what to submit: the folder of a sweep, or a command with its words, as in train seed=0,1")
    first, rest = words[0], list(words[1:])
    if first not in commands.COMMANDS:
        return _submit_folder(first, rest)
    for word in rest:
        if word.startswith(("hydra/launcher=", "hydra.launcher.wait=")):
            raise UsageError(f"{word}: gni sweep submit hands jobs to Slurm and returns; without it: gni {first} -m …")
    sweeps = [] if {"-m", "--multirun"} & {*rest} else ["-m"]
    return run_hydra.launch(first, [*sweeps, *rest, "hydra/launcher=slurm", "hydra.launcher.wait=false"])


def _submit_folder(folder: str, words: Sequence[str]) -> int:
    """Submit what is left of the sweep in `folder`."""
    given = {word for word in words if word.startswith("-")}
    for word in given - {*FLAGS}:
        raise UsageError(f"unknown option {word}; gni sweep submit SWEEP takes {', '.join(FLAGS)}")
    place = again.read_place(folder)
    plan = again.read_plan(place)
    conf = keys.typed(SlurmConf, [word for word in words if word not in given])
    slurm.check(conf)
    slurm.require()
    wishes = Wishes("--failed" in given, "--force" in given, "--any-version" in given)
    sweep = Sweep.again(place)
    try:
        again.left(place, plan, wishes, yes="--yes" in given)
        handed = hand_over(sweep, plan, wishes, conf, allow_env="--allow-env" in given)
    except BaseException:
        sweep.leave()
        raise
    if not handed.left:
        return again.sum_up(sweep, plan)
    if not handed.ids:
        sweep.leave()
        raise ConflictError(f"{place}: {due.names(handed.left)} are in Slurm's queue already, and no other is left")
    sweep.hand_over()
    Display(live=False).note(handed.words(place))
    print_path(place)
    return 0
