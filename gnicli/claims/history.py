"""What was judged before: a record of each look, and what has changed since.

The record shows what a verdict alone would hide: a row that was declared anew, seeds that were added after a look, and
runs that were there and are gone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TypedDict

from gnicli.claims import declared
from gnicli.claims.judging import Judged, Judgement

EXTENDED, REDECLARED, DROPPED, CHANGED = "extended", "declared anew", "runs dropped", "runs changed"
_MOST_NAMED = 8
_ENDED = ("completed", "diverged", "failed")


class Seen(TypedDict):
    """A claim at one look: its row, its verdict, and of each run, by setting and seed, how it ended and its value."""

    row: dict[str, object]
    verdict: str
    runs: dict[str, dict[str, list[str]]]


class Look(TypedDict):
    """One look: the sha256 of the set and its claims by id."""

    sha256: str
    claims: dict[str, Seen]


def look(judgement: Judgement) -> Look:
    """What is kept of a judgement."""
    return {"sha256": judgement.sha256, "claims": {each.claim.id: _seen(each) for each in judgement.judged}}


def _seen(judged: Judged) -> Seen:
    runs = {
        name: {seed: [state, repr(value)] for seed, (state, value) in by_seed.items()}
        for name, by_seed in judged.measurement.seen.items()
    }
    return {"row": judged.claim.row(), "verdict": judged.verdict, "runs": runs}


def with_marks(judgement: Judgement, looks: Sequence[Look]) -> tuple[Judgement, tuple[str, ...]]:
    """The judgement with a mark on each verdict that earlier looks put in doubt, and a sentence for each of them.

    A seed that is not among those declared at the first look marks a verdict as extended.
    """
    sentences: list[str] = []
    marked = []
    for each in judgement.judged:
        before = [found["claims"][each.claim.id] for found in looks if each.claim.id in found["claims"]]
        told = _changes(each, before)
        marked.append(each._replace(marks=tuple(told)))
        sentences += [f"{each.claim.id}, {mark}: {sentence}" for mark, sentence in told.items()]
    known = {each.claim.id for each in judgement.judged}
    gone = sorted({name for found in looks for name in found["claims"]} - known)
    if gone:
        sentences.append(f"declared at an earlier look and no more: {', '.join(gone)}")
    return judgement._replace(judged=tuple(marked)), tuple(sentences)


def _changes(judged: Judged, before: Sequence[Seen]) -> dict[str, str]:
    found: dict[str, str] = {}
    row = judged.claim.row()
    anew = {key: old["row"].get(key) for old in reversed(before) for key in row if old["row"].get(key) != row[key]}
    if anew:
        told = [f"{key} was {_said(value)} and is {_said(row[key])}" for key, value in anew.items()]
        found[REDECLARED] = "; ".join(told)
    first = before[0]["row"].get("seeds") if before else None
    at_first = [str(seed) for seed in first] if isinstance(first, list) else list(judged.claim.seeds)
    there = {seed for by_seed in judged.measurement.seen.values() for seed in by_seed}
    added = sorted(there.difference(at_first), key=declared.seed_order)
    if added:
        since = "at the first look" if before else "in the claim"
        found[EXTENDED] = f"seeds that were not declared {since} are judged too: {_named(added)}"
    dropped, changed = _runs(judged.measurement.seen, before)
    if dropped:
        found[DROPPED] = f"there at an earlier look, and gone: {_named(dropped)}"
    if changed:
        found[CHANGED] = f"not as they were at an earlier look: {_named(changed)}"
    return found


def _runs(now: Mapping[str, Mapping[str, tuple[str, float]]], before: Sequence[Seen]) -> tuple[list[str], list[str]]:
    """The runs that had come to an end at an earlier look and are gone, and those that are others now, in words."""
    dropped: dict[str, None] = {}
    changed: dict[str, None] = {}
    for old in before:
        for name, by_seed in old["runs"].items():
            if name not in now:  # the row was declared anew
                continue
            for seed, (state, value) in by_seed.items():
                if state not in _ENDED:
                    continue
                run = now[name].get(seed)
                words = f"{name} seed {seed} ({state})"
                if run is None:
                    dropped[words] = None
                elif run[0] != state or not _equal(run[1], value):
                    changed[words] = None
    return list(dropped), list(changed)


def _equal(value: float, text: str) -> bool:
    """Whether a window mean is what it was, but for rounding: its steps are those that paired runs share."""
    return math.isclose(value, float(text), rel_tol=1e-9, abs_tol=1e-12)


def _said(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


def _named(names: Sequence[str]) -> str:
    return ", ".join(names[:_MOST_NAMED]) + (
        f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    )
