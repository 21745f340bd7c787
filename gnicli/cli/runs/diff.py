"""`gni runs diff RUN OTHER`: in what two runs differ."""

from __future__ import annotations

import json

import typer

from gnicli.cli.runs.places import AsJson, One, Other, path


def diff(run: One, other: Other, as_json: AsJson = False) -> None:
    """Say in what two runs differ: configuration, versions and machine, results; and whether they are the same bits."""
    from gnicli.engine.run_views import difference
    from gnicli.engine.table_text import print_table

    found = difference.between(path(run), path(other))
    if as_json:
        typer.echo(json.dumps(found.as_json(), indent=2))
        return
    for title, table in found.tables().items():
        print_table(table, title, whole="--json")
    for sentence in found.sentences():
        typer.echo(sentence)
