"""One process for each job, some at once, forked from a server that has the libraries loaded.

`multiprocessing` does the work: its fork server, its processes and the ends that can be waited for. Pools are of no
use, its own or others': one process that is killed takes their batch along or lets them wait for ever. What a job
returns is its exit code. All else is read from its folder.
"""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from multiprocessing import connection, forkserver
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from types import ModuleType
from typing import NamedTuple, Protocol

from gnicli.engine.jobs import imports
from gnicli.engine.jobs.inside import GRACE_SECONDS, PATIENCE_SECONDS, in_process
from gnicli.engine.signals import KEYBOARD_EXIT_CODE, StopNow, StopRequest, stop_on_signals
from gnicli.errors import ResourceError

TICK_SECONDS = 0.25

# The server is not to look for modules in the working folder, where anything may lie, and not to ask CUDA anything: a
# process that is forked afterwards could not use it.
_OF_SERVER = {"PYTHONSAFEPATH": "1", "PYTORCH_NVML_BASED_CUDA_CHECK": "1"}

Target = Callable[..., int]


class Ended(NamedTuple):
    """How the process of a job ended: its exit code, below 0 the number of the signal that ended it.

    `said` is what is known of a process on another machine that is gone, in words.
    """

    exit_code: int
    seconds: float
    timed_out: bool
    stopped: bool
    said: str = ""

    def what_happened(self) -> str:
        """The end in words, for a process that recorded none."""
        if self.said:
            return self.said
        if self.timed_out:
            return f"stopped after {self.seconds:.0f} s, the longest that hydra.launcher.timeout_s allows"
        if self.exit_code == -signal.SIGKILL:
            return "killed by SIGKILL; the system does so where memory runs out"
        if self.exit_code < 0:
            return f"killed by {_signal_name(-self.exit_code)}"
        return f"ended with exit code {self.exit_code} before it could record its end"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


class Watcher(Protocol):
    """Who is told what the processes do, in the thread that called `run`."""

    def began(self, job: int) -> None:
        """The process of a job was started."""

    def ended(self, job: int, how: Ended) -> None:
        """The process of a job has ended."""

    def waits(self, job: int) -> None:
        """A job is held, and no other runs."""

    def stopping(self) -> None:
        """The jobs that run were asked to stop, and no other starts."""

    def tick(self) -> None:
        """Some time has passed: called every quarter of a second."""


class _Running(NamedTuple):
    job: int
    process: ForkServerProcess
    began: float


def warm_up(modules: Sequence[str], n_threads: int = 1) -> None:
    """Start the server, which imports `modules`, and return at once; a server that runs already is kept.

    Modules that cannot be imported are left to the jobs. The libraries start `n_threads` threads each where the
    environment does not say how many.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([imports.__name__])
    changes = {"OMP_NUM_THREADS": str(n_threads)} | dict(os.environ) | _OF_SERVER
    changes[imports.VARIABLE] = ",".join(modules)
    with _environment(changes):
        forkserver.ensure_running()


@contextlib.contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(wanted)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextlib.contextmanager
def _main_out_of_sight() -> Iterator[None]:
    """Let processes that start not import the main module of this one: they need it for nothing.

    It takes time in each of them, and a program without a guard around its own start would start in each of them.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def run(
    jobs: Sequence[int],
    target: Target,
    arguments: Callable[[int], tuple[object, ...]],
    *,
    n_at_once: int,
    timeout_s: float,
    log: Callable[[int], Path],
    held: Callable[[int], bool],
    watcher: Watcher,
) -> None:
    """Run `target(*arguments(job))` in a process for each job, `n_at_once` at a time; returns when all have ended.

    `target` is a function of a module, and its value the exit code. What a process prints goes to the file `log(job)`.
    A job that is `held` waits until it no longer is. One that takes longer than `timeout_s` (0: no limit) is asked to
    stop, and killed where it does not. However a process ends, the others go on.

    The first signal that asks this process to stop is handed on to the jobs, and no other starts; a second one ends
    them at once. Then `StopNow` is raised, when all have ended.
    """
    waiting, pool = deque(jobs), _Processes(target, arguments, log, watcher, timeout_s)
    with stop_on_signals() as stop:
        stop.at_once = False
        try:
            while pool.running or (waiting and not stop.requested):
                for job in list(itertools.islice(waiting, _LOOK * n_at_once)):
                    if stop.requested or len(pool.running) >= n_at_once:
                        break
                    if not held(job):
                        waiting.remove(job)
                        pool.start(job, stop)
                if waiting and not pool.running and not stop.requested:
                    watcher.waits(waiting[0])
                pool.wait(stop)
                watcher.tick()
        except BaseException:
            pool.end_at_once()
            raise
    if stop.requested:
        raise StopNow(stop.exit_code)


