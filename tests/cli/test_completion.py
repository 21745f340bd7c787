"""Completion, up to what a real interactive bash makes of it."""

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gnicli.cli import complete

GNI = Path(sys.executable).with_name("gni")


def texts(word, *before):
    return [text for text, _ in complete.candidates("train", list(before), word)]


@pytest.mark.parametrize(
    ("before", "word", "expected"),
    [
        ([], "dataset=sv", ["dataset=svhn"]),
        ([], "noise=add,mu", ["noise=add,mult"]),
        ([], "optimizer.mom", ["optimizer.momentum=", "optimizer.momentum=0.0"]),
        ([], "optimizer.name=a", ["optimizer.name=adam"]),
        ([], "optimizer.nesterov=", ["optimizer.nesterov=true", "optimizer.nesterov=false"]),
        ([], "dataset", ["dataset=", "dataset=sinusoids"]),
        ([], "schedule.fi", []),
        (["schedule=cosine"], "schedule.fi", ["schedule.final=", "schedule.final=0.0"]),
        ([], "nothing", []),
    ],
)
def test_candidates(before, word, expected):
    found = texts(word, *before)
    assert found[: len(expected)] == expected
    assert bool(found) == bool(expected)
    assert all(text.startswith(word) for text in found)


@pytest.mark.parametrize(
    ("words", "index", "expected"),
    [
        (["gni", "train", "dataset", "=", "sv"], 4, (["train"], "dataset=sv", 8)),
        (["gni", "train", "dataset", "="], 3, (["train"], "dataset=", 8)),
        (["gni", "train", "dataset=sv"], 2, (["train"], "dataset=sv", 0)),
        (["gni", "train", "M", "=", "3", "noise", "=", "mu"], 7, (["train", "M=3"], "noise=mu", 6)),
        (["gni", "train", "M", "=", "3", "noi"], 5, (["train", "M=3"], "noi", 0)),
        (["gni", "train", ""], 2, (["train"], "", 0)),
        (["gni", "tr"], 1, ([], "tr", 0)),
    ],
)
def test_words_that_bash_split_are_joined(words, index, expected):
    assert complete.words_in_bash(words, index) == expected


# ------------------------------------------------------------------------------------------------------------ real bash


class Bash:
    """An interactive bash in a terminal of its own, with the completion that `gni` installs."""

    def __init__(self, home):
        environment = {
            "HOME": str(home),
            "PATH": f"{GNI.parent}:{os.environ['PATH']}",
            "TERM": "dumb",
            "PS1": "$ ",
            "INPUTRC": "/dev/null",
            "BASH_SILENCE_DEPRECATION_WARNING": "1",
        }
        self.process_id, self.terminal = pty.fork()
        if self.process_id == 0:  # the child becomes bash
            os.execve(shutil.which("bash"), ["bash", "--noprofile", "-i"], environment)
        self.type("PS1='READY> '; bind 'set bell-style none'; bind 'set enable-bracketed-paste off'\n", "\nREADY> ")

    def type(self, keys, until, seconds=30):
        """Type and read until a pattern appears; returns what was read."""
        os.write(self.terminal, keys.encode())
        seen, end = "", time.monotonic() + seconds
        while not re.search(until, seen):
            ready, _, _ = select.select([self.terminal], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                raise AssertionError(f"{until!r} did not appear after {keys!r}; there was {seen!r}")
            seen += os.read(self.terminal, 65536).decode(errors="replace").replace("\r", "")
        return seen

    def close(self):
        os.close(self.terminal)
        os.waitpid(self.process_id, 0)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home where completion was installed as `gni --install-completion` does it, started from a bash."""
    if not GNI.exists() or shutil.which("bash") is None:
        raise AssertionError("the tests need gni installed beside Python, and bash")
    home = tmp_path_factory.mktemp("home")
    environment = {**os.environ, "HOME": str(home), "PATH": f"{GNI.parent}:{os.environ['PATH']}"}
    # Two commands, so that bash does not replace itself by the first: Typer asks who its parent is.
    subprocess.run(["bash", "-c", "gni --install-completion; true"], env=environment, check=True, timeout=60)
    assert (home / ".bash_completions" / "gni.sh").exists()
    return home


@pytest.fixture
def bash(home):
    shell = Bash(home)
    yield shell
    shell.close()


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("gni tra", "gni train "),
        ("gni train dataset=sv", "gni train dataset=svhn "),
        ("gni train -m M=1,2 noise=mu", "gni train -m M=1,2 noise=mult "),
        ("gni train optimizer.mom", r"gni train optimizer\.momentum="),
        ("gni train schedule=cosine schedule.fi", r"gni train schedule=cosine schedule\.final="),
        ("gni train los", "gni train loss="),
    ],
)
def test_tab_in_a_real_bash(bash, typed, expected):
    bash.type(f"{typed}\t", f"READY> .*{expected}|^{expected}")


def test_tab_in_a_bash_that_does_not_split_at_the_equals_sign(bash):
    bash.type('COMP_WORDBREAKS="${COMP_WORDBREAKS//=/}"\n', "\nREADY> ")
    bash.type("gni train dataset=sv\t", "dataset=svhn ")


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_get_whole_words(shell):
    environment = {
        **os.environ,
        "_GNI_COMPLETE": f"complete_{shell}",
        "_TYPER_COMPLETE_ARGS": "gni train M=2 dataset=sv",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    done = subprocess.run([GNI], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert "dataset=svhn" in done.stdout
