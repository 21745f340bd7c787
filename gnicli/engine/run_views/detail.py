"""One run or sweep in detail."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gnicli.contracts.results import Table
from gnicli.engine import provenance, tables

if TYPE_CHECKING:
    from gnicli.engine.run import Run

_MOST_CHARACTERS = 12  # of a commit


def title(run: Run) -> str:
    """What the run is about, in words, or its command."""
    return (run.manifest.get("about") or {}).get("title", "") or run.command or "A run"


def facts(run: Run) -> Table:
    """Status, command line, times, seed and what it was made with; nothing of what is not known."""
    manifest = run.manifest
    seconds = manifest.get("wall_seconds") or 0.0
    found = {
        "status": run.status,
        "command": manifest.get("command_line") or run.command,
        "begun": manifest.get("start"),
        "ended": manifest.get("end"),
        "took": f"{seconds:,.1f} s" if seconds else "",
        "seed": manifest.get("seed"),
        "device": manifest.get("device"),
        "threads": manifest.get("threads"),
        "host": manifest.get("host"),
        "jobs": manifest.get("n_jobs"),
        "fingerprint": manifest.get("fingerprint"),
        "commit": commit(manifest.get("git") or {}),
        "versions": ", ".join(f"{name} {version}" for name, version in (manifest.get("versions") or {}).items()),
        "resumed": len(manifest.get("resumed_from") or ()) or "",
    }
    rows = tuple((name, str(value)) for name, value in found.items() if value not in (None, ""))
    return Table(("", "value"), rows)


def commit(git: Mapping[str, object]) -> str:
    """The first digits of a commit, and whether files differed from it; "" where none is known."""
    digits = str(git.get("commit") or "")[:_MOST_CHARACTERS]
    return f"{digits} and changes" if digits and git.get("dirty") else digits


def keys(run: Run) -> Table:
    """Every key of the configuration with its value."""
    return Table(("key", "value"), tuple((name, text(value)) for name, value in provenance.leaves(run.config)))


def text(value: object) -> str:
    """A value of a configuration as the command line takes it."""
    return value if isinstance(value, str) else json.dumps(value)


def sentences(run: Run) -> list[str]:
    """What ended the run, and what limits its results."""
    if run.status == "lost" and not run.message:
        return [f"its process (pid {run.manifest.get('pid')}) is gone; gni resume goes on from what was saved"]
    return [*([run.message] if run.message else []), *(run.manifest.get("warnings") or ())]


def as_json(run: Run) -> dict[str, object]:
    """All of it, for programs."""
    return {
        "folder": str(run.folder),
        "command": run.command,
        "status": run.status,
        "message": run.message,
        "manifest": dict(run.manifest),
        "config": dict(run.config),
        "results": tables.plain_results(run.results),
        "last": {name: tables.plain_number(value) for name, value in run.last.items()},
        "figures": sorted(run.figures),
    }
