"""Numbers in text: CSV with or without a header, separated by comma, semicolon, tab or blanks, read in chunks."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import numpy as np

from gnicli import checks
from gnicli.errors import DataError, UsageError
from gnicli.samples.collecting import Groups

_CHUNK = 50_000
_LONGEST_LINE = 1 << 20
_COMMA_HINT = "; is ',' the decimal mark? use samples.decimal=comma"


class Layout(NamedTuple):
    """What the first line tells: the delimiter, the columns' names, and whether the line is a header."""

    delimiter: str
    names: list[str]
    has_header: bool


def read(
    stream: BinaryIO, groups: Groups, column: str | None, group: str | None, decimal: str, size: int | None
) -> None:
    """Put the column's values into `groups`. Raises `DataError` for content, `UsageError` for the choice of a column.

    `size` is the length of the stream in bytes, where it is known.
    """
    source = groups.source
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    try:
        _read(text, groups, column, group, decimal, size)
    except UnicodeDecodeError as error:
        raise DataError(f"{source} is not text (UTF-8): byte {error.object[error.start]:#04x}") from error
    except csv.Error as error:
        raise DataError(f"{source} cannot be read as CSV: {error}") from error
    finally:
        text.detach()


def _read(
    text: io.TextIOWrapper, groups: Groups, column: str | None, group: str | None, decimal: str, size: int | None
) -> None:
    source = groups.source
    skipped, first = 0, text.readline(_LONGEST_LINE)
    while first and not first.strip():
        skipped, first = skipped + 1, text.readline(_LONGEST_LINE)
    if not first:
        raise DataError(f"{source} is empty")
    layout = _layout(first, decimal)
    value_at = _value_column(source, layout, column, group, decimal)
    group_at = None if group is None else _position(layout.names, "samples.group", group)
    lines = itertools.chain([first], text)
    reader = csv.reader(lines, delimiter=layout.delimiter, skipinitialspace=layout.delimiter == " ")
    if layout.has_header:
        next(reader)
    n_rows = done = 0
    for numbers, rows in _chunks(reader, skipped):
        _check_widths(source, numbers, rows, layout, decimal)
        values = _numbers(source, numbers, [row[value_at] for row in rows], decimal)
        groups.add(values, numbers, None if group_at is None else [row[group_at].strip() for row in rows])
        n_rows += len(rows)
        if size:
            # Rows are of about equal length; what was read ahead of them does not matter for a bar.
            done = min(size, done + sum(map(len, rows[0])) * len(rows))
            groups.observer.progress(f"reading {source}", done, size, "byte")
    if size and n_rows:
        groups.observer.progress(f"reading {source}", size, size, "byte")
    if not n_rows:
        raise DataError(f"{source} has a header ({', '.join(layout.names)}) and no rows")


def _layout(first: str, decimal: str) -> Layout:
    candidates = "\t;," if decimal == "." else "\t;"
    delimiter = next((mark for mark in candidates if mark in first), "")
    if not delimiter and all(_number(word, decimal) is not None for word in first.split()):
        delimiter = " "
    delimiter = delimiter or candidates[-1]
    words = next(csv.reader([first], delimiter=delimiter, skipinitialspace=delimiter == " "))
    if delimiter == " ":
        words = [word for word in words if word.strip()]
    has_header = any(_number(word, decimal) is None for word in words)
    names = [word.strip() for word in words] if has_header else [str(k) for k in range(len(words))]
    return Layout(delimiter, names, has_header)


def _position(names: list[str], key: str, wanted: str) -> int:
    """Where a column stands: by its name, or by its number from 0 where no column has that name."""
    if wanted not in names and wanted.isdecimal() and int(wanted) < len(names):
        return int(wanted)
    checks.choice(key, wanted, names)
    if names.count(wanted) > 1:
        raise UsageError(f"{key}={wanted}: {names.count(wanted)} columns have this name; give its number, from 0")
    return names.index(wanted)


def _value_column(source: str, layout: Layout, column: str | None, group: str | None, decimal: str) -> int:
    if column is not None:
        return _position(layout.names, "samples.column", column)
    at = None if group is None else _position(layout.names, "samples.group", group)
    others = [k for k in range(len(layout.names)) if k != at]
    if len(others) == 1:
        return others[0]
    hint = _COMMA_HINT if layout.delimiter == "," and not layout.has_header and decimal == "." else ""
    shown = ",".join(layout.names[:20]) + (",…" if len(layout.names) > 20 else "")
    raise UsageError(f"{source}: columns {shown}: choose one with samples.column={hint}")


def _chunks(reader: Iterator[list[str]], skipped: int) -> Iterator[tuple[list[int], list[list[str]]]]:
    """Rows that are not blank, with the number of the line that each ends on."""
    numbers: list[int] = []
    rows: list[list[str]] = []
    for row in reader:
        if row and (len(row) > 1 or row[0].strip()):
            numbers.append(reader.line_num + skipped)  # type: ignore[attr-defined]
            rows.append(row)
            if len(rows) == _CHUNK:
                yield numbers, rows
                numbers, rows = [], []
    if rows:
        yield numbers, rows


def _check_widths(source: str, numbers: list[int], rows: list[list[str]], layout: Layout, decimal: str) -> None:
    width = len(layout.names)
    if layout.delimiter == " ":
        rows[:] = [[word for word in row if word.strip()] for row in rows]
    if set(map(len, rows)) == {width}:
        return
    number, row = next(pair for pair in zip(numbers, rows, strict=True) if len(pair[1]) != width)
    hint = _COMMA_HINT if layout.delimiter == "," and len(row) > width and decimal == "." else ""
    before = "the header" if layout.has_header else "the first line"
    fields = f"{len(row)} field{'s' if len(row) != 1 else ''}"
    raise DataError(f"{source}: line {number} has {fields}, {before} has {width}{hint}")


def _number(word: str, decimal: str) -> float | None:
    """A number as people write it; NaN for an empty field, None for anything else."""
    word = word.strip()
    if not word:
        return float("nan")
    if "_" in word or (decimal == "," and "." in word):  # Python reads 1_000
        return None
    try:
        return float(word.replace(",", ".") if decimal == "," else word)
    except ValueError:
        return None


def _numbers(source: str, numbers: list[int], words: list[str], decimal: str) -> np.ndarray:
    if decimal == ".":
        try:
            values = np.array(list(map(float, words)))
            if "_" not in "".join(words):
                return values
        except ValueError:
            pass
    found = [_number(word, decimal) for word in words]
    if None in found:
        k = found.index(None)
        word = words[k] if len(words[k]) <= 40 else words[k][:37] + "..."
        hint = _COMMA_HINT if decimal == "." and _number(words[k], ",") is not None else ""
        raise DataError(f"{source}: line {numbers[k]}: {word!r} is not a number{hint}")
    return np.array(found, dtype=np.float64)
