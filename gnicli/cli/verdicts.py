"""The verdicts on claims, as the terminal shows them."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from gnicli.engine.judging.verdicts import Verdicts


def show(verdicts: Verdicts, output: str | None) -> None:
    """Print a table for each family, what limits the verdicts, the sum of the set, and where the report is."""
    from gnicli.claims import words
    from gnicli.engine.table_text import print_path, print_table

    whole = "report.md" if output else "--csv"
    for name, members in verdicts.judgement.families().items():
        print_table(words.table(members), name, whole=whole)
    told = (*verdicts.changes, *(f"warning: {each}" for each in verdicts.warnings), *verdicts.notes)
    print_sentences(told)
    typer.echo(f"claims sha256 {verdicts.sha256}")
    if output:
        print_path(Path(output) / "report.html")


def print_sentences(sentences: Sequence[str]) -> None:
    """Print sentences below one another, each broken at the width of the screen."""
    from gnicli.engine.table_text import screen_width
    from gnicli.errors import shown

    width = screen_width()
    for each in sentences:
        text = shown(each)
        typer.echo(textwrap.fill(text, width, break_long_words=False, break_on_hyphens=False) if width else text)
    sys.stdout.flush()
