"""The words of `gni runs list`: which runs are wanted, and where."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from gnicli.engine.run_index import conditions
from gnicli.engine.run_index.conditions import Condition
from gnicli.errors import UsageError

STATUSES = ("completed", "diverged", "failed", "interrupted", "running", "lost", "unborn", "damaged")
SUBCOMMANDS = ("list", "show", "diff", "compare", "plot", "rerun", "export", "rm")


class Wanted(NamedTuple):
    """Runs of one of the commands, with one of the statuses (of any where there are none), that meet the conditions."""

    root: Path | None
    commands: tuple[str, ...]
    statuses: tuple[str, ...]
    conditions: tuple[Condition, ...]


def read(words: Sequence[str], commands: Collection[str]) -> Wanted:
    """Sort the words: commands, statuses, conditions, and at most one folder. Raises `UsageError` for others."""
    roots: list[Path] = []
    by_kind: tuple[list[str], list[str], list[Condition]] = ([], [], [])
    for word in words:
        if word in commands:
            by_kind[0].append(word)
        elif word in STATUSES:
            by_kind[1].append(word)
        elif (place := _folder(word)) is not None:
            roots.append(place)
        elif conditions.is_condition(word):
            by_kind[2].append(conditions.parse(word))
        else:
            raise UsageError(_refusal(word, commands))
    if len(roots) > 1:
        raise UsageError(f"one folder at a time, and {roots[0]} and {roots[1]} are two")
    return Wanted(roots[0] if roots else None, *map(tuple, by_kind))  # type: ignore[arg-type]


def _folder(word: str) -> Path | None:
    from gnicli import checks

    place = Path(checks.home("FOLDER", word)) if word else Path()
    return place if word and place.is_dir() else None


def _refusal(word: str, commands: Collection[str]) -> str:
    from gnicli.launch.did_you_mean import hint

    known = (*SUBCOMMANDS, *commands, *STATUSES)
    return (
        f"{word!r} is no folder, no command ({', '.join(commands)}), no status ({', '.join(STATUSES)}) and no "
        f"condition such as 'test_loss<0.2'{hint(word, known)}"
    )
