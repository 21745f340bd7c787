"""`gni runs`: the runs of a folder, newest first."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from gnicli.engine.runs import Run

_MOST_VALUES = 2


def runs(root: str | None, command: str | None, n_shown: int) -> int:
    """Print a line for each run: folder, status, what was typed, its first results; the newest comes first.

    `UsageError` where `root` (default: the output folder) is no folder, or `command` is none.
    """
    from gnicli import checks
    from gnicli.engine.folders import output_root
    from gnicli.engine.runs import load_runs
    from gnicli.launch.commands import COMMANDS

    if command is not None:
        checks.choice("--command", command, COMMANDS)
    place = output_root(root)
    if root is None and not place.exists():
        typer.echo(f"no runs yet: {place} is not there; gni train makes the first")
        return 0
    found = sorted(load_runs(place, command), key=lambda run: str(run.manifest.get("start") or ""), reverse=True)
    for run in found[:n_shown]:
        typer.echo(_line(run))
    if len(found) > n_shown:
        typer.echo(f"… and {len(found) - n_shown} older ones; --all lists them", err=True)
    if not found:
        typer.echo(f"no runs in {place}")
    return 0


def _line(run: Run) -> str:
    from gnicli.contracts.number_text import number_text
    from gnicli.engine import headlines
    from gnicli.engine.places import shell_word
    from gnicli.errors import shown
    from gnicli.launch import commands

    words = " ".join(map(str, run.manifest.get("overrides") or ()))
    command = run.manifest.get("command")
    declared = getattr(commands.module(command), "HEADLINES", ()) if command in commands.COMMANDS else ()
    chosen = list(headlines.chosen(declared, run.results).items())[:_MOST_VALUES]
    values = [f"{meaning} {number_text(run.results[name])}" for name, meaning in chosen]
    parts = [shell_word(os.path.relpath(run.folder)), run.status, words, *values]
    return shown("  ".join(part for part in parts if part))
