"""What Hydra calls for each run, in this process or in a launcher's worker.

Launchers pickle a task by reference, so each is a function at module level, and this module imports nothing heavy.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from omegaconf import DictConfig, OmegaConf

from gnicli.errors import UsageError
from gnicli.launch import commands, configs

if TYPE_CHECKING:
    from gnicli.engine.execute import Outcome

RESOLVER = "gni_folder"


class Job(NamedTuple):
    """What became of a run: the engine's outcome, or the error that kept it from starting."""

    number: int
    overrides: list[str]
    outcome: Outcome | None
    error: Exception | None

    @property
    def exit_code(self) -> int:
        """0 for a result, else the code of the error."""
        if self.outcome is not None:
            return self.outcome.exit_code
        return getattr(self.error, "exit_code", 1)


class Session:
    """One call of a Hydra command in this process: what it ran and which folders were not there before."""

    def __init__(self, argv: list[str]) -> None:
        self.argv = argv
        self.jobs: list[Job] = []
        self.folders: dict[str, Path] = {}
        self.absent: list[Path] = []

    def chose(self, kind: str, folder: Path) -> None:
        """Note the folder of the run or sweep before anybody creates it."""
        if kind not in self.folders:
            self.folders[kind] = folder
            self.absent += [path for path in (folder, *folder.parents) if not path.exists()]

    def remove_empty(self) -> None:
        """Remove the folders that Hydra created and nothing was written into."""
        for path in sorted(set(self.absent), key=lambda path: len(path.parts), reverse=True):
            if path.is_dir() and not any(path.iterdir()):
                path.rmdir()


_session: Session | None = None


def begin(session: Session | None) -> None:
    """Let the tasks of this process report to `session`; None ends it."""
    global _session
    _session = session


def folder_expression(command: str, name: str, *, kind: str, literal: str | None, typed: bool) -> str:
    """The value for `hydra.run.dir` or `hydra.sweep.dir`: the folder follows `run.dir` and `run.root`, wherever set.

    `name` is the name of a new folder, chosen once before Hydra starts so that workers inherit it; `typed` says that
    the user typed `run.dir`, `literal` is a folder the user gave in Hydra's own key.
    """
    folder = "${run.dir}" if literal is None else '"' + literal.replace("\\", "\\\\").replace('"', '\\"') + '"'
    trusted = str(typed and literal is None).lower()
    call = f"${{{RESOLVER}:{folder},${{run.root}},{command},{name},{kind},{trusted}}}"
    return "'" + call.replace("'", "\\'") + "'"  # quoted for the grammar of Hydra's overrides


def _folder(folder: str | None, root: str | None, command: str, name: str, kind: str, typed: bool) -> str:
    """The resolver behind `folder_expression`; `UsageError` for a folder that a file puts outside of the root."""
    from gnicli.engine.folders import output_root

    base = output_root(root)
    chosen = Path(str(folder)) if folder is not None else base / command / name
    if folder is not None and not typed and not chosen.resolve().is_relative_to(base.resolve()):
        raise UsageError(f"{folder}: the output must stay below {base}; type run.dir={folder} if that is what you want")
    if _session is not None:
        _session.chose(kind, chosen)
    return str(chosen)


OmegaConf.register_new_resolver(RESOLVER, _folder, replace=True)


def of(command: str) -> Callable[[DictConfig], Any]:
    """The task of a command."""
    return globals()[commands.config_name(command)]  # type: ignore[no-any-return]


def train(cfg: DictConfig) -> Outcome | None:
    """`gni train`."""
    return _perform("train", cfg)


def _perform(command: str, cfg: DictConfig) -> Outcome | None:
    """Run once. Errors are kept, not raised: Hydra would end the sweep and print lines of its own."""
    from hydra.core.hydra_config import HydraConfig
    from hydra.types import RunMode

    hydra_config = HydraConfig.get()
    in_sweep = hydra_config.mode == RunMode.MULTIRUN
    number = int(hydra_config.job.num) if in_sweep else 0
    # Unresolved: an override may refer to a key that does not exist, which `validated` reports.
    overrides = [str(word) for word in OmegaConf.to_container(hydra_config.overrides.task, resolve=False)]
    folder = Path(hydra_config.runtime.output_dir)
    try:
        config = configs.validated(command, cfg)
        job = Job(number, overrides, _execute(command, config, folder, overrides, in_sweep), None)
    except Exception as error:
        job = Job(number, overrides, None, error)
    if _session is not None:
        _session.jobs.append(job)
    if in_sweep and job.exit_code:
        report(job, command)
    if job.outcome is not None and job.outcome.status == "interrupted":
        raise KeyboardInterrupt  # ends a sweep; a single run has nothing more to do either
    return job.outcome


def _execute(command: str, config: DictConfig, folder: Path, overrides: list[str], in_sweep: bool) -> Outcome:
    from hydra.core.hydra_config import HydraConfig

    from gnicli.engine.execute import execute

    argv = _session.argv if _session is not None else ["gni", command, *overrides]
    # A copy without Hydra's read-only flag, the folders in it as they are.
    hydra_config = OmegaConf.create({"hydra": OmegaConf.to_container(HydraConfig.get(), resolve=False)})
    hydra_config.hydra.run.dir = hydra_config.hydra.sweep.dir = None
    key = "sweep" if in_sweep else "run"
    hydra_config.hydra[key].dir = str(folder.parent if in_sweep else folder)
    return execute(
        commands.module(command).run,
        config,
        folder,
        command=command,
        overrides=overrides,
        argv=argv,
        hydra_config=hydra_config,
        in_sweep=in_sweep,
    )


def report(job: Job, command: str) -> None:
    """Say at once on stderr that a job of a sweep failed; the others go on."""
    from gnicli.launch.failures import describe

    if job.outcome is not None:
        message = f"{job.outcome.message} ({job.outcome.folder})"
    else:
        assert job.error is not None
        message = describe(job.error, command)
    words = " ".join(job.overrides)
    print(f"gni: job {job.number} ({words}): {message}", file=sys.stderr, flush=True)  # noqa: T201
