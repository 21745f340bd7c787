"""Text in figures: true minus signs, settings in words, plain numbers, lines that fit."""

from __future__ import annotations

import math
import re
import textwrap

_MINUS = re.compile(r"(?<![\w.)\]\-−])-(?=[\d.∞])|(?<=\d[eE])-(?=\d)")
_NO_NUMBER = re.compile(r"−(?=0(?:\.0*)?(?![\d.]))")  # the minus of "−0.00"
_POWER = re.compile(r"(?<=[\w)])\*\*(\d+)(?![\w.(*])")
_SETTING = re.compile(r"(?<!\S)(?:[A-Za-z_][\w-]*\.)*([A-Za-z_]\w*)=([^\s=]+)")
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_REPEATED = re.compile(r"\[([^\s,\[\]]+)(?:, ?\1)+\]")  # a list of equal members
_TOGETHER = re.compile(r"\S+ = \S+(?: ± \S+)?|\(\d[\d,]* \w+\)")  # what no line breaks
_EM = 0.6  # mean width of a letter of DejaVu Sans, in units of the font's size
_PLAIN = (1e-4, 1e5)  # numbers of this size are written without a power of ten


def signed(text: str) -> str:
    """`text` with true minus signs, and none before a zero."""
    return _NO_NUMBER.sub("", _MINUS.sub("−", text))


def typographic(text: str) -> str:
    """`text` as print has it: true minus signs, no "−0.00", `noise.var=0.1` as `var = 0.1`, `w**2` as w².

    A list of equal members, `[sine,sine]`, is `[2 × sine]`.
    """
    text = _REPEATED.sub(lambda found: f"[{found[0].count(',') + 1} × {found[1]}]", text)
    text = _POWER.sub(lambda found: found[1].translate(_SUPERSCRIPTS), signed(text))
    settings = len(_SETTING.findall(text))
    text = _SETTING.sub(lambda found: f"{found[1].replace('_', ' ')} = {found[2]}", text)
    if settings > 1:  # `M = 4 seed = 1` would be hard to read
        text = re.sub(r"(= [^\s,;(]+) (?!minus |− )(?=\S+(?: \S+)? = )", r"\1, ", text)
    return text


def number(value: float, digits: int = 6) -> str:
    """A number on an axis: 0.05, 20, 10⁻⁶, 2×10⁷; with a true minus sign, and no sign at zero."""
    if value == 0:
        return "0"
    if not math.isfinite(value):
        return "∞" if value > 0 else "−∞"
    sign, size = "−" if value < 0 else "", abs(value)
    if _PLAIN[0] <= size < _PLAIN[1]:
        return sign + f"{size:.{digits}f}".rstrip("0").rstrip(".")
    return sign + power(size)


def power(size: float) -> str:
    """A positive number as a multiple of a power of ten."""
    mantissa, _, exponent = f"{size:.6e}".partition("e")
    mantissa = mantissa.rstrip("0").rstrip(".")
    ten = f"10{str(int(exponent)).translate(_SUPERSCRIPTS)}"
    return ten if mantissa == "1" else f"{mantissa}×{ten}"


def width(text: str, size: float) -> float:
    """About how wide a line is, in the unit of the font's size."""
    return _EM * size * len(text)


def wrapped(text: str, room: float, size: float, most: int = 4) -> str:
    """`text` in lines of at most `room`, given in the unit of the font's `size` (points).

    A word that is longer than a line is broken after a comma, if it has one. After `most` lines the text is cut: a
    label of a user's data may be longer than a page.
    """
    columns = max(8, int(room / (_EM * size)))
    text = _TOGETHER.sub(lambda found: found[0].replace(" ", "\u00a0" if len(found[0]) <= columns else " "), text)
    lines = [part for line in text.splitlines() for part in _lines(line, columns)]
    if len(lines) > most:
        lines = [*lines[: most - 1], short(lines[most - 1] + "…", columns)]
    return "\n".join(lines)


def _lines(line: str, columns: int) -> list[str]:
    """A line in several, each of at most so many columns."""
    parts = textwrap.wrap(line, columns, break_on_hyphens=False, break_long_words=False)
    if max(map(len, parts), default=0) > columns:
        parts = textwrap.wrap(re.sub(r",(?=\S)", ",\u200b ", line), columns, break_on_hyphens=False)
    return [part.replace(",\u200b ", ",").removesuffix("\u200b") for part in parts]


def short(text: str, most: int) -> str:
    """`text`, cut after so many characters."""
    return text if len(text) <= most else text[: most - 1].rstrip("…") + "…"
