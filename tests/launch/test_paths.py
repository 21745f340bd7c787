"""`samples=PATH` is written out, and what Hydra reads back is the path as it was typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnicli.errors import UsageError
from gnicli.launch import paths


@pytest.mark.parametrize(
    "word", ["samples=stable", "samples=stable,normal", "samples=${x}", "M=a.b", "noise=a/b.csv", "samples="]
)
def test_what_is_no_path_stays(word):
    assert paths.expand("fit-stable", [word, "seed=1"]) == [word, "seed=1"]


@pytest.mark.parametrize(
    "path", ["-", "a.csv", "/a/b", "~/x", "x y.npy", "a=b.csv", "it's.csv", "a'\\'b.csv", "run[1].csv"]
)
def test_a_path_is_written_out(path):
    words = paths.expand("fit-stable", [f"samples={path}", "samples.column=1"])
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
    assert read_back(f"samples.path={paths._quoted(path)}") == path


def test_several_paths_are_a_sweep_and_an_existing_name_is_a_path(tmp_path, monkeypatch):
    assert paths.expand("fit-stable", ["samples=a.csv,b.csv"])[1] == "samples.path='a.csv','b.csv'"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "noise").touch()
    (tmp_path / "a.csv,b.csv").touch()
    assert paths.expand("fit-stable", ["samples=noise"])[1] == "samples.path='noise'"
    assert paths.expand("fit-stable", ["samples=a.csv,b.csv"])[1] == "samples.path='a.csv,b.csv'"
    with pytest.raises(UsageError, match="cannot be swept together"):
        paths.expand("fit-stable", ["samples=a.csv,normal"])
