"""`gni resume RUN`: go on with a run from its folder alone, without Hydra."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gnicli import checks
from gnicli.errors import ConflictError, GniError, UsageError
from gnicli.launch import arguments as argument_reader
from gnicli.launch import commands, error_messages, path_shorthand, references, validation

if TYPE_CHECKING:
    from gnicli.engine.manifest import Manifest


def resume(folder: str | Path) -> int:
    """Continue the unfinished run in `folder` with its saved configuration and threads; returns the exit code.

    Raises `DataError` where there is no run or its configuration is damaged, `ConflictError` where it is finished, is
    a sweep or belongs to another process, `UsageError` where this gni does not know its command or a saved key.
    """
    from gnicli.engine import folders
    from gnicli.engine.execute import execute

    folder = Path(checks.home("RUN", str(folder)))
    manifest = folders.read_manifest(folder)
    if manifest.get("kind") == "sweep":
        raise ConflictError(_about_sweep(folder))
    if manifest["status"] in folders.FINISHED:
        raise ConflictError(f"{folder} is finished ({manifest['status']}); there is nothing to resume")
    command = str(manifest.get("command"))
    if command not in commands.COMMANDS:
        raise UsageError(f"{folder} was made by the command {command!r}, which this gni does not have")
    config, plain = _saved(folder, command)
    outcome = execute(
        commands.module(command).run,
        config,
        folder,
        plain=plain,
        command=command,
        overrides=manifest.get("overrides", []),
        argv=["gni", "resume", str(folder)],
        resume=True,
        headlines=commands.module(command).HEADLINES,
    )
    return outcome.exit_code


def _saved(folder: Path, command: str) -> validation.Validated:
    """The configuration of a run, checked as if it were typed now."""
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


# -------------------------------------------------------------------------------------------------------------- sweeps

_MOST_TOLD = 3


def _about_sweep(folder: Path) -> str:
    """What can be done about a sweep, with the commands that do it; its folder is tidied on the way."""
    from gnicli.engine import folders, places
    from gnicli.engine.sweep import NOT_STARTED, read_sweep

    with contextlib.suppress(GniError, OSError):
        folders.tidy(folder)
    records = read_sweep(folder)
    never = [record.folder for record in records if record.status == NOT_STARTED]
    broken = [record.folder for record in records if record.status == "broken"]
    begun = [
        record.folder
        for record in records
        if record.status not in (*folders.FINISHED, "running", "broken", NOT_STARTED)
    ]
    manifest = folders.read_manifest(folder)
    told = []
    if begun:
        commands_of = "; ".join(places.resume_command(job) for job in begun[:_MOST_TOLD])
        told.append(f"resume its unfinished jobs ({_names(begun)}) one by one: {commands_of}")
    if never:
        told.append(f"its jobs {_names(never)} never began; run them: {_commands_of(manifest, never)}")
    if broken:
        told.append(f"its jobs {_names(broken)} are damaged and have to be run again")
    if not told and manifest["status"] not in folders.FINISHED and manifest.get("n_jobs") is None:
        told.append(
            f"whose begun jobs are all finished; whether others were to follow is not recorded: {_anew(manifest)}"
        )
    if not told:
        return f"{folder} is a sweep whose jobs are all finished or running; there is nothing to resume"
    return f"{folder} is a sweep; {'; '.join(told)}"


def _names(jobs: Sequence[Path]) -> str:
    names = [job.name for job in jobs]
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")


def _commands_of(manifest: Manifest, jobs: Sequence[Path]) -> str:
    """The commands that run jobs that never began, in the places that the sweep had for them."""
    from gnicli.engine import places

    words = _words_of_jobs(manifest)
    if words is None or max(int(job.name) for job in jobs) >= len(words):
        return _anew(manifest)
    told = []
    for job in jobs[:_MOST_TOLD]:
        place = places.shell_word(f"run.dir={path_shorthand.in_quotes_if_needed(str(job))}")
        told.append(f"{shlex.join(['gni', str(manifest.get('command')), *words[int(job.name)]])} {place}")
    more = len(jobs) - len(told)
    return "; ".join(told) + (f"; and {more} more of the same kind" if more else "")


def _words_of_jobs(manifest: Manifest) -> list[list[str]] | None:
    """The overrides of each job, as Hydra's sweeper makes them; None where the manifest does not determine them."""
    from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
    from hydra.core.override_parser.overrides_parser import OverridesParser

    kept = [word for word in manifest.get("overrides") or () if not word.lstrip("+").startswith(_PLACES)]
    try:
        arguments = argument_reader.split(["-m", *kept])
        n_jobs = argument_reader.check(arguments)
        if n_jobs != manifest.get("n_jobs") or n_jobs > argument_reader.MAX_JOBS:
            return None
        batches = BasicSweeper.split_arguments(OverridesParser.create().parse_overrides(kept), None)
    except Exception:  # a manifest may hold any words; there is other advice
        return None
    return [list(words) for batch in batches for words in batch]


def _anew(manifest: Manifest) -> str:
    """The command that runs a sweep again, in a new folder."""
    words = [word for word in manifest.get("argv") or () if not word.lstrip("+").startswith(_PLACES)]
    return f"run the sweep anew: {shlex.join(words)}"


_PLACES = ("run.dir=", "hydra.run.dir=", "hydra.sweep.dir=")
