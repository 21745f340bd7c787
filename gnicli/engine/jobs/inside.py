"""What the process of a job does around it: its own session, its log, its environment, and its end with its parent."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from multiprocessing import connection
from typing import NoReturn, TextIO

from gnicli.engine.signals import StopNow, stop_on_signals
from gnicli.errors import Interrupted

PATIENCE_SECONDS = 10.0  # from the SIGTERM to the SIGKILL of a job that takes too long
GRACE_SECONDS = 3.0  # after a second signal: a run ends within two seconds of it


def in_process(
    target: Callable[..., int], arguments: tuple[object, ...], log: str, environment: Mapping[str, str]
) -> NoReturn:
    """Make the process one of its own, and end it with what `target` returns.

    A session of its own keeps the signals of the terminal away: they reach the jobs through the process that started
    them. The server has the environment of its own start.
    """
    os.setsid()
    redirect(log)
    os.environ.clear()
    os.environ.update(environment)
    with stop_on_signals():
        _end_with_parent()
        try:
            code = target(*arguments)
        except StopNow as stop:
            code = stop.exit_code
    sys.exit(code)


def redirect(log: str, *, anew: bool = True) -> None:
    """Let the standard streams lead to the log, which begins `anew` or is continued; there is nothing to read."""
    null = os.open(os.devnull, os.O_RDONLY)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | (os.O_TRUNC if anew else 0)
    out = os.open(log, flags, 0o666)
    for source, stream in ((null, 0), (out, 1), (out, 2)):
        os.dup2(source, stream)
    for handle in {null, out} - {0, 1, 2}:
        os.close(handle)
    sys.stdout, sys.stderr = _text(1), _text(2)


def _text(handle: int) -> TextIO:
    return open(handle, "w", buffering=1, errors="backslashreplace", closefd=False)


def _end_with_parent() -> None:
    """Stop this process, as a signal does, when the one that started it is gone."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    sentinel = parent.sentinel

    def watch() -> None:
        connection.wait([sentinel])
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(PATIENCE_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE_SECONDS)
        os._exit(Interrupted.exit_code)

    threading.Thread(target=watch, name="gni-parent", daemon=True).start()
