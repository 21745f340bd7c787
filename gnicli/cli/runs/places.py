"""The arguments that are folders of runs: a path, `latest`, or a part of a folder's name that no other has."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

_NAMES = "a folder, latest, or a part of a folder's name that no other has"


def run_or_sweep(value: str) -> str:
    """The folder that a word stands for; `UsageError` where it stands for several."""
    from gnicli.engine.folders import output_root
    from gnicli.engine.run_index import names

    return names.find(value, output_root())


def sweep(value: str) -> str:
    """The same of a sweep."""
    from gnicli.engine.folders import output_root
    from gnicli.engine.run_index import names

    return names.find(value, output_root(), "sweep")


def all_of(values: list[str]) -> list[str]:
    """The folders that words stand for."""
    return [run_or_sweep(value) for value in values]


def path(word: str) -> Path:
    """The folder as a path, with a leading ~ written out."""
    from gnicli import checks

    return Path(checks.home("RUN", word))


One = Annotated[str, typer.Argument(metavar="RUN", help=_NAMES, callback=run_or_sweep)]
Other = Annotated[str, typer.Argument(metavar="OTHER", help="another, likewise", callback=run_or_sweep)]
Several = Annotated[list[str], typer.Argument(metavar="RUN...", help=f"each {_NAMES}", callback=all_of)]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]
Output = Annotated[Optional[str], typer.Option(metavar="PATH", help="where to; it must not exist yet")]
