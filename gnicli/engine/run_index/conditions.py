"""Conditions on runs as they are typed: `noise=mult`, `test_loss<0.2`."""

from __future__ import annotations

import json
import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from gnicli.errors import UsageError

if TYPE_CHECKING:
    from gnicli.engine.run import Run

_WORD = re.compile(r"([^<>=!]*[^<>=!\s])\s*(<=|>=|!=|<|>|=)\s*(.*)", re.DOTALL)
_ORDERS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_HOW = "write KEY=VALUE, KEY!=VALUE, or with <, <=, > and >= a number, as in test_loss<0.2"


class Condition(NamedTuple):
    """A result, a metric or a key, by name; one of = != < <= > >=; and what it is compared with."""

    name: str
    sign: str
    text: str

    def holds(self, run: Run) -> bool:
        """Whether a run has what is named and the comparison holds. Numbers are compared as numbers, else texts.

        Of NaN nothing holds but !=.
        """
        found = value(run, self.name)
        if found is None:
            return False
        number, wanted = as_number(found), as_number(self.text)
        if self.sign in _ORDERS:
            return number is not None and wanted is not None and _ORDERS[self.sign](number, wanted)
        same = number == wanted if number is not None and wanted is not None else _text(found) == _text(self.text)
        return same is (self.sign == "=")


def is_condition(word: str) -> bool:
    """Whether a word compares something."""
    return _WORD.fullmatch(word) is not None


def parse(word: str) -> Condition:
    """Read a condition. Raises `UsageError` for what is none, and for an order of what is no number.

    >>> parse("test_loss<0.2")
    Condition(name='test_loss', sign='<', text='0.2')
    """
    found = _WORD.fullmatch(word)
    if found is None:
        raise UsageError(f"{word!r} is no condition; {_HOW}")
    condition = Condition(*found.groups())
    if condition.sign in _ORDERS and as_number(condition.text) is None:
        raise UsageError(f"{word!r}: {condition.text!r} is no number; {_HOW}")
    return condition


def value(run: Run, name: str) -> object:
    """What a run has under a name: a result, else the last value of a metric, else a key; None where it has nothing.

    The name of a group stands for the choice in it (`noise`); `status` and `command` are names too.
    """
    if name in run.results:
        return run.results[name].value
    if name in run.last:
        return run.last[name]
    found = of_config(run.config, name)
    if found is NOTHING:
        return {"status": run.status, "command": run.command}.get(name)
    return "null" if found is None else found


NOTHING = object()


def of_config(config: object, name: str) -> object:
    """What a configuration has at a key, or the choice in a group; `NOTHING` where it has neither."""
    for part in name.split("."):
        if not isinstance(config, Mapping) or part not in config:
            return NOTHING
        config = config[part]
    return config.get("name", NOTHING) if isinstance(config, Mapping) else config


def as_number(found: object) -> float | None:
    """The number that a value or a text is; None where it is none."""
    if isinstance(found, bool) or not isinstance(found, int | float | str):
        return None
    try:
        return float(found)
    except (ValueError, OverflowError):
        return None


def _text(found: object) -> str:
    text = found if isinstance(found, str) else json.dumps(found)
    return re.sub(r"\s", "", text).casefold()


def names(runs: Iterable[Run]) -> set[str]:
    """Every name that some run has a value under."""
    found = {"status", "command"}
    for run in runs:
        found.update(run.results, run.last)
        found.update(_keys(run.config))
    return found


def _keys(config: Mapping[str, object], prefix: str = "") -> Iterable[str]:
    for key, part in config.items():
        if isinstance(part, Mapping):
            if "name" in part:
                yield f"{prefix}{key}"
            yield from _keys(part, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


def require_known(name: str, runs: Sequence[Run]) -> None:
    """Raise `UsageError` where no run has anything under a name, if there are runs at all."""
    if not runs or any(value(run, name) is not None for run in runs):
        return
    import difflib

    near = difflib.get_close_matches(name, sorted(names(runs)), n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise UsageError(f"no run here has a result, a metric or a key {name!r}{hint}")


def chosen(runs: Sequence[Run], conditions: Sequence[Condition]) -> list[Run]:
    """The runs of which every condition holds. Raises `UsageError` for a name that no run has."""
    for condition in conditions:
        require_known(condition.name, runs)
    return [run for run in runs if all(condition.holds(run) for condition in conditions)]


def ordered(runs: Sequence[Run], name: str, *, falling: bool = False) -> list[Run]:
    """The runs by a value, the smallest first, or the largest; numbers before texts, and those without one last.

    Raises `UsageError` for a name that no run has.
    """
    require_known(name, runs)
    keyed = [(as_number(found := value(run, name)), found, run) for run in runs]
    numbers = [(number, run) for number, _, run in keyed if number is not None and not math.isnan(number)]
    texts = [(_text(found), run) for number, found, run in keyed if number is None and found is not None]
    rest = [run for number, found, run in keyed if found is None or (number is not None and math.isnan(number))]
    sorted_numbers = sorted(numbers, key=lambda pair: pair[0], reverse=falling)
    sorted_texts = sorted(texts, key=lambda pair: pair[0], reverse=falling)
    return [run for _, run in sorted_numbers] + [run for _, run in sorted_texts] + rest
