"""Runs as a table, and as data for programs."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gnicli.contracts import number_text
from gnicli.contracts.results import Headline, Table
from gnicli.engine import end_of_run, headlines, tables
from gnicli.engine.run_index import conditions, moments, names

if TYPE_CHECKING:
    from gnicli.engine.run import Run

_MOST_VALUES = 3
Declared = Callable[[str], Sequence[Headline]]


def table(shown_runs: Sequence[Run], called: Sequence[str], asked: Sequence[str], declared: Declared) -> Table:
    """One row for each run: how it is `called`, its status and begin, values, and what was typed.

    The values are those `asked` for by name, then the headline values that its command `declared`: a column each where
    all runs are of one command, else one column for all.
    """
    commands = list(dict.fromkeys(run.command for run in shown_runs if run.command))
    columns: dict[str, list[str]] = {"run": list(called)}
    if len(commands) > 1:
        columns["command"] = [run.command for run in shown_runs]
    columns["status"] = [run.status for run in shown_runs]
    for name in dict.fromkeys(asked):
        columns[name] = [_cell(run, name) for run in shown_runs]
    if len(commands) == 1:
        there = dict.fromkeys(name for run in shown_runs for name in run.results if name not in columns)
        for name, words in list(headlines.chosen(declared(commands[0]), there).items())[:_MOST_VALUES]:
            if name in there:
                columns[words] = [_cell(run, name) for run in shown_runs]
    elif commands:
        columns["results"] = [end_of_run.in_line(run.results, declared(run.command)) for run in shown_runs]
    columns["begun"] = [_begun(run) for run in shown_runs]
    columns["typed"] = [_typed(run) for run in shown_runs]
    paths = [os.path.relpath(run.folder) for run in shown_runs]
    if paths != columns["run"]:
        columns["folder"] = paths
    return Table(tuple(columns), tuple(zip(*columns.values(), strict=True)))


def _cell(run: Run, name: str) -> str:
    if name in run.results:
        return number_text.number_text(run.results[name])
    found = conditions.value(run, name)
    if isinstance(found, float):
        return number_text.plain(found)
    return "–" if found is None else str(found)


def _typed(run: Run) -> str:
    """What was typed, without the place, which the run's own name shows."""
    words = run.manifest.get("overrides") or ()
    return " ".join(word for word in words if not word.startswith(("run.dir=", "run.root=")))


def _begun(run: Run) -> str:
    moment = moments.begun(run.folder, run.manifest)
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M}"


def called(shown_runs: Sequence[Run], found: Sequence[Run], root: Path, *, short: bool) -> list[str]:
    """The names of runs: short ones, which stand for them in other commands, or their paths from here."""
    if not short:
        return [os.path.relpath(run.folder) for run in shown_runs]
    paths = [os.path.relpath(run.folder, root.absolute()) for run in found]
    return names.short([os.path.relpath(run.folder, root.absolute()) for run in shown_runs], paths)


def sentence(found: Sequence[Run]) -> str:
    """How many runs there are, by status."""
    counts = Counter(run.status for run in found)
    told = ", ".join(f"{number_text.plain(n)} {status}" for status, n in counts.most_common())
    return f"{number_text.plain(len(found))} run{'s' * (len(found) != 1)}: {told}"


def as_json(run: Run) -> dict[str, object]:
    """What a listing knows of a run, for programs."""
    moment = moments.begun(run.folder, run.manifest)
    return {
        "folder": str(run.folder),
        "command": run.command,
        "status": run.status,
        "message": run.message,
        "begun": None if moment is None else moment.isoformat(timespec="seconds"),
        "overrides": run.manifest.get("overrides") or [],
        "results": tables.plain_results(run.results),
        "last": {name: tables.plain_number(value) for name, value in run.last.items()},
    }
