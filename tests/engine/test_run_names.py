"""Short names of run folders: unique endings and parts, and the latest."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from run_folders import make, make_sweep

from gnicli.engine.run_index import names
from gnicli.errors import UsageError


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("names") / "outputs"
    make(root / "train" / "2026-11-23" / "14-05-31-482913-k3f9", start="2026-11-23T14:05:31+00:00")
    make(root / "train" / "2026-11-24" / "09-00-00-000001-x7f9", start="2026-11-24T09:00:00+00:00")
    make_sweep(root / "train" / "2026-11-24" / "10-00-00-000002-b2c4", {}, {}, start="2026-11-24T10:00:00+00:00")
    make_sweep(root / "night", {}, start="2026-11-22T10:00:00+00:00")
    make(root / "late", start="2026-11-25T10:00:00+00:00")
    (root / "broken").mkdir()
    (root / "broken" / "manifest.json").write_text("{")
    return root


@pytest.mark.parametrize(
    ("word", "kind", "path"),
    [
        ("k3f9", None, "train/2026-11-23/14-05-31-482913-k3f9"),
        ("14-05-31-482913-k3f9", None, "train/2026-11-23/14-05-31-482913-k3f9"),
        ("11-23/14-05-31-482913-k3f9", None, "train/2026-11-23/14-05-31-482913-k3f9"),
        ("482913", None, "train/2026-11-23/14-05-31-482913-k3f9"),
        ("3f9", None, "train/2026-11-23/14-05-31-482913-k3f9"),
        ("b2c4", None, "train/2026-11-24/10-00-00-000002-b2c4"),
        ("b2c4/1", None, "train/2026-11-24/10-00-00-000002-b2c4/1"),
        ("1", None, "train/2026-11-24/10-00-00-000002-b2c4/1"),
        ("nig", None, "night"), ("broken", None, "broken"),
        ("latest", None, "late"), ("latest", "sweep", "train/2026-11-24/10-00-00-000002-b2c4"),
        ("10-00", "sweep", "train/2026-11-24/10-00-00-000002-b2c4"),
    ],
)  # fmt: skip
def test_a_word_stands_for_one_folder(root, word, kind, path):
    assert names.find(word, root, kind) == str(root / path)


@pytest.mark.parametrize("word", ["xyzzy", "", "k3f9/0", "./k3f9", "/k3f9", "~k3f9", "../k3f9", "2026-11-23/", "2026"])
def test_what_stands_for_nothing_stays_what_it_is(root, word):
    if word == "2026-11-23/":  # a part of a path
        assert names.find(word, root).endswith("k3f9")
    else:
        assert names.find(word, root) == word


def test_what_lies_at_a_path_comes_first(root, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for word in ("k3f9", "latest"):
        (tmp_path / word).mkdir()
        assert names.find(word, root) == word


@pytest.mark.parametrize(
    ("word", "named"),
    [("f9", ("k3f9", "x7f9")), ("0", ("night/0", "b2c4/0")), ("-00-00000", ("x7f9", "b2c4")), ("7f9 ", ())],
)
def test_several_that_fit_are_named_in_one_line(root, word, named):
    if not named:
        assert names.find(word, root) == word
        return
    with pytest.raises(UsageError, match="give more of the name") as error:
        names.find(word, root)
    assert all(name in str(error.value) for name in named)
    assert "\n" not in str(error.value)


def test_very_many_that_fit_are_counted(tmp_path):
    for number in range(9):
        make(tmp_path / f"r{number}-same")
    with pytest.raises(UsageError, match=r"r3-same and 5 more; give more"):
        names.find("same", tmp_path)


def test_where_nothing_is_there_is_no_latest(tmp_path):
    with pytest.raises(UsageError, match=r"^latest: there is no run below"):
        names.find("latest", tmp_path)
    make(tmp_path / "r")
    with pytest.raises(UsageError, match=r"^latest: there is no sweep below"):
        names.find("latest", tmp_path, "sweep")
    assert names.find("k3f9", tmp_path / "none") == "k3f9"


PATHS = st.lists(
    st.lists(st.from_regex(r"[a-c0-1]{1,4}(-[a-c]{1,4}){0,2}", fullmatch=True), min_size=1, max_size=3).map("/".join),
    min_size=1, max_size=8, unique=True,
)  # fmt: skip


@given(PATHS)
def test_a_short_name_is_an_ending_that_no_other_has(paths):
    for path, short in zip(paths, names.short(paths, paths), strict=True):
        assert path.endswith(short)
        whole = [each for each in paths if each == short or each.endswith(tuple(f"{sign}{short}" for sign in "-/"))]
        assert whole == [path] or short == path


def test_a_short_name_that_is_shown_finds_its_run(root):
    found = [os.path.relpath(path, root) for path in names.walk.folders(str(root), names._has_jobs)]
    assert len(found) == 9
    for path, short in zip(found, names.short(found, found), strict=True):
        assert names.find(short, root) == str(root / path)
