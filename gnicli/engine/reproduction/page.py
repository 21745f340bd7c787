"""The report on the claims of the paper, as a tree: the verdicts on top, then each family with its figure and runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from gnicli.claims import words
from gnicli.claims.judging import Judged
from gnicli.claims.verdict import INCONCLUSIVE, NOT_RUN
from gnicli.contracts.results import Table
from gnicli.engine import content, folders, provenance
from gnicli.engine.judging import report
from gnicli.engine.judging.report import Written, table_block
from gnicli.engine.judging.verdicts import Verdicts
from gnicli.engine.report.document import Block, Code, Document, FigureBlock, Listed, Section, Sentence
from gnicli.engine.reproduction import standing
from gnicli.engine.reproduction.families import Family

PICTURES = ("svg",)  # three kinds of twenty figures take longer than all judging
_WHAT = (
    "This page says of each claim of the paper what runs of this software show. Claims, smallest effects of interest "
    "and seeds were declared before the runs. A verdict is about the runs that are listed here, and about no others."
)
_RUNS = (
    "seconds a job: the median of the jobs that have finished here; about: as measured when the claims were declared"
)


def maker(families: Sequence[Family], budget: str, root: Path) -> Callable[[Verdicts, Written], Document]:
    """What makes the report of verdicts on these families, whose runs are in the folder `root`."""

    def make(verdicts: Verdicts, drawn: Written) -> Document:
        return document(verdicts, drawn, families, budget, root)

    return make


def document(verdicts: Verdicts, drawn: Written, families: Sequence[Family], budget: str, root: Path) -> Document:
    """The report as a tree; `drawn` are its figures by file name."""
    members = verdicts.judgement.families()
    sum_ = f"Set of claims and commands with sha256 {verdicts.sha256}."
    own = {family.name: (family, members[family.name]) for family in families}
    paper = {family.name: family.paper[0] for family in families}
    sections: list[tuple[str, str, Sequence[Block]]] = [
        ("verdicts", "Verdicts", [table_block("Claims", _verdicts(verdicts, paper), sum_), Sentence(_WHAT)]),
        ("warnings", "Warnings", [Listed(verdicts.warnings)] if verdicts.warnings else []),
        ("changes", "Since earlier looks", [Listed(verdicts.changes)] if verdicts.changes else []),
        ("meanings", "What the verdicts mean", [Listed(tuple(f"{k}: {text}" for k, text in words.MEANINGS.items()))]),
        ("controls", "Controls", [table_block("Controls", _controls(verdicts))]),
    ]
    for name, (family, judged) in own.items():
        head, _, _ = family.title.partition(": ")  # short, for the list of contents
        sections.append((_slug(name), head, _family(family, judged, drawn, budget, root, verdicts)))
    sections += [
        ("declared", "What was declared", [table_block("Rows", report.rows_table(verdicts))]),
        ("parts", "Parts of claims", report.parts_blocks(verdicts)),
        ("environment", "Environment", [table_block("Runs by code and machine", _environment(families, budget, root))]),
        ("provenance", "Provenance", [Sentence(f"Judged by gni {provenance.versions()['gni']}. {sum_}")]),
    ]
    return Document(
        verdicts.title,
        report.standing(verdicts),
        tuple(Section(name, title, tuple(blocks)) for name, title, blocks in sections if blocks),
    )


def _slug(name: str) -> str:
    return "family-" + name.replace("_", "-")


def _verdicts(verdicts: Verdicts, paper: dict[str, str]) -> Table:
    """One row for each claim, the decided ones first; controls have a table of their own."""
    claims = [each for each in verdicts if not each.claim.control]
    claims.sort(key=lambda each: (each.verdict == NOT_RUN, each.verdict == INCONCLUSIVE))  # a stable sort
    rows = [
        (
            each.claim.id,
            words.verdict(each),
            each.claim.sentence,
            paper[each.claim.family],
            words.amount(each.claim, each.effect.value) if each.n_pairs else "–",
            words.interval(each.claim, each.effect) if each.n_pairs else "–",
            f"{each.n_pairs} of {len(each.claim.seeds)}",
        )
        for each in claims
    ]
    return Table(("claim", "verdict", "sentence", "in the paper", "effect", "interval", "seeds"), tuple(rows))


def _controls(verdicts: Verdicts) -> Table:
    rows = [
        (
            each.claim.id,
            each.claim.family,
            str(each.claim.control),
            "not run" if not each.n_pairs else "right" if each.passed else "WRONG",
            each.claim.sentence,
        )
        for each in verdicts
        if each.claim.control
    ]
    return Table(("control", "family", "kind", "came out", "sentence"), tuple(rows))


def _family(
    family: Family, judged: Sequence[Judged], drawn: Written, budget: str, root: Path, verdicts: Verdicts
) -> list[Block]:
    """All that the report says of one family."""
    stem = next((stem for stem, each in drawn.items() if stem == family.name), None)
    blocks: list[Block] = [Sentence(f"{family.title}. In the paper: {', '.join(family.paper)}.")]
    if stem is not None:
        blocks.append(FigureBlock(stem, drawn[stem].title, drawn[stem].caption, PICTURES))
    blocks.append(table_block(f"Verdicts of {family.name}", words.table(judged)))
    standings = [standing.read(root, runs) for runs in family.runs[budget]]
    blocks.append(table_block(f"Runs of {family.name}", standing.runs_table(standings), _RUNS))
    blocks.append(Code("\n".join([f"gni reproduce {family.name} budget={budget}"])))
    notes = words.family_notes(family.name, judged) + [note for each in judged for note in words.notes(each)]
    if family.deviations:
        blocks.append(Listed(tuple(f"Otherwise than in the paper: {each}" for each in family.deviations)))
    if any(each.n_pairs for each in judged):
        blocks.append(Listed(tuple(notes)))
        blocks.append(table_block(f"Effects by seed of {family.name}", report.seeds_table(judged)))
    return blocks


def _environment(families: Sequence[Family], budget: str, root: Path) -> Table:
    """How many runs were made by which code, with which versions, on which machine, and when."""
    found: dict[tuple[str, ...], list[str]] = {}
    for name in dict.fromkeys(runs.name for family in families for runs in family.runs[budget]):
        for manifest in sorted((root / standing.RUNS / name).glob(f"[0-9]*/{content.MANIFEST}")):
            info = folders.read_run(manifest.parent).manifest
            versions = info.get("versions") or {}
            told = [
                f"{key} {versions[key]}" for key in ("gni", "python", "torch", "numpy", "scipy") if versions.get(key)
            ]
            key = (
                ", ".join(told),
                str(info.get("code") or "–"),
                str(info.get("host")),
                str(info.get("device") or "cpu"),
            )
            found.setdefault(key, []).append(str(info.get("start") or ""))
    rows = tuple((*key, str(len(starts)), min(starts), max(starts)) for key, starts in found.items())
    return Table(("versions", "code", "machine", "device", "runs", "first began", "last began"), rows)
