"""Messages are one line of characters to look at, without passwords, whatever went into them."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnicli.errors import ConflictError, DataError, FieldError, GniError, Interrupted, UsageError, redacted, shown

ANY = st.text(st.characters(), max_size=40)  # surrogates too, which file names bring


@given(ANY)
def test_any_text_is_shown_in_one_line_and_visible_text_as_it_is(text):
    found = shown(text)
    assert found.encode().decode() == found  # no lone surrogate is left, which could not be written
    assert len(found.splitlines()) <= 1
    assert all(character.isprintable() or character.isspace() for character in found)
    assert shown(found) == found
    if text.isprintable():
        assert found == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("größe 値 ½ 🙂", "größe 値 ½ 🙂"),
        ("a\x1b[31m\x07b\r\n\t", r"a\x1b[31m\x07b\r\n\t"),
        ("x\u202ey\u2028\x85\x9b", r"x\u202ey\u2028\x85\x9b"),
        ("bad\udcff.csv", r"bad\xff.csv"),
        ("a\u00a0b", "a\u00a0b"),
    ],
)
def test_what_is_escaped(text, expected):
    assert shown(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://user:pw@host/a", "http://***@host/a"),
        ("[https://user@host:8080/,ftp://a:b%40c@h]", "[https://***@host:8080/,ftp://***@h]"),
        ("http://u:p@ss@host/x", "http://***@host/x"),
        ("http://host/a@b?c=d@e", "http://host/a@b?c=d@e"),
        ("me@host and http://host", "me@host and http://host"),
    ],
)
def test_passwords_in_urls_are_left_out(text, expected):
    assert redacted(text) == expected


def test_a_usage_error_is_a_value_error_which_python_expects_of_a_wrong_argument():
    error = pickle.loads(pickle.dumps(UsageError("n must be at least 1\x1b")))
    assert isinstance(error, ValueError)
    assert (error.exit_code, str(error)) == (2, r"n must be at least 1\x1b")
    assert isinstance(error.at("here"), UsageError)
    assert not isinstance(DataError(), ValueError)


def test_every_error_is_so_by_construction():
    for kind in (GniError, DataError, ConflictError, Interrupted):
        assert str(kind("a\nb\x1b http://u:p@h/")) == r"a\nb\x1b http://***@h/"
    assert str(GniError()) == ""
    assert Interrupted("x", by_keyboard=True).exit_code == 130


def test_a_request_to_stop_is_no_error_that_work_goes_on_after():
    assert not issubclass(Interrupted, Exception)
    assert (Interrupted("x").exit_code, pickle.loads(pickle.dumps(Interrupted("x"))).args) == (75, ("x",))


def test_a_field_is_named_by_where_its_component_is():
    own = FieldError("curvature", " must be > 0")
    assert str(own) == "curvature must be > 0"
    assert str(own.of("potential")) == "potential.curvature must be > 0"
    assert str(own.of("potential", "parts[1]").of("potential")) == "potential.parts[1].curvature must be > 0"
    full = FieldError("potential.curvature", " must be > 0")
    assert full.of("potential") is full
    assert str(pickle.loads(pickle.dumps(own)).of("potential")) == "potential.curvature must be > 0"


@pytest.mark.parametrize("error", [DataError("no rows"), UsageError("M: 0"), FieldError("M", " must be 1, got 0")])
def test_a_place_goes_in_front_and_the_kind_stays(error):
    placed = error.at("config.yaml")
    assert type(placed) is type(error)
    assert str(placed) == f"config.yaml: {error}"
    assert placed.exit_code == error.exit_code
