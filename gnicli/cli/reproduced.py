"""What `gni reproduce` prints: the families and what is left of their runs, or their verdicts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from gnicli.launch.reproduce import Wanted


def show_list(wanted: Wanted, root: Path, n_jobs: int) -> int:
    """Print the families with their claims, their jobs and the time that what is left takes."""
    from gnicli.engine.jobs import progress
    from gnicli.engine.judging import record
    from gnicli.engine.reproduction import families, judged, standing
    from gnicli.engine.table_text import print_table
    from gnicli.launch.jobs import local

    at_once = n_jobs or local.n_cores()
    there = standing.read_all(root, wanted.chosen, wanted.budget)
    before = record.read(root)
    told = judged.counted_before(before[-1]) if before else {}
    print_table(standing.families_table(wanted.chosen, there, wanted.budget, at_once, told))
    n, seconds = sum(each.n_left() for each in there.values()), standing.left_seconds([*there.values()], at_once)
    total = sum(each.runs.n_jobs for each in there.values())
    typer.echo(
        f"budget={wanted.budget}: {total:,} jobs, of which some serve several families; {n:,} are left, about "
        f"{progress.duration(seconds)} with {at_once} at once"
    )
    typer.echo(f"claims sha256 {families.whole(wanted.families).sha256}")
    return 0


def show_verdicts(wanted: Wanted, root: Path, *, as_json: bool) -> None:
    """Judge all families, write the report, and print the verdicts on those that were asked for."""
    from gnicli.claims import words
    from gnicli.cli.verdicts import print_sentences
    from gnicli.engine.judging import report
    from gnicli.engine.reproduction import judged
    from gnicli.engine.table_text import print_path, print_table

    verdicts = judged.verdicts_on(wanted.families, wanted.budget, root)
    if as_json:
        typer.echo(verdicts.as_json())
        return
    families = verdicts.judgement.families()
    names = [family.name for family in wanted.chosen]
    for name in names:
        print_table(words.table(families[name]), name, whole="report.md")
    about = tuple(f"{name}:" for name in names)
    own = tuple(f"{each.claim.id}" for name in names for each in families[name])
    print_sentences(
        (
            *(each for each in verdicts.changes if each.startswith(own) or len(names) == len(families)),
            *(f"warning: {each}" for each in verdicts.warnings if each.startswith(about) or ": " not in each),
            f"all families: {report.standing(verdicts)}",
        )
    )
    typer.echo(f"claims sha256 {verdicts.sha256}")
    print_path(root / "report.html")
