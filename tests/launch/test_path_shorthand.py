"""`samples=PATH` is written out, and what Hydra reads back is the path as it was typed."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnicli.errors import UsageError
from gnicli.launch import commands, components, path_shorthand, schema_keys


@pytest.mark.parametrize(
    "word",
    ["samples=stable", "samples=stable,normal", "samples=${x}", "M=a.b", "noise=a/b.csv", "samples=", "run.dir=null"],
)
def test_what_is_no_path_stays(word):
    assert path_shorthand.expand("fit-stable", [word, "seed=1"]) == [word, "seed=1"]


@pytest.mark.parametrize("path", ["-", "a.csv", "/a/b", "x y.npy", "a=b.csv", "it's.csv", "a'\\'b.csv", "run[1].csv"])
def test_a_path_is_written_out(path):
    words = path_shorthand.expand("fit-stable", [f"samples={path}", "samples.column=1"])
    assert words[0] == "samples=file"
    assert words[2] == "samples.column=1"
    assert read_back(words[1]) == path


def read_back(word):
    from hydra.core.override_parser.overrides_parser import OverridesParser

    (override,) = OverridesParser.create().parse_overrides([word])
    return override.value()


@given(st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1).filter(lambda text: "${" not in text))
def test_any_name_survives_the_grammar(name):
    path = f"/{name}"
    assert read_back(f"samples.path={path_shorthand.quoted(path)}") == path


def test_several_paths_are_a_sweep_and_an_existing_name_is_a_path(tmp_path, monkeypatch):
    assert path_shorthand.expand("fit-stable", ["samples=a.csv,b.csv"])[1] == "samples.path='a.csv','b.csv'"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "noise").touch()
    (tmp_path / "a.csv,b.csv").touch()
    assert path_shorthand.expand("fit-stable", ["samples=noise"])[1] == "samples.path='noise'"
    assert path_shorthand.expand("fit-stable", ["samples=a.csv,b.csv"])[1] == "samples.path='a.csv,b.csv'"
    with pytest.raises(UsageError, match="cannot be swept together"):
        path_shorthand.expand("fit-stable", ["samples=a.csv,normal"])


NAMES = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=40).filter(
    lambda name: name.strip() == name and not {"/", ","} & set(name) and "${" not in name and name[0] not in "~'\""
)


@given(st.sampled_from(path_shorthand.PATH_KEYS), NAMES)
def test_every_key_that_takes_a_path_takes_any_name(key, name):
    for typed in (f"runs/{name}", f"'runs/{name}'", f'"runs/{name}"'):
        (word,) = path_shorthand.expand("train", [f"{key}={typed}"])
        assert read_back(word) == f"runs/{name}"


def test_the_keys_that_take_paths_are_all_those_that_say_so():
    """Files and folders in the help of every text key of every command and choice."""
    found = set()
    for command in commands.COMMANDS:
        known = schema_keys.of_command(command)
        for group in commands.groups(command):
            known += [key for name in components.members(group) for key in schema_keys.of_member(group, name)]
        found |= {key.name for key in known if key.type == "text" and re.search(r"\b(folder|the file)\b", key.meaning)}
    assert found == set(path_shorthand.PATH_KEYS)


@pytest.mark.parametrize("key", ["run.dir", "run.root", "source", "samples.path"])
def test_a_tilde_is_the_home_folder_unless_there_is_such_a_file(key, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/home/of this/user")
    monkeypatch.chdir(tmp_path)
    for typed, meant in [("~/x", "/home/of this/user/x"), ("'~/x'", "/home/of this/user/x"), ("a/~/x", "a/~/x")]:
        assert read_back(path_shorthand.expand("train", [f"{key}={typed}"])[0]) == meant
    (tmp_path / "~").mkdir()
    (tmp_path / "~" / "x").touch()
    assert read_back(path_shorthand.expand("train", [f"{key}=~/x"])[0]) == "~/x"


def test_a_tilde_stands_for_the_home_folder_in_the_short_form_too(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    assert (
        path_shorthand.expand("fit-stable", ["samples=~/a.csv,~/b.csv"])[1]
        == "samples.path='/home/me/a.csv','/home/me/b.csv'"
    )


def test_a_blank_at_the_beginning_of_an_existing_name_is_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / " blank.csv").touch()
    assert path_shorthand.expand("fit-stable", ["samples= blank.csv"])[1] == "samples.path=' blank.csv'"


@pytest.mark.parametrize("value", ["", " ", "''", '""'])
@pytest.mark.parametrize("key", path_shorthand.PATH_KEYS)
def test_an_empty_path_is_refused(key, value):
    with pytest.raises(UsageError, match=f"{key}= is empty"):
        path_shorthand.expand("train", [f"{key}={value}"])


def test_a_name_that_hydra_would_interpolate_is_refused_where_it_exists(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "${x}.csv").touch()
    with pytest.raises(UsageError, match="rename the file"):
        path_shorthand.expand("fit-stable", ["samples=./${x}.csv"])
    assert path_shorthand.expand("fit-stable", ["run.dir=runs/${M}"]) == ["run.dir=runs/${M}"]


@given(st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=20))
def test_a_value_is_read_as_typed_or_left_to_hydra(value):
    (word,) = path_shorthand.expand("fit-stable", [f"samples.column={value}"])
    if set(value) & set("[]{}()'\"\\$,"):
        return
    if word == f"samples.column={value}":  # Hydra knows numbers, null and true
        assert str(read_back(word)).lower() in (value.strip().lower(), "none") or not value.strip() or is_number(value)
    else:
        assert read_back(word) == value


def is_number(value):
    try:
        float(value)
    except ValueError:
        return False
    return True
