"""The launcher of `hydra/launcher=slurm`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from hydra.core.global_hydra import GlobalHydra
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher

from gnicli.engine.display import Display
from gnicli.engine.signals import StopNow
from gnicli.errors import UsageError
from gnicli.launch.jobs import local, needed_files, slurm, watching
from gnicli.launch.jobs.handing_over import hand_over

if TYPE_CHECKING:
    from hydra.types import HydraContext, TaskFunction
    from omegaconf import DictConfig

    from gnicli.launch.jobs.slurm import SlurmConf
    from gnicli.launch.session import Session


class Slurm(Launcher):
    """Hands the jobs to Slurm, and waits for them if that is wanted."""

    def __init__(self, session: Session, conf: SlurmConf, config: DictConfig) -> None:
        """`config` is the sweep's, of which Hydra makes those of the jobs.

        Raises `UsageError` for a value out of range, `ResourceError` where there is no Slurm or no submitit.
        """
        slurm.check(conf)
        if not conf.wait and not session.caller.owns_process:
            raise UsageError("hydra.launcher.wait=false has no result to return; type gni sweep submit in a shell")
        slurm.require()
        self._session, self._conf = session, conf
        loader = GlobalHydra.instance().config_loader()
        self._compose: Callable[[list[str]], DictConfig] = functools.partial(loader.load_sweep_config, config)

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Do nothing: the jobs know what they need from the sweep's folder."""

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Submit the jobs; return at once, or when all have ended. What they returned lies in their folders."""
        session, sweep = self._session, self._session.sweep_of_launch()
        plan = session.plan(initial_job_idx, job_overrides)
        for sentence in needed_files.look(self._compose, job_overrides):
            self._tell(sentence)
        handed = hand_over(sweep, plan, session.wishes, self._conf, allow_env=session.arguments.allow_env)
        session.begins_jobs()
        self._tell(handed.words(sweep.folder))
        if not self._conf.wait:
            session.handed_over = True
        else:
            sweep.record(handed.plan)
            shown = local.board_of(sweep, plan, handed.left, shows=session.caller.shows)
            try:
                with shown:
                    watching.wait(sweep.folder, handed.left, shown)
            except StopNow:
                session.handed_over = True
                shown.announce("no longer waiting: the jobs go on in Slurm, and scancel stops them")
                raise
        return [
            JobReturn(overrides=list(words), status=JobStatus.COMPLETED, _return_value=None) for words in job_overrides
        ]

    def _tell(self, text: str) -> None:
        if self._session.caller.shows:
            Display(live=False).note(text)
