"""Which of a run's values come first, by what its experiment declares, and the words for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from gnicli.contracts.results import Headline, Value

_WITHOUT = 3  # so many values are shown of an experiment none of whose headline values is there


def chosen(headlines: Sequence[Headline], names: Iterable[str]) -> dict[str, str]:
    """The headline values among `names` in the order of their declaration, with their words.

    Where there is none, as in an experiment that declares none, the first three under their own names.
    """
    known = list(dict.fromkeys(names))
    found: dict[str, str] = {}
    for headline in headlines:
        pattern = re.compile(re.escape(headline.name).replace(r"\*", "(.+)"))
        for name in known:
            match = pattern.fullmatch(name)
            if match and name not in found:
                found[name] = headline.words.replace("*", _words(match[1])) if match.groups() else headline.words
    return found or {name: name for name in known[:_WITHOUT]}


def _words(part: str) -> str:
    return re.sub(r"layer(\d+)", r"layer \1", part)


def first(headlines: Sequence[Headline], values: Mapping[str, Value]) -> dict[str, Value]:
    """All values, the headline ones first."""
    return {name: values[name] for name in (*chosen(headlines, values), *values)}
