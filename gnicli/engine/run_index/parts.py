"""Configurations as numbers of their entries, of which each distinct one is kept once: those of many runs are few."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any


class Parts:
    """The distinct entries, [key, value], of configurations.

    Configurations that come from here have dictionaries of their own, and share what lies deeper: copies of that take
    as long as to read each configuration from JSON. Nothing changes what is shared: `gni runs list` alone asks for
    these runs, and reads them only. `gnicli.load_runs` reads folders.

    >>> parts = Parts()
    >>> parts.numbers({"noise": {"name": "add"}, "M": 1}), parts.numbers({"noise": {"name": "add"}, "M": 2})
    ([0, 1], [0, 2])
    >>> Parts(parts.entries).config([0, 2])
    {'noise': {'name': 'add'}, 'M': 2}
    """

    def __init__(self, entries: Iterable[tuple[str, Any]] = ()) -> None:
        """Those that a file has; what is no entry shows when it is asked for."""
        self._read = tuple(entries)
        self.entries = list(self._read)
        self._numbers: dict[str, int] = {}

    def config(self, numbers: Iterable[int]) -> dict[str, Any]:
        """The inverse of `numbers`, for the entries of the file. Raises an error of Python's own where nothing fits.

        Numbers in a damaged file may be those of no entry: what has got one since is not meant.
        """
        return dict(map(self._read.__getitem__, numbers))

    def numbers(self, config: Mapping[str, Any]) -> list[int]:
        """The numbers of a configuration's entries, in its order; what is new gets one, and is kept as a copy."""
        if not self._numbers:
            self._numbers = {json.dumps(entry): number for number, entry in enumerate(self.entries)}
        found = []
        for entry in config.items():
            text = json.dumps(entry)  # not the values, of which 1, 1.0 and true are equal
            if text not in self._numbers:
                self._numbers[text] = len(self.entries)
                self.entries.append(json.loads(text))
            found.append(self._numbers[text])
        return found

    def used(self, configs: Iterable[Sequence[int]]) -> tuple[Parts, list[list[int]]]:
        """Only the entries that some configuration has, and the configurations with the numbers that they then have."""
        new: dict[int, int] = {}
        numbered = [[new.setdefault(number, len(new)) for number in config] for config in configs]
        return Parts(self.entries[number] for number in new), numbered
