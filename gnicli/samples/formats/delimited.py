"""Numbers in text: CSV and its kin, with or without a header, read in chunks."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from gnicli import checks
from gnicli.errors import DataError, UsageError, shown
from gnicli.samples.collecting import Groups
from gnicli.samples.formats import layout
from gnicli.samples.formats.layout import Layout
from gnicli.samples.formats.numerals import Marks, hint, is_missing, number

_CHUNK = 50_000
_HEAD_LINES, _HEAD_CHARACTERS = 1000, 1 << 22
_LONGEST_LINE = 1 << 26
_FIELD_END = re.compile(f"[{layout.SEPARATORS}]")
_ENCODINGS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Wishes(NamedTuple):
    """The user's keys that describe a table."""

    column: str | None = None
    group: str | None = None
    marks: Marks = Marks()
    header: str = "auto"
    flatten: bool = False


class _Found(NamedTuple):
    """What was decided from the first lines."""

    layout: Layout
    values: list[int]  # the columns that are read
    group: int | None
    header_line: int | None


def read(stream: io.BufferedReader, groups: Groups, wishes: Wishes, size: int | None) -> None:
    """Put the column's values into `groups`. Raises `DataError` for content, `UsageError` for the choice of a column.

    `size` is the length of the stream in bytes, where it is known.
    """
    source = groups.source
    encoding = _encoding(stream.peek(4)[:4])
    text = io.TextIOWrapper(stream, encoding=encoding, newline="")
    try:
        _Reader(text, groups, wishes, size).read()
    except UnicodeError as error:
        where = f": byte {error.object[error.start]:#04x}" if isinstance(error, UnicodeDecodeError) else ""
        name = "UTF-8" if encoding == "utf-8-sig" else encoding.upper()
        convert = "; convert it, for instance with iconv -f latin1 -t utf-8" if encoding == "utf-8-sig" else ""
        raise DataError(f"{source} is not text ({name}){where}{convert}") from error
    except csv.Error as error:
        raise DataError(f"{source} cannot be read as CSV: {error}") from error
    finally:
        text.detach()


def _encoding(first: bytes) -> str:
    return next((name for mark, name in _ENCODINGS if first.startswith(mark)), "utf-8-sig")


def _lines(text: io.TextIOWrapper, source: str) -> Iterator[str]:
    while line := text.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE:
            raise DataError(f"{source} has a line of more than {_LONGEST_LINE:,} characters: is it a table of numbers?")
        yield line


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("#") and not is_missing(_FIELD_END.split(line, maxsplit=1)[0])  # Excel's #N/A


