"""Jobs of a sweep handed to Slurm: those that are left and wait there for no other reason, each of them once."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from gnicli.engine import machine, places
from gnicli.engine.jobs import due, queue
from gnicli.engine.jobs.due import Wishes
from gnicli.engine.jobs.plan import Plan
from gnicli.engine.sweep import Sweep
from gnicli.errors import ResourceError
from gnicli.launch.jobs import configured, local, slurm
from gnicli.launch.jobs.slurm import SlurmConf


class Handed(NamedTuple):
    """The plan as handed over, its jobs that are not complete, and Slurm's numbers of those submitted just now."""

    plan: Plan
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
    plan, found, _ = configured.due_now(place, sweep.plan, plan, wishes, allow_env=allow_env)
    there = queue.look(place)
    if there.ids and there.entries is None:
        raise ResourceError("squeue does not answer, and some of these jobs may be in Slurm's queue; try again later")
    jobs = [job for job in found.jobs if not there.holds(job) and not due.is_held(place / str(job))]
    # Before the plan is written, which says what the files were: a kill in between must not let old results stand.
    due.clear(place, [job for job in found.cleared if job in jobs])
    if sweep.is_new or plan != sweep.plan:
        sweep.record(plan)
    if not jobs:
        return Handed(plan, found.jobs, {})
    due.reopen(place, jobs)
    threads = local.pace_of(plan, 0, 0.0).threads or machine.threads_of_a_job()
    ids = slurm.submit(place, jobs, conf, name=f"gni-{plan.command}", threads=threads, allow_env=allow_env)
    return Handed(plan, found.jobs, ids)
