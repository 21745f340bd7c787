"""What is written in a claim as text, read as numbers: percentages, windows of steps, lists of seeds."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

import numpy as np

from gnicli.errors import FieldError

_NUMBER = r"[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?"
_PERCENT = re.compile(rf"({_NUMBER})\s*%")
_LAST = re.compile(rf"last\s+({_NUMBER})\s*%")
_STEPS = re.compile(r"([0-9]{1,15})\s*-\s*([0-9]{1,15})")
_MOST_SEEDS = 1000


class Window(NamedTuple):
    """Steps over which a metric is averaged: `share` of the last of them, or those from `first` to `last`."""

    share: float | None = None
    first: float = 0.0
    last: float = math.inf

    def inside(self, steps: np.ndarray) -> np.ndarray:
        """Which of some steps (n,), sorted, lie in the window."""
        if self.share is not None:
            return steps >= (1 - self.share) * steps.max(initial=0)
        return (steps >= self.first) & (steps <= self.last)


def window(text: object) -> Window:
    """`last 10 %`, `last` (the last step alone), `all`, or the steps `500-1000`."""
    said = str(text).strip()
    if said == "all":
        return Window()
    if said == "last":
        return Window(0.0)
    if found := _LAST.fullmatch(said):
        share = float(found[1]) / 100
        if 0 < share <= 1:
            return Window(share)
    if found := _STEPS.fullmatch(said):
        first, last = float(found[1]), float(found[2])
        if first <= last:
            return Window(first=first, last=last)
    raise FieldError("window", f": expected 'last 10 %', 'last', 'all' or steps such as 500-1000, got {said!r}")


def amount(field: str, value: object, *, is_log: bool) -> float:
    """A positive number. On a logarithmic scale `5 %` is log 1.05, and a number is a difference of logarithms."""
    wanted = "a number above 0 or a percentage such as 5 %" if is_log else "a number above 0 (scale: linear)"
    if isinstance(value, str) and (found := _PERCENT.fullmatch(value.strip())):
        if not is_log:
            raise FieldError(field, f": expected {wanted}, got {value!r}; a percentage needs scale: log")
        number = math.log1p(float(found[1]) / 100)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        number = float(value)
    else:
        raise FieldError(field, f": expected {wanted}, got {value!r}")
    if not 0 < number < 1e30:
        raise FieldError(field, f": expected {wanted}, got {value!r}")
    return number


def share(field: str, value: object) -> float:
    """A percentage, or a number between 0 and 1."""
    if isinstance(value, str) and (found := _PERCENT.fullmatch(value.strip())):
        value = float(found[1]) / 100
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1:
        raise FieldError(field, f": expected a share such as 10 % or 0.1, got {value!r}")
    return float(value)


def seeds(value: object) -> tuple[str, ...]:
    """Seeds as texts, in their order: `0-9`, `10` (0 … 9), or a list such as [1, 2, 5-9]."""
    found: list[str] = []
    for part in value if isinstance(value, list | tuple) else [value]:
        if isinstance(part, bool) or not isinstance(part, int | str):
            raise _no_seeds(value)
        if isinstance(part, int) and not isinstance(value, list | tuple):
            part = f"0-{part - 1}" if part > 0 else "-"
        text = str(part).strip()
        if pair := _STEPS.fullmatch(text):
            first, last = int(pair[1]), int(pair[2])
            if not first <= last < first + _MOST_SEEDS:
                raise _no_seeds(value)
            found += [str(seed) for seed in range(first, last + 1)]
        elif text and text != "-":
            found.append(text)
        else:
            raise _no_seeds(value)
    if not found or len(set(found)) < len(found) or len(found) > _MOST_SEEDS:
        raise _no_seeds(value)
    return tuple(sorted(found, key=seed_order))


def _no_seeds(value: object) -> FieldError:
    return FieldError("seeds", f": expected seeds such as 0-9 or [1, 2, 3], each once, at most 1000, got {value!r}")


def seed_order(seed: str) -> tuple[int, int, str]:
    """A key that puts 10 behind 9, and words behind numbers."""
    return (0, int(seed), "") if seed.isdecimal() and len(seed) < 30 else (1, 0, seed)