_STARTS = 3  # of the process of a job, where the server ends meanwhile
_LOOK = 50  # so many of the next jobs are looked at for one that is not held


class _Processes:
    """The processes that run, by what tells their end."""

    def __init__(
        self,
        target: Target,
        arguments: Callable[[int], tuple[object, ...]],
        log: Callable[[int], Path],
        watcher: Watcher,
        timeout_s: float,
    ) -> None:
        self.running: dict[int, _Running] = {}
        self._target, self._arguments, self._log = target, arguments, log
        self._watcher = watcher
        self._timeout = timeout_s or float("inf")
        self._context = multiprocessing.get_context("forkserver")
        self._asked: dict[int, float] = {}  # job: when it was asked to stop because it took too long
        self._handed_on = False

    def start(self, job: int, stop: StopRequest) -> None:
        """Start the process of a job.

        A server that ends meanwhile, by a signal to all processes of a terminal for instance, is started again; after
        a request to stop it is not. Raises `ResourceError` where it ends each time.
        """
        begin = (self._target, self._arguments(job), str(self._log(job)), dict(os.environ))
        for _ in range(_STARTS):
            process = self._context.Process(target=in_process, args=begin, name=f"gni job {job}", daemon=False)
            try:
                with _main_out_of_sight():
                    process.start()
            except (EOFError, ConnectionError):
                time.sleep(TICK_SECONDS)  # what ended the server may be on its way to this process
                if stop.requested:
                    return
                continue
            self.running[process.sentinel] = _Running(job, process, time.monotonic())
            self._watcher.began(job)
            return
        raise ResourceError(
            f"the process that starts those of jobs ended {_STARTS} times; where memory is short, give "
            "hydra.launcher.n_jobs=1, or run the jobs with hydra/launcher=basic"
        )

    def wait(self, stop: StopRequest) -> None:
        """Wait for ends, and for a moment at most; see to processes that take too long and to a request to stop."""
        if not self.running:
            time.sleep(TICK_SECONDS)
        for sentinel in connection.wait(list(self.running), TICK_SECONDS):
            assert isinstance(sentinel, int)
            self._end(sentinel, stop.requested)
        now = time.monotonic()
        for job, process, began in self.running.values():
            if job in self._asked:
                if now > self._asked[job] + PATIENCE_SECONDS:
                    _send(process, signal.SIGKILL)
            elif now > began + self._timeout:
                self._asked[job] = now
                _send(process, signal.SIGTERM)
        if stop.requested and not self._handed_on:
            self._handed_on = True
            self._watcher.stopping()
            self._send_all(signal.SIGINT if stop.exit_code == KEYBOARD_EXIT_CODE else signal.SIGTERM)

    def end_at_once(self) -> None:
        """End every process: by a signal that a run takes for a second one, and where it does not answer, for good."""
        with stop_on_signals() as stop:  # a third signal changes nothing
            stop.at_once, stop.over = False, True
            self._send_all(signal.SIGTERM)
            if not self._handed_on:
                self._send_all(signal.SIGTERM)
            until = time.monotonic() + GRACE_SECONDS
            while self.running and time.monotonic() < until:
                for sentinel in connection.wait(list(self.running), max(0.0, until - time.monotonic())):
                    assert isinstance(sentinel, int)
                    self._end(sentinel, True)
            self._send_all(signal.SIGKILL)
            for sentinel in list(self.running):
                self._end(sentinel, True)

    def _end(self, sentinel: int, stopped: bool) -> None:
        job, process, began = self.running.pop(sentinel)
        process.join()
        code = process.exitcode
        process.close()
        assert code is not None
        timed_out = self._asked.pop(job, None) is not None
        self._watcher.ended(job, Ended(code, time.monotonic() - began, timed_out, stopped))

    def _send_all(self, number: int) -> None:
        for _, process, _ in self.running.values():
            _send(process, number)


def _send(process: ForkServerProcess, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        assert process.pid is not None
        os.kill(process.pid, number)
