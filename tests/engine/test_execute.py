"""A run from its config to its folder: every end that it can come to of itself."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import fake_experiment as fake
import numpy as np
import pytest
import yaml

from gnicli.contracts.observer import State
from gnicli.contracts.results import Results
from gnicli.engine import checkpoint, folders, outcome
from gnicli.engine import execute as engine
from gnicli.errors import DataError, GniError, NumericalError, UsageError

FIGURES = tuple(f"figures/walk.{suffix}" for suffix in ("png", "csv", "json"))


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """A run with a figure."""
    return fake.start(tmp_path_factory.mktemp("drawn") / "run", figures=True).folder


def train_loss(folder):
    """The headline value as a person reads it: two digits of its error."""
    value = json.loads((folder / "results.json").read_text())["train_loss"]
    assert 0.1 < value["stderr"] < 1
    return f"{value['value']:.2f} ± {value['stderr']:.2f}"


def test_a_complete_run_folder(drawn):
    content = fake.manifest(drawn)
    assert content["status"] == "completed"
    assert content["command_line"] == "gni count"
    assert content["seed"] == 3
    assert content["pid"] == os.getpid()
    assert content["end"] >= content["start"]
    assert content["arrays"]["walk"] == {
        "shape": [3, 2],
        "dtype": "float64",
        "meaning": "position: walker × coordinate",
    }
    assert set(content["versions"]) == {"python", "gni", "torch", "numpy", "scipy", "hydra-core", "omegaconf"}
    assert 0 < content["engine_seconds"] < content["wall_seconds"]
    assert yaml.safe_load((drawn / ".hydra" / "config.yaml").read_text()) == fake.plain_of(fake.config(figures=True))
    assert {path.name for path in (drawn / "figures").iterdir()} == {Path(name).name for name in FIGURES}
    report = (drawn / "report.md").read_text()
    assert f"| train_loss | {train_loss(drawn)} | 4 |" in report
    assert "![Walk](figures/walk.png)" in report
    assert "\n## Result\n\none note\n" in report
    assert not list(drawn.rglob("*.tmp"))


def test_equal_runs_have_equal_bytes(tmp_path, drawn):
    fake.assert_same(fake.start(tmp_path / "again", figures=True).folder, drawn, (*fake.SAME, *FIGURES))


def test_what_is_printed(tmp_path, capsys):
    fake.start(tmp_path / "run")
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[-1] == str(tmp_path / "run")
    assert any("train_loss" in line and train_loss(tmp_path / "run") in line for line in lines)
    assert "step 60/60" in err
    assert "one note" in err


@pytest.mark.parametrize("error", [RuntimeError("no\nmore"), NumericalError("no spread"), DataError("torn")])
def test_a_failure_is_recorded_and_raised(tmp_path, error):
    def experiment(cfg, observer):
        observer.metrics(1, {"loss": 1.0})
        raise error

    with pytest.raises(type(error)):
        fake.start(tmp_path / "run", run=experiment)
    content = fake.manifest(tmp_path / "run")
    assert content["status"] == "failed"
    assert content["error"] == ("RuntimeError: no" if isinstance(error, RuntimeError) else str(error))
    assert "Traceback" in (tmp_path / "run" / "run.log").read_text()
    assert (tmp_path / "run" / "metrics.csv").read_text() == "step,name,value\n1,loss,1.0\n"


def test_a_failure_in_a_sweep_is_returned_and_told_at_once(tmp_path, capsys):
    outcome = fake.start(tmp_path / "4", in_sweep=True, fail_at=20)
    assert outcome[:4] == ("failed", tmp_path / "4", 1, "RuntimeError: broken at step 20")
    out, err = capsys.readouterr()
    assert out == ""
    assert f"job 4 failed: RuntimeError: broken at step 20  ({tmp_path / '4'})" in err


def usage_error(cfg, observer):
    raise UsageError("noise.std must be >= 0, got -1")


def test_a_usage_error_leaves_nothing_behind(tmp_path):
    (tmp_path / "kept").mkdir()
    for folder in (tmp_path / "a" / "b" / "c", tmp_path / "kept"):
        with pytest.raises(UsageError, match="got -1"):
            fake.start(folder, run=usage_error)
    assert list(tmp_path.rglob("*")) == [tmp_path / "kept"]


def test_a_usage_error_in_a_sweep_is_kept_as_a_failed_job(tmp_path):
    outcome = fake.start(tmp_path / "0", run=usage_error, in_sweep=True)
    assert (outcome.status, outcome.exit_code) == ("failed", 2)
    assert folders.status_of(tmp_path / "0") == "failed"


def test_a_usage_error_after_something_was_produced_is_a_failure(tmp_path):
    def late(cfg, observer):
        observer.metrics(1, {"loss": 1.0})
        raise UsageError("too late")

    with pytest.raises(UsageError):
        fake.start(tmp_path / "run", run=late)
    assert folders.status_of(tmp_path / "run") == "failed"


def test_a_diverged_run_is_a_finished_result(tmp_path, capsys):
    outcome = fake.start(tmp_path / "run", diverge_at=40)
    assert (outcome.status, outcome.exit_code, outcome.message) == ("diverged", 4, "diverged at step 40")
    assert np.isnan(folders.read_run(outcome.folder).values["train_loss"].value)
    assert capsys.readouterr().out.splitlines()[-1] == str(outcome.folder)


def test_a_state_that_is_not_fit_is_never_kept(tmp_path):
    def experiment(cfg, observer):
        for step in range(1, 11):
            observer.step_done(step, 10, lambda step=step: State(step, {}) if step < 5 else None)
        return Results({}, status="diverged")

    fake.start(tmp_path / "run", run=experiment)
    fake.start(tmp_path / "every", run=experiment, cfg=fake.config(run={"checkpoint_steps": 1}))
    assert checkpoint.read_state(tmp_path / "run") is None
    assert checkpoint.read_state(tmp_path / "every").step == 4


@pytest.mark.parametrize("code", [0, 3, None, "a word"])
def test_an_exit_from_a_library_is_a_failure_whatever_its_code(tmp_path, code):
    told = f"a library ended the program: sys.exit({code!r})"
    with pytest.raises(GniError, match=re.escape(told)) as caught:
        fake.start(tmp_path / "run", run=lambda *_: sys.exit(code))
    assert caught.value.exit_code == 1
    assert fake.manifest(tmp_path / "run")["status"] == "failed"
    assert fake.manifest(tmp_path / "run")["error"] == told
    outcome = fake.start(tmp_path / "0", run=lambda *_: sys.exit(code), in_sweep=True)
    assert (outcome.status, outcome.exit_code) == ("failed", 1)


def test_a_result_that_cannot_be_shown_is_a_result(tmp_path, monkeypatch):
    def broken(*_):
        raise BrokenPipeError

    monkeypatch.setattr("gnicli.engine.table_text.print_table", broken)
    with pytest.raises(BrokenPipeError):
        fake.start(tmp_path / "run")
    assert fake.manifest(tmp_path / "run")["status"] == "completed"


def test_the_command_line_is_saved_as_a_shell_takes_it(tmp_path):
    cfg = fake.config()
    outcome = engine.execute(
        fake.count,
        cfg,
        tmp_path / "run",
        plain=fake.plain_of(cfg),
        command="count",
        overrides=["lr=0.5"],
        argv=["gni", "count", "a b"],
        settings={"overrides.yaml": b"- lr=0.5\n"},
    )
    assert fake.manifest(outcome.folder)["command_line"] == "gni count 'a b'"
    assert (outcome.folder / ".hydra" / "overrides.yaml").read_bytes() == b"- lr=0.5\n"


def test_importing_the_engine_stays_light():
    code = (
        "import sys, gnicli.engine.execute, gnicli.engine.sweep, gnicli.engine.figures, gnicli.engine.report.writing;"
        "heavy = {'torch', 'matplotlib', 'pandas', 'scipy', 'rich', 'jinja2', 'omegaconf', 'safetensors', 'filelock'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_first_line_of_an_error():
    assert outcome.first_line(KeyError()) == "KeyError"
    assert outcome.first_line(ValueError("\n a\nb")) == "ValueError:  a"
    assert outcome.first_line(DataError("torn")) == "torn"
