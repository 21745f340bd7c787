"""The claims that come with gni: each family is whole, and each claim finds exactly its runs among those declared."""

import itertools
import re

import pytest
import yaml

from gnicli.claims import setting
from gnicli.claims.setting import matches
from gnicli.engine.reproduction import families
from gnicli.errors import DataError, UsageError
from gnicli.launch import arguments
from gnicli.launch.commands import COMMANDS

ALL = families.read_all()
ROOT = families.FOLDER.parents[2]
NAMES = [family.name for family in ALL]


def combinations(runs):
    """The settings of a sweep, as the keys that are typed say them; seeds aside."""
    keys, values = [], []
    for word in runs.words:
        key, _, value = word.partition("=")
        if key != "seed":
            keys.append(key)
            values.append(value.split(",") if not value.startswith("[") else [value])
    return [dict(zip(keys, each, strict=True)) for each in itertools.product(*values)]


@pytest.mark.parametrize("budget", families.BUDGETS)
@pytest.mark.parametrize("family", ALL, ids=NAMES)
def test_each_setting_of_a_claim_is_one_of_the_declared_runs_and_only_one(family, budget):
    there = [each for runs in family.runs[budget] for each in combinations(runs)]
    for claim in family.claims:
        for name, wanted in claim.settings().items():
            found = [each for each in there if matches(each, wanted)]
            assert len(found) == 1, (claim.id, name, found)


@pytest.mark.parametrize("family", ALL, ids=NAMES)
def test_a_family_has_both_kinds_of_control_a_margin_of_seeds_and_places_that_exist(family):
    kinds = {claim.control for claim in family.claims}
    assert {"", "positive"} <= kinds
    n_claims = sum(not claim.control for claim in family.claims)
    for claim in family.claims:
        assert 2.0 ** (1 - len(claim.seeds)) <= 0.05 / n_claims, claim.id  # fewer seeds decide nothing
        assert not {"0", "1", "2", "3", "4", "5", "6", "7", "9001"} & {*claim.seeds}, "seeds of pilot runs"
        assert claim.id.replace("-", "").startswith(family.name.lower()[:4]), claim.id
        assert claim.sentence.endswith("."), claim.id
    for place in (*family.code, *family.tests):
        assert (ROOT / place).exists() or not (ROOT / "tests").exists(), place
    assert family.paper
    assert family.deviations, "what is otherwise than in the paper"


@pytest.mark.parametrize("family", ALL, ids=NAMES)
def test_the_commands_are_those_of_gni_and_can_be_read(family):
    for budget in families.BUDGETS:
        for runs in family.runs[budget]:
            assert runs.command in COMMANDS
            n = arguments.check(arguments.split(["-m", *runs.words]))
            assert n == runs.n_jobs == len(combinations(runs)) * len(family.claims[0].seeds)


def test_quick_needs_no_more_than_was_promised():
    sweeps = {runs.name: (len(combinations(runs)) * 10, runs.seconds) for f in ALL for runs in f.runs["quick"]}
    assert sum(n for n, _ in sweeps.values()) <= 923
    assert (
        sum(n * seconds for n, seconds in sweeps.values()) <= 2 * 60 * 60 * 0.9
    )  # an hour on two cores, a tenth spare


def test_the_sum_of_the_set_depends_on_rows_and_commands_and_not_on_the_order_of_files():
    whole = families.whole(ALL)
    assert re.fullmatch("[0-9a-f]{64}", whole.sha256)
    assert families.whole(ALL[::-1]).sha256 == whole.sha256
    first = ALL[0]
    row = first.claims[0]
    changed = first._replace(claims=(type(row)(**{**row.__dict__, "smallest": 2 * row.smallest}), *first.claims[1:]))
    assert families.whole([changed, *ALL[1:]]).sha256 != whole.sha256
    (runs, *others) = first.runs["quick"]
    other = first._replace(runs={**first.runs, "quick": (runs._replace(words=(*runs.words, "x=1")), *others)})
    assert families.whole([other, *ALL[1:]]).sha256 != whole.sha256


def test_no_setting_is_written_in_two_ways():
    """`alpha=1.10` would find no run of `alpha=1.1` by its name, and a misspelled key none at all."""
    for family in ALL:
        for claim in family.claims:
            for words in claim.settings().values():
                assert setting.NAME not in words, claim.id


# ------------------------------------------------------------------------------------------------------- files refused

GOOD = """\
title: A family
paper: [Figure 99]
runs:
  - {command: train M=1, quick: steps=3, full: steps=9, seconds: {quick: 1, full: 2}}
deviations: []
code: [gnicli]
tests: [tests]
defaults: {metric: loss, smallest: 5 %, seeds: [7, 8, 12]}
claims:
  one: {sentence: S., kind: above, a: M=1, b: 2.0}
"""


@pytest.fixture
def written(tmp_path):
    def write(text):
        (tmp_path / "mine.yaml").write_text(text)
        return families.read(tmp_path / "mine.yaml")

    return write


def test_a_family_is_named_by_its_file_and_its_seeds_come_from_its_claims(written):
    family = written(GOOD)
    assert (family.name, family.claims[0].family, family.paper) == ("mine", "mine", ("Figure 99",))
    (runs,) = family.runs["full"]
    assert (runs.words, runs.seconds) == (("M=1", "steps=9", "seed=7,8,12"), 2.0)
    assert family.runs["quick"][0].name != runs.name


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("paper: [Figure 99]", "paper: Figure 99", "mine.yaml:2: paper: expected a list of texts"),
        ("code: [gnicli]\n", "", "code: expected a list of texts, got None"),
        ("quick: steps=3, ", "", "mine.yaml:3: runs: expected the keys command, quick, full, seconds"),
        ("quick: 1,", "quick: 0,", "seconds: expected"),
        ("quick: steps=3", "quick: M=3", "each key once"),
        ("quick: steps=3", "quick: seed=3", "no seed, which the claims name"),
        ("kind: above", "kind: above, family: other", "family 'other' in the file of 'mine'"),
        ("title: A", "titel: A", "'titel' is none of title, defaults, claims, paper, runs"),
        ("b: 2.0", "b: 2.0, controll: positive", "did you mean control?"),
    ],
)
def test_a_file_that_is_no_family_is_refused_in_one_line(written, old, new, message):
    assert old in GOOD
    with pytest.raises(UsageError) as refused:
        written(GOOD.replace(old, new))
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_damaged_installation_is_told_as_such(tmp_path):
    (tmp_path / "mine.yaml").write_text(GOOD)
    (tmp_path / "other.yaml").write_text(GOOD)
    with pytest.raises(DataError, match=r"two claims have the id 'one'.*install it again"):
        families.read_all(tmp_path)


def test_every_file_is_plain_data_of_one_family():
    for path in families.FOLDER.glob("*.yaml"):
        assert yaml.safe_load(path.read_text())["title"]
