"""Memory: how much is free, refusals before anything is allocated, and shortages in one line.

What is free is the least of what the machine, the control group and the limits of the process leave.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from gnicli.errors import GniError, ResourceError

_GROUPS = Path("/sys/fs/cgroup")
_SHORTAGES = ("can't allocate memory", "alloc_cpu", "not enough memory", "out of memory", "cannot allocate memory")


def available() -> int | None:
    """Bytes that can be had without swapping, or None where the system does not say."""
    found = [room for room in (_of_machine(), *_of_groups(), *_of_process()) if room is not None]
    return max(0, min(found)) if found else None


def require(n_bytes: float, what: str, advice: str) -> None:
    """Raise `ResourceError` if `what` ("network.width=1000000") needs more bytes than there are; `advice` ends it."""
    room = available()
    if room is not None and n_bytes > room:
        raise ResourceError(f"{what} needs about {_size(n_bytes)} of memory, {_size(room)} are free; {advice}")


def explained(error: Exception) -> Exception:
    """A `ResourceError` where `error` is a shortage of memory that no check foresaw; else the error itself."""
    if isinstance(error, GniError) or not _is_shortage(error):
        return error
    room = available()
    free = "" if room is None else f", {_size(room)} are free"
    # NumPy and torch say how much they wanted.
    wanted = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    found = ResourceError(
        f"not enough memory{f' ({wanted[:160]})' if wanted else ''}{free}; take smaller sizes, or a larger machine"
    )
    found.__cause__ = error
    return found


def _is_shortage(error: Exception) -> bool:
    if isinstance(error, MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error).lower() for sign in _SHORTAGES)


def _size(n_bytes: float) -> str:
    for unit, size in (("TB", 1e12), ("GB", 1e9)):
        if n_bytes >= size:
            return f"{n_bytes / size:.3g} {unit}"
    return f"{n_bytes / 1e6:.3g} MB"


def _of_machine() -> int | None:
    try:
        with open("/proc/meminfo", encoding="ascii") as stream:
            for line in stream:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return None


def _of_groups() -> Iterator[int]:
    """What the limits of the control groups (version 2 and 1) leave, those of groups above included."""
    for folder, limit, used, cache in _groups():
        for above in (folder, *folder.parents):
            most, now = _number(above / limit), _number(above / used)
            if most is not None and now is not None and most < 2**60:
                yield most - now + _line(above / "memory.stat", cache)
            if above == _GROUPS:
                break


def _groups() -> Iterator[tuple[Path, str, str, str]]:
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return
    for line in lines:
        number, controllers, path = (*line.split(":", 2), "", "")[:3]
        below = path.lstrip("/")
        if number == "0" and not controllers:
            yield _GROUPS / below, "memory.max", "memory.current", "inactive_file"
        elif "memory" in controllers.split(","):
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
            yield _GROUPS / "memory" / below, *names


def _of_process() -> Iterator[int]:
    """What `ulimit -v` leaves."""
    if sys.platform == "win32":
        return
    import resource

    most, _ = resource.getrlimit(resource.RLIMIT_AS)
    if most != resource.RLIM_INFINITY:
        try:
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        except (OSError, ValueError, IndexError):
            return
        yield most - pages * os.sysconf("SC_PAGE_SIZE")


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _line(path: Path, name: str) -> int:
    try:
        for line in path.read_text(encoding="ascii").splitlines():
            if line.startswith(f"{name} "):
                return int(line.split()[1])
    except (OSError, ValueError, IndexError):
        pass
    return 0
