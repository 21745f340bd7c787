"""`gni resume RUN` from the folder alone."""

import json

import numpy as np
import pytest
import yaml

from gnicli.contracts.observer import State
from gnicli.contracts.results import Results, Value
from gnicli.experiments import train


@pytest.fixture
def countable(gni, monkeypatch):
    """An experiment of 10 steps that stops itself at `stop_at` (when it starts fresh) and records what it was given."""
    seen = []

    def run(cfg, observer):
        state = observer.restore()
        seen.append((cfg, None if state is None else state.step))
        for step in range(1 if state is None else state.step + 1, 11):
            observer.step_done(step, 10, lambda step=step: State(step, {"w": np.full(2, step)}))
            if state is None and step == 4:
                raise KeyboardInterrupt
        return Results({"train_loss": Value(cfg.lr)})

    monkeypatch.setattr(train, "run", run)
    return seen


@pytest.fixture
def stopped(gni, countable, tmp_path):
    """The folder of a run that was stopped after its checkpoint of step 4."""
    folder = tmp_path / "run"
    said = gni("train", f"run.dir={folder}", "run.checkpoint_steps=2", "noise=mult", "lr=0.25", "threads=1")
    assert said.code == 130
    return folder


def test_a_stopped_run_goes_on_with_its_configuration(gni, countable, stopped):
    said = gni("resume", str(stopped))
    assert (said.code, said.last_line) == (0, str(stopped))
    (fresh, _), (resumed, step) = countable
    assert step == 4
    assert resumed == fresh
    assert type(resumed.noise).__name__ == type(fresh.noise).__name__
    made = json.loads((stopped / "manifest.json").read_text())
    assert (made["status"], made["argv"][:2]) == ("completed", ["gni", "train"])


def test_the_configuration_arrives_as_schemas(gni, countable, stopped):
    gni("resume", str(stopped))
    config = countable[-1][0]
    assert type(config.noise).__module__ == "gnicli.noise.mult"


def test_a_finished_run_is_a_conflict(gni):
    folder = gni("train").last_line
    said = gni("resume", folder)
    assert (said.code, said.out) == (5, "")
    assert "is finished (completed); there is nothing to resume" in said.err


@pytest.mark.parametrize(
    ("damage", "code", "message"),
    [
        (lambda config: config.update(learning_rate=3), 2, "config.yaml: unknown key learning_rate"),
        (lambda config: config["optimizer"].update(momentm=3), 2, "did you mean optimizer.momentum?"),
        (lambda config: config.update(lr="abc"), 2, "lr: expected a number, got 'abc'"),
        (lambda config: config.update(M=0), 2, "M must be an integer >= 1, got 0"),
        (lambda config: config["noise"].update(name="mlut"), 2, "unknown noise 'mlut' for noise: did you mean mult?"),
        (lambda config: config.pop("noise"), 2, "noise: a choice is missing; write noise=NAME"),
        (lambda config: config["network"].update(_target_="os.system"), 2, "may not name Python objects"),
        (lambda config: config.update(lr=0.5), 5, "lr"),
    ],
)
def test_a_changed_configuration_is_refused_in_one_line(gni, stopped, damage, code, message):
    path = stopped / ".hydra" / "config.yaml"
    config = yaml.safe_load(path.read_text())
    damage(config)
    path.write_text(yaml.safe_dump(config))
    said = gni("resume", str(stopped))
    assert message in said.err
    assert (said.code, said.out, len(said.err.strip().splitlines())) == (code, "", 1)


@pytest.mark.parametrize("text", ["lr: [1", "- 1\n", "lr: 1\nlr: 2\n", "lr: !!python/name:os.system x\n", None])
def test_a_damaged_configuration_is_a_data_error(gni, stopped, text):
    path = stopped / ".hydra" / "config.yaml"
    path.unlink() if text is None else path.write_text(text)
    said = gni("resume", str(stopped))
    assert "the saved configuration" in said.err
    assert (said.code, len(said.err.strip().splitlines())) == (3, 1)


def test_a_folder_that_is_no_run_is_a_data_error(gni, tmp_path):
    said = gni("resume", str(tmp_path))
    assert (said.code, "is not a run folder" in said.err) == (3, True)


def test_a_run_of_a_command_that_is_not_known_is_named(gni, stopped):
    manifest = stopped / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"command": "fly"}))
    said = gni("resume", str(stopped))
    assert (said.code, "made by the command 'fly'" in said.err) == (2, True)


@pytest.mark.parametrize(("group", "code"), [("logger", 0), ("inject", 2)])
def test_a_group_that_changes_no_result_may_be_absent_in_what_an_older_gni_saved(gni, countable, stopped, group, code):
    path = stopped / ".hydra" / "config.yaml"
    config = yaml.safe_load(path.read_text())
    del config[group]
    path.write_text(yaml.safe_dump(config))
    said = gni("resume", str(stopped))
    assert said.code == code
    if code:
        assert f"{group}: a choice is missing" in said.err
