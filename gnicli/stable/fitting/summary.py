"""A fit as a small table of text."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable
from typing import NamedTuple

_WIDTH = 78
_HEADER = ("", "estimate", "std. error", "95 % interval")


class Summary(str):
    """A text that a notebook or an interpreter shows line by line."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class Parameter(NamedTuple):
    """A row of the table; `why_not` stands in place of a standard error that is None."""

    name: str
    value: float
    stderr: float | None
    ci95: tuple[float, float] | None
    why_not: str

    def cells(self) -> tuple[str, ...]:
        """Name, estimate, standard error and interval as texts."""
        if self.stderr is None or self.ci95 is None:
            return self.name, f"{self.value:.5g}", self.why_not, ""
        value, stderr, low, high = (_to_digits_of(self.stderr, x) for x in (self.value, self.stderr, *self.ci95))
        return self.name, value, stderr, f"{low} … {high}"


def table(title: str, parameters: Iterable[Parameter], sentences: Iterable[str]) -> Summary:
    """The title, a row for each parameter, and the sentences, wrapped."""
    rows = [_HEADER, *(parameter.cells() for parameter in parameters)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    header, *lines = [
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in rows
    ]
    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    said = [line for each in sentences for line in textwrap.wrap(each, _WIDTH, subsequent_indent="  ")]
    return Summary("\n".join([title, rule, header, rule, *lines, rule, *said]))


def _to_digits_of(stderr: float, number: float) -> str:
    """A number to two digits of its standard error; with an exponent where it would be long without."""
    if not stderr > 0.0:
        return f"{number:.5g}"
    decimals = 1 - math.floor(math.log10(stderr))
    if decimals <= 6 and abs(number) < 1e7:
        return f"{number:.{max(decimals, 0)}f}"
    digits = math.floor(math.log10(abs(number))) + decimals if number else 0
    return f"{number:.{max(digits, 0)}e}"
