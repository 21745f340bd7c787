"""`gni runs show RUN`: what is known of one run or sweep."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from gnicli.cli.runs.places import AsJson, One, path

if TYPE_CHECKING:
    from gnicli.engine.run import Run


def show(
    run: One,
    keys: Annotated[bool, typer.Option("--keys", help="show every key of the configuration")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what is known of a run: its end, what it was made with, results. Of a sweep: its settings and jobs."""
    from gnicli.engine.run_index import index
    from gnicli.engine.run_views import detail
    from gnicli.engine.table_text import print_path, print_table

    found = index.read_one(path(run))
    if as_json:
        typer.echo(json.dumps(detail.as_json(found), indent=2))
        return
    print_table(detail.facts(found), detail.title(found), whole="--json")
    if index.is_sweep(found):
        _print_sweep(found)
    elif found.results:
        _print_results(found)
    if keys and found.config:
        print_table(detail.keys(found), "Configuration", whole="--json")
    for sentence in detail.sentences(found):
        typer.echo(sentence)
    print_path(found.folder)


def _print_results(found: Run) -> None:
    from gnicli.engine import headlines
    from gnicli.engine.table_text import print_table, results_table
    from gnicli.launch import commands

    declared = commands.module(found.command).HEADLINES if found.command in commands.COMMANDS else ()
    print_table(results_table(headlines.first(declared, found.results)), "Results", whole="--json")


def _print_sweep(found: Run) -> None:
    from gnicli.engine import sweep_records, sweep_tables
    from gnicli.engine.table_text import print_table
    from gnicli.launch import commands

    declared = commands.module(found.command).HEADLINES if found.command in commands.COMMANDS else ()
    records = sweep_records.read_sweep(found.folder)
    if records:
        print_table(sweep_tables.settings_table(records, declared), "Settings", whole="--json")
        print_table(sweep_tables.jobs_table(records, declared), "Jobs", whole="--json")
