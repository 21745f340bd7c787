"""YAML from anybody: plain data of modest size, or one line that says why not."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from gnicli.engine import yaml_files

TEXT = st.text(st.characters(blacklist_categories=("Cs",)), max_size=20) | st.from_regex(
    r"[-+]?[0-9._]{0,4}([eE][-+]?[0-9]{1,2})?|0[xob][0-9a-f_]{1,3}|[0-9]{1,2}(:[0-9]{2}){1,2}|20[0-9]{2}-[01][0-9]-10"
    r"|[Yy]es|[Oo]n|[Nn]ull|~|[Tt]rue|\.nan|[-+]\.inf|<<|=|\$\{a\}",
    fullmatch=True,
)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**50), 10**50) | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture
def reading(tmp_path):
    def call(text):
        path = tmp_path / "mine.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return yaml_files.read(path).content

    return call


@given(st.dictionaries(TEXT, PLAIN, max_size=4))
def test_what_is_written_is_read(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("yaml") / "mine.yaml"
    path.write_text(yaml_files.written(values), encoding="utf-8")
    assert yaml_files.read(path).content == values
    assert OmegaConf.to_container(OmegaConf.load(path), resolve=False) == values


def test_a_letter_that_other_readers_take_for_no_is_quoted():
    assert yaml_files.written({"n": "y"}) == "'n': 'y'\n"


def test_what_appears_twice_is_written_twice():
    values = {"a": [1, 2]}
    assert yaml_files.written({"b": values, "c": values}) == "b:\n  a:\n  - 1\n  - 2\nc:\n  a:\n  - 1\n  - 2\n"


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused_in_one_line(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("yaml") / "mine.yaml"
    path.write_bytes(content)
    try:
        found = yaml_files.read(path).content
    except yaml_files.Malformed as error:
        found = error
    assert isinstance(found, dict) or (str(found).startswith(str(path)) and len(str(found).splitlines()) == 1)


def test_aliases_within_bounds_are_read(reading):
    assert reading("a: &a [1, 2]\nb: *a\nc: [*a, *a]\n") == {"a": [1, 2], "b": [1, 2], "c": [[1, 2], [1, 2]]}
    assert reading("﻿lr: 1\n") == {"lr": 1}  # a byte order mark
    assert reading("a: x${oc.env:HOME}${\n") == {"a": "x${oc.env:HOME}${"}  # nothing is followed here
    assert reading("") == {}
    assert reading("# nothing\n") == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &a [" + "1," * 99 + "]\nb: &b [" + "*a," * 60 + "]\nc: [*b,*b]\n", "mine.yaml:3: more than 10,000 values"),
        ("a: &a\n  - *a\n", "mine.yaml:2: *a stands for something that is not complete here"),
        ("a: *b\n", "mine.yaml:1: *b stands for something that is not complete here"),
        ("lr: 1\na: " + "[" * 31 + "]" * 31, "mine.yaml:2: nested more than 30 deep"),
        ("a:\n" + "".join(" " * n + "- \n" for n in range(40)), "nested more than 30 deep"),
        ("M: " + "9" * 101, "mine.yaml:1: a number of 101 digits; at most 100"),
        ("M: 0x" + "f" * 101, "a number of 103 digits"),
        ("M: 1" + ":59" * 50, "a number of 151 digits"),
        ("M: " + "9" * 101 + ".5", "a number of 103 digits"),
        ("loss: " + "x" * 10_001, "mine.yaml:1: a value of 10,001 characters; at most 10,000"),
        ("lr: !!set {a}\n", "mine.yaml:1: tag !!set is not allowed"),
        ("lr: !!python/name:os.system\n", "mine.yaml:1: tag !!python/name:os.system is not allowed"),
        ("lr: !mine 1\n", "mine.yaml:1: tag !mine is not allowed"),
        ("lr: 1\nlr: 2\n", "mine.yaml:2: key 'lr' given twice"),
        ("a:\n  b: 1\n  b: 2\n", "mine.yaml:3: key 'b' given twice"),
        ("lr: [1\n", "mine.yaml:2: not valid YAML: expected ',' or ']'"),
        ("5\n", "mine.yaml: expected keys and values such as 'lr: 0.1', got the single value '5'"),
        ("- 1\n", "got a list"),
        ("a: 1\n---\nb: 2\n", "not valid YAML: but found another document"),
        (b"# caf\xe9\n", "mine.yaml:1: not UTF-8 (byte 0xe9); save the file as UTF-8"),
        (b"lr: 1\n\xff\xfe\n", "mine.yaml:2: not UTF-8 (byte 0xff)"),
        ("lr: 1\x00\n", "not valid YAML"),
        ("? [a]\n: 1\n", "mine.yaml:1: not valid YAML: found unhashable key"),
        ("# " + "x" * 100_001, "mine.yaml: longer than 100,000 bytes"),
    ],
)
def test_what_is_not_plain_data_of_modest_size_is_refused(reading, text, message):
    with pytest.raises(yaml_files.Malformed) as told:
        reading(text)
    assert message in str(told.value)
    assert len(str(told.value).splitlines()) == 1


def test_only_regular_files_are_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/zero"):
        with pytest.raises(yaml_files.Malformed, match="not a regular file"):
            yaml_files.read(path)
    with pytest.raises(OSError, match="directory"):
        yaml_files.read(tmp_path)
