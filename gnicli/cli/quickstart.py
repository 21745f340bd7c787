"""`gni quickstart`: a first run of each command, tiny, shown as it could be typed."""

from __future__ import annotations

import shlex
import sys
import time
from pathlib import Path
from typing import NamedTuple

import typer


class Step(NamedTuple):
    """A command, what it shows, and the file of its folder to look at."""

    words: str
    meaning: str
    look_at: str


STEPS = (
    Step("train steps=300", "Train a small network with noise in its activations on slow sine waves.", "fit.png"),
    Step(
        "gradient-noise network.depth=2 network.width=64 measure.n_draws=200",
        "Measure the gradient noise that the injected noise makes, layer by layer.",
        "alpha.png",
    ),
    Step(
        "fit-stable samples=stable samples.alpha=1.5 samples.n=2000 n_bootstrap=0",
        "Fit a stable law to samples; samples=FILE.csv takes your own.",
        "density.png",
    ),
    Step(
        "simulate-sde potential=quadratic n_chains=500 n_steps=2000 eta=0.1",
        "Simulate the model of training in one well; without keys, in a double well.",
        "density.png",
    ),
    Step(
        "kde-stationary potential=quadratic n_chains=500 n_steps=2000 eta=0.1",
        "Estimate the stationary density of that model, beside the exact one.",
        "density.png",
    ),
)
_NEXT = """\
What you can do next:
  gni runs                         the runs in {root}, newest first
  gni train dataset=digits         images that need no download
  gni train -m M=1,4 'seed=range(3)'   a sweep, with a table and a figure
  gni COMMAND --help               all that a command takes
  gni doctor                       what is installed, and which data sets are here"""


def quickstart() -> int:
    """Show and run one command after another; in a terminal each waits for Enter. Returns the last exit code."""
    from gnicli.cli.hydra_commands import run
    from gnicli.engine.folders import output_root

    asks = sys.stdin.isatty() and sys.stdout.isatty()
    begin = time.monotonic()
    typer.echo(
        f"{len(STEPS)} commands, half a minute in all. Each keeps what it found in a folder below {output_root()}."
    )
    for number, step in enumerate(STEPS, 1):
        typer.echo(f"\n{number}. {step.meaning}\n\n   $ gni {step.words}\n")
        if asks and not _goes_on():
            return 0
        before = _folders()
        command, *words = shlex.split(step.words)
        code = run(command, words)
        if code:
            return code
        for folder in sorted(_folders() - before):
            typer.echo(f"   Look at {_figure(folder, step.look_at)}")
    typer.echo(f"\n{len(STEPS)} commands in {time.monotonic() - begin:.0f} s.\n\n{_NEXT.format(root=output_root())}")
    return 0


def _goes_on() -> bool:
    """Whether the user wants the next command."""
    typer.echo("   Enter runs it, q stops. ", nl=False)
    return sys.stdin.readline().strip().lower() not in ("q", "quit", "n", "no")


def _folders() -> set[Path]:
    """The run folders that are there."""
    from gnicli.engine.folders import output_root

    return {path.parent for path in output_root().glob("*/*/*/manifest.json")}


def _figure(folder: Path, name: str) -> str:
    """The figure of a run to look at, or the folder of its figures, and the report."""
    from gnicli.engine.places import shell_word

    figure = folder / "figures" / name
    return f"{shell_word(figure if figure.exists() else figure.parent)} and {shell_word(folder / 'report.md')}"
