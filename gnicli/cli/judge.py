"""`gni judge CLAIMS RUNS…`: the verdicts on claims about runs."""

from __future__ import annotations

from typing import Annotated, Optional

import typer


def judge(
    claims: Annotated[str, typer.Argument(metavar="CLAIMS", help="A file of claims (YAML).")],
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUNS...",
            help="Folders of runs or sweeps, or CSV files with the columns run, seed, setting, metric, value "
            "and, where there are any, step, status.",
        ),
    ],
    output: Annotated[
        Optional[str],
        typer.Option(metavar="FOLDER", help="write report.md and report.html there, and keep a record of each look"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON, with each seed's effect")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="print CSV, one row for each claim")] = False,
) -> int:
    """Judge claims about runs: paired by seed, with exact tests, controls and one rule.

    A verdict is supported, contradicted, not supported, inconclusive (with the number of seeds that would settle
    it) or not run. The exit code is 0 once all is judged, whatever the verdicts, and 2 for a wrong file of claims
    or of runs.
    """
    from gnicli import checks
    from gnicli.engine.judging.judge import judge as judge_
    from gnicli.errors import UsageError

    if as_json and as_csv:
        raise UsageError("--json and --csv: give one of them")
    place = None if output is None else checks.home("--output", output, existing=False)
    found = judge_(claims, runs, output=place)
    if as_json:
        typer.echo(found.as_json())
    elif as_csv:
        typer.echo(found.as_csv().decode(), nl=False)
    else:
        from gnicli.cli.verdicts import show

        show(found, place)
    return 0
