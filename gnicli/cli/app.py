"""The Typer app: the list of commands, their short help, completion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Optional

import typer

from gnicli.cli import complete, data
from gnicli.cli.plot import plot
from gnicli.launch.commands import COMMANDS

# `--help` of these commands is made from the schemas, so Typer adds none; unknown options are Hydra's.
_HYDRA = {"allow_extra_args": True, "ignore_unknown_options": True}

app = typer.Typer(
    name="gni",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
    help="Measure what Gaussian noise injections do to gradients and to training.",
    epilog="gni COMMAND --help lists the keys and options of a command. --debug shows the traceback of an error.",
)


def _version(wanted: bool) -> None:
    if wanted:
        from gnicli import __version__

        typer.echo(f"gni {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """The options that stand before a command; what they do is done by their callbacks."""


def _completer(command: str) -> Callable[[typer.Context, str], list[tuple[str, str]]]:
    def offer(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
        before = list(ctx.params.get("words") or []) + list(ctx.args)
        return complete.complete(command, before, incomplete)

    return offer


def _mount(command: str) -> None:
    """Add a command that Hydra configures: its words go there as they are."""

    def start(words: Optional[list[str]] = None) -> int:
        from gnicli.cli.hydra_commands import run

        return run(command, words or [])

    # The completer differs by command, so the annotation is made here.
    start.__annotations__["words"] = Annotated[
        Optional[list[str]],
        typer.Argument(metavar="[KEY=VALUE ...] [OPTIONS]", autocompletion=_completer(command)),
    ]
    app.command(command, help=COMMANDS[command], add_help_option=False, context_settings=_HYDRA)(start)


for _command in COMMANDS:
    _mount(_command)


@app.command("resume")
def _resume(
    folder: Annotated[
        str, typer.Argument(metavar="RUN", help="The folder of a run, or of a job of a sweep (SWEEP/0, SWEEP/1, ...).")
    ],
) -> int:
    """Continue a run that was stopped, or whose process died.

    Given the folder of a sweep, print the commands that finish its jobs.
    """
    from gnicli.launch.resume import resume

    return resume(folder)


app.command("plot")(plot)
app.add_typer(data.app, name="data")


def run_app(words: list[str]) -> int:
    """Run the app on `words`; returns the exit code. What Typer says of a wrong word becomes a `UsageError`."""
    from gnicli.errors import UsageError

    try:
        result = app(args=words or ["--help"], prog_name="gni", standalone_mode=False)
    except typer.Abort:
        raise KeyboardInterrupt from None
    except Exception as error:
        explain = getattr(error, "format_message", None)  # Typer's own usage errors have it
        if explain is None:
            raise
        raise UsageError(" ".join(str(explain()).split())) from error
    return result if isinstance(result, int) else 0
