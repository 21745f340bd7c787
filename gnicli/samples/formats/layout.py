"""The layout of a table in text, found from its first lines: what separates fields, and what the columns are."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from gnicli.errors import UsageError
from gnicli.samples.formats import header
from gnicli.samples.formats.header import Column, Verdict
from gnicli.samples.formats.numerals import Marks, is_missing, looks_numeric, number

if TYPE_CHECKING:
    from _csv import Reader

SEPARATORS = "\t;,|"
_QUOTED_COMMA = re.compile(r'"[^"\n]*,[^"\n]*"')
_ROWS = 100  # so many decide what separates the fields


class Layout(NamedTuple):
    """A table in text."""

    separator: str
    names: list[str]  # of the fields of a row; "" for a column without a name
    first_is_data: bool  # whether the first line of the table holds values
    candidates: list[int]  # the columns that samples may be in


def reader(lines: Iterable[str], separator: str) -> Reader:
    """The rows of `lines`, as `csv` splits them."""
    return csv.reader(lines, delimiter=separator, skipinitialspace=separator == " ")


def split(lines: Sequence[str], separator: str) -> list[list[str]]:
    """Rows of fields, without lines that hold nothing."""
    rows = (fields(row, separator) for row in reader(lines, separator))
    return [row for row in rows if not is_empty(row)]


def is_empty(row: list[str]) -> bool:
    """Whether a line held nothing. A pair of quotes is something: a value that is missing, in a table of one column."""
    return not row or (len(row) == 1 and row[0].isspace())


def fields(row: list[str], separator: str) -> list[str]:
    """The fields of a row; between blanks there are no empty ones."""
    return [cell for cell in row if cell.strip()] if separator == " " else row


def separator_of(lines: Sequence[str], marks: Marks) -> str:
    """What separates the fields: the first mark that divides all lines alike, or that the first line has."""
    lines = [line for line in lines if line.strip()][:_ROWS]
    possible = [mark for mark in SEPARATORS if mark != "," or _may_separate(lines, marks)]
    for missing in ((0,), (0, 1)):  # R writes no name over the names of rows
        for mark in possible:
            if _divides(lines, mark, missing):
                return mark
    for mark in possible:
        if mark in lines[0]:
            return mark
    alone = all(number(line, marks) is not None for line in lines)
    if not (marks.thousands == " " and alone) and _divides(lines, " "):
        return " "
    return "," if "," in possible else ";"


def _may_separate(lines: list[str], marks: Marks) -> bool:
    """Whether commas can separate fields, though they may be marks within numbers."""
    if "," not in marks or any(map(_QUOTED_COMMA.search, lines)):
        return True
    if marks.decimal == ",":  # between digits, and not in quotes, it is the decimal mark
        return not any(re.search(r"\d,\d", re.sub('"[^"]*"', "", line)) for line in lines[1:] or lines)
    return any(number(line, marks) is None for line in lines[1:])


def _divides(lines: list[str], mark: str, missing: Sequence[int] = (0, 1)) -> bool:
    """Whether a mark divides all lines into as many fields, of which the first may have some missing."""
    try:
        widths = [len(row) for row in split(lines, mark)]
    except csv.Error:
        return False
    body = set(widths[1:] or widths)
    if mark == " " and len(widths) == 1 and not all(map(looks_numeric, lines[0].split())):
        return False
    return len(body) == 1 and max(body) > 1 and max(body) - widths[0] in missing


def detect(lines: Sequence[str], marks: Marks, asked: str, names: Sequence[Sequence[str]], source: str) -> Layout:
    """The layout of a table of which `lines` are the first.

    `asked` is samples.header, `names` are names that a comment before the table may give. Raises `UsageError` where
    the first line may be a header as well as values.
    """
    separator = separator_of(lines, marks)
    rows = split(lines, separator)
    first, body = rows[0], rows[1:]
    widths = {len(row) for row in body}
    width = len(first)
    if widths == {width + 1}:
        if all(not row[-1].strip() for row in body):
            width += 1  # every line but the first ends with a separator
            first = [*first, ""]
        elif asked != "no" and not _may_be_decimals(lines, first, separator, marks):
            width += 1  # as R writes row names: the header has no field over them
            first = ["", *first]
    table = header.columns(body, width, marks)
    commented = next((list(given) for given in names if len(given) == len(rows[0])), None)
    is_header = _decide(first, table, marks, asked, commented is not None, source)
    unnamed = commented or list(map(str, range(width)))
    found = [cell.strip() for cell in first] if is_header else unnamed + [""] * (width - len(unnamed))
    shown = header.columns(rows if not is_header else body, width, marks)
    # Words are no candidate, unless they may be numbers by another convention: then the message says so.
    candidates = [k for k, column in enumerate(shown) if _may_hold(column) and not _only_counts(k, column, found)]
    if not candidates:
        candidates = [k for k in range(width) if found[k]] or list(range(width))
    return Layout(separator, found, not is_header, candidates)


def _may_be_decimals(lines: Sequence[str], first: list[str], separator: str, marks: Marks) -> bool:
    """Whether rows of one field more than the first line are numbers with a decimal comma."""
    if separator != "," or len(first) != 1:
        return False
    body = [line for line in lines if line.strip()][1:]
    return all(looks_numeric(line) for line in body)


def _decide(first: list[str], table: list[Column], marks: Marks, asked: str, commented: bool, source: str) -> bool:
    if asked != "auto":
        return asked == "yes"
    verdict = header.judge(first, table, marks) if any(column.cells for column in table) else _alone(first, marks)
    if verdict is Verdict.UNSURE and commented:  # the comment names the columns, so this line does not
        return False
    if verdict is Verdict.UNSURE:
        told = ", ".join(cell.strip() or '""' for cell in first[:5]) + (", …" if len(first) > 5 else "")
        raise UsageError(
            f"{source}: the first line ({told}) may be a header or values: samples.header=yes or samples.header=no"
        )
    return verdict is Verdict.HEADER


def _alone(first: list[str], marks: Marks) -> Verdict:
    """A first line with nothing below it."""
    words = [cell for cell in first if not is_missing(cell) and number(cell, marks) is None]
    return Verdict.HEADER if words else Verdict.VALUES


def _may_hold(column: Column) -> bool:
    """Whether a column holds numbers, by some convention or other."""
    return column.has_numbers or (bool(column.cells) and 2 * sum(map(looks_numeric, column.cells)) > len(column.cells))


def _only_counts(k: int, column: Column, names: list[str]) -> bool:
    """Whether a column numbers the rows: the first, without a name or with the one that pandas makes up for it."""
    return (
        k == 0 and len(names) > 1 and (not names[0] or (names[0].startswith("Unnamed:") and header.counts_rows(column)))
    )
