"""Signals that ask a run to stop.

The first one raises a flag, which the observer looks at between steps; while there is nothing to save yet it ends the
work at once. A second one ends it at once in any case. Python runs handlers between its own instructions only: should
the process be inside a long call then, a thread ends it.
"""

from __future__ import annotations

import contextlib
import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from types import FrameType

from gnicli.errors import Interrupted

NAMES = ("SIGINT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGHUP")
PATIENCE_SECONDS = 1.0  # a run that stops within it needs no word that it will
GRACE_SECONDS = 2.0  # for Python to leave the block after a second signal, before the process is ended
KEYBOARD_EXIT_CODE = 130
_QUIT = b"\0"
# What others have to record before a watcher ends the process: a sweep does, whose job it is.
last_words: list[Callable[[], object]] = []
# Within so many seconds other signals are the same request as the first. Slurm sends several for one request; a person,
# and who starts jobs on this machine, mean another one by it.
same_request_seconds = 0.0


class StopNow(KeyboardInterrupt):
    """Raised in the middle of the work; no `except Exception` on the way may keep it. `exit_code` is 130 or 75."""

    def __init__(self, exit_code: int) -> None:
        super().__init__("stopped by Ctrl-C" if exit_code == KEYBOARD_EXIT_CODE else "stopped by a signal")
        self.exit_code = exit_code


class StopRequest:
    """A request to stop, set by the first signal; `by_keyboard` says whether that was Ctrl-C.

    While `at_once` is true even the first signal does not wait for the end of a step: nothing would be saved by it.
    """

    def __init__(self) -> None:
        self.requested = False
        self.by_keyboard = False
        self.at_once = True
        self.over = False  # the block has come to its end: the handlers are being put back
        self._since = 0.0

    @property
    def exit_code(self) -> int:
        """What the process ends with: 130 for Ctrl-C, else 75."""
        return KEYBOARD_EXIT_CODE if self.by_keyboard else Interrupted.exit_code

    def receive(self, number: int, _frame: FrameType | None) -> None:
        """The signal handler: note the request, or raise `StopNow` where the stop must not wait."""
        first, self.requested = not self.requested, True
        if first:
            self.by_keyboard, self._since = number == signal.SIGINT, time.monotonic()
        elif time.monotonic() < self._since + same_request_seconds:
            return
        if not self.over and (self.at_once or not first):
            raise StopNow(self.exit_code)


def _handled(names: Sequence[str]) -> list[int]:
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    # nohup has a process ignore that its terminal closes, and that wish is respected.
    return [n for n in numbers if not (n == getattr(signal, "SIGHUP", None) and signal.getsignal(n) == signal.SIG_IGN)]


@contextlib.contextmanager
def stop_on_signals(
    patience: Callable[[], object] | None = None,
    abandon: Callable[[StopRequest], object] | None = None,
    names: Sequence[str] = NAMES,
) -> Iterator[StopRequest]:
    """Handle the signals called `names` within the block and put the former handlers back.

    With both `patience` and `abandon` a thread watches: it calls `patience` when the block goes on for a second after
    the first signal, and `abandon` when it goes on two seconds after another; then it ends the process.
    Outside the main thread, where Python allows no handlers, the request is never set.
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    numbers = _handled(names)
    former = {number: signal.signal(number, request.receive) for number in numbers}
    watcher = _Watcher(request, numbers, patience, abandon) if patience and abandon else contextlib.nullcontext()
    try:
        with watcher:
            yield request
            request.over = True
    finally:
        for number, handler in former.items():
            # None: a handler that was not set from Python, which cannot be put back by it.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


class _Watcher:
    """A thread that signals wake even while the main thread is inside a long call."""

    def __init__(
        self,
        request: StopRequest,
        numbers: list[int],
        patience: Callable[[], object],
        abandon: Callable[[StopRequest], object],
    ) -> None:
        self._request = request
        self._numbers = numbers
        self._patience = patience
        self._abandon = abandon

    def __enter__(self) -> None:
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._writing, False)
        self._former = signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)
        self._thread = threading.Thread(target=self._watch, name="gni-signals", daemon=True)
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(self._former)
        os.write(self._writing, _QUIT)
        self._thread.join()
        os.close(self._reading)
        os.close(self._writing)

    def _watch(self) -> None:
        import selectors

        first, since, tell_at, end_at = 0, math.inf, math.inf, math.inf
        with selectors.DefaultSelector() as selector:
            selector.register(self._reading, selectors.EVENT_READ)
            while True:
                left = min(tell_at, end_at) - time.monotonic()
                ready = selector.select(None if left == math.inf else max(0.0, left))
                byte = os.read(self._reading, 1) if ready else b""
                if byte == _QUIT:
                    return
                if byte and byte[0] in self._numbers:
                    if not first:
                        first, since = byte[0], time.monotonic()
                        tell_at = since + PATIENCE_SECONDS
                    elif time.monotonic() >= since + same_request_seconds:
                        end_at = min(end_at, time.monotonic() + GRACE_SECONDS)
                if time.monotonic() >= tell_at:
                    tell_at = math.inf
                    self._patience()
                if time.monotonic() >= end_at:
                    # The handler may never have run: what it would have noted is noted here.
                    self._request.by_keyboard = self._request.by_keyboard or first == signal.SIGINT
                    self._abandon(self._request)
                    for record in last_words:
                        record()
                    os._exit(self._request.exit_code)
