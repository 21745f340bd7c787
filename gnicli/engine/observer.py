"""The engine's `Observer`: progress, metrics, checkpoints and requests to stop, at next to no cost per step."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gnicli.contracts.observer import State
from gnicli.engine import checkpoint
from gnicli.engine.display import REDRAW_SECONDS, Display
from gnicli.engine.places import stopped_message
from gnicli.errors import Interrupted

if TYPE_CHECKING:
    from gnicli.contracts.results import Table
    from gnicli.engine.live_curves import Curves
    from gnicli.engine.signals import StopRequest
    from gnicli.engine.tables import MetricsWriter

FLUSH_SECONDS = 1.0


class RunObserver:
    """Implements `contracts.observer.Observer` for one run in one folder.

    `prefix` opens every line of advice. `spent` is the time in seconds that the run has lost to the engine so far,
    `costs` that of the named parts of it.
    """

    def __init__(
        self,
        folder: Path,
        config: Mapping[str, object],
        metrics: MetricsWriter,
        display: Display,
        stop: StopRequest,
        log: Callable[[str], None],
        *,
        state: State | None = None,
        checkpoint_steps: int | None = None,
        checkpoint_seconds: float = 30.0,
        prefix: str = "",
        curves: Curves | None = None,
    ) -> None:
        self.shown: set[str] = set()  # titles of the tables that were shown
        self.spent = 0.0
        self.costs: dict[str, float] = {}
        self.saved_step = None if state is None else state.step
        self.produced = state is not None
        self._folder = folder
        self._config = config
        self._metrics = metrics
        self._curves = curves
        self._display = display
        self._stop = stop
        self._log = log
        self._prefix = prefix
        self._state = state
        self._counted: tuple[str, int, int | None] = ("step", 0, None)
        self._checkpoint_steps = checkpoint_steps or 0
        self._checkpoint_seconds = checkpoint_seconds
        begin = time.monotonic()
        self._next_look = begin
        self._next_flush = begin + FLUSH_SECONDS
        self._next_save = begin + checkpoint_seconds

    def stage(self, text: str) -> None:
        """Show what is being done now; a place to stop."""
        self._stop_here()
        self._display.stage(text)

    def progress(self, text: str, done: int, total: int | None, unit: str = "step") -> None:
        """Show how far a part of the work is, at most ten times a second; a place to stop."""
        begin = time.monotonic()
        if self._stop.requested:
            self._stop_here()
        if begin >= self._next_look or done == total:
            self._next_look = begin + REDRAW_SECONDS
            self._display.update(text, done, total, unit, {})
            self._flush_if_due(begin)
        self.spent += time.monotonic() - begin

    def table(self, title: str, table: Table) -> None:
        """Show a table now, and not again at the end."""
        self._display.table(title, table)
        self.shown.add(title)

    def counting(self, text: str, before: int, total: int) -> None:
        """Show the steps that follow as `text`, counted from 0 to `total`."""
        self._counted = text, before, total

    def restore(self) -> State | None:
        """The state of the checkpoint that this run goes on from."""
        return self._state

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        """Keep rows for metrics.csv; they are flushed every second and with every checkpoint."""
        begin = time.monotonic()
        self.produced = True
        self._metrics.add(step, values)
        if self._curves is not None:
            self._curves.add(step, values)
        self._flush_if_due(begin)
        self.spent += time.monotonic() - begin

    def step_done(self, step: int, total: int, make_state: Callable[[], State | None], **shown: float) -> None:
        """Show progress, flush and save where due; see `contracts.observer.Observer`."""
        begin = time.monotonic()
        self._stop.at_once = False  # from now on there is a step to save
        every = self._checkpoint_steps
        if (
            begin >= self._next_look
            or begin >= self._next_save
            or step >= total
            or (every and step % every == 0)
            or self._stop.requested
        ):
            self._attend(begin, step, total, make_state, shown)
        self.spent += time.monotonic() - begin

    def keep(self, state: State) -> None:
        """Save a state now; from then on a signal no longer ends the run inside of a step."""
        begin = time.monotonic()
        self._stop.at_once = False
        self._save(state)
        self.spent += time.monotonic() - begin

    def cost(self, name: str, seconds: float) -> None:
        """Add to the seconds of a part of the work."""
        self.costs[name] = self.costs.get(name, 0.0) + seconds

    def advise(self, text: str) -> None:
        """Show a sentence and keep it nowhere; in a sweep it begins with its job."""
        self._display.advise(f"{self._prefix}{text}")

    def note(self, text: str) -> None:
        """Write a sentence to run.log and show it."""
        self._log(text)
        self._display.note(text)

    def _attend(
        self, now: float, step: int, total: int, make_state: Callable[[], State | None], shown: Mapping[str, float]
    ) -> None:
        if now >= self._next_look or step >= total:
            self._next_look = now + REDRAW_SECONDS
            text, before, part = self._counted
            self._display.update(text, step - before, total if part is None else part, "step", shown)
        self._flush_if_due(now)
        due = now >= self._next_save or (self._checkpoint_steps and step % self._checkpoint_steps == 0)
        stopping = self._stop.requested  # read once: what is saved now is what the message says
        if (due or stopping or step >= total) and step != self.saved_step:
            self._save(make_state())
        if stopping:
            self._stop_here(step)

    def _flush_if_due(self, now: float) -> None:
        if now >= self._next_flush:
            self._next_flush = now + FLUSH_SECONDS
            self._metrics.flush()
            if self._curves is not None:
                self._curves.flush()

    def _save(self, state: State | None) -> None:
        if state is not None:
            # The rows first: a checkpoint vouches for them.
            length = self._metrics.flush(durable=True)
            content = checkpoint.encode(state, self._config, length)
            checkpoint.save(self._folder, content, self.saved_step)
            self.saved_step = state.step
            self.produced = True
            self._state = None  # no longer needed: let its memory go
        self._next_save = time.monotonic() + self._checkpoint_seconds

    def _stop_here(self, step: int | None = None) -> None:
        if self._stop.requested:
            message = stopped_message(self._folder, self.saved_step, step)
            raise Interrupted(message, by_keyboard=self._stop.by_keyboard)
