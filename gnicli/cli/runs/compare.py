"""`gni runs compare RUN…`: settings beside one another, means over seeds with their intervals."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from gnicli.cli.runs.places import AsJson, Several, path
from gnicli.errors import UsageError

if TYPE_CHECKING:
    from gnicli.contracts.results import Table
    from gnicli.engine.run_views.comparison import Comparison


def compare(
    runs: Several,
    metric: Annotated[
        Optional[list[str]],
        typer.Option(metavar="NAME", help="a result to compare; may repeat; default: the command's first ones"),
    ] = None,
    against: Annotated[
        Optional[str], typer.Option(metavar="KEY=VALUE", help="paired differences from runs with this, by seed")
    ] = None,
    as_json: AsJson = False,
    csv: Annotated[bool, typer.Option("--csv", help="print CSV: every result, with all digits")] = False,
    latex: Annotated[bool, typer.Option("--latex", help="print a table for LaTeX (booktabs)")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="print a table in Markdown")] = False,
) -> None:
    """Compare settings: means over seeds, their standard errors, 95 % intervals (Student's t) and n.

    RUN may be runs, whole sweeps, and folders of runs. Runs that are not completed are counted, and are in no mean.
    """
    from gnicli.engine.run_index import index
    from gnicli.engine.run_views import comparison
    from gnicli.launch import commands

    if as_json + csv + latex + markdown > 1:
        raise UsageError("choose one of --json, --csv, --latex and --markdown")
    found = comparison.between(index.at([path(run) for run in runs]))
    declared = commands.module(found.command).HEADLINES if found.command in commands.COMMANDS else ()
    if as_json:
        typer.echo(json.dumps(found.as_json(), indent=2))
    elif csv:
        typer.echo(found.csv().decode(), nl=False)
    else:
        _print(found, found.table(declared, metric or ()), _paired(found, against), latex=latex, markdown=markdown)


def _print(found: Comparison, table: Table, paired: Table | None, *, latex: bool, markdown: bool) -> None:
    from gnicli.engine.report import markdown as written
    from gnicli.engine.table_latex import latex as tabular
    from gnicli.engine.table_text import print_table

    titles = {"Means over seeds": table} | ({"Paired differences": paired} if paired is not None else {})
    for title, each in titles.items():
        if latex:
            typer.echo(tabular(each, title), nl=False)
        elif markdown:
            typer.echo(written.table(each), nl=False)
        else:
            print_table(each, title, whole="--csv")
    for sentence in found.sentences():
        typer.echo(sentence, err=latex or markdown)


def _paired(found: Comparison, against: str | None) -> Table | None:
    """Each setting against the one with that value of the key, by pairs of runs that differ in the key alone."""
    if against is None:
        return None
    from gnicli.engine.run_views import comparison
    from gnicli.experiments.sweeps import paired, verdicts

    key, _, reference = against.partition("=")
    records = comparison.with_metrics(found.records)
    values = {record.overrides.get(key, "") for record in records}
    if reference not in values or len(values) < 2:
        raise UsageError(
            f"--against {against}: write KEY=VALUE with a key in which the runs differ and a value that some have; "
            f"they differ in {', '.join(found.keys) or 'none'}"
        )
    metric = "train_loss"
    if not any(metric in record.metrics for record in records):
        raise UsageError(f"--against compares the {metric} of runs, and none of these has one")
    effects = [
        effect
        for setting, mine in paired.settings(records, key).items()
        for effect in paired.effects(mine, metric, key, reference, setting)
    ]
    return verdicts.table(effects, key, reference)
