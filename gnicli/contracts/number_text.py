"""Numbers as text for the screen and for reports. Files for programs hold every digit instead."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

from gnicli.contracts.results import Value

MARK = "†"  # of a value that is not what its name says
_DIGITS = 5
_MOST_DECIMALS = 6
# What rounding leaves of a sum that is 0, in units of its terms. What is smaller still is a number in its own right:
# a p-value of 1e-200 is one.
_ROUNDING = (1e-18, 1e-12)

# A cell of a table with a number, whatever stands before it.
_NUMBER = re.compile(r"[≤<>≥=~+−–-]{0,2}[ \N{NO-BREAK SPACE}]?[\d.]|±|(inf|nan)\b")
_ABSENT = ("", "–", "none")  # what stands in a cell in place of a number


def begins_with_number(cell: str) -> bool:
    """Whether the text of a cell begins with a number, or with a bound or sign before one: ≤ 0.05, ± 3, −1."""
    return bool(_NUMBER.match(cell))


def is_number(cell: str) -> bool:
    """Whether a cell is one of a column of numbers: it begins with one, or stands for one that is absent."""
    return cell in _ABSENT or begins_with_number(cell)


def plain(number: float, digits: int = _DIGITS) -> str:
    """Write a number to `digits` digits: 13,940 and 0.00231, and with an exponent only below 1e-4 and from 1e15 on.

    A whole number keeps all of its digits.
    """
    if not math.isfinite(number):
        return str(float(number))
    size = abs(number)
    if size and not 1e-4 <= size < 1e15:
        return f"{number:.{digits}g}"
    if float(number).is_integer():
        return f"{int(number):,}"
    decimals = max(0, digits - 1 - math.floor(math.log10(size)))
    text = f"{number:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def rounded_off(number: float, scale: float) -> float:
    """Return the number, or 0 where it is what rounding leaves of a difference of numbers as large as `scale`."""
    least, most = (share * scale for share in _ROUNDING)
    return 0.0 if least < abs(number) < most else number


def with_error(number: float, stderr: float | None, plus_minus: str = "±", digits: int = _DIGITS) -> str:
    """Write a number with its standard error, to two digits of the error; to `digits` digits where there is none."""
    if stderr is None or not math.isfinite(number) or not math.isfinite(stderr):
        return plain(number, digits)
    if stderr <= _ROUNDING[1] * abs(number):  # 0, or what rounding leaves of it
        return plain(number, digits)
    decimals = max(0, 1 - math.floor(math.log10(stderr)))
    if decimals > _MOST_DECIMALS or stderr >= 1e6:
        return f"{_to_place(number, math.floor(math.log10(stderr)) - 1)} {plus_minus} {stderr:#.2g}"
    return f"{_unsigned_zero(f'{number:,.{decimals}f}')} {plus_minus} {stderr:,.{decimals}f}"


def _to_place(number: float, place: int) -> str:
    """Write a number to the place of 10**place, with as many digits as that takes."""
    place = max(place, -307)  # below, powers of ten are no longer floats of full precision
    units = round(number / 10.0**place)
    digits = min(len(str(abs(units))), 17)
    return f"{units * 10.0**place:#.{digits}g}".replace(".e", "e") if units else "0"


def _unsigned_zero(text: str) -> str:
    return text if any(character in "123456789" for character in text) else text.removeprefix("-")


def number_text(value: Value, plus_minus: str = "±", scale: float = 0.0) -> str:
    """Write a value: a word as it is, several numbers one after another, a number with its standard error.

    Without an error it is 0 where rounding explains it: `scale` is the size of the numbers that it is one of. A value
    with a caveat has a mark behind it.
    """
    text = _unmarked(value, plus_minus, scale)
    return f"{text} {MARK}" if value.caveat else text


def _unmarked(value: Value, plus_minus: str, scale: float) -> str:
    if isinstance(value.value, str):
        return value.value
    if isinstance(value.value, tuple):
        largest = max([1.0, *map(abs, value.value)])
        return ", ".join(plain(rounded_off(part, largest)) for part in value.value) or "none"
    number = value.value if value.stderr else rounded_off(value.value, scale)
    return with_error(number, value.stderr, plus_minus)


def texts(values: Mapping[str, Value]) -> dict[str, str]:
    """Write every value. Those whose names begin alike (`mean/w`, `mean/cos(w)`) have one scale."""
    scales = {family: _scale(values, family) for family in {_family(name) for name in values}}
    return {name: number_text(value, scale=scales[_family(name)]) for name, value in values.items()}


def _family(name: str) -> str:
    return name.partition("/")[0]


def _scale(values: Mapping[str, Value], family: str) -> float:
    return largest(value for name, value in values.items() if _family(name) == family)


def largest(values: Iterable[Value]) -> float:
    """The largest absolute value among those that are one finite number; 0 where there is none."""
    numbers = (abs(value.value) for value in values if isinstance(value.value, int | float))
    return max((number for number in numbers if math.isfinite(number)), default=0.0)
