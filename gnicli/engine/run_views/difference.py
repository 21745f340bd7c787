"""In what two runs differ, and whether their results are the same bits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from gnicli import files
from gnicli.contracts import number_text
from gnicli.contracts.results import Table, Value
from gnicli.engine import provenance, tables
from gnicli.engine.run import RESULTS, Run
from gnicli.engine.run_views import detail
from gnicli.engine.runs import load_run
from gnicli.errors import GniError

SAME, _OTHER, NEITHER = "same", "different", "absent in both"
_NONE = "–"

Pairs = Mapping[str, tuple[object, object]]


class Difference(NamedTuple):
    """Two runs: keys, origins and results in which they differ, both values of each, and how each file compares.

    `bits` says of each file with results whether it is the same in both, different, in one alone, or in neither.
    """

    runs: tuple[Run, Run]
    config: Pairs
    made: Pairs
    results: Mapping[str, tuple[Value | None, Value | None]]
    bits: Mapping[str, str]

    @property
    def is_same(self) -> bool:
        """Whether every file with results is the same in both, and there is one."""
        found = {how for how in self.bits.values() if how != NEITHER}
        return found == {SAME}

    def tables(self) -> dict[str, Table]:
        """A table for each kind of difference that there is, by title."""
        found = {"Configuration": self.config, "Versions and machine": self.made}
        drawn = {
            title: Table(("key", "first", "second"), tuple((key, _cell(a), _cell(b)) for key, (a, b) in pairs.items()))
            for title, pairs in found.items()
            if pairs
        }
        if self.results:
            rows = tuple((name, *_texts(a, b)) for name, (a, b) in self.results.items())
            drawn["Results"] = Table(("result", "first", "second", "second − first"), rows)
        return drawn

    def sentences(self) -> list[str]:
        """What is the same."""
        told = []
        if not self.config:
            told.append("The configurations are the same.")
        for how, words in (
            (SAME, "the same bits in both"), (_OTHER, "not the same bits"),
            ("in the first alone", "in the first alone"), ("in the second alone", "in the second alone"),
        ):  # fmt: skip
            names = [name for name, each in self.bits.items() if each == how]
            if names:
                told.append(f"{', '.join(names)}: {words}.")
        if all(how == NEITHER for how in self.bits.values()):
            told.append("Neither has results.")
        return told

    def as_json(self) -> dict[str, object]:
        """All of it, for programs."""
        plain = [
            {name: pair[k] and tables.plain_results({name: pair[k]})[name] for name, pair in self.results.items()}  # type: ignore[dict-item]
            for k in (0, 1)
        ]
        return {
            "runs": [str(run.folder) for run in self.runs],
            "config": {key: list(pair) for key, pair in self.config.items()},
            "made": {key: list(pair) for key, pair in self.made.items()},
            "results": {name: [plain[0][name], plain[1][name]] for name in self.results},
            "bits": dict(self.bits),
            "same": self.is_same,
        }


def between(first: Path, second: Path) -> Difference:
    """Compare two runs. Raises as `load_run` does."""
    one, two = load_run(first), load_run(second)
    config = dict(provenance.differences(one.config, two.config))
    if one.command != two.command:
        config = {"command": (one.command, two.command), **config}
    origins = [_origin(run) for run in (one, two)]
    made = {key: (origins[0].get(key), origins[1].get(key)) for key in {**origins[0], **origins[1]}}
    names = dict.fromkeys((*one.results, *two.results))
    pairs = {name: (one.results.get(name), two.results.get(name)) for name in names}
    results = {name: (a, b) for name, (a, b) in pairs.items() if not _equal(a, b)}
    return Difference(
        (one, two),
        config,
        {key: pair for key, pair in made.items() if pair[0] != pair[1]},
        results,
        bits(first, second),
    )


def _equal(one: Value | None, two: Value | None) -> bool:
    """Whether two values are the same, NaN being itself."""
    if one is None or two is None:
        return one is two
    return tables.encode_results({"": one}) == tables.encode_results({"": two})


def _origin(run: Run) -> dict[str, object]:
    manifest = run.manifest
    git = manifest.get("git") or {}
    commit = detail.commit(git)
    return {
        "status": run.status,
        **(manifest.get("versions") or {}),
        "code": manifest.get("code"),
        "commit": commit or None,
        "device": manifest.get("device"),
        "threads": manifest.get("threads"),
        "host": manifest.get("host"),
    }


def bits(first: Path, second: Path) -> dict[str, str]:
    """How each file with results compares, byte by byte: its time and place do not matter, since none is in it."""
    found = {}
    for name in RESULTS:
        sums = [_sum(folder / name) for folder in (first, second)]
        if None in sums:
            found[name] = (
                NEITHER if sums == [None, None] else f"in the {'second' if sums[0] is None else 'first'} alone"
            )
        else:
            found[name] = SAME if sums[0] == sums[1] else _OTHER
    return found


def _sum(path: Path) -> str | None:
    try:
        return files.sha256_of(path) if files.require_file(path) else None
    except (GniError, OSError):
        return None


def _cell(value: object) -> str:
    return _NONE if value is None else detail.text(value)


def _texts(one: Value | None, two: Value | None) -> tuple[str, str, str]:
    gap = _NONE
    if one is not None and two is not None and isinstance(one.value, float) and isinstance(two.value, float):
        found = two.value - one.value
        gap = number_text.plain(found) if math.isfinite(found) else _NONE
    return (
        _NONE if one is None else number_text.number_text(one),
        _NONE if two is None else number_text.number_text(two),
        gap,
    )
