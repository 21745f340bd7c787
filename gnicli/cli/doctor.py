"""`gni doctor`: is everything there that gni needs, and what mends what is not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from gnicli.launch.checkup import Finding

_MARKS = {"ok": "ok", "missing": "--", "wrong": "WRONG"}


def doctor(*, as_json: bool) -> int:
    """Print what was found, as a table or as JSON; returns 0 where nothing is wrong, else 1."""
    from gnicli.launch import checkup

    found: list[Finding] = []
    for finding in checkup.findings():
        found.append(finding)
        if not as_json:
            _print(finding)
    is_well = all(finding.state != checkup.WRONG for finding in found)
    if as_json:
        typer.echo(json.dumps({"ok": is_well, "findings": [finding._asdict() for finding in found]}, indent=2))
    else:
        typer.echo(_verdict(found))
    return 0 if is_well else 1


def _print(finding: Finding) -> None:
    from gnicli.errors import shown

    typer.echo(f"{_MARKS[finding.state]:<6} {finding.name:<18} {shown(finding.said)}")
    if finding.mend:
        typer.echo(f"{'':<6} {'':<18} → {shown(finding.mend)}")


def _verdict(found: Sequence[Finding]) -> str:
    """The last line: whether all is well, and what is not."""
    wrong = [finding.name for finding in found if finding.state == "wrong"]
    missing = [finding.name for finding in found if finding.state == "missing"]
    said = f"wrong: {', '.join(wrong)}" if wrong else "All is well"
    return f"{said}; not here, and needed by those alone who name it: {', '.join(missing)}" if missing else f"{said}."
