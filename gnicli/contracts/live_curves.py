"""What a run and a logger pass to one another: where the logger may write, and the values that are recorded.

Nothing here imports torch or NumPy: the start-up of every command passes here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

Ending = Literal["completed", "diverged", "failed", "interrupted"]


class LoggedRun(NamedTuple):
    """What a logger gets of a run: the `folder` that is its own (absolute, empty), the run's name, its configuration.

    `config` is plain: nested dicts, lists and scalars.
    """

    folder: Path
    name: str
    config: Mapping[str, object]


class LiveCurves(Protocol):
    """Takes the recorded values of one run. Whatever it raises ends the curves, and not the run."""

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Take the values that were recorded at a step, by name. Steps never fall; a step may come several times."""
        ...

    def flush(self) -> None:
        """Let what was taken be seen. It is called about once a second, and when the run saves its state."""
        ...

    def close(self, ending: Ending) -> None:
        """Write what is left. It is called once, at the end of the run."""
        ...


class NoCurves:
    """Takes values and keeps nothing."""

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Keep nothing."""

    def flush(self) -> None:
        """Write nothing."""

    def close(self, ending: Ending) -> None:
        """Write nothing."""
