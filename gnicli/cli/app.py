"""The Typer app: the list of commands, their short help, completion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Optional

import typer

from gnicli.cli import complete, data, sweep
from gnicli.cli.judge import judge
from gnicli.cli.plot import plot
from gnicli.cli.reproduce import reproduce
from gnicli.cli.runs import app as runs
from gnicli.cli.runs import places
from gnicli.cli.whole_lines import Group
from gnicli.launch.commands import COMMANDS

# `--help` of these commands is made from the schemas, so Typer adds none; unknown options are Hydra's.
ROOT_OPTIONS = ("--help", "-h", "--version", "--install-completion", "--show-completion")  # before any command
_PLACES = {"RUN": "a run", "SWEEP": "a sweep", "OTHER": "another run"}  # by what the argument is called in help
_HYDRA = {"allow_extra_args": True, "ignore_unknown_options": True}

app = typer.Typer(
    name="gni",
    cls=Group,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
    help="Measure what Gaussian noise injections do to gradients and to training.",
    epilog="gni quickstart runs each command once. gni COMMAND --help lists the keys and options of a command. "
    "--debug shows the traceback of an error.",
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
        str,
        typer.Argument(
            metavar="RUN",
            help="The folder of a run, of a sweep, or of a job of one (SWEEP/0, SWEEP/1, ...), latest, or a part of a "
            "folder's name that no other has.",
            callback=places.run_or_sweep,
        ),
    ],
) -> int:
    """Continue a run or a sweep that was stopped, or whose process died.

    Of a sweep those jobs are run that never began, were interrupted or lost (gni sweep resume --help).
    """
    from gnicli.launch.jobs.again import resume_run_or_sweep

    return resume_run_or_sweep(folder)


app.command("plot")(plot)
app.command("judge")(judge)
app.command("reproduce")(reproduce)
app.add_typer(data.app, name="data")
app.add_typer(sweep.app, name="sweep")
app.add_typer(runs.app, name="runs")


@app.command("quickstart")
def _quickstart() -> int:
    """Run each command once, tiny, and say where to look: under half a minute."""
    from gnicli.cli.quickstart import quickstart

    return quickstart()


@app.command("doctor")
def _doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
) -> int:
    """Look at versions, devices, folders, data sets and plug-ins, and say what mends what is wrong."""
    from gnicli.cli.doctor import doctor

    return doctor(as_json=as_json)


@app.command("version")
def _version_command() -> None:
    """Print the version."""
    _version(True)


@app.command("help")
def _help(
    command: Annotated[Optional[str], typer.Argument(metavar="[COMMAND]", help="A command.")] = None,
) -> int:
    """Print the help of a command, or the list of commands."""
    return _run_words([command, "--help"] if command else ["--help"])


def run_app(words: list[str]) -> int:
    """Run the app on `words`; returns the exit code. What Typer says of a wrong word becomes a `UsageError`."""
    from gnicli.errors import UsageError

    try:
        return _run_words(words or ["--help"])
    except typer.Abort:
        raise KeyboardInterrupt from None
    except Exception as error:
        explain = getattr(error, "format_message", None)  # Typer's own usage errors have it
        if explain is None:
            raise
        told, advice = " ".join(str(explain()).split()), _what_to_give(error)
        raise UsageError(told.removesuffix(".") + advice if advice else told) from error


def _what_to_give(error: Exception) -> str:
    """What to do where an argument is missing; nothing after another error."""
    context, argument = getattr(error, "ctx", None), getattr(error, "param", None)
    # Known by its name, because newer versions of Typer have a copy of click with errors of its own.
    if type(error).__name__ != "MissingParameter" or context is None or argument is None:
        return ""
    help_line = f"{context.command_path} --help says more"
    place = _PLACES.get(str(argument.metavar).rstrip(".").partition(".")[0])
    if place is None:
        return f"; {help_line}"
    needed = [part for part in context.command.params if part.required]
    # Nobody is told to delete the latest run.
    example = len(needed) == 1 and context.info_name != "rm"
    as_in = f", as in {context.command_path} latest" if example else f"; {help_line}"
    return f"; give {place}: its folder, a part of the folder's name, or latest{as_in}"


def _run_words(words: list[str]) -> int:
    """Hand the words to the command that comes first; `UsageError` where there is none of that name."""
    from gnicli.cli import first_word
    from gnicli.errors import UsageError

    known = {info.name for info in app.registered_commands if info.name}
    known |= {group.name for group in app.registered_groups if group.name}
    if words[0].startswith("-"):
        if words[0].partition("=")[0] not in ROOT_OPTIONS:
            raise UsageError(first_word.option_refusal(words, known, ROOT_OPTIONS))
    elif words[0] not in known:
        raise UsageError(first_word.refusal(words[0], known))
    result = app(args=words, prog_name="gni", standalone_mode=False)
    return result if isinstance(result, int) else 0
