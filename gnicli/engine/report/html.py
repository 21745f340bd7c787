"""report.html: the document as one page that needs no other file, no host and no script.

jinja2 escapes every text. The page itself says what a browser may load: pictures inside of it, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote

from gnicli.contracts import number_text
from gnicli.engine.report import templates
from gnicli.engine.report.document import Document
from gnicli.engine.report.pictures import Picture
from gnicli.errors import shown

if TYPE_CHECKING:
    import jinja2
    from markupsafe import Markup

_NUMBER = r"[-+−]?\d+(?:[.,]\d+)*(?:e[-+−]?\d+)?"
# A number with what belongs to it: its bound, its standard error, its unit of percent, its mark.
# Or numbers joined by hyphens, such as dates.
_WITH_ITS_OWN = re.compile(rf"\d+(?:-\d+)+|(?:[<>≤≥±] ?)?{_NUMBER}(?: ?± ?{_NUMBER})?(?: %)?(?: {number_text.MARK})?")
_BREAKABLE = re.compile(r" |(?<=[\de])[-+]")
_PARTS_OF_A_NAME = re.compile(r"(?<=\w[/_])(?=\w)")


def write(document: Document, pictures: Mapping[str, Picture]) -> bytes:
    """The document as the content of report.html. `pictures` are those of its figures, by the stem of their files."""
    page = template().render(document=document, pictures=pictures, style=templates.read("report.css"))
    return page.encode(errors="backslashreplace")


def template() -> jinja2.Template:
    """The template of the page, compiled at the first call."""
    return templates.load(
        "report.html.j2", autoescape=True, line=_line, prose=_prose, parted=_parted, code=_code, file=_file
    )


def _line(text: object) -> str:
    """Text in one line without control characters, which jinja2 then escapes."""
    return shown(" ".join(str(text).split()))


def _prose(text: object) -> Markup:
    """A line in which no number is broken: browsers would break 2.1 ± 0.3 at its spaces, and 1e-05 at its hyphen."""
    from markupsafe import Markup, escape

    return Markup().join(
        Markup('<span class="whole">{}</span>').format(piece) if whole else escape(piece)
        for piece, whole in _pieces(_line(text))
    )


def _parted(text: object) -> Markup:
    """A line that a browser may break after each part of a name: train_loss, alpha/layer1."""
    from markupsafe import Markup

    return Markup(_PARTS_OF_A_NAME.sub("<wbr>", _prose(text)))


def _pieces(line: str) -> Iterator[tuple[str, bool]]:
    """The pieces of a line, with whether they must stay in one line."""
    end = 0
    for found in _WITH_ITS_OWN.finditer(line):
        if _BREAKABLE.search(found[0]):
            yield line[end : found.start()], False
            yield found[0], True
            end = found.end()
    yield line[end:], False


def _code(text: object) -> str:
    return shown(str(text))


def _file(stem: str, suffix: str) -> str:
    """The address of a figure's file, seen from the page."""
    return f"figures/{quote(stem, errors='replace')}.{suffix}"
