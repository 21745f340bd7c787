"""report.md: what was run, what came out, and where it comes from."""

from __future__ import annotations

import functools
import importlib.resources
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gnicli.contracts import FigureData, Table, Value
from gnicli.engine import display

if TYPE_CHECKING:
    import jinja2


@functools.cache
def _template() -> jinja2.Template:
    import jinja2

    # autoescape is for HTML; this is Markdown, whose one dangerous place, the table cell, has a filter.
    environment = jinja2.Environment(trim_blocks=True, autoescape=False, undefined=jinja2.StrictUndefined)
    environment.filters["cell"] = _cell
    environment.filters["number"] = display.number_text
    source = importlib.resources.files("gnicli.engine").joinpath("report.md.j2").read_text(encoding="utf-8")
    return environment.from_string(source)


def _cell(value: object) -> str:
    return " ".join(str(value).split()).replace("|", "\\|")


def render(
    manifest: Mapping[str, Any],
    values: Mapping[str, Value],
    figures: Mapping[str, FigureData],
    notes: Sequence[str],
    table: tuple[Sequence[str], Sequence[Sequence[str]]] | None = None,
    tables: Mapping[str, Table] | None = None,
) -> bytes:
    """The report of a run or, with `table` (header, rows) of its jobs, of a sweep. `figures` are keyed by file name.

    `tables` are the experiment's own, by title; they come before the list of values.
    """
    text = _template().render(
        manifest=manifest,
        values=values,
        figures=figures,
        notes=notes,
        table=table,
        tables=tables or {},
        arrays=manifest.get("arrays") or {},
        provenance=_provenance(manifest),
    )
    # Parts that are absent leave gaps.
    return (re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n").encode(errors="backslashreplace")


def _provenance(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    git = manifest.get("git") or {}
    commit = git.get("commit")
    source = (commit + (" with local changes" if git.get("dirty") else "")) if commit else "no checkout"
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
    return [(name, str(text)) for name, text in rows if text is not None]
