"""`gni runs rm RUN…`: folders of runs and sweeps are deleted, after a question."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from gnicli.cli.runs.places import Several, path
from gnicli.errors import UsageError


def remove(runs: Several, yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False) -> None:
    """Delete the folders of runs and sweeps, with all that is in them.

    A run that is running is refused, and so is every folder that is not one of a run or a sweep; then none is deleted.
    """
    from gnicli.engine import run_removal

    found = run_removal.examine([path(run) for run in runs])
    if not yes:
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise UsageError(f"nothing was deleted: nobody can be asked here; --yes deletes {found.words()}")
        for line in found.lines():
            typer.echo(line)
        typer.echo(f"Delete {found.words()}? y deletes, all else keeps them: ", nl=False)
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            typer.echo("nothing was deleted")
            return
    found.delete()
    typer.echo(f"deleted {found.words()}")
