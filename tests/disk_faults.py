"""Faults of the disk, in this process: the k-th call that changes a folder fails, or the process dies right before it.

Only calls on paths below one root count, so that imports and caches of libraries stay whole.
"""

import contextlib
import io
import os
import signal

KINDS = ("open", "write", "fsync", "mkdir", "replace", "link")


class Faults:
    """Counts such calls in `calls`; call number `at` (and with `lasting` all that follow) raises `OSError(number)`.

    With `number` None the process kills itself there instead, without any cleaning up.
    """

    def __init__(self, monkeypatch, root, at=None, number=None, *, lasting=False):
        self.root, self.at, self.number, self.lasting, self.calls = str(root), at, number, lasting, []
        self.real = {name: getattr(os, name) for name in ("open", "fsync", "mkdir", "replace", "link", "write")}
        self.real_open = io.open
        for name in ("mkdir", "replace", "link"):
            monkeypatch.setattr(os, name, self._of_path(name))
        monkeypatch.setattr(os, "open", self._os_open)
        monkeypatch.setattr(os, "fsync", self._fsync)
        monkeypatch.setattr(io, "open", self._io_open)

    def count(self, name, path=None):
        n = len(self.calls)
        self.calls.append(name)
        if self.at is not None and (n == self.at or (self.lasting and n > self.at)):
            if self.number is None:
                os.kill(os.getpid(), signal.SIGKILL)
            raise OSError(self.number, os.strerror(self.number), *([path] if path else []))

    def is_ours(self, path):
        if isinstance(path, int):
            try:
                path = os.readlink(f"/proc/self/fd/{path}")
            except OSError:
                return False
        return os.fspath(path).startswith(self.root) if not isinstance(path, bytes) else False

    def _of_path(self, name):
        def call(path, *rest, **named):
            if self.is_ours(path):
                self.count(name, os.fspath(path))
            return self.real[name](path, *rest, **named)

        return call

    def _os_open(self, path, flags, *rest, **named):
        if self.is_ours(path) and flags & (os.O_WRONLY | os.O_RDWR):
            self.count("open", os.fspath(path))
        return self.real["open"](path, flags, *rest, **named)

    def _fsync(self, handle):
        if self.is_ours(handle):
            self.count("fsync")
        return self.real["fsync"](handle)

    def _io_open(self, file, mode="r", *rest, **named):
        writes = self.is_ours(file) and any(letter in mode for letter in "wxa+")
        if writes and not isinstance(file, int):
            self.count("open", os.fspath(file))
        stream = self.real_open(file, mode, *rest, **named)
        return Watched(stream, self) if writes else stream


class Watched:
    """A stream whose writes count; one that fails has written half, as on a full disk."""

    def __init__(self, stream, faults):
        self._stream, self._faults = stream, faults

    def write(self, block):
        try:
            self._faults.count("write")
        except OSError:
            with contextlib.suppress(OSError):
                half = block if isinstance(block, str) else bytes(block)  # Hydra writes text
                self._stream.write(half[: len(half) // 2])
            raise
        return self._stream.write(block)

    def __getattr__(self, name):
        return getattr(self._stream, name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stream.close()


def silently(work):
    """Do `work()` with all standard streams closed off; its exit code, or 70 where it raised."""
    try:
        null = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(null, number)
        return work() or 0
    except BaseException:
        return 70


def in_child(work):
    """Do `work()` in a forked process without output; its exit code, or minus the signal that killed it."""
    pid = os.fork()
    if pid == 0:
        os._exit(silently(work))
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def leftovers(folder):
    """Temporary files anywhere below."""
    return sorted(path for path in folder.rglob("*") if path.name.endswith(".tmp"))
