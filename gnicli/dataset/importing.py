"""Files of data sets found by what is in them, in a folder of whatever: `gni data import`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from gnicli import files
from gnicli.dataset import store
from gnicli.dataset.store import Wanted
from gnicli.errors import GniError


class Found(NamedTuple):
    """What a search came to: files with what they are, what was wrong with others, and how many were looked at."""

    files: list[tuple[Path, Wanted]]
    faults: list[str]  # one line for each file that has a published name and other content, or cannot be read
    n_seen: int


def search(source: Path, wanted: Sequence[Wanted]) -> Found:
    """Look through a file, or a folder and those below it, for the wanted files.

    A published file is known by its size and sum; one with a sum of the user's by the sum alone, for which every file
    that is not too large is read.
    """
    left = list(wanted)
    found: list[tuple[Path, Wanted]] = []
    faults: list[str] = []
    paths = [source] if source.is_file() else _below(source)
    for path in paths:
        try:
            fitting = _identify(path, left)
        except GniError as error:
            faults.append(str(error))
            continue
        if fitting is not None:
            left.remove(fitting)
            found.append((path, fitting))
        elif (named := [file for file in wanted if file.name == path.name]) and named[0] in left:
            faults.append(_other_content(path, named[0]))
    return Found(found, faults, len(paths))


def _below(folder: Path) -> list[Path]:
    paths = [Path(parent) / child for parent, _, children in os.walk(folder) for child in children]
    return sorted(path for path in paths if path.is_file())  # no pipes: they would be waited for


def _identify(path: Path, wanted: Sequence[Wanted]) -> Wanted | None:
    size = store.size_of(path)
    if size is None:
        return None
    candidates = [w for w in wanted if (size == w.size if w.size is not None else 0 < size <= w.most_bytes)]
    if not candidates:
        return None
    with store.readable(candidates[0], path):
        found = files.sha256_of(path)
    return next((file for file in candidates if file.sha256 == found), None)


def _other_content(path: Path, wanted: Wanted) -> str:
    with store.readable(wanted, path):
        found = files.sha256_of(path)
    return (
        f"{path}: size or sha256 differs from {wanted.whose_sum}; not taken; "
        f"for a file of your own add --sha256 {wanted.role}={found}"
    )
