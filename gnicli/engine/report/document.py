"""What a report says, as a small tree of plain texts: it knows neither Markdown nor HTML.

Texts may come from strangers. Whoever writes them escapes them.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import ClassVar

from gnicli.contracts import number_text

# In characters: longer than a word or two; longer than a phrase; the width of a page and of the gap between columns.
_WORD, _PHRASE, _ON_PAPER, _BETWEEN = 12, 32, 105, 2
_FEW = 5  # columns, which fit on paper
_WORDS = re.compile(r"[ _/]")  # where a text may be broken


@dataclass(frozen=True)
class Sentence:
    """A paragraph."""

    kind: ClassVar[str] = "sentence"
    text: str


@dataclass(frozen=True)
class Listed:
    """Sentences one below another."""

    kind: ClassVar[str] = "listed"
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class TableBlock:
    """A table whose first column names its rows. `remark` is a sentence below it."""

    kind: ClassVar[str] = "table"
    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    remark: str = ""

    @functools.cached_property  # a template asks for it at every cell
    def numeric(self) -> list[bool]:
        """For each column, whether it holds numbers alone."""
        columns = range(1, len(self.header))
        return [False, *(bool(self.rows) and all(number_text.is_number(row[k]) for row in self.rows) for k in columns)]

    @functools.cached_property
    def looks(self) -> list[str]:
        """For each column what it needs: "number" no break, "phrase" and "wordy" room for words; "" nothing."""
        longest = [max((len(row[k]) for row in self.rows), default=0) for k in range(len(self.header))]
        words = ["wordy" if length > _PHRASE else "phrase" if length > _WORD else "" for length in longest]
        return ["number" if number else word for number, word in zip(self.numeric, words, strict=True)]

    @functools.cached_property
    def is_broad(self) -> bool:
        """Whether it has more columns than there is room for on paper."""
        return (
            len(self.header) > _FEW
            and sum(_BETWEEN + self._least_width(k) for k in range(len(self.header))) > _ON_PAPER
        )

    def _least_width(self, column: int) -> int:
        """Characters that a column cannot do without: its numbers, and the longest word elsewhere."""
        head = max((len(word) for word in self.header[column].split()), default=0)
        cells = (row[column] for row in self.rows)
        pieces = cells if self.numeric[column] else (word for cell in cells for word in _WORDS.split(cell))
        return max(head, *(len(piece) for piece in pieces), 0)


@dataclass(frozen=True)
class FigureBlock:
    """A figure, whose files are `figures/<stem>.csv` and a picture of each of the `kinds` (png, pdf, svg)."""

    kind: ClassVar[str] = "figure"
    stem: str
    title: str
    caption: str
    kinds: tuple[str, ...]

    @property
    def shown(self) -> str | None:
        """The kind of picture that a text shows in itself, None where none is drawn that it could."""
        return next((kind for kind in ("png", "svg") if kind in self.kinds), None)

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Those of its files, for links: the data, then pictures, those for print first."""
        return ("csv", *(kind for kind in ("pdf", "svg", "png") if kind in self.kinds))

    @property
    def alternative(self) -> str:
        """What is read aloud in place of the picture."""
        return ". ".join(part.rstrip(".") for part in (self.title, self.caption) if part)


@dataclass(frozen=True)
class Code:
    """Text to copy."""

    kind: ClassVar[str] = "code"
    text: str


Block = Sentence | Listed | TableBlock | FigureBlock | Code


@dataclass(frozen=True)
class Section:
    """Blocks under a heading. `name` is the section's own in the document: letters and hyphens."""

    name: str
    title: str
    blocks: tuple[Block, ...]

    @property
    def n_tables(self) -> int:
        """The number of tables: the captions of several are headings too."""
        return sum(block.kind == "table" for block in self.blocks)


@dataclass(frozen=True)
class Document:
    """A report: its title, a sentence on how the run ended, and its sections, none of which is empty."""

    title: str
    standing: str
    sections: tuple[Section, ...]
