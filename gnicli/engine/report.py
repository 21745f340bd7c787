"""report.md: what was run, what came out, and where it comes from."""

from __future__ import annotations

import functools
import importlib.resources
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gnicli.contracts import number_text
from gnicli.contracts.results import FigureData, Results, Table
from gnicli.engine.manifest import Manifest
from gnicli.errors import shown

if TYPE_CHECKING:
    import jinja2

_MARKS = re.compile(r"[\\`*]|~(?=~)|(?<=~)~|(?<![^\W_])_|_(?![^\W_])|\](?=[(\[:])")
_MARKS_AND_BRACKETS = re.compile(rf"{_MARKS.pattern}|[\[\]]")
_ENTITY = re.compile(r"&(?=#|\w+;)")
# Of headings, quotations, rules and lists.
_BEGINNING = re.compile(r"^(\d*)([#>]|[+=-]+(?=\s|$)|(?<=\d)[.)](?=\s|$))")


@functools.cache
def _template() -> jinja2.Template:
    import jinja2

    # autoescape is for HTML; this is Markdown, whose text and table cells have filters of their own.
    environment = jinja2.Environment(trim_blocks=True, autoescape=False, undefined=jinja2.StrictUndefined)
    environment.filters["cell"] = _cell
    environment.filters["text"] = _text
    environment.filters["alternative"] = _alternative
    environment.filters["fenced"] = _fenced
    environment.filters["texts"] = number_text.texts
    environment.filters["count"] = number_text.plain
    source = importlib.resources.files("gnicli.engine").joinpath("report.md.j2").read_text(encoding="utf-8")
    return environment.from_string(source)


def _text(value: object) -> str:
    """Text that Markdown shows as it is, whoever wrote it: no tag, link, picture, code, heading or list comes of it."""
    return _BEGINNING.sub(r"\1\\\2", _inline(value))


def _inline(value: object, marks: re.Pattern[str] = _MARKS) -> str:
    plain = marks.sub(r"\\\g<0>", shown(" ".join(str(value).split())))
    return _ENTITY.sub("&amp;", plain).replace("<", "&lt;")


def _alternative(value: object) -> str:
    """Text between the brackets of a picture."""
    return _inline(value, _MARKS_AND_BRACKETS)


def _cell(value: object) -> str:
    return _inline(value).replace("|", "\\|")  # a cell begins no heading and no list


def _fenced(text: str) -> str:
    """A block of code, between fences that are longer than any in it."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}\n{shown(text)}\n{fence}"


def render(
    manifest: Manifest, results: Results, figures: Mapping[str, FigureData], sweep: Mapping[str, Table] | None = None
) -> bytes:
    """The report of a run or of a sweep. `figures` are those that were drawn, by file name.

    `sweep` are the tables of its settings and jobs, by title; the values of `results` are then those that are in
    neither. Warnings come before all else, and the experiment's own tables before the list of values.
    """
    text = _template().render(
        manifest=manifest,
        values=results.values,
        figures=figures,
        notes=results.notes,
        warnings=results.warnings,
        sweep=sweep or {},
        tables=results.tables,
        arrays=manifest.get("arrays") or {},
        provenance=_provenance(manifest),
    )
    # Parts that are absent leave gaps.
    return (re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n").encode(errors="backslashreplace")


def _provenance(manifest: Manifest) -> list[tuple[str, str]]:
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
    return [(name, str(text)) for name, text in rows if text is not None]
