"""How long a run will take, measured on its first steps.

A long run says so, and says what takes less, on the screen alone: nothing that a run keeps holds a clock.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import NamedTuple

LONG = 600.0  # seconds; a shorter run needs no announcement
_ENOUGH = 2.0  # seconds of steps that are measured: the first step alone also makes threads and buffers
_WORTH = 4  # times cheaper a step must become for a minibatch to be advised
_MOST = 10  # steps that are measured at most


class Work(NamedTuple):
    """What one step is: the gradient of so many examples, in so many draws of the noise.

    An epoch has `per_epoch` steps; `minibatch` is the batch size that is advised where a step takes all examples.
    """

    examples: int
    draws: int
    per_epoch: int
    minibatch: int


class Pace:
    """Measures the first steps of a run, or of what is left of one, and calls `tell` once if the run is long.

    Call `begin` before each step and `end` after it. `clock` returns seconds.
    """

    def __init__(self, work: Work, tell: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._work = work
        self._tell = tell
        self._clock = clock
        self._began = 0.0
        self._spent = 0.0
        self._fastest = math.inf
        self._n_measured = 0
        self._is_told = False

    def begin(self) -> None:
        """A step begins."""
        if not self._is_told:
            self._began = self._clock()

    def end(self, n_left: int) -> None:
        """A step has ended and `n_left` are to come."""
        if self._is_told:
            return
        seconds = self._clock() - self._began
        self._spent += seconds
        self._n_measured += 1
        self._fastest = min(self._fastest, seconds)
        if self._spent < _ENOUGH and self._n_measured < _MOST:
            return
        self._is_told = True
        if n_left * self._fastest > LONG:
            self._tell(forecast(self._work, n_left, self._fastest))


def forecast(work: Work, n_left: int, step_seconds: float) -> str:
    """One sentence: what is to be done, how long it takes, and what takes less."""
    draws = f" × {work.draws} draws" if work.draws > 1 else ""
    steps = f"{n_left:,} step{'s' if n_left != 1 else ''}"
    told = f"{steps} of {work.examples:,} examples{draws}: about {duration(n_left * step_seconds)}"
    if work.per_epoch == 1 and work.examples >= _WORTH * work.minibatch:
        return f"{told}; batch_size={work.minibatch} makes a step {work.examples / work.minibatch:.0f} times cheaper"
    if 1 < work.per_epoch < n_left:
        return f"{told}; epochs=1 takes about {duration(work.per_epoch * step_seconds)}"
    if work.draws > 1:
        return f"{told}; M=1 makes a step {work.draws} times cheaper"
    return f"{told}; Ctrl-C stops and keeps it, gni resume goes on"


def duration(seconds: float) -> str:
    """A time as it is said: `50 s`, `12 min`, `3.5 h`, `4 days`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    hours = seconds / 3600
    if hours < 9.95:
        return f"{hours:.1f} h".replace(".0 h", " h")
    return f"{hours:.0f} h" if hours < 72 else f"{hours / 24:.0f} days"