class _Reader:
    """One pass over a table."""

    def __init__(self, text: io.TextIOWrapper, groups: Groups, wishes: Wishes, size: int | None) -> None:
        self.source, self.groups, self.wishes, self.size = groups.source, groups, wishes, size
        self.marks = wishes.marks
        self._rest = _lines(text, self.source)
        self._n_blank = self._first_blank = self._n_comments = 0

    def read(self) -> None:
        """Read it to its end, and say what was read."""
        skipped, head, comments = self._head()
        found = self._decide(head, skipped, comments)
        n_rows = done = 0
        for numbers, rows in self._chunks(head, skipped, found):
            n_rows += len(rows)
            self._take(numbers, rows, found)
            if self.size:
                # Rows are of about equal length; what was read ahead of them does not matter for a bar.
                done = min(self.size, done + sum(map(len, rows[0])) * len(rows))
                self.groups.observer.progress(f"reading {self.source}", done, self.size, "byte")
        if self.size and n_rows:
            self.groups.observer.progress(f"reading {self.source}", self.size, self.size, "byte")
        if not n_rows:
            names = ", ".join(name for name in found.layout.names if name)
            raise DataError(f"{self.source} has a header ({names}) and no rows")
        self.groups.observer.note(shown(f"{self.source}: {self._summary(found, skipped, n_rows)}"))

    def _head(self) -> tuple[int, list[str], list[str]]:
        """How many lines stand before the table, its first lines, and the comments before it."""
        comments: list[str] = []
        skipped = 0
        for line in self._rest:
            bare = line.strip()
            if bare.strip(layout.SEPARATORS + " ") and not _is_comment(line):
                break
            skipped += 1
            if _is_comment(line):
                comments.append(bare.lstrip("#").strip())
            elif bare:  # separators alone, as spreadsheets write empty rows
                self._n_blank, self._first_blank = self._n_blank + 1, self._first_blank or skipped
        else:
            if comments:
                raise DataError(f"{self.source} holds no values: all its lines begin with #")
            raise DataError(f"{self.source} is empty")
        head, n_characters = [line], len(line)
        for line in itertools.islice(self._rest, _HEAD_LINES - 1):
            head.append(line)
            n_characters += len(line)
            if n_characters > _HEAD_CHARACTERS:
                break
        if 3 * sum(line.count("\0") for line in head) > n_characters:
            raise DataError(f"{self.source} is UTF-16 without a mark at its beginning; convert it to UTF-8")
        self._n_comments = len(comments)
        return skipped, head, comments

    def _decide(self, head: list[str], skipped: int, comments: list[str]) -> _Found:
        plain = [line for line in head if not _is_comment(line)]
        separator = layout.separator_of(plain, self.marks)
        names = [[name.strip() for name in row] for c in reversed(comments) for row in layout.split([c], separator)]
        table = layout.detect(plain, self.marks, self.wishes.header, names, self.source)
        group = None if self.wishes.group is None else self._position(table, "samples.group", self.wishes.group)
        return _Found(table, self._columns(table, group, plain), group, None if table.first_is_data else skipped + 1)

    def _columns(self, table: Layout, group: int | None, plain: list[str]) -> list[int]:
        """The columns to read."""
        if self.wishes.column is not None:
            return [self._position(table, "samples.column", self.wishes.column)]
        others = [k for k in table.candidates if k != group]
        rows = layout.split(plain[:2], table.separator)
        if table.first_is_data and len(rows) == 1 and group is None:  # one line of values is a sample
            return list(range(len(rows[0]) - (len(rows[0]) > 1 and not rows[0][-1].strip())))
        if len(others) == 1 or (others and self.wishes.flatten):
            return others
        names = [table.names[k] or str(k) for k in others or range(len(table.names))]
        listed = ",".join(names[:20]) + (",…" if len(names) > 20 else "")
        lines = [line.strip() for line in plain if line.strip()]
        tip = hint(lines, self.marks) if table.separator == "," and table.first_is_data else ""
        raise UsageError(f"{self.source}: columns {listed}: choose one with samples.column={tip}")

    def _position(self, table: Layout, key: str, wanted: str) -> int:
        """Where a column stands: by its name, as it is or as it is shown, or by its number from 0."""
        names = table.names
        if wanted not in names and wanted in map(shown, names):
            names = list(map(shown, names))
        if wanted not in names and wanted.isdecimal() and int(wanted) < len(names):
            return int(wanted)
        if wanted not in names or not wanted:
            checks.choice(key, wanted or '""', [name for name in names if name] or range(len(names)))
        if names.count(wanted) > 1:
            raise UsageError(f"{key}={wanted}: {names.count(wanted)} columns have this name; give its number, from 0")
        return names.index(wanted)

    def _chunks(self, head: list[str], skipped: int, found: _Found) -> Iterator[tuple[list[int], list[list[str]]]]:
        """Rows with the number of the line that each ends on, without lines that hold nothing."""
        separator = found.layout.separator
        reader = layout.reader(itertools.chain(head, self._rest), separator)
        numbers: list[int] = []
        rows: list[list[str]] = []
        before_header, any_row, n_blank, first_blank = not found.layout.first_is_data, False, 0, 0
        for row in reader:
            if separator == " ":
                row = layout.fields(row, separator)
            if layout.is_empty(row):
                n_blank, first_blank = n_blank + 1, first_blank or reader.line_num + skipped
                continue
            if row[0].lstrip()[:1] == "#" and not is_missing(row[0]) and not self._holds_value(row, found):
                self._n_comments += 1
                continue
            if before_header:
                before_header = False
                continue
            if n_blank:
                if any_row:
                    self._n_blank, self._first_blank = self._n_blank + n_blank, self._first_blank or first_blank
                n_blank = first_blank = 0
            any_row = True
            numbers.append(reader.line_num + skipped)
            rows.append(row)
            if len(rows) == _CHUNK:
                yield numbers, rows
                numbers, rows = [], []
        if rows:
            yield numbers, rows

    def _holds_value(self, row: list[str], found: _Found) -> bool:
        """Whether a line that begins with # is a row all the same: its first field is a label."""
        return len(row) == len(found.layout.names) > 1 and number(row[found.values[0]], self.marks) is not None

    def _take(self, numbers: list[int], rows: list[list[str]], found: _Found) -> None:
        self._check_widths(numbers, rows, found)
        columns = found.values
        n = len(columns)
        if n == 1:
            at = columns[0]
            words = [row[at] for row in rows]
        else:
            words = [row[at] for row in rows for at in columns]
            numbers = [line for line in numbers for _ in columns]
        values = self._values(numbers, words)
        labels = None
        if found.group is not None:
            labels = [row[found.group].strip() for row in rows for _ in columns]
        self.groups.add(values, numbers, labels)

    def _check_widths(self, numbers: list[int], rows: list[list[str]], found: _Found) -> None:
        names = found.layout.names
        width = len(names)
        needed = max((*found.values, found.group or 0)) + 1
        if set(map(len, rows)) == {width}:
            return
        for line, row in zip(numbers, rows, strict=True):
            ends_open = len(row) == width + 1 and not row[-1].strip()  # a separator after the last field
            closes = len(row) == width - 1 and not names[-1] and len(row) >= needed
            if len(row) == width or ends_open or closes:
                continue
            joined = [found.layout.separator.join(row) for row in rows[:_HEAD_LINES]]
            tip = hint(joined, self.marks) if found.layout.separator == "," and len(row) > width else ""
            before = "the header" if found.header_line else "the first line"
            n_fields = f"{len(row)} field{'s' if len(row) != 1 else ''}"
            raise DataError(f"{self.source}: line {line} has {n_fields}, {before} has {width}{tip}")

    def _values(self, numbers: list[int], words: list[str]) -> np.ndarray:
        if self.marks == Marks():
            try:
                values = np.array(list(map(float, words)))
                if "_" not in "".join(words):
                    return values
            except ValueError:
                pass
        values_or_none = [number(word, self.marks) for word in words]
        if None in values_or_none:
            k = values_or_none.index(None)
            word = words[k] if len(words[k]) <= 40 else words[k][:37] + "..."
            tip = hint([*words[:_HEAD_LINES], words[k]], self.marks)
            raise DataError(f"{self.source}: line {numbers[k]}: {word!r} is not a number{tip}")
        if any(map(is_missing, words)):
            self.groups.lacking = "missing or not finite"
        return np.array(values_or_none, dtype=np.float64)

    def _summary(self, found: _Found, skipped: int, n_rows: int) -> str:
        """A note on what was read: rows, columns, header, comments."""
        names = found.layout.names
        if len(found.values) > 1:
            which = f"{len(found.values)} columns as one sample"
        elif found.header_line or names[found.values[0]] != str(found.values[0]):
            which = f"column {names[found.values[0]] or found.values[0]}"
        else:
            which = f"column {found.values[0]} (from 0)" if len(names) > 1 else "one column"
        parts = [f"{n_rows:,} row{'s' if n_rows != 1 else ''} read, {which}"]
        is_named = any(name and name != str(k) for k, name in enumerate(names))
        header = f"line {found.header_line} is the header" if found.header_line else f"line {skipped + 1} is no header"
        parts.append(header + (", a comment names the columns" if is_named and not found.header_line else ""))
        if self._n_comments:
            parts.append(f"{self._n_comments} comment line{'s' if self._n_comments > 1 else ''} left out")
        if self._n_blank:
            plural = "s" if self._n_blank > 1 else ""
            parts.append(f"{self._n_blank} empty line{plural} left out (first: line {self._first_blank})")
        return "; ".join(parts)
