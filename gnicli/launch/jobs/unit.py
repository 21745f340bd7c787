"""One job of a sweep in a process of its own: what every launcher starts, whatever machine it does so on."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

from gnicli.engine import content, folders
from gnicli.engine.caller import Caller
from gnicli.engine.jobs import plan as plans
from gnicli.engine.jobs import progress
from gnicli.engine.jobs.plan import OneJob
from gnicli.errors import GniError, Interrupted, UsageError
from gnicli.launch import arguments as argument_reader
from gnicli.launch import compositions, error_messages, hydra_session, hydra_tasks, resume
from gnicli.launch.compositions import Begun
from gnicli.launch.jobs import configured
from gnicli.launch.session import Session


def run_job(
    sweep: str, job: int, allow_env: bool = False, planned: OneJob | None = None, begun: Begun | None = None
) -> int:
    """Bring job number `job` of the sweep in the folder `sweep` to its end; returns the exit code.

    All that it needs is in that folder. `planned` is what the folder says of this job, from a caller that has read it:
    if every job read the words of all, a sweep of many jobs would take long. `begun` is what its composition may go on
    from. A run that has begun goes on from its
    checkpoint, and of a finished one nothing is done. `allow_env` is the flag of that name. Errors go to standard
    error, in one line, and to the job's folder.
    """
    place = Path(sweep)
    try:
        return _run_job(place, job, allow_env, planned, begun)
    except (Interrupted, KeyboardInterrupt) as stop:
        return int(getattr(stop, "exit_code", 130))
    except Exception as error:
        command = (planned or plans.read(place)).command
        known = error_messages.translate(error, command, {}) or error_messages.as_bug(error)
        print(f"gni: error: {known}", file=sys.stderr, flush=True)  # noqa: T201
        if not isinstance(error, GniError):
            sys.excepthook(*sys.exc_info())
        return known.exit_code


def _run_job(sweep: Path, job: int, allow_env: bool, planned: OneJob | None, begun: Begun | None) -> int:
    folder = sweep / str(job)
    caller = Caller(progress=progress.file_of(sweep, job))
    if (folder / content.MANIFEST).exists() and not content.is_unborn(folder):
        if folders.status_of(folder) in folders.FINISHED:
            return 0
        return resume.go_on(folder, caller=caller, in_sweep=True).exit_code
    plan = planned or plans.read(sweep).of(job)
    arguments = configured.arguments_of(plan, allow_env)
    if argument_reader.check(arguments) != 1:
        raise UsageError(f"job {job} of {sweep} lists several values; a job has one for each key")
    argv = folders.read_manifest(sweep).get("argv") or ["gni", plan.command]
    session = Session(plan.command, argv, arguments, caller=caller, place=folder)
    call = hydra_session.Call(session, arguments)
    where = hydra_tasks.folder_expression(plan.command, str(job), kind="run", literal=None, typed=True)
    gc.disable()  # a composition makes many objects and no garbage to speak of; the run has it enabled
    try:
        with compositions.continued(begun):
            call.start([*hydra_session.of_job(arguments.overrides), f"hydra.run.dir={where}"])
    finally:
        gc.enable()
    (done,) = session.jobs
    if done.error is not None:
        raise call.translate(done.error) or done.error
    assert done.outcome is not None
    return done.outcome.exit_code
