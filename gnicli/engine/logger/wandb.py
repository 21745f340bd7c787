"""`logger=wandb`: an offline run of Weights & Biases in the run folder, which `wandb sync` can send to a server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gnicli.checks import key
from gnicli.contracts.live_curves import Ending, LoggedRun
from gnicli.engine import extras
from gnicli.engine.logger import packages

if TYPE_CHECKING:
    import wandb

PROJECT = "gni"


class OfflineRun:
    """One offline run; values of one step are one row."""

    def __init__(self, run: wandb.Run, surroundings: Mapping[str, str]) -> None:
        self._run = run
        self._surroundings = surroundings

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Hand on the values of a step; a later call for the same step adds to its row."""
        self._run.log(dict(values), step=step)

    def flush(self) -> None:
        """Wait for nothing: a process of the package writes the file as values come."""

    def close(self, ending: Ending) -> None:
        """Let the package write what is left, and end its process."""
        with packages.environment(self._surroundings):
            self._run.finish(exit_code=0 if ending in ("completed", "diverged") else 1)


@dataclass
class Wandb:
    """An offline run in the folder wandb of the run: wandb sync RUN/wandb/offline-run-*."""

    name: str = key("wandb", "an offline run of Weights & Biases, in the folder wandb of the run")

    folder = "wandb"

    def require(self) -> None:
        """Need the package wandb."""
        extras.require("logger=wandb", "wandb", "wandb")

    def open(self, run: LoggedRun) -> OfflineRun:
        """A new offline run, whose configuration is that of the run."""
        surroundings = _surroundings(run.folder)
        with packages.environment(surroundings):
            import wandb

            settings = wandb.Settings(
                mode="offline",
                console="off",
                silent=True,
                disable_git=True,
                disable_code=True,
                save_code=False,
                x_disable_stats=True,
                x_disable_meta=True,
                x_disable_machine_info=True,
            )
            begun = wandb.init(
                project=PROJECT,
                name=run.name,
                dir=run.folder.parent,  # it makes a folder wandb there
                config=dict(run.config),
                mode="offline",
                reinit="create_new",
                settings=settings,
            )
        return OfflineRun(begun, surroundings)


def _surroundings(folder: Path) -> dict[str, str]:
    """Let the package write into the run folder what it else writes into the home folder, and report no errors."""
    places = ("WANDB_CACHE_DIR", "WANDB_CONFIG_DIR", "WANDB_DATA_DIR", "WANDB_ARTIFACT_DIR")
    return {**dict.fromkeys(places, str(folder)), "WANDB_MODE": "offline", "WANDB_ERROR_REPORTING": "false"}


COMPONENT = Wandb
