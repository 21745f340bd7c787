"""Tables on standard output, fitted to the width of the terminal.

A number is never broken, and heads and texts are broken at blanks only. A table that is too wide first wraps its heads,
then its texts; if that is not enough it is turned, so that its rows become columns; if it is too wide even so, columns
are left out from the last on, because columns stand in the order of their importance.
Where standard output is no terminal nothing gives way: every row is one line, whatever COLUMNS says.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from gnicli.contracts import number_text
from gnicli.contracts.results import Table, Value
from gnicli.errors import shown

if TYPE_CHECKING:
    from rich.console import Console

_HARD_BLANK = "\N{NO-BREAK SPACE}"
_NARROWEST_TEXT = 16  # to which a column of texts is narrowed before others are left out
_ASCII_MARK = "(!)"
_BETWEEN, _AROUND = 3, 1  # characters that rich puts between columns, and around them


class Layout(NamedTuple):
    """A table as it is drawn. Lines of a cell are separated by newlines; `n_left_out` columns are not there."""

    header: list[str]
    rows: list[list[str]]
    widths: list[int]
    n_left_out: int = 0

    @property
    def width(self) -> int:
        """The characters that it takes."""
        return _total(self.widths)


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + _BETWEEN * len(widths) + _AROUND


def lay_out(table: Table, width: int | None) -> Layout:
    """Fit a table into `width` characters; None is any width.

    What cannot be narrower, two columns of numbers for instance, is wider than that.
    """
    header = [shown(head) for head in table.header]
    rows = [[_kept_together(shown(cell)) for cell in row] for row in table.rows]
    if width is None:
        return _wrapped(header, rows, [max(map(_length, column)) for column in _columns(header, rows)])
    found = _narrowed(header, rows, width)
    if found is None and len(rows) < len(header):
        found = _turned(header, rows, width)
    n_kept = len(header)
    while found is None and n_kept > 2:
        n_kept -= 1
        found = _narrowed(header[:n_kept], [row[:n_kept] for row in rows], width)
    if found is None:
        widths = [max(map(_longest_piece, column)) for column in _columns(header[:n_kept], rows)]
        found = _wrapped(header[:n_kept], [row[:n_kept] for row in rows], widths)
    return found._replace(n_left_out=len(header) - n_kept)


def _columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[list[str]]:
    return [[head, *(row[k] for row in rows)] for k, head in enumerate(header)]


def _narrowed(header: list[str], rows: list[list[str]], width: int) -> Layout | None:
    """The table with its heads and then its texts wrapped as far as need be; None where that does not fit."""
    columns = _columns(header, rows)
    wide = [max(map(_length, column)) for column in columns]
    cells = [max([_longest_piece(head), *map(_length, rest)]) for head, *rest in columns]
    least = [
        max([*map(_longest_piece, column), min(_NARROWEST_TEXT, of_cells)])
        for column, of_cells in zip(columns, cells, strict=True)
    ]
    for narrow, start in ((cells, wide), (least, cells)):
        if _total(narrow) <= width:
            return _wrapped(header, rows, _between(narrow, start, width))
    return None


def _between(least: Sequence[int], wide: Sequence[int], width: int) -> list[int]:
    """Widths that fill the width: the widest of those that can be narrowed gives way first."""
    widths = list(wide)
    while _total(widths) > width:
        k = max((k for k in range(len(widths)) if widths[k] > least[k]), key=widths.__getitem__)
        widths[k] -= 1
    return widths


def _turned(header: list[str], rows: list[list[str]], width: int) -> Layout | None:
    """The table with a column for each row; None where that does not fit."""
    first, *others = _columns(header, rows)
    return _narrowed(first, [[head.replace(" ", _HARD_BLANK), *cells] for head, *cells in others], width)


def _wrapped(header: list[str], rows: list[list[str]], widths: list[int]) -> Layout:
    def lines(texts: Sequence[str]) -> list[str]:
        return ["\n".join(_lines(text, width)) for text, width in zip(texts, widths, strict=True)]

    return Layout(lines(header), [lines(row) for row in rows], widths)


def _lines(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, max(width, 1), break_long_words=False, break_on_hyphens=False) or [""]


def _kept_together(cell: str) -> str:
    """A number keeps its error, interval and sign on its line."""
    return cell.replace(" ", _HARD_BLANK) if number_text.begins_with_number(cell) else cell


def _length(text: str) -> int:
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _longest_piece(text: str) -> int:
    return max((_length(piece) for piece in text.split(" ")), default=0)


# ------------------------------------------------------------------------------------------------------------ printing


def screen_width() -> int | None:
    """The width of the terminal behind standard output; None where it is none."""
    return stdout_console().width if sys.stdout.isatty() else None


def stdout_console() -> Console:
    """rich's console of standard output, without colors for numbers."""
    from rich.console import Console

    return Console(highlight=False)


