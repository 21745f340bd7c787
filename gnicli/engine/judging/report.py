"""The report of verdicts: report.md and report.html with figures, and verdicts.csv and verdicts.json for programs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gnicli import files
from gnicli.claims import figures as claim_figures
from gnicli.claims import words
from gnicli.claims.claim import Claim
from gnicli.claims.judging import Judged
from gnicli.contracts.results import FigureData, Table
from gnicli.engine import content, figures, provenance
from gnicli.engine.report import html, markdown, pictures
from gnicli.engine.report.document import Block, Document, Listed, Section, Sentence, TableBlock
from gnicli.engine.report.parts import figure_block
from gnicli.errors import ConflictError

if TYPE_CHECKING:
    from gnicli.engine.judging.verdicts import Verdicts


def write(folder: Path, verdicts: Verdicts) -> None:
    """Write the report into a folder, which is made if need be. Raises `ConflictError` where it is that of a run."""
    write_with(folder, verdicts, document)


Written = Mapping[str, FigureData]


def write_with(
    folder: Path,
    verdicts: Verdicts,
    make: Callable[[Verdicts, Written], Document],
    kinds: Collection[str] = figures.WRITTEN,
) -> None:
    """Write the report that `make` gives of verdicts and their figures by file name, with pictures of these kinds.

    Raises as `write` does.
    """
    if files.kind_of(folder / content.MANIFEST) is not None:
        raise ConflictError(f"{folder} is the folder of a run; give another --output")
    files.make_folder(folder)
    families = verdicts.judgement.families()
    drawn = {name: claim_figures.figure(name, members) for name, members in families.items()}
    there = {name: each for name, each in drawn.items() if each is not None}
    written = figures.write(folder / content.FIGURES, there, kinds)
    made = make(verdicts, written)
    files.replace(folder / "report.md", markdown.write(made))
    files.replace(folder / "report.html", html.write(made, pictures.embedded(folder / content.FIGURES, written)))
    files.replace(folder / "verdicts.csv", verdicts.as_csv())
    files.replace(folder / "verdicts.json", (verdicts.as_json() + "\n").encode(errors="backslashreplace"))


def document(verdicts: Verdicts, drawn: Written) -> Document:
    """The report as a tree; `drawn` are its figures by file name."""
    families = verdicts.judgement.families()
    made_by = provenance.versions()["gni"]
    sum_ = f"Judged by the set of claims with sha256 {verdicts.sha256}."
    blocks: list[Block] = [table_block(f"Family: {name}", words.table(own), sum_) for name, own in families.items()]
    sections: list[tuple[str, str, list[Block]]] = [
        ("warnings", "Warnings", [Listed(verdicts.warnings)] if verdicts.warnings else []),
        ("changes", "Since earlier looks", [Listed(verdicts.changes)] if verdicts.changes else []),
        ("verdicts", "Verdicts", blocks),
        (
            "figures",
            "Figures",
            [figure_block(stem, each, figures.WRITTEN) for stem, each in drawn.items()],
        ),
        ("claims", "What was claimed", [table_block("Claims", _claims(verdicts), _ORDER)]),
        ("declared", "What was declared", [table_block("Rows", rows_table(verdicts))]),
        ("notes", "Notes", [Listed(verdicts.notes)] if verdicts.notes else []),
        ("parts", "Parts of claims", parts_blocks(verdicts)),
        ("runs", "Runs", [table_block(f"Runs of {each.claim.id}", words.counts(each)) for each in verdicts]),
        (
            "seeds",
            "Effects by seed",
            [table_block(f"Seeds of {name}", seeds_table(own)) for name, own in families.items()],
        ),
        (
            "meanings",
            "What the verdicts mean",
            [Listed(tuple(f"{key}: {text}" for key, text in words.MEANINGS.items()))],
        ),
        ("provenance", "Provenance", [Sentence(f"Made by gni {made_by}. {sum_}")]),
    ]
    return Document(
        verdicts.title or "Verdicts on claims",
        standing(verdicts),
        tuple(Section(name, title, tuple(found)) for name, title, found in sections if found),
    )


_ALL = "A claim with several parts holds where all of them do; of c above b and c below b, one."
_ORDER = "A claim is one sentence. Its verdict says whether the runs show it, and never that it is likely."


def standing(verdicts: Verdicts) -> str:
    """How many claims have which verdict."""
    found: dict[str, int] = {}
    for each in verdicts:
        if not each.claim.control:
            found[each.verdict] = found.get(each.verdict, 0) + 1
    n = sum(found.values())
    told = ", ".join(f"{count} {verdict}" for verdict, count in found.items())
    return f"{n} claim{'s' if n != 1 else ''}: {told}."


def table_block(title: str, table: Table, remark: str = "") -> TableBlock:
    """A table under a title, for a report."""
    return TableBlock(title, table.header, table.rows, remark)


def _claims(verdicts: Verdicts) -> Table:
    rows = [(each.claim.id, each.claim.sentence, words.verdict(each), words.wanted(each.claim)) for each in verdicts]
    return Table(("claim", "sentence", "verdict", "supported by"), tuple(rows))


def rows_table(verdicts: Verdicts) -> Table:
    """What was declared of each claim."""
    header = ("claim", "effect", "metric", "window", "better", "seeds")
    return Table(header, tuple(_declared(each.claim) for each in verdicts))


def _declared(claim: Claim) -> tuple[str, ...]:
    seeds = ", ".join(claim.seeds) if len(claim.seeds) <= 12 else f"{claim.seeds[0]} … {claim.seeds[-1]}"
    return claim.id, words.what(claim), claim.metric, claim.window, claim.better, f"{len(claim.seeds)}: {seeds}"


def parts_blocks(verdicts: Verdicts) -> list[Block]:
    """The parts of the claims that have several; nothing where none has."""
    table = words.parts_table(list(verdicts))
    return [table_block("Parts", table, _ALL)] if table.rows else []


def seeds_table(members: Sequence[Judged]) -> Table:
    """The effect of each seed, one column for each claim of a family."""
    seeds = list(dict.fromkeys(seed for each in members for seed in each.measurement.seeds))
    columns = [_column(each) for each in members]
    rows = tuple((seed, *(column.get(seed, "–") for column in columns)) for seed in seeds)
    return Table(("seed", *(each.claim.id for each in members)), rows)


def _column(judged: Judged) -> dict[str, str]:
    shown = judged.measurement.shown
    values = zip(judged.measurement.seeds, shown.low.tolist(), shown.high.tolist(), strict=True)
    return {seed: words.amount(judged.claim, low) if low == high else "?" for seed, low, high in values}
