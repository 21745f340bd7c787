"""The table of keys without effect against what runs really give."""

import json
from pathlib import Path

import pytest
from idle_cases import CASES, NAMES, merged

from gnicli.experiments import idle


def outcome(gni, words):
    said = gni(*words)
    assert said.code in (0, 4), said.err
    folder = Path(said.last_line)
    results = json.loads((folder / "results.json").read_text())
    metrics = (folder / "metrics.csv").read_text() if (folder / "metrics.csv").exists() else ""
    arrays = folder / "arrays.npz"
    return results, metrics, arrays.read_bytes() if arrays.exists() else b""


@pytest.mark.slow
@pytest.mark.parametrize(("words", "changed", "idle_by", "active_by"), CASES, ids=NAMES)
def test_the_table_is_true_from_both_sides(gni, monkeypatch, words, changed, idle_by, active_by):
    """What is refused changes nothing, bit for bit; what is not refused changes something."""
    monkeypatch.setattr(idle, "find", lambda *_: [])
    plain, other = (outcome(gni, merged(words, (*idle_by, *more))) for more in ((), (changed,)))
    assert plain == other
    if active_by is not None:
        plain, other = (outcome(gni, merged(words, (*active_by, *more))) for more in ((), (changed,)))
        assert plain != other
