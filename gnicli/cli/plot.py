"""`gni plot RUN… [METRIC]`: figures drawn again, and metrics of several runs in one figure."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from gnicli.cli.runs import places
from gnicli.errors import UsageError

_FORMATS = ("png", "pdf", "svg")


def plot(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN... [METRIC]",
            help="Runs or sweeps (folders, latest, or parts of their names), and a metric or a figure.",
        ),
    ],
    metric: Annotated[
        Optional[str],
        typer.Option(metavar="NAME", help="a metric or a figure; default: the training loss or the first figure"),
    ] = None,
    label: Annotated[
        Optional[list[str]], typer.Option(metavar="TEXT", help="what a run is called; once for each, in their order")
    ] = None,
    width: Annotated[
        Optional[float], typer.Option(metavar="INCHES", help="default: 3.25 for one panel, 6.75 for several")
    ] = None,
    title: Annotated[Optional[str], typer.Option(metavar="TEXT", help="title; an empty one leaves it out")] = None,
    xlabel: Annotated[Optional[str], typer.Option(metavar="TEXT", help="label of the x axes")] = None,
    ylabel: Annotated[Optional[str], typer.Option(metavar="TEXT", help="label of the y axes")] = None,
    logx: Annotated[Optional[bool], typer.Option("--logx/--no-logx", help="logarithmic x axes, or linear ones")] = None,
    logy: Annotated[Optional[bool], typer.Option("--logy/--no-logy", help="logarithmic y axes, or linear ones")] = None,
    style: Annotated[
        Optional[str],
        typer.Option(metavar="FILE", help="a style file of matplotlib; your matplotlibrc is followed too"),
    ] = None,
    format_: Annotated[
        Optional[list[str]],
        typer.Option("--format", metavar="NAME", help="png, pdf or svg; may repeat; default: that of --output, or png"),
    ] = None,
    output: Annotated[
        Optional[str], typer.Option(metavar="FILE", help="where to; default: NAME.png in the working folder")
    ] = None,
) -> None:
    """Draw a figure of a run again, or a metric of several runs in one figure.

    Texts may hold mathematics between $ signs. An axis over less than a factor of 3 stays linear.
    """
    from gnicli.engine import figures, plots

    folders, name = _split(runs, metric)
    targets = _targets(output, format_ or [], name or "plot")
    drawn = plots.plot(
        folders,
        name,
        labels=label or (),
        width=width,
        title=title,
        xlabel=xlabel,
        ylabel=ylabel,
        logx=logx,
        logy=logy,
        style=style,
    )
    for target in targets:
        figures.save(drawn, target)
        typer.echo(str(target))


def _split(words: list[str], metric: str | None) -> tuple[list[str], str]:
    """The folders, and the name: the last word where it stands for no folder and none was given as an option.

    What the runs before it have a metric or a figure of is one, whatever a folder is called.
    """
    if metric is not None or len(words) == 1:
        return places.all_of(words), metric or ""
    from gnicli.engine import plots

    first, last = places.all_of(words[:-1]), words[-1]
    if Path(last).expanduser().is_dir():
        return [*first, last], ""
    if plots.have(first, last):
        return first, last
    found = places.run_or_sweep(last)
    return ([*first, found], "") if found != last else (first, last)


def _targets(output: str | None, formats: list[str], name: str) -> list[Path]:
    """The files to write."""
    from gnicli import checks
    from gnicli.engine.figures import file_name

    wrong = [kind for kind in formats if kind not in _FORMATS]
    if wrong:
        raise UsageError(f"--format {wrong[0]}: choose from {', '.join(_FORMATS)}")
    place = Path(checks.home("--output", output)) if output else Path(file_name(name))
    own = place.suffix.removeprefix(".") if output else ""
    if own in _FORMATS:
        kinds = list(dict.fromkeys(formats or [own]))
        return [place if kind == own else place.with_suffix(f".{kind}") for kind in kinds]
    return [place.with_name(f"{place.name}.{kind}") for kind in dict.fromkeys(formats or ["png"])]
