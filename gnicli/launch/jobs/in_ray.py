"""`hydra/launcher=ray`: its keys, and a task of Ray's for each job of a sweep.

A task is one process, which ends with it (`max_calls=1`), and is never run again by Ray (`max_retries=0`): what is left
of a sweep is known from its folders.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher

from gnicli import checks, files
from gnicli.checks import key
from gnicli.engine import content, extras, machine
from gnicli.engine.jobs import due, progress
from gnicli.engine.jobs.board import Board
from gnicli.engine.jobs.inside import redirect
from gnicli.engine.jobs.processes import TICK_SECONDS, Ended
from gnicli.engine.signals import StopNow, stop_on_signals
from gnicli.errors import ResourceError
from gnicli.launch.error_messages import one_line
from gnicli.launch.jobs import configured, local, unit

if TYPE_CHECKING:
    from hydra.types import HydraContext, TaskFunction
    from omegaconf import DictConfig
    from ray import ObjectRef

    from gnicli.launch.session import Session

TARGET = "gnicli.launch.jobs.in_ray.Ray"
KEYS = "hydra.launcher"
_READ_SECONDS = 1.0  # between two looks at the folders of jobs that have not begun


@dataclass
class RayConf:
    """The keys of `hydra/launcher=ray`, below `hydra.launcher`."""

    _target_: str = TARGET
    address: str | None = key(None, "address of a Ray cluster, or auto; null: RAY_ADDRESS, else a Ray on this machine")
    num_cpus: int = key(0, "cores of a Ray that is started on this machine; 0: all")
    cpus_per_task: int = key(0, "cores of a job; 0: as many as it has threads")
    gpus_per_task: float = key(0.0, "GPUs of a job; a part of one, as 0.5, lets jobs share it")


def check(keys: RayConf) -> None:
    """Raise `FieldError` for a value out of range, `ResourceError` where ray is not installed."""
    for name in ("num_cpus", "cpus_per_task"):
        checks.integer(f"{KEYS}.{name}", getattr(keys, name), least=0, below=1_000_000)
    checks.number(f"{KEYS}.gpus_per_task", keys.gpus_per_task, least=0, most=1000)
    extras.require("hydra/launcher=ray", "ray", "ray")


class Ray(Launcher):
    """A task of Ray's for each job; as many at once as its cluster has cores for."""

    def __init__(self, session: Session, conf: RayConf, threads: int | None) -> None:
        check(conf)
        self._session, self._conf = session, conf
        self._threads = threads or machine.threads_of_a_job()

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Do nothing: the tasks know what they need from the sweep's folder."""

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Run the jobs and return when all have ended; what they returned lies in their folders."""
        session, sweep = self._session, self._session.sweep_of_launch()
        place, allow_env = str(sweep.folder.absolute()), session.arguments.allow_env
        plan, found, _ = configured.due_now(
            sweep.folder,
            sweep.plan,
            session.plan(initial_job_idx, job_overrides),
            session.wishes,
            allow_env=allow_env,
        )
        shown = local.board_of(sweep, plan, found.jobs, shows=session.caller.shows)
        if found.jobs:
            with _Ray(self._conf, self._threads) as submit:
                session.begins_jobs()
                due.clear(sweep.folder, found.cleared)
                sweep.record(plan)
                files.make_folder(sweep.folder / content.LOGS)
                shown.announce(f"{len(found.jobs)} job{'s' * (len(found.jobs) != 1)} in Ray")
                with shown:
                    refs = {submit(place, job, allow_env): job for job in found.jobs}
                    _wait(sweep.folder, refs, shown)
        return [
            JobReturn(overrides=list(words), status=JobStatus.COMPLETED, _return_value=None) for words in job_overrides
        ]


class _Ray:
    """Ray for the time of a block, which gets the function that submits a job; one that runs already stays."""

    def __init__(self, conf: RayConf, threads: int) -> None:
        self._conf, self._threads = conf, threads
        self._is_ours = False

    def __enter__(self) -> Callable[[str, int, bool], ObjectRef[int]]:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # Ray would report its use to a server
        import ray

        conf = self._conf
        self._is_ours = not ray.is_initialized()
        if self._is_ours:
            joins = conf.address or os.environ.get("RAY_ADDRESS")
            own = {} if joins else {"num_cpus": conf.num_cpus or None, "include_dashboard": False}
            try:
                ray.init(
                    address=conf.address,
                    log_to_driver=False,
                    configure_logging=False,
                    **own,
                )
            except Exception as error:
                raise ResourceError(f"no Ray at {joins or 'this machine'}: {one_line(str(error))}") from error
        remote = ray.remote(
            num_cpus=conf.cpus_per_task or self._threads,
            num_gpus=conf.gpus_per_task or None,
            max_retries=0,
            max_calls=1,
        )(_in_task)
        environment = {name: value for name, value in os.environ.items() if name.startswith("GNI_")}
        environment["OMP_NUM_THREADS"] = os.environ.get("OMP_NUM_THREADS") or str(self._threads)
        return lambda sweep, job, allow_env: remote.remote(sweep, job, allow_env, os.getcwd(), environment)

    def __exit__(self, *_: object) -> None:
        import ray

        if self._is_ours:
            ray.shutdown()


def _in_task(sweep: str, job: int, allow_env: bool, folder: str, environment: dict[str, str]) -> int:
    """Bring a job to its end in a process of Ray's, in the working folder `folder`; returns the exit code.

    `environment` is added to that of the process, which has that of Ray's start.
    """
    place = Path(sweep)
    if not (place / content.LOGS).is_dir():
        raise ResourceError(f"{socket.gethostname()} does not see {sweep}; all nodes must share the output folder")
    redirect(str(progress.log_of(place, job)))
    # Ray looks for modules in the working folder of who submitted the job, where anything may lie.
    sys.path[:] = [entry for entry in sys.path if entry not in ("", folder)]
    os.chdir(folder)
    os.environ.update(environment)
    try:
        with stop_on_signals():
            return unit.run_job(sweep, job, allow_env)
    except StopNow as stop:
        return stop.exit_code


def _wait(sweep: Path, jobs: dict[ObjectRef[int], int], board: Board) -> None:
    """Wait until the tasks have ended, and tell the board. Raises `StopNow` after a signal, when they have stopped."""
    import ray

    waits = dict(jobs)
    began: dict[int, float] = {}
    read_at, is_stopping = 0.0, False
    with stop_on_signals() as stop:
        stop.at_once = False
        try:
            while waits:
                done, _ = ray.wait(list(waits), timeout=TICK_SECONDS)
                if time.monotonic() >= read_at:
                    read_at = time.monotonic() + _READ_SECONDS
                    for job in set(waits.values()) - set(began):
                        if due.is_held(sweep / str(job)):
                            began[job] = time.monotonic()
                            board.began(job)
                for ref in done:
                    job = waits.pop(ref)
                    seconds = time.monotonic() - began.get(job, time.monotonic())
                    board.ended(job, _end(ref, seconds, stopped=stop.requested))
                if stop.requested and not is_stopping:
                    is_stopping = True
                    board.stopping()
                    for ref in waits:
                        ray.cancel(ref)
                board.tick()
        except BaseException:
            for ref in waits:
                ray.cancel(ref, force=True)
            raise
    if stop.requested:
        raise StopNow(stop.exit_code)


def _end(ref: ObjectRef[int], seconds: float, *, stopped: bool) -> Ended:
    """How a task ended: with the exit code of its job, or as Ray says."""
    import ray

    try:
        return Ended(ray.get(ref), seconds, timed_out=False, stopped=stopped)
    except ray.exceptions.TaskCancelledError:
        return Ended(1, seconds, timed_out=False, stopped=True, said="" if stopped else "canceled in Ray")
    except ray.exceptions.RayTaskError as error:
        return Ended(1, seconds, timed_out=False, stopped=stopped, said=one_line(str(error.cause)))
    except ray.exceptions.RayError as error:
        return Ended(1, seconds, timed_out=False, stopped=stopped, said=f"its process is gone: {one_line(str(error))}")
