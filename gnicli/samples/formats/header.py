"""Whether the first line of a table names its columns, decided from the cells themselves.

Words over numbers are names. Numbers over numbers are names only where the line has a form that programs give to names
and the lines below it have not. The forms are those of pandas, which names columns by numbers:

* an empty first cell over a column that counts or names the rows (`Series.to_csv()`, `DataFrame.to_csv()`);
* 0, 1, …, k − 1, or years, written as integers over columns that are written with decimals throughout.

A first line that could be either is `UNSURE`: other integers over decimals, a few digits over many, evenly spaced
numbers, and 0, 1, …, k − 1 or years over integers. All else is values.
"""

from __future__ import annotations

import enum
import itertools
import math
import re
from collections.abc import Sequence
from typing import NamedTuple

from gnicli.samples.formats.numerals import Marks, is_integer, is_missing, is_value, number

_YEARS = range(1800, 2200)
_FEW_DIGITS, _MANY_DIGITS, _ENOUGH_ROWS = 4, 10, 3


class Verdict(enum.Enum):
    """What the first line is."""

    HEADER = "header"
    VALUES = "values"
    UNSURE = "unsure"


class Column(NamedTuple):
    """A column of the lines below the first: what its cells are."""

    cells: list[str]  # those that are not missing
    n_missing: int
    has_numbers: bool  # most of its cells are numbers
    n_integers: int

    @property
    def is_integral(self) -> bool:
        """Whether all its numbers are written as integers."""
        return self.n_integers == len(self.cells)

    @property
    def is_decimal(self) -> bool:
        """Whether none of its numbers is written as an integer."""
        return self.n_integers == 0


def columns(body: Sequence[Sequence[str]], width: int, marks: Marks) -> list[Column]:
    """The columns of rows that may be ragged."""
    found = []
    for k in range(width):
        all_cells = [row[k].strip() for row in body if len(row) > k]
        cells = [cell for cell in all_cells if not is_missing(cell)]
        n_numbers = sum(is_value(cell, marks) for cell in cells)
        n_integers = sum(is_integer(cell, marks) for cell in cells)
        found.append(Column(cells, len(all_cells) - len(cells), 2 * n_numbers > len(cells), n_integers))
    return found


def judge(first: Sequence[str], table: Sequence[Column], marks: Marks) -> Verdict:
    """What the first line is, over the columns below it (as many as it has cells)."""
    first = [cell.strip() for cell in first]
    over = [k for k, column in enumerate(table) if column.has_numbers]
    if any(not is_missing(first[k]) and not is_value(first[k], marks) for k in over):
        return Verdict.HEADER
    if not over:  # no numbers at all below: names, or nothing that can be read
        words = [cell for cell in first if not is_missing(cell) and not is_value(cell, marks)]
        return Verdict.HEADER if words else Verdict.VALUES
    if not first[0] and len(first) > 1 and any(first[1:]) and not table[0].n_missing:
        return _over_unnamed(first, table, over, marks)
    if any(is_missing(first[k]) for k in over):
        return _with_gaps([first[k] for k in over if first[k]], [table[k] for k in over], marks)
    labels, below = [first[k] for k in over], [table[k] for k in over]
    if all(is_integer(label, marks) for label in labels):
        return _of_integers([_whole(label) for label in labels], labels, first, below)
    return _of_decimals(labels, below, marks)


def _over_unnamed(first: list[str], table: Sequence[Column], over: list[int], marks: Marks) -> Verdict:
    """An empty first cell over a column without gaps."""
    if not table[0].has_numbers or counts_rows(table[0]):
        return Verdict.HEADER
    labels, below = [first[k] for k in over if k], [table[k] for k in over if k]
    if labels and all(is_integer(label, marks) for label in labels) and all(c.is_decimal for c in below):
        return Verdict.HEADER
    return Verdict.UNSURE


def _with_gaps(labels: list[str], below: list[Column], marks: Marks) -> Verdict:
    named = labels and all(is_integer(label, marks) for label in labels) and all(c.is_decimal for c in below)
    return Verdict.UNSURE if named else Verdict.VALUES


def _of_integers(numbers: list[int], labels: list[str], first: list[str], below: list[Column]) -> Verdict:
    """Integers alone, over columns of numbers."""
    counting = numbers == list(range(len(numbers))) or first == list(map(str, range(len(first))))
    years = all(number in _YEARS for number in numbers) and len(set(numbers)) == len(numbers)
    years_below = _are_mostly_years(below)
    goes_on = counts_rows(below[0]) and numbers[0] + 1 == _whole(below[0].cells[0])
    if all(column.is_integral for column in below):
        if goes_on and len(numbers) == 1:  # 0, 1, 2, …: counted values
            return Verdict.VALUES
        if any(map(_has_zeros, labels)) and not any(_has_zeros(c) for column in below for c in column.cells):
            return Verdict.UNSURE
        even = _are_even(numbers) or numbers in ([1, 2], [-1, -2])
        return Verdict.UNSURE if counting or even or (years and not years_below) else Verdict.VALUES
    if all(column.is_decimal for column in below):
        return Verdict.HEADER if counting or (years and not years_below) else Verdict.UNSURE
    if counting or years:
        return Verdict.UNSURE
    # Integers between decimals are how R, Excel and %g write whole numbers.
    mixed = all(column.n_integers for column in below)
    return Verdict.VALUES if goes_on or mixed else Verdict.UNSURE


def _of_decimals(labels: list[str], below: list[Column], marks: Marks) -> Verdict:
    """Numbers that are not all integers: unsure where every one has another form than all that stand below it."""
    numbers = [number(label, marks) or 0.0 for label in labels]
    return Verdict.UNSURE if _are_even(numbers) or all(map(_differs, labels, below)) else Verdict.VALUES


def _are_even(numbers: Sequence[float]) -> bool:
    """Whether three numbers or more have equal steps, up to rounding: rows of values hardly ever have."""
    steps = [b - a for a, b in itertools.pairwise(numbers)]
    if len(steps) < 2 or not all(map(math.isfinite, numbers)):
        return False
    return steps[0] != 0 and all(math.isclose(step, steps[0], rel_tol=1e-9) for step in steps)


def _differs(label: str, column: Column) -> bool:
    if column.is_integral:
        return not label.lstrip("+-").isdigit()
    if len(column.cells) < _ENOUGH_ROWS or _n_digits(label) > _FEW_DIGITS:
        return False
    return all(_n_digits(cell) >= _MANY_DIGITS for cell in column.cells)


def counts_rows(column: Column) -> bool:
    """Whether the cells are n, n + 1, n + 2, …, from 0 or from anywhere."""
    if not column.cells or not column.is_integral or column.n_missing:
        return False
    numbers = [_whole(cell) for cell in column.cells]
    return numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def _whole(cell: str) -> int:
    """The number of a cell that is an integer, without the marks in it; of a hundred digits the first forty."""
    return int(re.sub(r"[^\d+-]", "", cell)[:40])


def _are_mostly_years(below: Sequence[Column]) -> bool:
    cells = [cell for column in below for cell in column.cells]
    return 2 * sum(re.match(r"\+?(1[89]|2[01])\d\d(\D|$)", cell) is not None for cell in cells) > len(cells)


def _has_zeros(cell: str) -> bool:
    return re.match(r"[-+]?0\d", cell) is not None


def _n_digits(cell: str) -> int:
    return len(re.sub(r"\D", "", re.split("[eE]", cell)[0]).lstrip("0"))
