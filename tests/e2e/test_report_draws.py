"""Reports of random runs: any command, any choice of the walk over all keys, some other keys changed."""

import json
import os
import random
import re

import pytest
import report_pages
from idle_walk import PLACES_AND_SPEED, candidates, composed, plain
from omegaconf import OmegaConf
from walk_choices import CHOICES

import gnicli
from gnicli.errors import GniError
from gnicli.launch import schema_keys

SEED = int(os.environ.get("GNI_STRESS_SEED", "0"))
# What a report says only by mistake: values of Python, templates that were not filled.
SLIPS = re.compile(r"\bnan\b|\bNone\b|\bTrue\b|\bFalse\b|(?<!\w)inf\b|<\w+ object|\{\w+\}|e[+-]\d\d times")


def drawn_runs(seed, n):
    """`n` random command lines; those that a command may refuse are among them."""
    rng = random.Random(seed)
    visits = [(command, words) for command, all_words in CHOICES.items() for words in all_words]
    for _ in range(n):
        command, words = rng.choice(visits)
        config = OmegaConf.create(composed(command, words).plain)
        changed = {}
        for key in rng.sample(schema_keys.all_of(command, list(words)), rng.randint(1, 4)):
            others = candidates(key, plain(OmegaConf.select(config, key.name)))
            if others and key.name not in PLACES_AND_SPEED:
                changed[key.name] = rng.choice(others)
        kept = [word for word in words if word.partition("=")[0] not in changed]
        yield command, [*kept, *(f"{name}={written(value)}" for name, value in changed.items())]


def written(value):
    """A value as it is typed."""
    return value if isinstance(value, str) else json.dumps(value).replace('"', "")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(SEED, SEED + 5))
def test_reports_of_random_runs_are_whole(tmp_path, seed):
    n_refused, n_read = 0, 0
    for number, (command, words) in enumerate(drawn_runs(seed, 60)):
        line = " ".join((command, *words))
        try:
            folder = gnicli.run(command, *words, f"run.dir={tmp_path / str(number)}").folder
        except GniError as error:
            said = str(error)
        else:
            said = ""
        if said:
            n_refused += 1
            assert "\n" not in said, line
            continue
        n_read += 1
        text = (folder / "report.md").read_text()
        page = report_pages.check((folder / "report.html").read_text())
        found = [row for row in text.partition("## Provenance")[0].splitlines() if SLIPS.search(row)]
        assert not found, (line, found)
        assert len(page.all("figure")) == text.count("\n!["), line
    assert n_read > 10
    assert n_refused > 2
