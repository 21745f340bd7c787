"""How an experiment and the engine speak to one another while it runs.

Nothing here imports torch or NumPy: the start-up of every command passes here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    import numpy as np

    from gnicli.contracts.results import Table


class State(NamedTuple):
    """All that is needed to go on from `step` (the number of finished steps): arrays, and values that JSON can hold."""

    step: int
    arrays: Mapping[str, np.ndarray]
    values: Mapping[str, Any] = {}


def joined_arrays(parts: Mapping[str, Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """The arrays of several parts under one roof, as `part/name`."""
    return {f"{part}/{name}": array for part, arrays in parts.items() for name, array in arrays.items()}


def arrays_of(part: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays of one part among those that `joined_arrays` put together, by their own names."""
    prefix = f"{part}/"
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


class Observer(Protocol):
    """How progress, metrics, checkpoints and requests to stop cross the border between the engine and the domain."""

    def stage(self, text: str) -> None:
        """Say what is being done now ("reading svhn"): one line, not kept."""
        ...

    def progress(self, text: str, done: int, total: int | None, unit: str = "step") -> None:
        """Show how far a part of the work is that is no training step (bytes of a download, draws, fits)."""
        ...

    def table(self, title: str, table: Table) -> None:
        """Show a table as soon as it is known. The end of the run does not show a table of this title again."""
        ...

    def counting(self, text: str, before: int, total: int) -> None:
        """Show the steps that follow as `text` of `total`, counted from step `before`, where other parts ended."""
        ...

    def restore(self) -> State | None:
        """The state to go on from, or None for a fresh start."""
        ...

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        """Append rows (step, name, value) to `metrics.csv`."""
        ...

    def step_done(self, step: int, total: int, make_state: Callable[[], State | None], **shown: float) -> None:
        """Call after each finished step: shows progress, saves a checkpoint when one is due.

        `make_state` is called only if a checkpoint is to be written; it returns None where the state is not fit to be
        kept (no longer finite). When a signal has asked to stop, the state is saved and `Interrupted` raised.
        """
        ...

    def keep(self, state: State) -> None:
        """Save a state at once. This is for work in few and long steps."""
        ...

    def cost(self, name: str, seconds: float) -> None:
        """Add to the seconds that the manifest gives for a part of the work (results hold no clock)."""
        ...

    def advise(self, text: str) -> None:
        """Show a sentence that depends on this machine and this moment; it is kept nowhere."""
        ...

    def note(self, text: str) -> None:
        """Write a sentence to `run.log` and show it: a warning, or a choice that was made."""
        ...


class SilentObserver:
    """An observer for library use and tests: keeps metrics and notes in lists, never stops, never saves."""

    def __init__(self, state: State | None = None) -> None:
        self.state = state
        self.rows: list[tuple[int, str, float]] = []
        self.notes: list[str] = []

    def stage(self, text: str) -> None:
        """Show nothing."""

    def progress(self, text: str, done: int, total: int | None, unit: str = "step") -> None:
        """Show nothing."""

    def table(self, title: str, table: Table) -> None:
        """Show nothing."""

    def counting(self, text: str, before: int, total: int) -> None:
        """Show nothing."""

    def restore(self) -> State | None:
        """The state given at construction."""
        return self.state

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        """Keep the rows."""
        self.rows += [(step, name, value) for name, value in values.items()]

    def step_done(self, step: int, total: int, make_state: Callable[[], State | None], **shown: float) -> None:
        """Save nothing and never stop."""

    def keep(self, state: State) -> None:
        """Keep the state in place of the one before."""
        self.state = state

    def cost(self, name: str, seconds: float) -> None:
        """Keep nothing."""

    def advise(self, text: str) -> None:
        """Ignored."""

    def note(self, text: str) -> None:
        """Keep the sentence."""
        self.notes.append(text)
