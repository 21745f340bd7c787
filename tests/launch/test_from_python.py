"""`gnicli.run`: what the command does, from Python, leaving the process as it was."""

import logging
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf
from quick import quick_experiment

import gnicli
from gnicli.contracts.results import Results, Value
from gnicli.errors import Interrupted, UsageError
from gnicli.experiments import train
from gnicli.launch import path_shorthand, spelling

SAME = ("results.json", "metrics.csv", "arrays.npz", ".hydra/config.yaml", ".hydra/overrides.yaml")


@pytest.fixture
def quick(outputs, monkeypatch):
    monkeypatch.setattr(train, "run", quick_experiment)
    monkeypatch.setattr("gnicli.engine.machine.choose", lambda config, manifest: ("cpu", None))
    monkeypatch.setattr("gnicli.engine.figures.write", lambda folder, figures, *_: dict(figures))
    return outputs


def test_a_run_has_the_bytes_of_the_command(outputs, tmp_path):
    words = ["samples=stable", "samples.n=300", "n_bootstrap=3", "fixed={beta:0}", "run.pictures='none'"]
    done = gnicli.run(
        "fit-stable",
        samples={"name": "stable", "n": 300},
        n_bootstrap=3,
        fixed={"beta": 0},
        run={"pictures": "none", "dir": tmp_path / "a"},
    )
    there = [sys.executable, "-m", "gnicli", "fit-stable", *words, f"run.dir={tmp_path / 'b'}"]
    subprocess.run(there, check=True, capture_output=True, cwd=tmp_path)
    for name in SAME:
        ours, theirs = ((tmp_path / run / name) for run in "ab")
        assert ours.exists() == theirs.exists()
        if ours.exists():
            mine, other = ours.read_bytes(), theirs.read_bytes()
            if not name.endswith(".npz"):  # in numbers these two bytes may stand by chance
                mine = mine.replace(b"/a", b"/b")
            assert mine == other, name
    assert done.folder == tmp_path / "a"
    assert done.results == gnicli.load_run(tmp_path / "b").results
    assert done.config["fixed"] == {"beta": 0}


def test_nothing_is_printed_and_the_process_is_as_it_was(quick, capfd):
    def state():
        root = logging.getLogger()
        handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)}
        return handlers, list(root.handlers), root.level, list(sys.argv), dict(os.environ), Path.cwd()

    before = state()
    done = gnicli.run("train", "M=2", lr=0.5)
    with pytest.raises(UsageError):
        gnicli.run("train", "M=0")
    assert state() == before
    assert capfd.readouterr() == ("", "")
    assert (done.status, done.results["train_loss"].value, done.command) == ("completed", 1.0, "train")
    assert done.metrics.to_dict("list") == {"step": [0], "name": ["train_loss"], "value": [1.0]}
    assert gnicli.run("train", show=True).status == "completed"
    assert str(quick) in capfd.readouterr().out


def test_words_that_list_values_make_a_sweep(quick, capfd):
    for runs in (gnicli.run("train", "M=1,2"), gnicli.run("train", multirun=True, M=[1, 2])):
        assert [run.results["train_loss"].value for run in runs] == pytest.approx([0.003, 0.006])
        assert runs.table()["M"].tolist() == ["1", "2"]
    failed = gnicli.run("train", "M=1,13")
    assert [run.status for run in failed] == ["completed", "failed"]
    assert failed[1].message == "ZeroDivisionError: a bug for this test"
    assert capfd.readouterr() == ("", "")
    with pytest.raises(UsageError, match="multirun=False refuses"):
        gnicli.run("train", "M=1,2", multirun=False)


@pytest.mark.parametrize(
    ("command", "words", "given", "message"),
    [
        ("trian", [], {}, "no command 'trian'; did you mean train?"),
        ("train", ["--help"], {}, "shows something and runs nothing"),
        ("train", ["--cfg", "job"], {}, "shows something and runs nothing"),
        ("train", [], {"noise": object()}, "noise: expected a number, a text, a list or a table of keys, got object"),
        ("train", [], {"M": 2.5}, "M: expected an integer"),
        ("train", [], {"m": 2}, "did you mean M"),
        ("train", [], {"noise": "multt"}, "did you mean mult"),
    ],
)
def test_mistakes_are_errors_of_one_line(quick, command, words, given, message):
    with pytest.raises(UsageError, match=message) as caught:
        gnicli.run(command, *words, **given)
    assert "\n" not in str(caught.value)
    assert not quick.exists()


def test_bugs_are_raised_as_they_are_and_the_next_run_is_whole(quick):
    with pytest.raises(ZeroDivisionError):
        gnicli.run("train", "M=13")
    assert gnicli.run("train", "M=1").status == "completed"
    assert [run.status for run in gnicli.load_runs(quick)] == ["failed", "completed"]


def test_runs_in_threads_take_turns(quick):
    found = {}

    def work(M):
        found[M] = gnicli.run("train", M=M, lr=1.0).results["train_loss"].value

    threads = [threading.Thread(target=work, args=(M,)) for M in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {1: 1.0, 2: 2.0, 3: 3.0}


def test_a_run_outlives_a_change_of_the_working_folder(quick, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = gnicli.run("train", run={"root": "here"})
    monkeypatch.chdir("/")
    assert done.folder.is_relative_to(tmp_path / "here")
    assert len(done.metrics) == 1


def test_ctrl_c_is_interrupted_and_can_be_resumed(quick, monkeypatch):
    def pressed(config, observer):
        os.kill(os.getpid(), signal.SIGINT)
        return Results({"train_loss": Value(1.0)})

    monkeypatch.setattr(train, "run", pressed)
    with pytest.raises(Interrupted, match="gni resume") as caught:
        gnicli.run("train")
    assert caught.value.exit_code == 130
    assert [run.status for run in gnicli.load_runs(quick)] == ["interrupted"]
    with pytest.raises(Interrupted, match="the sweep was stopped"):
        gnicli.run("train", "M=1,2")


PLAIN = (
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.floats(-1e9, 1e9)
    | st.text("ab, '\\:{}[]=#1.e", max_size=6)
)
NESTED = st.recursive(
    PLAIN, lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text("abc", min_size=1), part), max_leaves=5
)


@settings(max_examples=60)
@given(NESTED)
@example("\\\\")
@example("'\\\\'\\\\\\")
def test_a_value_arrives_as_it_was_given(value):
    from hydra.core.override_parser.overrides_parser import OverridesParser

    (word,) = spelling.words_of("fit-stable", {"fixed": value})
    (override,) = OverridesParser.create().parse_overrides(path_shorthand.expand("fit-stable", [word]))
    assert not override.is_sweep_override()
    arrived = OmegaConf.to_container(OmegaConf.create({"x": override.value()}), resolve=True)["x"]
    assert arrived == value
    assert type(arrived) is type(value)


def test_numbers_of_numpy_and_torch_are_numbers():
    torch = pytest.importorskip("torch")
    given = {"M": np.int64(3), "lr": torch.tensor(0.5), "beta": np.array([0.5, 1.0]), "source": Path("a b")}
    assert spelling.words_of("train", given) == ["M=3", "lr=0.5", "beta=[0.5,1.0]", "source=a b"]
