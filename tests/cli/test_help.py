"""Help and the reference are made from the schemas: complete, readable, up to date."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import gnicli
from gnicli.cli import help as help_page
from gnicli.cli import main, reference
from gnicli.launch import commands, components, schema_keys
from gnicli.launch.arguments import FLAGS, OWN_FLAGS

REFERENCE = Path(__file__).parents[2] / "docs" / "reference.md"


@pytest.fixture
def said(capsys):
    def call(*words):
        code = main(list(words))
        captured = capsys.readouterr()
        assert (code, captured.err) == (0, "")
        return captured.out

    return call


@pytest.mark.parametrize("command", commands.COMMANDS)
@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_help_names_every_group_choice_key_and_flag(command, width):
    page = help_page.page(command, [], width)
    words = set(re.split(r"[\s,;:()|\[\]]+", page))
    for group in commands.groups(command):
        assert f"{group}=" in page
        for name in components.members(group):
            assert {name, f"*{name}"} & words
    for key in schema_keys.all_of(command, []):
        assert f"{key.name}={key.default}" in page
        assert set(re.split(r"[\s,;:()|\[\]]+", key.meaning)) <= words
        assert set(key.choices) <= words
    assert all(name in words for flag in (*FLAGS, *OWN_FLAGS) for name in flag.names)


@pytest.mark.parametrize("command", commands.COMMANDS)
@pytest.mark.parametrize("width", [40, 80])
def test_help_says_whose_equations_and_figures_it_names(command, width, monkeypatch):
    page = help_page.page(command, [], width)
    assert page.endswith("\n")
    assert not page.endswith("\n\n")
    assert " ".join(page.split()).endswith(help_page.PAPER)
    monkeypatch.setattr(help_page, "_OF_THE_PAPER", re.compile("no such word"))
    assert help_page.PAPER not in " ".join(help_page.page(command, [], width).split())


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_help_fits_its_width(width):
    """What a reader copies (a key with its default, a command) may be longer than a narrow line; prose may not."""
    for line in help_page.page("train", [], width).splitlines():
        if len(line) > width:
            assert line.startswith(("  gni train", "  -", "  dataset.", "  run.")), line


def test_the_default_choices_are_marked():
    page = help_page.page("train", [], 80)
    for group, name in schema_keys.default_members("train").items():
        # From the group's own words to the next group: another group may have the same member as its default.
        words = page.partition(f"  {group}=")[2].partition("=")[0].split()
        assert f"*{name}" in words
        others = [f"*{other}" for other in components.members(group) if other != name]
        assert not any(other in words for other in others)


def test_words_choose_whose_keys_are_shown(said):
    plain, chosen = said("train", "--help"), said("train", "network=conv", "--help", "schedule=cosine")
    assert "Keys of network=mlp" in plain
    assert "Keys of network=conv" in chosen
    assert "Keys of network=mlp" not in chosen
    assert "schedule.final=0.0" in chosen


def test_help_needs_no_terminal_and_no_unicode():
    environment = {**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "COLUMNS": "40"}
    done = subprocess.run(
        [sys.executable, "-m", "gnicli", "train", "--help"],
        capture_output=True,
        env=environment,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    done.stdout.decode("ascii")


def test_the_list_of_commands(said):
    page = said("--help")
    for command, meaning in commands.COMMANDS.items():
        assert command in page
        assert meaning in page
    assert all(name in page for name in ("resume", "data", "--version", "--install-completion", "--show-completion"))
    assert said() == page
    assert said("-h") == page


@pytest.mark.parametrize("width", ["50", "60", "80", "120"])
@pytest.mark.parametrize("words", [["--help"], ["data", "--help"]])
def test_the_list_of_commands_has_whole_descriptions_at_every_width(said, monkeypatch, width, words):
    monkeypatch.setenv("COLUMNS", width)
    page = said(*words)
    assert "..." not in page.partition("Commands:")[2]
    assert max(map(len, page.splitlines())) <= int(width)
    told = " ".join(page.split())
    described = commands.COMMANDS.values() if words == ["--help"] else ["Check the files against their SHA-256 sums."]
    for sentence in described:
        assert " ".join(sentence.split()).partition(". ")[0].rstrip(".") in told


def test_the_version(said):
    assert said("--version") == f"gni {gnicli.__version__}\n"


def test_typers_own_way_to_a_command_is_the_same_as_the_short_one(said):
    from typer.testing import CliRunner

    from gnicli.cli.app import app

    result = CliRunner().invoke(app, ["train", "noise=mult", "--help"])
    assert result.exit_code == 0
    assert result.output == said("train", "noise=mult", "--help")


def test_the_reference_is_up_to_date():
    assert REFERENCE.read_text(encoding="utf-8") == reference.text(), "run: make docs"


def test_the_reference_is_complete():
    text = reference.text()
    for command in commands.COMMANDS:
        for group in commands.groups(command):
            for name in components.members(group):
                assert f"### {group}={name}\n" in text
                assert all(f"| `{key.name}` |" in text for key in schema_keys.of_member(group, name))
        assert all(f"| `{key.name}` |" in text for key in schema_keys.of_command(command))


def test_debug_and_a_broken_pipe():
    """`gni train --help | head -1` ends quietly."""
    script = f"{sys.executable} -m gnicli train --help | head -1"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("Usage: gni train")
    assert done.stderr == ""


def test_help_lists_the_experiments_of_a_folder_of_the_users(said, tmp_path):
    """Those of other commands are left out, files that cannot be read too, and there may be no comment."""
    (tmp_path / "experiment").mkdir()
    for name, text in {
        "mine": "# @package _global_\n# gni train experiment=mine\n# What mine shows.\nM: 2\n",
        "bare": "# @package _global_\nM: 3\n",
        "told": "# @package _global_\n# Only words.\nM: 3\n",
        "other": "# @package _global_\n# gni fit-stable experiment=other\n# No.\nlaw: gaussian\n",
    }.items():
        (tmp_path / "experiment" / f"{name}.yaml").write_text(text)
    (tmp_path / "experiment" / "broken.yaml").write_bytes(b"\xff\xfe")
    for words in (["--config-dir", str(tmp_path)], [f"hydra.searchpath=[file://{tmp_path}]"]):
        page = said("train", *words, "--help")
        assert f"Experiments of {tmp_path}:" in " ".join(page.split())
        listed = page.partition(f"{tmp_path}:\n")[2].partition("Options:")[0]
        assert re.findall(r"experiment=(\w+)", listed) == ["bare", "mine", "told"]
        assert "What mine shows." in listed
        assert "Only words." in listed
    assert "Experiments of /" not in " ".join(said("train", "--config-dir", str(tmp_path / "none"), "--help").split())
