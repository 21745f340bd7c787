"""`gni runs list`: the runs of a folder, newest first, or those that are wanted."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from gnicli.cli.runs.places import AsJson

if TYPE_CHECKING:
    from gnicli.cli.runs.words import Wanted
    from gnicli.engine.run import Run

_MOST = 20


def list_runs(
    words: Annotated[
        Optional[list[str]],
        typer.Argument(
            metavar="[WORD]...",
            help="a command (train), a status (failed), a condition on a key, result or metric (noise=mult, "
            "'test_loss<0.2'), a folder; runs that fit all of them are listed",
        ),
    ] = None,
    sort: Annotated[
        Optional[str], typer.Option(metavar="NAME", help="by a result, metric or key, the smallest first")
    ] = None,
    reverse: Annotated[bool, typer.Option("--reverse", help="the other way round")] = False,
    last: Annotated[
        Optional[str], typer.Option(metavar="SPAN", help="begun within the last 90m, 12h, 7d or 2w")
    ] = None,
    limit: Annotated[Optional[int], typer.Option(metavar="N", min=1, help="at most so many; default: 20")] = None,
    every: Annotated[bool, typer.Option("--all", help="all of them; with --json the default")] = False,
    as_json: AsJson = False,
) -> None:
    """List runs, the newest first, damaged ones too.

    A run is called by the shortest ending of its folder's name that no other has; RUN of other commands may be that.
    """
    from gnicli.cli.runs import words as words_of_list
    from gnicli.engine.folders import output_root
    from gnicli.launch.commands import COMMANDS

    wanted = words_of_list.read(words or [], COMMANDS)
    since = _since(last)
    place = wanted.root or output_root()
    if wanted.root is None and not place.exists():
        typer.echo("[]" if as_json else f"no runs yet: {place} is not there; gni train makes the first")
        return
    everything = _read(place)
    found = _chosen(everything, wanted, since, sort, reverse=reverse)
    n_shown = limit or (len(found) if every or as_json else _MOST)
    if as_json:
        from gnicli.engine.run_index import listing

        typer.echo(json.dumps([listing.as_json(run) for run in found[:n_shown]], indent=2))
    else:
        asked = [condition.name for condition in wanted.conditions] + ([sort] if sort else [])
        _print(found, n_shown, everything, place, asked, by_path=wanted.root is not None)


def _since(last: str | None) -> datetime | None:
    from gnicli.engine.folders import now
    from gnicli.engine.run_index import moments
    from gnicli.errors import UsageError

    try:
        return None if last is None else now() - moments.span(last)
    except OverflowError as error:
        raise UsageError(f"--last {last}: there is no such day; write a shorter span, as in 7d") from error


def _read(place: Path) -> list[Run]:
    """Every run and sweep there. The first time it takes a while, and a terminal shows how far it is."""
    from gnicli.cli.data import TerminalObserver
    from gnicli.engine.run_index import index

    with TerminalObserver() as observer:
        return index.read(place, lambda n: observer.progress("reading runs", n, None, "run"))


def _chosen(
    everything: list[Run], wanted: Wanted, since: datetime | None, sort: str | None, *, reverse: bool
) -> list[Run]:
    """The runs that fit, in their order."""
    from gnicli.engine.run_index import conditions, index, moments

    found = [run for run in everything if not index.is_sweep(run)]
    if wanted.commands:  # of those that nobody knows, as `load_runs` has it
        found = [run for run in found if run.command in (*wanted.commands, "")]
    found = [run for run in found if not wanted.statuses or run.status in wanted.statuses]
    if since is not None:
        found = [run for run in found if (moments.begun(run.folder, run.manifest) or since) > since]
    found = conditions.chosen(found, wanted.conditions)
    found.sort(key=lambda run: (moments.order(run.folder, run.manifest), str(run.folder)), reverse=True)
    if sort is not None:
        return conditions.ordered(found, sort, falling=reverse)
    return found[::-1] if reverse else found


def _print(
    found: list[Run], n_shown: int, everything: list[Run], place: Path, asked: list[str], *, by_path: bool
) -> None:
    from gnicli.engine import table_text
    from gnicli.engine.run_index import index, listing
    from gnicli.launch import commands

    if not found:
        n_runs = sum(not index.is_sweep(run) for run in everything)
        typer.echo(f"no run of the {n_runs:,} in {place} fits" if n_runs else f"no runs in {place}")
        return
    listed = found[:n_shown]
    called = listing.called(listed, everything, place, short=not by_path)

    def declared(command: str) -> object:
        return commands.module(command).HEADLINES if command in commands.COMMANDS else ()

    table_text.print_table(listing.table(listed, called, asked, declared), whole="--json")  # type: ignore[arg-type]
    typer.echo(listing.sentence(found))
    if len(found) > n_shown:
        sys.stdout.flush()
        typer.echo(f"… and {len(found) - n_shown:,} more; --all lists them", err=True)
