"""The launchers of sweeps: gni's own, and those of Hydra and others, whose jobs are written down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher

from gnicli.errors import ConflictError
from gnicli.launch import hydra_calls, hydra_versions
from gnicli.launch.jobs import configured, local, preload, search
from gnicli.launch.jobs import keys as keys_of_launcher
from gnicli.launch.jobs.in_ray import TARGET as RAY
from gnicli.launch.jobs.in_ray import Ray, RayConf
from gnicli.launch.jobs.in_slurm import Slurm
from gnicli.launch.jobs.local import Pace
from gnicli.launch.jobs.slurm import TARGET as SLURM
from gnicli.launch.jobs.slurm import SlurmConf

if TYPE_CHECKING:
    from hydra.types import HydraContext, TaskFunction
    from omegaconf import DictConfig

    from gnicli.engine.jobs.plan import Plan
    from gnicli.launch.session import Session

LOCAL = "gnicli.launch.jobs.launchers.Local"


@dataclass
class LocalConf:
    """The keys of `hydra/launcher=local`, below `hydra.launcher`."""

    _target_: str = LOCAL
    n_jobs: int = 0
    timeout_s: float = 0.0


def register() -> None:
    """Tell Hydra of gni's own launchers."""
    for name, conf in (("local", LocalConf), ("slurm", SlurmConf), ("ray", RayConf)):
        hydra_versions.store(group="hydra/launcher", name=name, node=conf)


def of(session: Session) -> hydra_calls.MakeLauncher:
    """What makes the launcher of a session's sweep, for `hydra_calls.start`."""

    def make(config: DictConfig, made_by_hydra: Callable[[], Launcher]) -> Launcher:
        keys = config.hydra.launcher
        target = None if keys is None else keys.get("_target_")
        if target == SLURM:
            return Slurm(session, keys_of_launcher.composed(SlurmConf, keys), config)
        if target == RAY:
            return Ray(session, keys_of_launcher.composed(RayConf, keys), _threads(config))
        if target != LOCAL:
            return _recording(made_by_hydra(), session)
        pace = Pace(keys.n_jobs, keys.timeout_s, _threads(config), config.get("device"))
        pace.check("hydra.launcher.n_jobs", "hydra.launcher.timeout_s")
        preload.start(session.command, pace.threads)
        return Local(session, pace)

    return make


def _threads(config: DictConfig) -> int | None:
    threads = config.get("threads")
    return threads if isinstance(threads, int) else None


def _recording(launcher: Launcher, session: Session) -> Launcher:
    """The launcher, which writes the words of the jobs into the folder of the sweep before it starts them."""
    launch = launcher.launch

    def recorded(job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        sweep = session.sweep_of_launch()
        if not sweep.is_new:
            raise ConflictError(
                f"{sweep.folder} holds this sweep already; go on with it with hydra/launcher=local, "
                "or choose another run.dir"
            )
        plan = session.plan(initial_job_idx, job_overrides)
        session.n_jobs = _total(plan, session.n_jobs)
        sweep.record(configured.stamped(plan))
        return launch(job_overrides, initial_job_idx)

    launcher.launch = recorded  # type: ignore[method-assign]
    return launcher


def _total(plan: Plan, typed: int | None) -> int:
    """How many jobs a sweep comes to, of which `typed` are those that its words make.

    They are fewer where files list values, more than the plan has yet where the sweeper hands over one batch after the
    other, and of no account in a search, which proposes as many as it is told to.
    """
    return max(len(plan.words), typed or 0) if plan.search is None else search.keys_of(plan.search).n_trials


class Local(Launcher):
    """A process for each job, some at once."""

    def __init__(self, session: Session, pace: Pace) -> None:
        self._session = session
        self._pace = pace

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Do nothing: the processes know what they need from the sweep's folder."""

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Run the jobs and return when all have ended; what they returned lies in their folders."""
        session = self._session
        local.run_due(
            session.sweep_of_launch(),
            session.plan(initial_job_idx, job_overrides),
            session.wishes,
            self._pace,
            begins=session.begins_jobs,
            shows=session.caller.shows,
            allow_env=session.arguments.allow_env,
            first=initial_job_idx,
        )
        return [
            JobReturn(overrides=list(words), status=JobStatus.COMPLETED, _return_value=None) for words in job_overrides
        ]
