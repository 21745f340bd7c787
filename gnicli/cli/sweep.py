"""`gni sweep …`: how the jobs of a sweep stand, and going on with it."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from gnicli.cli.runs import places

app = typer.Typer(name="sweep", help="Show how the jobs of a sweep stand, and complete it.")

Folder = Annotated[
    str,
    typer.Argument(
        metavar="SWEEP",
        help="the folder of a sweep, latest, or a part of a folder's name that no other has",
        callback=places.sweep,
    ),
]


@app.callback(invoke_without_command=True)
def _alone(context: typer.Context) -> None:
    """Show the help where no command follows."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command()
def status(
    folder: Folder, as_json: Annotated[bool, typer.Option("--json", help="print JSON, one object")] = False
) -> None:
    """Show how the jobs of a sweep stand, read from its folder.

    A job is complete (completed or diverged), failed, interrupted, running, not started, lost (its process is gone)
    or broken (its manifest cannot be read).
    """
    from gnicli.engine.jobs import standing
    from gnicli.engine.table_text import print_path, print_table
    from gnicli.launch.jobs.again import read_place

    found = standing.read(read_place(folder))
    if as_json:
        typer.echo(json.dumps(found.as_json(), indent=2))
        return
    print_table(found.table())
    typer.echo(found.sentence())
    print_path(found.folder)


@app.command()
def resume(
    folder: Folder,
    failed: Annotated[bool, typer.Option("--failed", help="run failed and damaged jobs again, too")] = False,
    force: Annotated[bool, typer.Option("--force", help="run every job again; what they left is removed")] = False,
    any_version: Annotated[
        bool, typer.Option("--any-version", help="let stand what another version of gni finished, and go on")
    ] = False,
    n_jobs: Annotated[int, typer.Option(metavar="N", help="jobs at once; 0: as the sweep was begun with")] = 0,
    timeout_s: Annotated[float, typer.Option(metavar="SECONDS", help="the longest a job may take; 0: as begun")] = 0.0,
    yes: Annotated[bool, typer.Option("--yes", help="allow more than 10,000 jobs")] = False,
    allow_env: Annotated[bool, typer.Option("--allow-env", help="let ${oc.env:NAME} read the environment")] = False,
) -> int:
    """Run the jobs of a sweep that never began, were interrupted or lost.

    A job that has a checkpoint goes on from it. The table and the figures of the sweep are made anew.
    """
    from gnicli.engine.jobs.due import Wishes
    from gnicli.launch.jobs.again import resume_sweep

    wishes = Wishes(failed, force, any_version)
    return resume_sweep(folder, wishes, n_jobs=n_jobs, timeout_s=timeout_s, allow_env=allow_env, yes=yes)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def submit(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="SWEEP|COMMAND [KEY=VALUE ...]", help="the folder of a sweep, or a command and its words"
        ),
    ],
) -> int:
    """Hand the jobs of a sweep to Slurm and return at once.

    COMMAND KEY=VALUE ... begins a sweep, as in: train 'seed=range(8)' hydra.launcher.partition=gpu. SWEEP hands over
    the jobs of a sweep that are left and not in the queue; --failed, --force, --any-version, --allow-env and --yes
    are those of gni sweep resume. hydra.launcher.KEY=VALUE says what Slurm is asked for (docs/cluster.md).
    """
    from gnicli.launch.jobs.submit import submit as hand_over

    return hand_over(words)
