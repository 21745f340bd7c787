"""Conditions on runs and spans of time: read as they are typed, held against plain Python."""

import json
import math
import operator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnicli.contracts.results import Value
from gnicli.engine.run import Run
from gnicli.engine.run_index import conditions, moments
from gnicli.errors import UsageError

SIGNS = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "!=": operator.ne,
}  # fmt: skip
NAMES = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_./ ]{0,12}[a-z0-9]", fullmatch=True)
finite = st.floats(allow_nan=False, allow_infinity=False)


def outcome(read, word):
    """What a word is read as, and the message where it is refused."""
    try:
        return read(word), ""
    except UsageError as error:
        return None, str(error)


def run(results=None, last=None, config=None, status="completed", command="train"):
    found = Run(
        Path("r"), status, command, config=config or {}, results={k: Value(v) for k, v in (results or {}).items()}
    )
    vars(found)["last"] = last or {}
    return found


@given(NAMES, st.sampled_from(list(SIGNS)), finite, finite)
def test_a_comparison_of_numbers_is_that_of_python(name, sign, number, other):
    condition = conditions.parse(f"{name}{sign}{other!r}")
    assert condition == (name, sign, repr(other))
    assert condition.holds(run({name: number})) is SIGNS[sign](number, other)
    assert condition.holds(run(last={name: number})) is SIGNS[sign](number, other)
    assert not condition.holds(run({f"{name}x": number}))


@given(NAMES, st.sampled_from(["=", "!="]), st.text(max_size=12), st.text(max_size=12))
def test_a_word_is_the_same_but_for_case_and_blanks_or_is_not(name, sign, word, other):
    same = "".join(word.split()).casefold() == "".join(other.split()).casefold()
    numbers = [conditions.as_number(each) for each in (word, other)]
    if None in numbers:
        assert conditions.Condition(name, sign, other).holds(run({name: word})) is (same if sign == "=" else not same)


@given(st.text(max_size=20))
def test_every_word_is_a_condition_or_refused_in_one_line(word):
    found, refused = outcome(conditions.parse, word)
    if refused:
        assert "\n" not in refused
        assert "as in test_loss<0.2" in refused
    else:
        assert conditions.is_condition(word)
        assert found.name.strip()
        assert word.startswith(found.name)
        assert found.sign in SIGNS


@pytest.mark.parametrize("word", ["test_loss<", "M>=four", "lr<null", "<3", "=x", "", "test_loss"])
def test_what_is_no_condition_says_how_one_is_written(word):
    with pytest.raises(UsageError, match=r"as in test_loss<0\.2"):
        conditions.parse(word)


CONFIG = {
    "M": 4, "noise": {"name": "mult", "std": None}, "network": {"name": "conv", "channels": [8, 16]}, "steps": "auto",
    "noise2": {"std": 1}, "bias": True,
}  # fmt: skip


@pytest.mark.parametrize(
    ("word", "holds"),
    [
        ("M=4", True), ("M=4.0", True), ("M>4", False), ("noise=mult", True), ("noise=MULT", True),
        ("noise=add", False), ("noise!=add", True), ("noise.name=mult", True), ("noise.std=null", True),
        ("noise.std<1", False),
        ("network.channels=[8,16]", True), ("network.channels!=[8]", True), ("steps=auto", True), ("steps<9", False),
        ("bias=true", True), ("bias=1", False), ("status=failed", True), ("command!=train", False),
        ("noise2=anything", False), ("noise2!=anything", False), ("absent!=3", False), ("M.x=4", False),
    ],
)  # fmt: skip
def test_keys_groups_and_the_run_itself(word, holds):
    assert conditions.parse(word).holds(run(config=CONFIG, status="failed")) is holds


def test_a_result_comes_before_a_metric_and_that_before_a_key():
    found = run({"loss": 1.0}, {"loss": 2.0, "M": 3.0}, {"loss": 5, "M": 6, "lr": 7})
    assert [conditions.value(found, name) for name in ("loss", "M", "lr")] == [1.0, 3.0, 7]


def test_of_nan_nothing_holds_but_the_inequality():
    for sign in SIGNS:
        for name, text in (("loss", "1"), ("one", "nan")):
            found = run({"loss": math.nan, "one": 1.0})
            assert conditions.Condition(name, sign, text).holds(found) is (sign == "!=")


def test_a_name_that_no_run_has_names_the_nearest():
    found = [run({"test_loss": 1.0}), run(config=CONFIG)]
    with pytest.raises(
        UsageError, match=r"no run here has a result, a metric or a key 'tset_loss'; did you mean test_loss"
    ):
        conditions.chosen(found, [conditions.parse("tset_loss<2")])
    with pytest.raises(UsageError, match=r"did you mean noise\?$"):
        conditions.ordered(found, "noize")
    with pytest.raises(UsageError, match=r"'xyzzy'$"):
        conditions.ordered(found, "xyzzy")
    assert conditions.chosen([], [conditions.parse("tset_loss<2")]) == []
    assert conditions.names(found) == {
        "status", "command", "test_loss", "M", "noise", "noise.name", "noise.std", "network", "network.name",
        "network.channels", "steps", "noise2.std", "bias",
    }  # fmt: skip


@given(
    st.lists(st.one_of(st.none(), finite, st.just(math.nan), st.sampled_from(["S0", "s1", "b"])), min_size=1),
    st.booleans(),
)
def test_the_order_is_that_of_the_numbers_then_of_the_words_and_what_has_none_comes_last(values, falling):
    found = [run({} if value is None else {"x": value}, config={"x": {"y": 1}}) for value in values]
    try:
        ordered = conditions.ordered(found, "x", falling=falling)
    except UsageError:
        assert all(value is None for value in values)
        return
    got = [each.results["x"].value if each.results else None for each in ordered]
    numbers = [v for v in got if isinstance(v, float) and not math.isnan(v)]
    words = [v for v in got if isinstance(v, str)]
    assert numbers == sorted(numbers, reverse=falling)
    assert words == sorted(words, key=str.casefold, reverse=falling)
    assert json.dumps(got[: len(numbers) + len(words)]) == json.dumps(numbers + words)
    assert len(got) == len(values)


UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@given(st.integers(1, 10**6 - 1), st.sampled_from(list(UNITS)))
def test_a_span_is_a_number_and_a_unit(number, unit):
    assert moments.span(f"{number}{unit}") == timedelta(**{UNITS[unit]: number})
    assert moments.span(f"0.{number}{unit}") == timedelta(**{UNITS[unit]: float(f"0.{number}")})


@given(st.text("0123456789.mhdws -+e", max_size=9))
def test_every_other_span_is_refused_in_one_line(text):
    found, refused = outcome(moments.span, text)
    if refused:
        assert refused.startswith(f"--last {text!r}: write a number above 0 with m, h, d or w")
    else:
        assert found >= timedelta(0)
        assert text[-1] in UNITS
        assert float(text[:-1]) > 0
