"""The table of keys without effect against what runs really give."""

import pytest
from idle_cases import CASES, NAMES, merged
from idle_walk import composed, products


def outcome(words):
    command, *rest = words
    device = ["device=cpu"] if command in ("train", "gradient-noise") else []
    return products(command, composed(command, (*rest, *device)))


@pytest.mark.slow
@pytest.mark.parametrize(("words", "changed", "idle_by", "active_by"), CASES, ids=NAMES)
def test_the_table_is_true_from_both_sides(words, changed, idle_by, active_by):
    """What is refused changes nothing, bit for bit; what is not refused changes something."""
    plain, other = (outcome(merged(words, (*idle_by, *more))) for more in ((), (changed,)))
    assert plain == other
    if active_by is not None:
        plain, other = (outcome(merged(words, (*active_by, *more))) for more in ((), (changed,)))
        assert plain != other
