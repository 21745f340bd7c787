"""What people type who come from other tools is read as they mean it, or stays for whoever has the message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnicli.launch import commands, newcomer_words, schema_keys


@pytest.fixture
def there(tmp_path, monkeypatch):
    """A working folder with a file and a folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "returns.csv").write_text("date,return\n1,2\n")
    (tmp_path / "run").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("command", "typed", "read"),
    [
        ("train", "--dataset digits --M 4", "dataset=digits M=4"),
        ("train", "--dataset=digits", "dataset=digits"),
        ("train", "--batch-size 32 --network.depth 2", "batch_size=32 network.depth=2"),
        ("train", "--nesterov -m --seed 0,1", "optimizer.nesterov=true -m seed=0,1"),
        ("train", "--nesterov false", "optimizer.nesterov=false"),
        ("train", "momentum=0.9 depth=2", "optimizer.momentum=0.9 network.depth=2"),
        ("train", "network=conv kernel=3", "network=conv network.kernel=3"),
        ("simulate-sde", "--beta -0.5", "beta=-0.5"),
        ("fit-stable", "returns.csv", "samples=returns.csv"),
        ("fit-stable", "missing.csv column=return", "samples=missing.csv samples.column=return"),
        ("fit-stable", "returns.csv --column return", "samples=returns.csv samples.column=return"),
        ("fit-stable", "--column return returns.csv", "samples.column=return samples=returns.csv"),
        ("fit-stable", "-", "samples=-"),
        ("gradient-noise", "run noise=mult", "source=run noise=mult"),
    ],
)
def test_it_is_read_as_it_is_meant(there, command, typed, read):
    words, told = newcomer_words.read(command, typed.split())
    assert words == read.split()
    changed = [word for word in words if word not in typed.split()]
    assert told == f"read as {' '.join(changed)}"


@pytest.mark.parametrize(
    ("command", "typed"),
    [
        ("train", "dataset=digits -m M=1,2 +lr=1 ~seed --cfg job"),
        ("train", "--config-dir run lr=1"),  # the value of an option
        ("train", "kernel=3"),  # of another choice of the network
        ("train", "--nothing 3 --multirun"),
        ("train", "digits"),
        ("train", "std=1 noise=none"),
        ("fit-stable", "returns.csv other.csv"),  # which one?
        ("fit-stable", "name=stable"),
        ("simulate-sde", "returns.csv"),
        ("train", "--M"),
        ("train", "--noise -m"),
    ],
)
def test_the_rest_stays(there, command, typed):
    assert newcomer_words.read(command, typed.split()) == (typed.split(), "")


@pytest.mark.parametrize("command", commands.COMMANDS)
def test_keys_typed_in_full_are_never_changed(command):
    words = [f"{key.name}={key.default}" for key in schema_keys.all_of(command, [])]
    words += [f"{group}={name}" for group, name in schema_keys.default_members(command).items()]
    assert newcomer_words.read(command, words) == (words, "")


@given(st.lists(st.text("-=.abM/ ", max_size=6), max_size=4))
def test_words_without_meaning_pass_through_whatever_they_are(words):
    found, told = newcomer_words.read("simulate-sde", words)
    assert (found == words) == (told == "")


def test_the_note_is_one_line_on_the_screen_and_the_folder_has_the_keys(gni, outputs):
    said = gni("train", "--M", "3", "momentum=0.5", "optimizer.name=sgd")
    assert said.err.startswith("gni: note: read as M=3 optimizer.momentum=0.5\n")
    (kept,) = outputs.glob("train/*/*/.hydra/overrides.yaml")
    assert kept.read_text().split("- ")[1:] == ["M=3\n", "optimizer.momentum=0.5\n", "optimizer.name=sgd\n"]


def test_python_reads_the_same_words(gni, outputs):
    import gnicli

    assert gnicli.run("train", momentum=0.5, **{"optimizer.name": "sgd"}).config["optimizer"]["momentum"] == 0.5


@pytest.mark.parametrize(
    ("command", "typed", "told"),
    [
        ("fit-stable", "returns.csv other.csv", "returns.csv, other.csv: gni fit-stable takes one of them at a time"),
        ("fit-stable", "n_bootstrap=0 - a/b.csv --column x", "-, a/b.csv: gni fit-stable takes one of them at a time"),
        ("gradient-noise", "run . M=2", "run, .: gni gradient-noise takes one of them at a time"),
    ],
)
def test_several_paths_for_one_key_are_refused(there, gni, command, typed, told):
    said = gni(command, *typed.split())
    key = "samples" if command == "fit-stable" else "source"
    assert said.err == f"gni: error: {told}; write {key}=PATH, and run it once for each\n"
    assert (said.code, said.out) == (2, "")


@pytest.mark.parametrize(
    ("command", "typed"),
    [("fit-stable", "returns.csv -cd other.csv"), ("simulate-sde", "a.csv b.csv"), ("train", "run run")],
)
def test_paths_that_no_key_takes_are_left_to_other_messages(there, command, typed):
    newcomer_words.check_paths(command, typed.split())
