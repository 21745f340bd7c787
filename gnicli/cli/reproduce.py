"""`gni reproduce`: every claim of the paper, with a verdict."""

from __future__ import annotations

from typing import Annotated, Optional

import typer


def _complete(incomplete: str) -> list[str]:
    from gnicli.engine.reproduction.families import BUDGETS, FOLDER

    words = ["all", *sorted(path.stem for path in FOLDER.glob("*.yaml")), *(f"budget={name}" for name in BUDGETS)]
    return [word for word in words if word.startswith(incomplete)]


def reproduce(
    words: Annotated[
        Optional[list[str]],
        typer.Argument(
            metavar="[FAMILY ...] [budget=quick|full]",
            help="Families of claims such as fig4 and theorem31, or all (default). budget=quick (default) takes most "
            "of an hour on two cores, budget=full is as large as in the paper. hydra/launcher=... runs the jobs "
            "elsewhere.",
            autocompletion=_complete,
        ),
    ] = None,
    lists: Annotated[
        bool,
        typer.Option("--list", help="show the families, what is left to run, about how long it takes; run nothing"),
    ] = False,
    judge_only: Annotated[
        bool, typer.Option("--judge-only", help="judge the runs that are there; run nothing")
    ] = False,
    output: Annotated[
        Optional[str],
        typer.Option(metavar="FOLDER", help="folder of the runs and of the report; default: outputs/reproduce/BUDGET"),
    ] = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="run failed jobs again")] = False,
    any_version: Annotated[
        bool, typer.Option("--any-version", help="let stand what another version of gni finished, and go on")
    ] = False,
    n_jobs: Annotated[int, typer.Option(metavar="N", min=0, help="jobs at once; 0: as many as there are cores")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="print the verdicts as JSON")] = False,
) -> int:
    """Run what the claims of the paper need, judge them, and write report.html.

    Runs that are there are left alone, so a stopped command goes on when it is typed again. The report always has all
    families; those that have no runs are not run. The exit code is 0 once all is judged, whatever the verdicts, and 1
    if a job failed.
    """
    from gnicli import checks
    from gnicli.errors import UsageError
    from gnicli.launch import reproduce as launch

    if lists and (judge_only or as_json):
        raise UsageError("--list shows what there is and judges nothing; leave out --judge-only and --json")
    wanted = launch.read_words(words or [])
    if output is not None:
        wanted = wanted._replace(typed=[*wanted.typed, "--output", output])
    root = launch.place(None if output is None else checks.home("--output", output, existing=False), wanted.budget)
    if lists:
        from gnicli.cli.reproduced import show_list

        return show_list(wanted, root, n_jobs)
    from gnicli.cli.reproduced import show_verdicts

    code = 0
    if not judge_only:
        code = launch.run_missing(wanted, root, retry_failed=retry_failed, any_version=any_version, n_jobs=n_jobs)
    show_verdicts(wanted, root, as_json=as_json)
    return code
