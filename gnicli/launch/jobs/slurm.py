"""`hydra/launcher=slurm`: its keys, and the jobs of a sweep handed to Slurm by submitit, as arrays of Slurm's."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gnicli import checks, files
from gnicli.checks import key
from gnicli.engine import content, extras
from gnicli.engine.jobs import queue
from gnicli.errors import FieldError, ResourceError
from gnicli.launch.jobs.slurm_task import Task

TARGET = "gnicli.launch.jobs.slurm.Slurm"
KEYS = "hydra.launcher"
ARRAY = 1000  # jobs of one array: Slurm's own limit, MaxArraySize, is 1001 where nobody changed it
_LONGEST = 365 * 24 * 60  # minutes
_NAMES = re.compile(r"[\w.,:@+-]+", re.ASCII)
_FLAG = re.compile(r"[a-z][a-z0-9_-]*", re.ASCII)


@dataclass
class SlurmConf:
    """The keys of `hydra/launcher=slurm`, below `hydra.launcher`."""

    _target_: str = TARGET
    partition: str | None = key(None, "partition, or several with commas; null: the cluster's default")
    account: str | None = key(None, "account that is charged; null: your default")
    qos: str | None = key(None, "quality of service; null: your default")
    timeout_min: int = key(60, "time limit in minutes; a job that reaches it saves its state and is requeued")
    mem_gb: float | None = key(None, "memory of a job in GB; null: the cluster's default")
    cpus_per_task: int = key(0, "cores of a job; 0: as many as it has threads")
    gpus_per_node: int = key(0, "GPUs of a job; 0: none")
    array_parallelism: int = key(256, "jobs that run at once, at most")
    max_num_timeout: int = key(20, "how often a job that reached its time limit is requeued, at most")
    additional_parameters: dict[str, Any] = key({}, "other options of sbatch, as in {constraint: a100}")
    wait: bool = key(True, "wait until all jobs have ended; false: submit them and return")


def check(keys: SlurmConf) -> None:
    """Raise `FieldError` for a value out of range."""
    for name in ("partition", "account", "qos"):
        value = getattr(keys, name)
        if value is not None and not _NAMES.fullmatch(value):
            raise FieldError(f"{KEYS}.{name}", f" must be a name that Slurm knows, got {value!r}")
    checks.integer(f"{KEYS}.timeout_min", keys.timeout_min, least=1, below=_LONGEST)
    if keys.mem_gb is not None:
        checks.number(f"{KEYS}.mem_gb", keys.mem_gb, above=0, most=1e6)
    for name, least in (("cpus_per_task", 0), ("gpus_per_node", 0), ("array_parallelism", 1), ("max_num_timeout", 0)):
        checks.integer(f"{KEYS}.{name}", getattr(keys, name), least=least, below=1_000_000)
    for name, value in keys.additional_parameters.items():
        where = f"{KEYS}.additional_parameters"
        if not _FLAG.fullmatch(name):
            raise FieldError(where, f": {name!r} is no option of sbatch; write it without dashes, as in constraint")
        if not isinstance(value, str | int | float) or not str(value).isprintable():
            raise FieldError(f"{where}.{name}", f": expected a text, a number or true, got {value!r}")


def require() -> None:
    """Raise `ResourceError` where submitit is not installed, or this machine is no login node of a cluster."""
    extras.require("hydra/launcher=slurm", "submitit", "slurm")
    for program in ("sbatch", "squeue"):
        if shutil.which(program) is None:
            raise ResourceError(
                f"hydra/launcher=slurm needs {program}, which is not on PATH: type this on a login node of the "
                "cluster, or use hydra/launcher=local"
            )


def parameters(keys: SlurmConf, name: str, threads: int) -> dict[str, object]:
    """What submitit is told: those keys that are given, and what makes a job of gni's; `threads` are those of a job."""
    cores = keys.cpus_per_task or threads
    told = {
        "name": name,
        "timeout_min": keys.timeout_min,
        "mem_gb": keys.mem_gb,
        "cpus_per_task": cores,
        "gpus_per_node": keys.gpus_per_node or None,
        "stderr_to_stdout": True,
        "slurm_partition": keys.partition,
        "slurm_account": keys.account,
        "slurm_qos": keys.qos,
        "slurm_array_parallelism": keys.array_parallelism,
        # From version 22.05 on srun does not have the cores of sbatch without being told.
        "slurm_srun_args": [f"--cpus-per-task={cores}"],
        "slurm_setup": [f'export OMP_NUM_THREADS="${{OMP_NUM_THREADS:-{threads}}}"'],
        "slurm_additional_parameters": {"requeue": True, **keys.additional_parameters},
    }
    return {name: value for name, value in told.items() if value is not None}


def submit(
    sweep: Path, jobs: Sequence[int], keys: SlurmConf, *, name: str, threads: int, allow_env: bool
) -> dict[int, str]:
    """Hand jobs of the sweep in the folder `sweep` to Slurm; returns its number of each, which is written down too.

    `name` is what squeue shows. Raises `ResourceError` with what sbatch said where it refuses.
    """
    import submitit

    files.make_folder(sweep / content.LOGS)
    files.make_folder(sweep / content.LOGS / queue.FOLDER)
    executor = submitit.AutoExecutor(
        folder=sweep.absolute() / content.LOGS / queue.FOLDER,
        cluster="slurm",
        slurm_max_num_timeout=keys.max_num_timeout,
        # Without -P Python would look for modules in the working folder, where anything may lie.
        slurm_python=f"{shlex.quote(sys.executable)} -P",
    )
    executor.update_parameters(**parameters(keys, name, threads))
    task = Task(str(sweep.absolute()), allow_env)
    ids: dict[int, str] = {}
    for first in range(0, len(jobs), ARRAY):
        some = jobs[first : first + ARRAY]
        try:
            with contextlib.redirect_stderr(io.StringIO()):  # where submitit repeats what sbatch said
                submitted = executor.map_array(task, some)
        except Exception as error:
            raise ResourceError(f"Slurm did not take the jobs: {_said(error)}") from error
        ids |= {job: known.job_id for job, known in zip(some, submitted, strict=True)}
        queue.record(sweep, ids)
    return ids


def _said(error: Exception) -> str:
    """What sbatch said, in a line: submitit's error has it among lines of its own."""
    lines = [
        line.strip() for cause in (error, error.__cause__) if cause is not None for line in str(cause).splitlines()
    ]
    told = [line.removeprefix("sbatch: error: ") for line in lines if line.startswith("sbatch: error: ")]
    return told[-1] if told else next(filter(None, lines), type(error).__name__)
