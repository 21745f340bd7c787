"""Short names of run folders: `latest`, and a part of a folder's name that no other has."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from gnicli.engine import content, runs
from gnicli.engine.run_index import moments, walk
from gnicli.errors import UsageError

LATEST = "latest"
Kind = Literal["run", "sweep"]
_PATHS = ("/", "~", "./", "../")
_MOST_NAMED = 4
_BOUNDARIES = "-/"
_SHORTEST = 4  # characters of a name that is shown


def find(word: str, root: Path, kind: Kind | None = None) -> str:
    """The folder below `root` that a word stands for, or the word where it is a path or stands for nothing.

    What lies at the path itself comes first. `latest` is the run or sweep that was begun last; a job is none. Another
    word is the ending of one path, else a part of one; of a sweep where `kind` is that. Raises `UsageError` where
    several fit, or nothing is there that could be the latest.
    """
    if not word or word.startswith(_PATHS) or os.path.lexists(word):
        return word
    found = [path for path in walk.folders(str(root), _has_jobs) if kind != "sweep" or _has_jobs(path)]
    if word == LATEST:
        tops = [path for path in found if not _is_job(path)]
        if not tops:
            raise UsageError(f"{LATEST}: there is no {kind or 'run'} below {root}")
        return max(tops, key=_begun)
    fitting = _fitting(word, found, str(root))
    if len(fitting) > 1:
        named = [os.path.relpath(path, root) for path in sorted(fitting)]
        more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
        raise UsageError(f"{word!r} fits {', '.join(named[:_MOST_NAMED])}{more}; give more of the name")
    return fitting[0] if fitting else word


def _fitting(word: str, paths: Sequence[str], root: str) -> list[str]:
    """Those that end with the word, as a whole part of the name first; else the runs and sweeps that have it in theirs.

    A job has the name of its sweep in its path: it is meant only by an ending.
    """
    ending = [path for path in paths if path.removeprefix(root).endswith(word)]
    whole = [path for path in ending if path.removeprefix(root)[: -len(word)][-1:] in ("", *_BOUNDARIES)]
    named = [(path, os.path.relpath(path, root) if "/" in word else os.path.basename(path)) for path in paths]
    having = [path for path, name in named if word in name and not _is_job(path)]
    return whole or ending or having


def _has_jobs(folder: str) -> bool:
    return any(os.path.lexists(f"{folder}/{name}") for name in (content.JOBS, "multirun.yaml"))


def _is_job(folder: str) -> bool:
    parent, name = os.path.split(folder)
    return name.isdecimal() and _has_jobs(parent)


def _begun(folder: str) -> tuple[float, str]:
    place = Path(folder)
    return moments.order(place, runs.manifest_or_none(place)), folder


def short(wanted: Iterable[str], paths: Sequence[str]) -> list[str]:
    """For each wanted one of `paths` the shortest ending, of whole parts, that no other has.

    >>> short(["a/10-30-k3f9", "s/b2c4/0"], ["a/10-30-k3f9", "a/10-30-x7y8", "s/b2c4/0", "s/b2c4/1"])
    ['k3f9', 'b2c4/0']
    """
    counts: dict[int, Counter[str]] = {}
    found = []
    for path in wanted:
        starts = [at + 1 for at, sign in enumerate(path) if sign in _BOUNDARIES][::-1]
        for n_parts, at in enumerate(starts):
            if n_parts not in counts:
                counts[n_parts] = Counter(_ending(each, n_parts) for each in paths)
            if len(path) - at >= _SHORTEST and counts[n_parts][path[at:]] == 1:
                found.append(path[at:])
                break
        else:
            found.append(path)
    return found


def _ending(path: str, n_parts: int) -> str:
    """The ending of a path behind its (n + 1)th boundary from the end; the whole path where it has fewer."""
    at = len(path)
    for _ in range(n_parts + 1):
        at = max(path.rfind(sign, 0, at) for sign in _BOUNDARIES)
        if at < 0:
            return path
    return path[at + 1 :]
