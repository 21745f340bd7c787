"""When a run began, and spans of time as they are typed: 7d, 90m."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

from gnicli.engine.manifest import Manifest
from gnicli.errors import UsageError

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SPAN = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)([mhdw])")
_IN_PATH = re.compile(r"(\d{4}-\d\d-\d\d)/(\d\d-\d\d-\d\d)-\d{6}-")  # as `folders.new_folder` names them


def span(text: str) -> timedelta:
    """A span of time: a number and m, h, d or w (minutes, hours, days, weeks). Raises `UsageError` for other text.

    >>> span("90m"), span("1.5d")
    (datetime.timedelta(seconds=5400), datetime.timedelta(days=1, seconds=43200))
    """
    found = _SPAN.fullmatch(text)
    if found is None or float(found[1]) == 0:
        raise UsageError(
            f"--last {text!r}: write a number above 0 with m, h, d or w (minutes, hours, days, weeks), as in 7d"
        )
    return timedelta(**{_UNITS[found[2]]: float(found[1])})


def begun(folder: Path, manifest: Manifest) -> datetime | None:
    """When a run began: as its manifest has it, else as its folder is called; None where neither says it."""
    try:
        return datetime.fromisoformat(str(manifest.get("start") or "")).astimezone()
    except (ValueError, OverflowError):
        pass
    found = _IN_PATH.search(f"{folder.parent.name}/{folder.name}")
    try:
        return datetime.strptime(" ".join(found.groups()), "%Y-%m-%d %H-%M-%S").astimezone() if found else None
    except (ValueError, OverflowError):
        return None


def order(folder: Path, manifest: Manifest) -> float:
    """A number that is larger for a run that began later, the smallest for one that does not say when."""
    moment = begun(folder, manifest)
    return float("-inf") if moment is None else moment.timestamp()
