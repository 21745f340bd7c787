"""Ticks at 1, 2 and 5 in plain numbers, as many as the axis has room for."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib.axis import Axis
from matplotlib.ticker import Formatter, Locator, MaxNLocator

from gnicli.engine.drawing import words

_MOST = 7  # ticks on an axis, room or not
_FEWEST = 3
_LINE = 1.5  # lines of text from one label on the y axis to the next
_GAP = 0.9  # space between two labels on the x axis, in units of the font's size
_DIGITS = ((1, 2, 5), (1, 2, 3, 5, 7), (1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9))
_MOST_DECADES = 700
_LONGEST_NAME = 18  # letters of a tick that is a word


def fit(axis: Axis, values: Sequence[float]) -> bool:
    """Whether the labels of ticks at `values` (sorted) do not touch."""
    inside = _inside(axis, values)
    size = _font_size(axis)
    labels = axis.get_major_formatter().format_ticks(inside)
    places = _places(axis, inside)
    if axis is axis.axes.yaxis:
        return all(b - a >= _LINE * size for a, b in itertools.pairwise(places))
    if is_upright(axis):
        widths = [(_LINE * (label.count("\n") + 1) - _GAP) * size for label in labels]
    else:
        widths = [max(words.width(line, size) for line in label.split("\n")) for label in labels]
    gaps = zip(itertools.pairwise(places), itertools.pairwise(widths), strict=True)
    return all(right - left >= (a + b) / 2 + _GAP * size for (left, right), (a, b) in gaps)


def is_upright(axis: Axis) -> bool:
    """Whether the labels of an x axis are turned, so that more of them have room."""
    return bool(axis.get_major_ticks(1)[0].label1.get_rotation() == 90)


def _font_size(axis: Axis) -> float:
    return float(axis.get_major_ticks(1)[0].label1.get_fontsize())


def _inside(axis: Axis, values: Sequence[float]) -> list[float]:
    low, high = sorted(axis.get_view_interval())
    room = 1e-9 * (high - low)
    return [float(value) for value in values if low - room <= value <= high + room]


def _places(axis: Axis, values: Sequence[float]) -> np.ndarray:
    """Where values lie along the axis, in points."""
    box = axis.axes.get_window_extent()
    length = (box.width if axis is axis.axes.xaxis else box.height) * 72 / axis.axes.figure.dpi
    transform = axis.get_transform()
    low, high = np.sort(transform.transform(np.array(axis.get_view_interval(), float)))
    return (transform.transform(np.array(values, float)) - low) / (high - low) * length


class Ticks(Locator):
    """The densest of several candidates whose labels fit, no more than `most` of them."""

    most = _MOST

    def candidates(self, low: float, high: float) -> Iterator[list[float]]:
        """Ticks between two ends, the best first."""
        raise NotImplementedError

    def __call__(self) -> list[float]:
        """The ticks of the axis as it is now."""
        low, high = sorted(self._axis().get_view_interval())
        return self.tick_values(float(low), float(high))

    def tick_values(self, vmin: float, vmax: float) -> list[float]:
        """The first candidate that fits; where none does, the last."""
        values: list[float] = []
        for values in self.candidates(vmin, vmax):
            inside = _inside(self._axis(), values)
            if len(inside) <= self.most and fit(self._axis(), inside):
                return inside
        return _inside(self._axis(), values)

    def _axis(self) -> Axis:
        assert isinstance(self.axis, Axis), "ticks belong to an axis"
        return self.axis


class LinearTicks(Ticks):
    """1, 2, 2.5, 5 times a power of ten; with `integer` whole numbers alone."""

    def __init__(self, integer: bool = False) -> None:
        self._integer = integer

    def candidates(self, low: float, high: float) -> Iterator[list[float]]:
        """From many to few."""
        steps = [1, 2, 5, 10] if self._integer else [1, 2, 2.5, 5, 10]
        for n in range(_MOST, 0, -1):
            found = MaxNLocator(n, steps=steps, integer=self._integer, min_n_ticks=1).tick_values(low, high)
            whole = self._integer
            yield [float(value) for value in found if not whole or float(value).is_integer()]


class LogTicks(Ticks):
    """Whole decades, with 2 and 5 between them where there is room, and with other digits over less than a decade."""

    def candidates(self, low: float, high: float) -> Iterator[list[float]]:
        """1, 2, 5; where these are fewer than three, more digits; then decades, and every second, third, … decade."""
        if low <= 0 or not math.isfinite(high):
            return
        first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
        if last - first > _MOST_DECADES:
            return
        for digits in _DIGITS:
            values = [digit * 10.0**k for k in range(first, last + 1) for digit in digits]
            inside = [value for value in values if low <= value <= high]
            if len(inside) >= _FEWEST:
                yield inside
                break
        for digits in _DIGITS[:1]:
            yield [digit * 10.0**k for k in range(first, last + 1) for digit in digits]
        for step in range(1, last - first + 2):
            yield [10.0**k for k in range(first, last + 1) if k % step == 0]


class SymlogTicks(Ticks):
    """Zero and decades on both sides of it."""

    def __init__(self, threshold: float) -> None:
        self._first = round(math.log10(threshold))

    def candidates(self, low: float, high: float) -> Iterator[list[float]]:
        """All decades from the linear part on, then every second, third, …, beginning farther out."""
        last = math.floor(math.log10(max(abs(low), abs(high), 10.0**self._first)) + 1e-9)
        choices = [(begin, step) for step in range(1, last - self._first + 2) for begin in range(self._first, last + 1)]
        for begin, step in sorted(choices, key=lambda choice: -len(range(choice[0], last + 1, choice[1]))):
            sizes = [10.0**k for k in range(begin, last + 1, step)]
            yield [*(-size for size in reversed(sizes)), 0.0, *sizes]
        yield [0.0]


class MeasuredTicks(Ticks):
    """Ticks where something was measured, as far as their labels fit; else those of `otherwise`."""

    def __init__(self, values: Sequence[float], otherwise: Ticks, most: int = _MOST) -> None:
        self._values, self._otherwise, self.most = list(values), otherwise, most

    def set_axis(self, axis: Any) -> None:
        """The axis of both."""
        super().set_axis(axis)
        self._otherwise.set_axis(axis)

    def candidates(self, low: float, high: float) -> Iterator[list[float]]:
        """All, every second, and then what is not about measurements."""
        yield self._values
        if len(self._values) > _FEWEST + 1:
            yield self._values[::2]
        yield from self._otherwise.candidates(low, high)


class Plain(Formatter):
    """Numbers without an exponent; where they are very large or small, with one power of ten at the end of the axis."""

    def __init__(self) -> None:
        self._exponent = 0

    def format_ticks(self, values: Sequence[float]) -> list[str]:
        """The labels, all with as many digits as the finest needs."""
        known = [abs(float(value)) for value in values if value and math.isfinite(value)]
        largest = max(known, default=0.0)
        steps = [abs(b - a) for a, b in itertools.pairwise(sorted(float(value) for value in values)) if a != b]
        step = min(steps, default=largest or 1.0)
        plain = largest == 0 or (largest < 1e5 and step >= 1e-4 * (1 - 1e-9))
        self._exponent = 0 if plain else math.floor(math.log10(largest) + 1e-12)
        return [words.number(round(float(value) / 10.0**self._exponent, 9)) for value in values]

    def __call__(self, x: float, pos: int | None = None) -> str:
        """One label."""
        return self.format_ticks([x])[0]

    def get_offset(self) -> str:
        """The power of ten, where there is one."""
        return f"×{words.power(10.0**self._exponent)}" if self._exponent else ""


class Powers(Formatter):
    """Each number by itself: plain where all of an axis can be, else 0.1, 1, 10 and powers of ten."""

    def format_ticks(self, values: Sequence[float]) -> list[str]:
        """The labels."""
        sizes = [abs(float(value)) for value in values if value]
        if all(1e-4 <= size < 1e5 for size in sizes):
            return [words.number(float(value)) for value in values]
        return [self(value) for value in values]

    def __call__(self, x: float, pos: int | None = None) -> str:
        """One label of an axis that needs powers."""
        if x == 0 or 0.05 <= abs(x) < 50:
            return words.number(float(x))
        return ("−" if x < 0 else "") + words.power(abs(float(x)))


class Named(Formatter):
    """Words at positions; each setting of several in a line of its own, or all of them in one."""

    def __init__(self, names: Sequence[tuple[float, str]], *, one_line: bool = False) -> None:
        self._names = dict(names)
        self._between = ", " if one_line else "\n"

    def __call__(self, x: float, pos: int | None = None) -> str:
        """The word at the position, or nothing."""
        lines = words.typographic(self._names.get(x, "")).split(", ")
        return self._between.join(words.short(line, _LONGEST_NAME) for line in lines)
