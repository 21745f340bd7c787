"""`gni runs rerun`: the configuration of a run, run again in a new folder, and whether the same came out."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

from gnicli.engine import content, folders, yaml_files
from gnicli.engine.execute import execute
from gnicli.engine.places import shell_word
from gnicli.engine.run_views import difference
from gnicli.errors import GniError, UsageError
from gnicli.launch import commands, resume

NOT_SAME = 1


def rerun(source: Path, target: Path | None = None) -> int:
    """Run what `source` was made with in `target` (default: a new folder), and say whether the same came out.

    It has the number of threads of the first run, because they can change the last digits of a sum. Returns the exit
    code of the run, or 1 where its results are not the same bits. Errors as of `resume.saved`; `UsageError` for a
    sweep, `ConflictError` where `target` is taken.
    """
    manifest = folders.read_manifest(source)
    if manifest.get("kind") == "sweep":
        raise UsageError(
            f"{source} is a sweep; rerun one of its jobs, or gni sweep resume --force runs all of them again"
        )
    command = resume.command_of(source, manifest)
    config, plain = resume.saved(source, command)
    threads = manifest.get("threads")
    place = plain["run"] if isinstance(plain["run"], dict) else {}
    plain = {**plain, "threads": threads, "run": {**place, "dir": None}}
    overrides = [word for word in manifest.get("overrides") or () if not word.startswith("run.dir=")]
    outcome = execute(
        commands.module(command).run,
        dataclasses.replace(config, threads=threads),
        target or folders.new_folder(None, command),
        plain=plain,
        command=command,
        overrides=overrides,
        argv=["gni", "runs", "rerun", str(source)],
        settings=_settings(source, plain),
        headlines=commands.module(command).HEADLINES,
    )
    is_same, sentence = compared(source, outcome.folder)
    print(sentence, file=sys.stderr)  # noqa: T201 - the path of the run stays the last line of standard output
    return outcome.exit_code if is_same else outcome.exit_code or NOT_SAME


def _settings(source: Path, plain: dict[str, object]) -> dict[str, bytes]:
    """The files of `.hydra/`: those of the first run, with the configuration as it is now."""
    found = {"config.yaml": yaml_files.written(plain).encode()}
    for name in content.SETTINGS_FILES[1:]:
        path = source / content.SETTINGS / name
        if path.is_file():
            found[name] = path.read_bytes()
    return found


def compared(source: Path, folder: Path) -> tuple[bool, str]:
    """Whether the results of two runs are the same bits, or the first has none; and a sentence on it."""
    status = folders.status_of(source)
    if status not in folders.FINISHED:
        return True, f"{shell_word(source)} is {status}: there is nothing to compare the results with"
    found = difference.bits(source, folder)
    differing = [name for name, how in found.items() if how not in (difference.SAME, difference.NEITHER)]
    if not differing:
        names = [name for name, how in found.items() if how == difference.SAME]
        return True, f"the same bits as in {shell_word(source)}: {', '.join(names)}"
    sentence = f"not the same bits as in {shell_word(source)}: {', '.join(differing)}"
    try:
        made = difference.between(source, folder).made
    except GniError as error:
        return False, f"{sentence} ({error})"
    told = ", ".join(f"{key} {one} and now {two}" for key, (one, two) in made.items()) or "nothing that was recorded"
    command = f"gni runs diff {shell_word(source)} {shell_word(folder)}"
    return False, f"{sentence}; of versions and machine differ: {told}. {command} shows the values"
