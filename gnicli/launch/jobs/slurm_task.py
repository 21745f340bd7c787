"""What runs on a node of a Slurm cluster: one job of a sweep, which is requeued when it was stopped."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gnicli.engine import folders, signals
from gnicli.engine.jobs import due, inside, progress, queue
from gnicli.engine.jobs import plan as plans
from gnicli.engine.sweep import Sweep
from gnicli.errors import GniError
from gnicli.launch import commands
from gnicli.launch.hydra_tasks import STOPPED
from gnicli.launch.jobs import unit

if TYPE_CHECKING:
    from submitit.helpers import DelayedSubmission

_SECONDS_OF_A_STOP = 10.0  # Slurm sends SIGTERM to a task twice, some clusters SIGUSR2 too


class Task:
    """The jobs of a sweep, as submitit calls one of them in a process of its own.

    The process ends with an exit code of `unit.run_job`, so that Slurm knows a failed job as FAILED. A diverged run is
    a result, and counts as completed.
    """

    def __init__(self, sweep: str, allow_env: bool) -> None:
        self.sweep, self.allow_env = sweep, allow_env

    def __call__(self, job: int) -> None:
        """Bring the job to its end, or as far as Slurm lets it; ends the process."""
        import submitit

        sweep, environment = Path(self.sweep), submitit.JobEnvironment()
        inside.redirect(str(progress.log_of(sweep, job)), anew=False)
        queue.mark(sweep, job, environment.job_id)
        signals.same_request_seconds = _SECONDS_OF_A_STOP
        with signals.stop_on_signals():  # also before and after the run, which has handlers of its own
            code = unit.run_job(self.sweep, job, self.allow_env)
        is_done = folders.status_of(sweep / str(job)) in folders.FINISHED
        if code in STOPPED and not is_done and _is_still_ours(environment.job_id):
            # submitit's handler of this signal, which the run has put back, requeues the job and ends the process.
            os.kill(os.getpid(), getattr(signal, f"SIG{submitit.JobEnvironment.USR_SIG}"))
        sum_up(sweep)
        sys.exit(0 if is_done else code)

    def checkpoint(self, job: int) -> DelayedSubmission:
        """What a requeued job does: the same, which goes on from the checkpoint in the job's folder."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self, job)


def _is_still_ours(number: str) -> bool:
    """Whether Slurm job `number` is to be requeued by itself: Slurm has neither done so nor was it canceled."""
    entries = queue.ask([number])
    return entries is None or entries.get(number, queue.GONE).state == "RUNNING"


def sum_up(place: Path) -> None:
    """Make table, figures and report of a sweep that nobody waits for, if none of its jobs is left.

    An error here is none of the job's, and is told in its log.
    """
    try:
        if folders.read_manifest(place).get("status") != "submitted" or not due.have_ended(place):
            return
        sweep = Sweep.again(place)
        if folders.read_manifest(place).get("status") != "submitted":  # another job has been faster
            sweep.leave()
            return
        experiment = commands.module(plans.read(place).command)
        sweep.finish(experiment.summarize, headlines=experiment.HEADLINES, shows=False)
    except Exception as error:
        line = str(error) if isinstance(error, GniError) else f"{type(error).__name__}: {error}"
        print(f"gni: the sweep could not be summed up: {line}", file=sys.stderr, flush=True)  # noqa: T201
