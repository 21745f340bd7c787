"""Signals that ask a run to stop: they raise a flag, which the observer looks at between steps."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

NAMES = ("SIGINT", "SIGTERM", "SIGUSR1", "SIGUSR2")


class StopRequest:
    """Set by the first signal; `by_keyboard` tells Ctrl-C from the others."""

    def __init__(self) -> None:
        self.requested = False
        self.by_keyboard = False

    def receive(self, number: int, _frame: FrameType | None) -> None:
        """The handler. A second Ctrl-C does not wait for the end of a step."""
        if number == signal.SIGINT:
            if self.requested and self.by_keyboard:
                raise KeyboardInterrupt
            self.by_keyboard = True
        self.requested = True


@contextlib.contextmanager
def stop_on_signals() -> Iterator[StopRequest]:
    """Handle the signals of `NAMES` within the block and put the former handlers back.

    Outside the main thread, where Python allows no handlers, the request is never set.
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    numbers = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
    former = {number: signal.signal(number, request.receive) for number in numbers}
    try:
        yield request
    finally:
        for number, handler in former.items():
            # None: a handler that was not set from Python, which cannot be put back by it.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
