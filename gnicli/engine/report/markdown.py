"""report.md: the document as Markdown, in which what strangers wrote stays the text that it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gnicli.contracts.results import Table
from gnicli.engine.report import templates
from gnicli.engine.report.document import Document
from gnicli.errors import shown

if TYPE_CHECKING:
    import jinja2

_MARKS = re.compile(r"[\\`*]|~(?=~)|(?<=~)~|(?<![^\W_])_|_(?![^\W_])|\](?=[(\[:])")
_MARKS_AND_BRACKETS = re.compile(rf"{_MARKS.pattern}|[\[\]]")
_ENTITY = re.compile(r"&(?=#|\w+;)")
# Of headings, quotations, rules and lists.
_BEGINNING = re.compile(r"^(\d*)([#>]|[+=-]+(?=\s|$)|(?<=\d)[.)](?=\s|$))")


def write(document: Document) -> bytes:
    """The document as the content of report.md."""
    # Parts that are absent leave gaps.
    found = re.sub(r"\n{3,}", "\n\n", template().render(document=document))
    return (found.rstrip() + "\n").encode(errors="backslashreplace")


def template() -> jinja2.Template:
    """The template of the report, compiled at the first call."""
    # autoescape is for HTML; the texts and the cells of Markdown have filters of their own.
    return templates.load("report.md.j2", autoescape=False, text=text, cell=cell, alternative=_label, fenced=_fenced)


def text(value: object) -> str:
    """Text that Markdown shows as it is, whoever wrote it: no tag, link, picture, code, heading or list comes of it."""
    return _BEGINNING.sub(r"\1\\\2", _inline(value))


def cell(value: object) -> str:
    """Text in a cell of a table, where it begins no heading and no list."""
    return _inline(value).replace("|", "\\|")


def table(found: Table) -> str:
    """A table by itself, as it stands in a report."""
    rows = [
        [cell(text) for text in found.header],
        ["---"] * len(found.header),
        *([cell(text) for text in row] for row in found.rows),
    ]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _inline(value: object, marks: re.Pattern[str] = _MARKS) -> str:
    plain = marks.sub(r"\\\g<0>", shown(" ".join(str(value).split())))
    return _ENTITY.sub("&amp;", plain).replace("<", "&lt;")


def _label(value: object) -> str:
    """Text between the brackets of a picture."""
    return _inline(value, _MARKS_AND_BRACKETS)


def _fenced(code: str) -> str:
    """A block of code, between fences that are longer than any in it."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", code)), default=0))
    return f"{fence}\n{shown(code)}\n{fence}"
