"""The folders of runs and sweeps below a folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from gnicli.engine import content


def folders(root: str, is_sweep: Callable[[str], bool]) -> Iterator[str]:
    """The folders of runs and sweeps at and below `root`, those whose run died before it began included.

    Of a sweep its jobs follow. Nothing in a run is one. Links are not followed, and folders that cannot be read are
    passed over. `is_sweep` is asked once for each folder that has a manifest, whatever that holds.
    """
    waiting = [root]
    while waiting:
        place = waiting.pop()
        if os.path.lexists(f"{place}/{content.MANIFEST}"):
            below = [name for name in _below(place) if name.isdecimal()] if is_sweep(place) else []
            yield place
        else:
            below = _below(place)
            if _begins(place) and content.is_unborn(Path(place)):
                yield place
                continue
        waiting += [os.path.join(place, name) for name in below]


def _below(place: str) -> list[str]:
    try:
        with os.scandir(place) as entries:
            return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []


def _begins(place: str) -> bool:
    return any(os.path.lexists(f"{place}/{name}") for name in content.BEFORE_BIRTH)
