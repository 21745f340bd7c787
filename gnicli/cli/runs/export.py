"""`gni runs export RUN… --to FORMAT`: what runs recorded and found, for other programs."""

from __future__ import annotations

from typing import Annotated

import typer

from gnicli.cli.runs.places import Output, Several, path


def export(
    runs: Several,
    to: Annotated[str, typer.Option(metavar="FORMAT", help="csv, parquet, tensorboard or mlflow")],
    output: Output = None,
) -> None:
    """Write the keys, results and metrics of runs and sweeps into a new folder, for other programs.

    csv and parquet: runs (a row for each) and metrics (run, step, name, value). tensorboard: an event file for each
    run. mlflow: a store with a run for each. The last three need the extra of gni that bears their name.
    """
    from gnicli.engine import run_export
    from gnicli.engine.table_text import print_path

    target = path(output) if output is not None else None
    print_path(run_export.export([path(run) for run in runs], to, target))
