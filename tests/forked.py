"""Processes of `gni <words>` that are forked from one that has loaded the libraries: they start in tenths of a second.

A process of its own takes 3 to 7 seconds of processor time to import what a run needs, which few tests are about. The
server is that of gni's own sweeps. Whoever tests how gni starts starts `python -m gnicli`.
"""

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from unittest import mock

from gnicli.engine.jobs import processes
from gnicli.launch.jobs import preload


class Forked:
    """What `subprocess.Popen` gives, as far as tests use it. The streams lead to files in `folder`."""

    def __init__(self, words, folder):
        self._out, self._err = Path(folder, "out"), Path(folder, "err")
        for stream in (self._out, self._err):
            stream.touch()  # a process may be killed before it opens them
        processes.warm_up(preload.modules("train"))
        given = ([str(word) for word in words], str(self._out), str(self._err), dict(os.environ))
        self._process = multiprocessing.get_context("forkserver").Process(target=_run, args=given)
        with mock.patch.dict(sys.modules, {"__main__": ModuleType("__main__")}):  # pytest's, which is not to run again
            self._process.start()
        self.pid = self._process.pid

    @property
    def returncode(self):
        return self._process.exitcode

    poll = returncode.fget

    def send_signal(self, number):
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self):
        self._process.kill()

    def communicate(self, timeout=None):
        """Wait for the end; standard output and standard error."""
        self._process.join(timeout)
        if self.poll() is None:
            raise subprocess.TimeoutExpired("gni", timeout, self._out.read_text(), self._err.read_text())
        return self._out.read_text(), self._err.read_text()


def _run(words, out, err, environment):
    os.environ.clear()
    os.environ.update(environment)
    for number, path, flags in ((0, os.devnull, os.O_RDONLY), (1, out, os.O_WRONLY), (2, err, os.O_WRONLY)):
        handle = os.open(path, flags)
        os.dup2(handle, number)
        os.close(handle)
    sys.stdin, sys.stdout, sys.stderr = (open(number, mode) for number, mode in ((0, "r"), (1, "w"), (2, "w")))  # noqa: SIM115
    from gnicli.cli import main

    sys.exit(main(words))
