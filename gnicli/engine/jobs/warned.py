"""The warnings of the jobs of a sweep: each is said once, however many jobs have it and whoever runs them."""

from __future__ import annotations

from pathlib import Path

from gnicli.engine import content, folders


def unsaid(job: Path, said: set[str]) -> list[str]:
    """The warnings of the job in a folder that are not yet in `said`, into which they go."""
    if not (job / content.MANIFEST).exists():
        return []
    warnings = folders.read_run(job).manifest.get("warnings", [])
    found = [warning for warning in dict.fromkeys(warnings) if warning not in said]
    said.update(found)
    return found