def print_table(table: Table, title: str = "", *, whole: str = "report.md") -> None:
    """Print a table to standard output; the first column is left-aligned, as are columns of texts.

    `whole` is where the columns are that have no room.
    """
    console, width = stdout_console(), screen_width()
    laid = lay_out(_plain(table, console), width)
    if title:
        for line in _lines(_ascii(shown(title), console), width or 10_000):
            console.print(_escaped(line), style="bold", soft_wrap=True)
    drawn = _drawn(laid, "-" if console.options.ascii_only else "─", styled=console.color_system is not None)
    console.file.write("\n".join(drawn) + "\n")
    if laid.n_left_out:
        console.print(f"  {laid.n_left_out} column{'s' * (laid.n_left_out > 1)} more in {whole}\n", soft_wrap=True)


def _drawn(laid: Layout, rule: str, *, styled: bool) -> Iterator[str]:
    """The lines of a table as rich's box SIMPLE_HEAD has them: rich takes most of a millisecond for each row.

    Heads stand at the bottom of their lines.
    """
    numbers = [k > 0 and all(number_text.is_number(row[k]) for row in laid.rows) for k in range(len(laid.header))]
    width = max(laid.width, _AROUND + _BETWEEN)
    yield " " * width
    height = max(head.count("\n") for head in laid.header)
    heads = ["\n" * (height - head.count("\n")) + head for head in laid.header]
    yield from _drawn_row(heads, laid.widths, numbers, "\x1b[1m{}\x1b[0m" if styled else "")
    yield f" {rule * (width - 2)} "
    for row in laid.rows:
        yield from _drawn_row(row, laid.widths, numbers, "\x1b[2m{}\x1b[0m" if styled else "", _is_marked)
    yield " " * width


def _drawn_row(
    row: Sequence[str],
    widths: Sequence[int],
    numbers: Sequence[bool],
    style: str,
    is_styled: Callable[[str], bool] = lambda _: True,
) -> Iterator[str]:
    """The lines of one row; `style` goes around the cells that `is_styled` names."""
    cells = [cell.replace(_HARD_BLANK, " ").split("\n") for cell in row]
    styles = [style if style and is_styled(cell) else "" for cell in row]
    for k in range(max(map(len, cells))):
        padded = []
        for lines, width, is_number, around in zip(cells, widths, numbers, styles, strict=True):
            line = lines[k] if k < len(lines) else ""
            blank = " " * (width - _length(line))
            line = around.format(line) if around and line else line
            padded.append(f" {blank}{line} " if is_number else f" {line}{blank} ")
        yield f" {' '.join(padded)} "


def _is_marked(cell: str) -> bool:
    """Whether it is a value with a caveat, which is shown in grey."""
    return cell.endswith((number_text.MARK, _ASCII_MARK))


def _plain(table: Table, console: Console) -> Table:
    if not console.options.ascii_only:
        return table
    return Table(
        tuple(_ascii(head, console) for head in table.header),
        tuple(tuple(_ascii(cell, console) for cell in row) for row in table.rows),
    )


def _ascii(text: str, console: Console) -> str:
    if not console.options.ascii_only:
        return text
    return text.replace("±", "+-").replace(number_text.MARK, _ASCII_MARK).encode("ascii", "backslashreplace").decode()


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text.replace(_HARD_BLANK, " "))


def results_table(values: Mapping[str, Value]) -> Table:
    """The values of a run, one in a row, with columns of caveats and of units where any has one."""
    texts = number_text.texts(values)
    found = values.values()
    columns: dict[str, list[str]] = {"result": list(values), "value": [texts[name] for name in values]}
    if any(value.caveat for value in found):
        columns["caveat"] = [value.caveat for value in found]
    columns["n"] = [number_text.plain(value.n) for value in found]
    if any(value.unit for value in found):
        columns["unit"] = [value.unit for value in found]
    return Table(tuple(columns), tuple(zip(*columns.values(), strict=True)))


def print_path(path: object) -> None:
    """Print a path, the last line of a command. It is never wrapped."""
    sys.stdout.write(f"{path}\n")
    sys.stdout.flush()
