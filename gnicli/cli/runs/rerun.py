"""`gni runs rerun RUN`: the same configuration in a new folder, and whether the results are the same bits."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from gnicli.cli.runs.places import One, path


def rerun(
    run: One,
    output: Annotated[
        Optional[str], typer.Option(metavar="FOLDER", help="the new folder; default: where runs are written")
    ] = None,
) -> int:
    """Run the configuration of a run again in a new folder, with its number of threads, and compare the results.

    The exit code is 1 where the results are not the same bits.
    """
    from gnicli.launch.rerun import rerun as again

    return again(path(run), None if output is None else path(output))
