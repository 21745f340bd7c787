"""The table of keys without effect against a walk over every key of every command, by what runs really give.

What is left out, for what it takes: images that are downloaded, samples from files and from other runs (`samples=file`
and `run`, `source`), GPUs.
"""

import pytest
from idle_walk import idle_keys
from walk_choices import CHOICES

from gnicli.experiments import idle

VISITS = [(command, words) for command, choices in CHOICES.items() for words in choices]
# Equal by chance of the data: with one output a probe is the exact regularizer, as are all probes together.
ONE_OUTPUT = ("objective.method", "objective.n_probes")


@pytest.mark.slow
@pytest.mark.parametrize(("command", "words"), VISITS, ids=[" ".join((c, *w[-3:])) for c, w in VISITS])
def test_a_key_without_effect_is_in_the_table_and_no_other_is(command, words):
    visited, unsaid, untrue = 0, [], []
    for name, config, still in idle_keys(command, words, () if "dataset=digits" in words else ONE_OUTPUT):
        visited += 1
        said = idle.find(command, config.plain, [name])
        if still and not said:
            unsaid.append(name)
        if said and not still:
            untrue.append(name)
    assert unsaid == []
    assert untrue == []
    assert visited > 5
