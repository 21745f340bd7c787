"""Loggers: each record once, whatever becomes of the run; their failure is not the run's, and no result is theirs."""

import json
import random
from dataclasses import dataclass, field

import fake_experiment as fake
import numpy as np
import pytest
from followed import recorded, start, stopping

from gnicli.contracts.live_curves import LoggedRun
from gnicli.engine import provenance
from gnicli.errors import ResourceError


class Lines:
    """Curves as lines of JSON in the logger's folder."""

    def __init__(self, logger, run):
        self.logger, self.path = logger, run.folder / "lines"
        self.path.write_text("")

    def add(self, step, values):
        self.logger.fail("add")
        random.random()
        np.random.rand()
        self.write(step, dict(values))

    def flush(self):
        self.logger.fail("flush")

    def close(self, ending):
        self.logger.fail("close")
        self.write("end", ending)

    def write(self, *line):
        with self.path.open("a") as stream:
            stream.write(json.dumps(line) + "\n")


@dataclass
class Logger:
    """A logger of a test; `fails` names the call that raises."""

    name: str = "lines"
    fails: str = ""
    error: type = RuntimeError
    seen: list = field(default_factory=list)

    folder = "curves"

    def fail(self, call):
        if self.fails == call:
            raise self.error("it broke\nmore detail")

    def require(self):
        self.fail("require")

    def open(self, run: LoggedRun):
        self.fail("open")
        self.seen.append(run)
        return Lines(self, run)


def logged(folder):
    """What the logger has: rows (step, name, value) in order, and how the run ended."""
    lines = [json.loads(line) for line in (folder / "curves" / "lines").read_text().splitlines()]
    rows = [(step, name, value) for step, values in lines if step != "end" for name, value in values.items()]
    return rows, [ending for step, ending in lines if step == "end"]


def test_a_logger_gets_every_record_once_and_changes_no_result(tmp_path):
    logger = Logger()
    start(tmp_path / "with", logger)
    start(tmp_path / "without")
    rows, endings = logged(tmp_path / "with")
    assert rows == sorted(rows, key=lambda row: row[0])
    assert sorted(rows) == recorded(tmp_path / "with")
    assert len(rows) == 40
    assert endings == ["completed"]
    fake.assert_same(tmp_path / "with", tmp_path / "without")
    assert len({fake.manifest(tmp_path / name)["fingerprint"] for name in ("with", "without")}) == 1
    (run,) = logger.seen
    assert run.folder == tmp_path / "with" / "curves"
    assert run.name == "with"
    assert run.config["steps"] == 60
    assert not (tmp_path / "without" / "curves").exists()


def test_the_fingerprint_knows_no_logger():
    plain = {"lr": 0.1, "logger": {"name": "none"}}
    assert provenance.fingerprint(plain) == provenance.fingerprint({"lr": 0.1, "logger": {"name": "wandb"}})
    assert provenance.fingerprint(plain) != provenance.fingerprint({"lr": 0.2, "logger": {"name": "none"}})


@pytest.mark.parametrize(("changes", "ending"), [({"diverge_at": 20}, "diverged"), ({"fail_at": 20}, "failed")])
def test_a_logger_is_told_how_the_run_ended(tmp_path, changes, ending):
    if ending == "failed":
        with pytest.raises(RuntimeError, match="broken at step 20"):
            start(tmp_path / "run", Logger(), **changes)
    else:
        start(tmp_path / "run", Logger(), **changes)
    assert logged(tmp_path / "run")[1] == [ending]


def test_a_resumed_run_has_each_record_once(tmp_path):
    """The first part has handed on records that its last checkpoint, at step 35, does not vouch for."""
    with pytest.raises(RuntimeError, match="killed"):
        start(tmp_path / "run", Logger(), stopping)
    assert max(step for step, _, _ in logged(tmp_path / "run")[0]) == 39
    start(tmp_path / "run", Logger(), resume=True)
    start(tmp_path / "whole", Logger())
    assert fake.manifest(tmp_path / "run")["resumed_from"] == [35]
    rows, endings = logged(tmp_path / "run")
    assert sorted(rows) == recorded(tmp_path / "run")
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    assert (sorted(rows), endings) == (sorted(logged(tmp_path / "whole")[0]), ["completed"])
    fake.assert_same(tmp_path / "run", tmp_path / "whole")


@pytest.mark.parametrize("call", ["open", "add", "flush", "close"])
@pytest.mark.parametrize("error", [RuntimeError, SystemExit])
def test_a_failure_of_a_logger_is_one_sentence_and_not_the_runs(tmp_path, capsys, call, error, monkeypatch):
    monkeypatch.setattr("gnicli.engine.observer.FLUSH_SECONDS", -1.0)
    assert start(tmp_path / "run", Logger(fails=call, error=error)).exit_code == 0
    said = f"logger=lines failed, and its curves end here ({error.__name__}: it broke more detail); the run goes on"
    assert capsys.readouterr().err.count(said) == 1
    assert (tmp_path / "run" / "run.log").read_text().count(said) == 1
    start(tmp_path / "plain")
    fake.assert_same(tmp_path / "run", tmp_path / "plain")


def test_a_logger_that_is_not_installed_is_refused_before_the_run(tmp_path):
    with pytest.raises(ResourceError, match="it broke"):
        start(tmp_path / "run", Logger(fails="require", error=ResourceError))
    assert not (tmp_path / "run").exists()


def test_what_a_logger_draws_changes_no_draw_of_others(tmp_path):
    def drawing(cfg, observer):
        random.seed(1)
        np.random.seed(1)
        observer.metrics(1, {"train_loss": 0.0})
        drawn.append((random.random(), np.random.rand()))
        return fake.count(cfg, observer)

    drawn = []
    for number, logger in enumerate((Logger(), None)):
        start(tmp_path / str(number), logger, drawing)
    assert drawn[0] == drawn[1]


def test_a_link_in_place_of_the_folder_is_not_followed(tmp_path, capsys):
    """A run folder may come from a stranger."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "mine").write_text("kept")
    with pytest.raises(RuntimeError, match="killed"):
        start(tmp_path / "run", None, stopping)
    (tmp_path / "run" / "curves").symlink_to(tmp_path / "elsewhere")
    start(tmp_path / "run", Logger(), resume=True)
    assert "curves is a symbolic link, not a folder; it is not touched" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "elsewhere").iterdir()] == ["mine"]
    assert fake.manifest(tmp_path / "run")["status"] == "completed"


def test_a_job_of_a_sweep_bears_the_name_of_its_sweep(tmp_path):
    logger = Logger()
    start(tmp_path / "night" / "3", logger)
    assert logger.seen[0].name == "night/3"
