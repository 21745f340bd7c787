"""Numbers as people write them: decimal marks, marks between thousands, words for a missing value."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

# What pandas, R, Excel and data bases write where there is no value; FRED writes a point. Compared in lower case.
_WORDS = """. ? na n/a <na> nan -nan null none nil nat missing #n/a #na #div/0! #num! #null! #ref! #value!
1.#ind -1.#ind 1.#qnan -1.#qnan"""
MISSING = frozenset(_WORDS.split()) | {"", "#n/a n/a"}
DECIMALS = {"point": ".", "comma": ","}
THOUSANDS = {"none": "", "comma": ",", "point": ".", "space": " ", "apostrophe": "'"}
# Spaces and apostrophes come in several shapes.
_SHAPES = {" ": "[ \u00a0\u2009\u202f]", "'": "['\u2019]"}
_INTEGER = re.compile(r"[-+]?\d+")
_SURE = 10  # so many groups of exactly three digits are no accident of three decimals


class Marks(NamedTuple):
    """The decimal mark, and the mark between thousands ("" for none)."""

    decimal: str = "."
    thousands: str = ""

    def typed(self, given: Marks) -> str:
        """The keys that choose these marks where others were given."""
        keys = []
        if self.decimal != given.decimal:
            keys.append(f"samples.decimal={_name(DECIMALS, self.decimal)}")
        if self.thousands != given.thousands:
            keys.append(f"samples.thousands={_name(THOUSANDS, self.thousands)}")
        return " ".join(keys)


def _name(names: Mapping[str, str], mark: str) -> str:
    return next(name for name, known in names.items() if known == mark)


@lru_cache(maxsize=16)
def _grouped(marks: Marks) -> tuple[re.Pattern[str], re.Pattern[str]]:
    mark = _SHAPES.get(marks.thousands, re.escape(marks.thousands))
    # Groups of two are how numbers are written in India (12,34,567); the last group has three digits everywhere.
    whole = rf"[-+]?[1-9]\d{{0,2}}(?:{mark}\d{{2,3}})*{mark}\d{{3}}"
    return re.compile(mark), re.compile(rf"{whole}(?:{re.escape(marks.decimal)}\d*)?(?:[eE][-+]?\d+)?")


def is_missing(word: str) -> bool:
    """Whether a field says that there is no value."""
    return word.strip().lower() in MISSING


def number(word: str, marks: Marks) -> float | None:
    """The number that a field holds; NaN for a missing value, None for anything else."""
    word = word.strip()
    if word.lower() in MISSING:
        return math.nan
    if marks.thousands:
        mark, grouped = _grouped(marks)
        if mark.search(word):
            if not grouped.fullmatch(word):
                return None
            word = mark.sub("", word)
    if "_" in word or (marks.decimal == "," and "." in word):  # Python reads 1_000
        return None
    try:
        return float(word.replace(",", ".") if marks.decimal == "," else word)
    except ValueError:
        return None


def is_value(word: str, marks: Marks) -> bool:
    """Whether a field holds a number: no word, nothing missing."""
    found = number(word, marks)
    return found is not None and not is_missing(word)


def is_integer(word: str, marks: Marks) -> bool:
    """Whether a number is written without decimals and exponent."""
    word = word.strip()
    if marks.thousands:
        word = _grouped(marks)[0].sub("", word)
    return _INTEGER.fullmatch(word) is not None


def looks_numeric(word: str) -> bool:
    """Whether a field is a number by some convention or other."""
    return any(is_value(word, marks) for marks in _CONVENTIONS)


_CONVENTIONS = tuple(
    Marks(decimal, thousands)
    for decimal, thousands in itertools.product(DECIMALS.values(), THOUSANDS.values())
    if decimal != thousands
)


def hint(words: Iterable[str], marks: Marks) -> str:
    """How fields that are no numbers under `marks` could be read, as the end of a message; "" where nothing fits.

    All fields of a column are looked at, because one alone may fit several conventions: 38,844 is 38.844 or 38844.
    Where they all fit two, both are named, with the number that each would read.
    """
    values = [word.strip() for word in words if not is_missing(word)]
    wrong = [word for word in values if number(word, marks) is None]
    fitting = [other for other in _CONVENTIONS if other != marks and all(number(v, other) is not None for v in values)]
    # A convention that needs fewer marks explains as much as one that needs more.
    fitting = [m for m in fitting if m.thousands in ("", marks.thousands) or _uses(wrong, m.thousands)]
    fitting = [m for m in fitting if marks.decimal in (m.decimal, m.thousands) or _uses(wrong, m.decimal)]
    if not wrong or not fitting:
        return ""
    grouping = [m for m in fitting if m.thousands and m.decimal == marks.decimal]
    if grouping and len([v for v in wrong if _uses([v], grouping[0].thousands)]) >= _SURE:
        fitting = grouping  # exactly three digits after every mark
    if len(fitting) == 1:
        return f"; is {_role(fitting[0], marks)}? use {fitting[0].typed(marks)}"
    readings = [f"{m.typed(marks)} ({number(wrong[0], m):.15g})" for m in fitting]
    return f"; choose how it is read: {' or '.join(readings)}"


def _uses(words: Sequence[str], mark: str) -> bool:
    return any(re.search(_SHAPES.get(mark, re.escape(mark)), word) for word in words)


def _role(found: Marks, given: Marks) -> str:
    roles = []
    if found.decimal != given.decimal:
        roles.append(f"{found.decimal!r} the decimal mark")
    if found.thousands and found.thousands != given.thousands:
        mark = {" ": "a space", "'": "an apostrophe"}.get(found.thousands, repr(found.thousands))
        roles.append(f"{mark} the mark between thousands")
    return " and ".join(roles) or f"{given.thousands!r} no mark between thousands"
