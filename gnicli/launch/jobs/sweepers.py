"""`hydra/sweeper=optuna`: gni's own, which goes on from the folder of a sweep.

The plug-in hydra-optuna-sweeper asks for Optuna 2 and starts anew at job 0 when its study goes on. Where it is
installed, gni's takes its place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Optional

from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper

from gnicli.errors import UsageError
from gnicli.launch import arguments as argument_reader
from gnicli.launch import hydra_calls, hydra_versions
from gnicli.launch.jobs import search
from gnicli.launch.jobs.search import Keys

if TYPE_CHECKING:
    from hydra.plugins.launcher import Launcher
    from hydra.types import HydraContext, TaskFunction
    from omegaconf import DictConfig

    from gnicli.launch.session import Session

OPTUNA = "gnicli.launch.jobs.sweepers.Optuna"


@dataclass
class OptunaConf(Keys):
    """The keys of `hydra/sweeper=optuna`, below `hydra.sweeper`."""

    _target_: str = OPTUNA
    params: Optional[dict[str, str]] = None


def register() -> None:
    """Tell Hydra of `hydra/sweeper=optuna`, after the plug-in of that name has."""
    Plugins.instance()
    hydra_versions.store(group="hydra/sweeper", name="optuna", node=OptunaConf)


def of(session: Session) -> hydra_calls.MakeSweeper:
    """What makes the sweeper of a session, for `hydra_calls.start`."""

    def make(
        hydra_context: HydraContext, task: TaskFunction, config: DictConfig, made_by_hydra: Callable[[], Sweeper]
    ) -> Sweeper:
        keys = config.hydra.sweeper
        if keys is None or keys.get("_target_") != OPTUNA:
            return made_by_hydra()
        made = Optuna(session, Keys(**{field.name: keys[field.name] for field in fields(Keys)}))
        made.setup(hydra_context=hydra_context, task_function=task, config=config)
        return made

    return make


class Optuna(Sweeper):
    """A sweep whose jobs Optuna proposes, a batch at a time."""

    launcher: Launcher | None

    def __init__(self, session: Session, keys: Keys) -> None:
        self._session, self._keys = session, keys
        self.launcher = None

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Make the launcher, which claims the folder of the sweep."""
        search.require()
        self.config, self.hydra_context = config, hydra_context
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> None:
        """Search over the words that list values or give a range; the other words are those of every job."""
        session, launcher = self._session, self.launcher
        assert launcher is not None
        assert self.config is not None
        n, most = self._keys.n_trials, argument_reader.MAX_JOBS
        if n > most and not session.arguments.yes:
            raise UsageError(f"this search has {n:,} jobs; give --yes to run more than {most:,}")
        if self.config.hydra.launcher.get("wait") is False:
            raise UsageError("a search needs the values of its jobs; leave hydra.launcher.wait=false out")
        _ = self.config.hydra.sweep.dir  # names the folder
        swept = [f"{key}={value}" for key, value in (self.config.hydra.sweeper.get("params") or {}).items()]
        typed = {word.partition("=")[0] for word in arguments}
        space = [*(word for word in swept if word.partition("=")[0] not in typed), *arguments]
        session.search = search.planned(space, self._keys)
        search.go_on(
            session.sweep_of_launch(),
            session.search,
            lambda first, words: launcher.launch(words, first),
            shows=session.caller.shows,
        )
