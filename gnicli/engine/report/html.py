"""report.html: the document as one page that needs no other file, no host and no script.

jinja2 escapes every text. The page itself says what a browser may load: pictures inside of it, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote

from gnicli.engine.report import templates
from gnicli.engine.report.document import Document
from gnicli.engine.report.pictures import Picture
from gnicli.errors import shown

if TYPE_CHECKING:
    import jinja2


def write(document: Document, pictures: Mapping[str, Picture]) -> bytes:
    """The document as the content of report.html. `pictures` are those of its figures, by the stem of their files."""
    page = template().render(document=document, pictures=pictures, style=templates.read("report.css"))
    return page.encode(errors="backslashreplace")


def template() -> jinja2.Template:
    """The template of the page, compiled at the first call."""
    return templates.load("report.html.j2", autoescape=True, line=_line, code=_code, file=_file)


def _line(text: object) -> str:
    """Text in one line without control characters, which jinja2 then escapes."""
    return shown(" ".join(str(text).split()))


def _code(text: object) -> str:
    return shown(str(text))


def _file(stem: str, suffix: str) -> str:
    """The address of a figure's file, seen from the page."""
    return f"figures/{quote(stem, errors='replace')}.{suffix}"
