"""The parts of a report in their order: what was run, the result, figures, notes, and where all of it comes from."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from gnicli.contracts.results import About, FigureData, Results, Table, Value
from gnicli.engine import table_text
from gnicli.engine.drawing.words import signed
from gnicli.engine.figures import FORMATS
from gnicli.engine.manifest import ArrayNote, Manifest
from gnicli.engine.report.document import (
    Block,
    Code,
    Document,
    FigureBlock,
    Listed,
    Section,
    Sentence,
    TableBlock,
)

SETTINGS, JOBS = "Settings", "Jobs"
_ERRORS = "Where an error is given it is one standard error."
_OVER_RUNS = (
    "A number is the mean over the completed runs of a setting ± its standard error over them; of a single run it is "
    "the run's own, with the run's own error. results.json has the means of all values."
)


def figure_block(stem: str, figure: FigureData, kinds: Collection[str]) -> FigureBlock:
    """A figure of a report, whose files are called `stem`; its words have true minus signs, as the picture's have."""
    return FigureBlock(stem, signed(figure.title or stem), signed(figure.caption), tuple(kinds))


def document(
    manifest: Manifest,
    results: Results,
    figures: Mapping[str, FigureData],
    sweep: Mapping[str, Table] | None = None,
    kinds: Collection[str] = tuple(FORMATS),
) -> Document:
    """The report of a run or of a sweep. `figures` are its figures by file name, `kinds` those of their pictures.

    `sweep` are the tables of a sweep by title: that of its settings, which comes first among the results, and that of
    its jobs. The values of `results` are then those that are in neither. Warnings come before the values that
    they limit.
    """
    about = results.about or About(_command(manifest))
    conclusion, notes = _conclusion(about, results)
    settings, jobs = (sweep or {}).get(SETTINGS), (sweep or {}).get(JOBS)
    own = [_table(SETTINGS, settings, _OVER_RUNS)] if settings and settings.rows else []
    own += [_table(title, table) for title, table in results.tables.items()]
    found: list[Block] = [Sentence(conclusion)] if conclusion else []
    found += own
    values: list[Block] = [_values(results.values)] if results.values else []
    sections: list[tuple[str, str, list[Block]]] = [
        ("conditions", "What was run", _conditions(about.conditions)),
        ("warnings", "Warnings", [Listed(results.warnings)] if results.warnings else []),
        ("result", "Result", found if own else [*found, *values]),
        ("figures", "Figures", [figure_block(stem, figure, kinds) for stem, figure in figures.items()]),
        ("notes", "Notes", [Listed(tuple(notes))] if notes else []),
        ("jobs", JOBS, [_table("Each run of the sweep", jobs)] if jobs else []),
        ("values", "All values", values if own else []),
        ("arrays", "Arrays", _arrays(manifest.get("arrays") or {})),
        ("provenance", "Provenance", [_provenance(manifest)]),
        ("again", "To run it again", [Code(manifest.get("command_line", ""))]),
    ]
    return Document(
        about.title,
        _standing(manifest),
        tuple(Section(name, title, tuple(blocks)) for name, title, blocks in sections if blocks),
    )


def _command(manifest: Manifest) -> str:
    return f"{'Sweep of ' if manifest.get('kind') == 'sweep' else ''}gni {manifest.get('command', '')}"


def _standing(manifest: Manifest) -> str:
    """The command and how it ended, with the line that says why where it did not simply end."""
    error = manifest.get("error")
    return f"{_command(manifest)}: {manifest.get('status', '')}{'; ' if error else '.'}{error or ''}"


def _conclusion(about: About, results: Results) -> tuple[str, Sequence[str]]:
    """The result in a sentence, and the notes without it."""
    if about.conclusion or not results.notes:
        return about.conclusion, results.notes
    first, *others = results.notes
    return first, others


def _table(title: str, table: Table, remark: str = "") -> TableBlock:
    return TableBlock(title, table.header, table.rows, remark)


def _conditions(conditions: Mapping[str, str]) -> list[Block]:
    return (
        [TableBlock("Conditions of the run", ("condition", "value"), tuple(conditions.items()))] if conditions else []
    )


def _values(values: Mapping[str, Value]) -> TableBlock:
    table = table_text.results_table(values)
    remark = _ERRORS if any(value.stderr is not None for value in values.values()) else ""
    return _table("Values by name, as in results.json", table, remark)


def _arrays(arrays: Mapping[str, ArrayNote]) -> list[Block]:
    rows = [
        (name, " × ".join(map(str, note.get("shape", []))) or "scalar", note.get("meaning", ""))
        for name, note in arrays.items()
    ]
    return [TableBlock("Arrays in arrays.npz", ("array", "shape", "meaning"), tuple(rows))] if rows else []


def _provenance(manifest: Manifest) -> TableBlock:
    git = manifest.get("git") or {}
    commit = git.get("commit")
    source = f"{commit}{' with local changes' if git.get('dirty') else ''}" if commit else "no checkout"
    versions = ", ".join(f"{name} {version}" for name, version in (manifest.get("versions") or {}).items() if version)
    rows = [
        ("config", manifest.get("fingerprint")),
        ("seed", manifest.get("seed")),
        ("source", source),
        ("versions", versions),
        ("device", manifest.get("device")),
        ("threads", manifest.get("threads")),
        ("host", manifest.get("host")),
        ("start", manifest.get("start")),
        ("resumed", manifest.get("resumed")),
        ("wall time", f"{manifest['wall_seconds']:.1f} s" if "wall_seconds" in manifest else None),
    ]
    return TableBlock(
        "Where the numbers come from",
        ("what", "value"),
        tuple((name, str(text)) for name, text in rows if text is not None),
    )
