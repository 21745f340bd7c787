"""Going on with a run from its folder alone, without Hydra."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gnicli.engine.caller import COMMAND_LINE, Caller
from gnicli.errors import ConflictError, UsageError
from gnicli.launch import commands, error_messages, idle_keys, references, validation

if TYPE_CHECKING:
    from gnicli.engine.manifest import Manifest
    from gnicli.engine.outcome import Outcome


def go_on(folder: Path, *, caller: Caller = COMMAND_LINE, in_sweep: bool = False) -> Outcome:
    """Continue the unfinished run in `folder` with its saved configuration and threads; returns how it ended.

    Raises `DataError` where there is no run or its configuration is damaged, `ConflictError` where it is finished or
    belongs to another process, `UsageError` where this gni does not know its command or a saved key; else as
    `engine.execute` does, which a job of a sweep (`in_sweep`) has return failures.
    """
    from gnicli.engine import folders
    from gnicli.engine.execute import execute

    manifest = folders.read_manifest(folder)
    if manifest["status"] in folders.FINISHED:
        raise ConflictError(f"{folder} is finished ({manifest['status']}); there is nothing to resume")
    command = command_of(folder, manifest)
    config, plain = saved(folder, command)
    overrides = manifest.get("overrides", [])
    warnings = idle_keys.found(command, plain, overrides)
    return execute(
        idle_keys.with_warnings(commands.module(command).run, warnings),
        config,
        folder,
        plain=plain,
        command=command,
        overrides=overrides,
        argv=["gni", "resume", str(folder)],
        resume=True,
        in_sweep=in_sweep,
        caller=caller,
        headlines=commands.module(command).HEADLINES,
    )


def command_of(folder: Path, manifest: Manifest) -> str:
    """The command that made a run; `UsageError` where this gni does not have it."""
    command = str(manifest.get("command"))
    if command not in commands.COMMANDS:
        raise UsageError(f"{folder} was made by the command {command!r}, which this gni does not have")
    return command


def saved(folder: Path, command: str) -> validation.Validated:
    """The configuration of a run, checked as if it were typed now. Errors as of `go_on`."""
    from omegaconf import OmegaConf

    from gnicli.engine import provenance, records

    content = records.read_config(folder)
    # An older gni had fewer groups. One that changes no result is absent in what it saved, and stays out of the run.
    for group in commands.groups(command):
        if group in provenance.INCIDENTAL:
            content.setdefault(group, {"name": "none"})
    try:
        # What was saved is plain data: a "${" in it refers to nothing.
        literal = {key: references.literal(value) for key, value in content.items()}
        return validation.validated(command, OmegaConf.create(literal))
    except Exception as error:
        known = error_messages.translate(error, command, {})
        if known is None:
            raise
        raise known.at(str(folder / ".hydra" / "config.yaml")) from error
