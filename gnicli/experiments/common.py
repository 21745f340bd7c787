"""Keys that every command has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from gnicli import checks
from gnicli.checks import key

PICTURES = ("auto", "all", "svg", "none")


@dataclass
class RunConfig:
    """`run.*`: the folder of a run, and how often its state is saved."""

    dir: Optional[str] = key(None, "folder of this run (or of the sweep under -m); default: a new one under run.root")
    root: Optional[str] = key(None, "folder that holds all runs; default: $GNI_OUTPUTS or outputs")
    checkpoint_steps: Optional[int] = key(None, "steps between checkpoints, besides the timed ones")
    checkpoint_seconds: float = key(30.0, "seconds between checkpoints")
    latex: bool = key(
        False, "also write every table as LaTeX into tables/ of the run's folder; --latex is short for it"
    )
    pictures: str = key(
        "auto",
        "pictures of the figures: auto (png, pdf and svg; in a job of a sweep svg alone), all, svg or none; "
        "gni plot draws any of them later",
        choices=PICTURES,
    )

    def __post_init__(self) -> None:
        if self.checkpoint_steps is not None:
            checks.integer("run.checkpoint_steps", self.checkpoint_steps, least=1)
        checks.choice("run.pictures", self.pictures, PICTURES)
        checks.number("run.checkpoint_seconds", self.checkpoint_seconds, above=0)
