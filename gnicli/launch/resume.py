"""`gni resume RUN`: go on with a run from its folder alone, without Hydra."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from gnicli.errors import ConflictError, DataError, UsageError
from gnicli.launch import commands, configs, failures

if TYPE_CHECKING:
    from omegaconf import DictConfig


def resume(folder: str | Path) -> int:
    """Continue the unfinished run in `folder` with its saved configuration and threads; returns the exit code.

    Raises `DataError` where there is no run or its configuration is damaged, `ConflictError` where it is finished, is
    a sweep or belongs to another process, `UsageError` where this gni does not know its command or a saved key.
    """
    from gnicli.engine import folders
    from gnicli.engine.execute import execute

    folder = Path(folder)
    manifest = folders.read_manifest(folder)
    if manifest.get("kind") == "sweep":
        raise ConflictError(_about_sweep(folder))
    if manifest["status"] in folders.FINISHED:
        raise ConflictError(f"{folder} is finished ({manifest['status']}); there is nothing to resume")
    command = str(manifest.get("command"))
    if command not in commands.COMMANDS:
        raise UsageError(f"{folder} was made by the command {command!r}, which this gni does not have")
    outcome = execute(
        commands.module(command).run,
        _saved(folder, command),
        folder,
        command=command,
        overrides=[str(word) for word in manifest.get("overrides", ())],
        argv=["gni", "resume", str(folder)],
        resume=True,
    )
    return outcome.exit_code


def _saved(folder: Path, command: str) -> DictConfig:
    """The configuration of a run, checked as if it were typed now."""
    import yaml
    from omegaconf import DictConfig, OmegaConf

    path = folder / ".hydra" / "config.yaml"
    try:
        saved: Any = OmegaConf.load(path)
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: the saved configuration cannot be read: {failures.one_line(str(error))}") from error
    if not isinstance(saved, DictConfig):
        raise DataError(f"{path}: the saved configuration is damaged: not a mapping of keys")
    try:
        return configs.validated(command, saved)
    except Exception as error:
        known = failures.translate(error, command, {})
        if known is None:
            raise
        raise type(known)(f"{path}: {known}") from error


def _about_sweep(folder: Path) -> str:
    from gnicli.engine import folders
    from gnicli.engine.sweep import read_sweep

    open_jobs = [record.folder for record in read_sweep(folder) if record.status not in (*folders.FINISHED, "running")]
    if not open_jobs:
        return f"{folder} is a sweep whose jobs are all finished or running; there is nothing to resume"
    names = ", ".join(job.name for job in open_jobs)
    return f"{folder} is a sweep; resume its unfinished jobs ({names}) one by one: gni resume {open_jobs[0]}"
