"""A sweep is told truthfully from the folders of its jobs."""

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import fake_experiment as fake
import numpy as np
import pytest
from scipy import stats

from gnicli.contracts.results import Curve, FigureData, Panel, Results, RunRecord, Value
from gnicli.engine import figures, folders, summary, sweep, sweep_csv, sweep_records, sweep_summary, sweep_tables
from gnicli.engine.jobs import plan
from gnicli.errors import ConflictError, DataError, Interrupted

PROGRAM = Path(__file__).with_name("fake_experiment.py")


def begin(folder, **named):
    return sweep.Sweep(folder, command="count", overrides=["lr=.1,.2"], argv=["gni", "count", "-m"], **named)


def job(swept, number, lr, seed, **changes):
    overrides = [f"lr={lr}", f"seed={seed}", "+steps=60"]
    return fake.start(swept.job_folder(number), in_sweep=True, overrides=overrides, lr=lr, seed=seed, **changes)


def rows_of(folder):
    with (folder / "sweep.csv").open() as stream:
        return list(csv.DictReader(stream))


def test_a_whole_sweep(tmp_path, capsys):
    swept = begin(tmp_path / "s")
    for number, (lr, seed) in enumerate([(0.1, 0), (0.1, 1), (0.2, 0), (0.2, 1)]):
        job(swept, number, lr, seed)
    capsys.readouterr()
    outcome = swept.finish()
    assert (outcome.status, outcome.exit_code, len(outcome.records)) == ("completed", 0, 4)
    out = capsys.readouterr().out.splitlines()
    assert out[-1] == str(tmp_path / "s")
    assert any("lr=0.2 seed=1" in line and "completed" in line for line in out)
    rows = rows_of(tmp_path / "s")
    assert [(row["job"], row["status"], row["lr"], row["seed"], row["folder"]) for row in rows[2:]] == [
        ("2", "completed", "0.2", "0", "2"),
        ("3", "completed", "0.2", "1", "3"),
    ]
    for row in rows:
        value = folders.read_run(tmp_path / "s" / row["folder"]).values["train_loss"]
        assert (float(row["train_loss"]), float(row["train_loss_stderr"])) == value[:2]
    assert {path.name for path in (tmp_path / "s" / "figures").iterdir()} == {
        f"{name}.{x}" for name in ("train_loss", "metrics") for x in ("png", "csv", "json")
    }
    assert "lr=0.2 seed=1" in (tmp_path / "s" / "report.md").read_text()
    assert folders.status_of(tmp_path / "s") == "completed"
    assert [record.job for record in sweep_records.read_sweep(tmp_path / "s")] == [0, 1, 2, 3]
    with pytest.raises(DataError, match="single run"):
        sweep_records.read_sweep(tmp_path / "s" / "0")


def pictures_of(folder):
    return {path.suffix for path in (folder / "figures").iterdir()} - {".csv", ".json"}


@pytest.mark.parametrize(
    ("pictures", "is_typed", "kinds"),
    [("none", True, set()), ("none", False, set()), ("svg", True, {".svg"}), ("auto", False, {".png"})],
)
def test_a_sweeps_own_figures_have_the_pictures_that_its_jobs_are_told_to_draw(pictures, is_typed, kinds, tmp_path):
    """Typed, or in a file; the data are always there, and the report links to no other pictures. Here auto is png."""
    swept = begin(tmp_path / "s", n_jobs=3)  # job 2 never starts
    for number in range(2):
        typed = [f"run.pictures='{pictures}'"] if is_typed else []
        keys = {"pictures": pictures}
        fake.start(swept.job_folder(number), in_sweep=True, overrides=["lr=.1", *typed], run_keys=keys, seed=number)
    swept.finish(shows=False)
    assert pictures_of(tmp_path / "s") == kinds
    assert (tmp_path / "s" / "figures" / "train_loss.json").exists()
    page = (tmp_path / "s" / "report.md").read_text()
    assert {f".{kind}" for kind in figures.FORMATS if f"figures/train_loss.{kind}" in page} == kinds
    assert ('src="data:image/' in (tmp_path / "s" / "report.html").read_text()) is bool(kinds)


def test_jobs_that_differ_in_their_pictures_give_a_sweep_those_of_all(tmp_path):
    """A choice of files may be what differs; a number or a key within a group is none, and one file is read for all."""

    def told(*jobs):
        records = []
        for number, (overrides, pictures) in enumerate(jobs):
            folder = tmp_path / f"{len(list(tmp_path.iterdir()))}"
            if pictures is not None:
                (folder / ".hydra").mkdir(parents=True)
                (folder / ".hydra" / "config.yaml").write_text(f"run: {{pictures: {pictures}}}")
            folder.mkdir(exist_ok=True)
            status = "completed" if pictures is not None else sweep_records.NOT_STARTED
            given = sweep_records.split_overrides(overrides)
            records.append(RunRecord(number, folder, given, status, {}, {}))
        return sweep_summary.kinds_of_pictures(records)

    every = figures.WRITTEN
    assert told((["x=a"], "none"), (["x=b"], "svg")) == ("svg",)
    assert told((["x=a"], "none"), (["x=b"], "auto")) == every
    assert told((["run.pictures=none"], "none"), (["run.pictures=svg"], "svg")) == ("svg",)
    assert told((["run.pictures=none"], None), (["run.pictures=none"], "none")) == ()
    assert told((["run={pictures:none}", "M=1"], "none"), (["M=2"], None)) == ()
    assert told((["M=1"], "none"), (["M=2"], "[damaged")) == ()  # the second is not read
    assert told((["M=1"], "[damaged")) == every
    assert told((["M=1"], None)) == told() == every


def test_every_bad_end_is_shown(tmp_path, capsys):
    """One job each: completed, failed, killed, `os._exit`, diverged, interrupted by nobody but never started."""
    swept = begin(tmp_path / "s", n_jobs=6)
    job(swept, 0, 0.1, 0)
    job(swept, 1, 0.1, 1, fail_at=30)
    program = f"""
import os, sys
sys.path.insert(0, {str(PROGRAM.parent)!r})
import fake_experiment as fake
def end(cfg, observer):
    observer.metrics(1, {{"train_loss": 1.0}})
    HOW
fake.start(sys.argv[1], run=end, in_sweep=True, overrides=["lr=0.1", "seed=" + sys.argv[2], "+steps=60"])
"""
    for number, how in [(2, f"os.kill(os.getpid(), {int(signal.SIGKILL)})"), (3, "os._exit(1)")]:
        done = subprocess.run(
            [sys.executable, "-c", program.replace("HOW", how), str(swept.job_folder(number)), str(number)], check=False
        )
        assert done.returncode
    job(swept, 4, 0.1, 4, diverge_at=10)
    capsys.readouterr()
    outcome = swept.finish()
    assert [record.status for record in outcome.records] == [
        "completed", "failed", "lost", "lost", "diverged", "not started",
    ]  # fmt: skip
    assert (outcome.status, outcome.exit_code) == ("failed", 1)
    assert "4 of 6 jobs failed" in capsys.readouterr().err
    rows = rows_of(tmp_path / "s")
    assert rows[1]["message"] == "RuntimeError: broken at step 30"
    assert rows[4]["train_loss"] == "nan"
    assert "is gone" in rows[2]["message"]
    assert json.loads((tmp_path / "s" / "manifest.json").read_text())["status"] == "failed"
    drawn = (tmp_path / "s" / "figures" / "train_loss.csv").read_text()
    assert '"train_loss (5 seeds, 1 diverged, 1 failed, 2 lost)"' in drawn


def test_a_diverged_run_is_a_result_and_no_failure(tmp_path):
    swept = begin(tmp_path / "s")
    job(swept, 0, 0.1, 0, diverge_at=10)
    assert swept.finish()[:3] == ("completed", tmp_path / "s", 0)


@pytest.mark.parametrize(
    ("error", "code"), [(KeyboardInterrupt(), 130), (Interrupted("x"), 75), (Interrupted("x", by_keyboard=True), 130)]
)
def test_an_interrupted_sweep(tmp_path, error, code):
    swept = begin(tmp_path / "s", n_jobs=3)
    job(swept, 0, 0.1, 0)
    outcome = swept.finish(interrupted=error)
    assert (outcome.status, outcome.exit_code) == ("interrupted", code)
    assert [record.status for record in outcome.records] == ["completed", "not started", "not started"]
    assert folders.status_of(tmp_path / "s") == "interrupted"


def test_an_interrupted_sweep_names_the_settings_of_jobs_that_never_started(tmp_path, capsys):
    swept = begin(tmp_path / "s")
    words = [[f"lr={lr}", f"seed={seed}", "+steps=60"] for lr in (0.1, 0.2) for seed in (0, 1)]
    swept.record(plan.Plan("count", words, [], {}))
    job(swept, 0, 0.1, 0)
    capsys.readouterr()
    outcome = swept.finish(interrupted=KeyboardInterrupt())
    said = capsys.readouterr().out
    rows = [line.split()[:4] for line in said.splitlines() if line.strip()[:1].isdigit()]
    assert rows[0][:4] == ["0", "lr=0.1", "seed=0", "completed"]
    assert [row[1:3] for row in rows[1:]] == [["lr=0.1", "seed=1"], ["lr=0.2", "seed=0"], ["lr=0.2", "seed=1"]]
    assert [row["seed"] for row in rows_of(tmp_path / "s")] == ["0", "1", "0", "1"]
    assert [group.label for group in summary.groups(outcome.records)] == ["lr=0.1"]


def test_a_warning_of_several_jobs_is_a_sentence_of_the_sweep(tmp_path, capsys):
    said = {0: ("k does nothing",), 1: ("k does nothing", "alone"), 2: ("k does nothing", "twice"), 3: ("twice",)}
    swept = begin(tmp_path / "s")
    for number in range(4):
        told = said[number]
        job(swept, number, 0.1, number, run=lambda *given, told=told: fake.count(*given)._replace(warnings=told))
    capsys.readouterr()
    swept.finish()
    shown, report = capsys.readouterr().err, (tmp_path / "s" / "report.md").read_text()
    for text in (shown, report):
        assert "k does nothing (3 of 4 jobs)" in text
        assert "twice (2 of 4 jobs)" in text
    assert "alone" not in report  # that of its job has it
    assert shown.count("alone (job 1)") == 1  # nobody has said it before
    records = sweep_records.read_sweep(tmp_path / "s")
    assert sweep_tables.repeated_warnings(records[:3])[0] == "k does nothing (all 3 jobs)"


def test_two_sweeps_do_not_share_a_folder(tmp_path):
    swept = begin(tmp_path / "s")
    with pytest.raises(ConflictError, match=f"in use by pid {os.getpid()}"):
        begin(tmp_path / "s")
    swept.finish()
    with pytest.raises(ConflictError, match="finished"):
        begin(tmp_path / "s")
    other = begin(tmp_path / "t")
    other.discard()
    assert not (tmp_path / "t").exists()


def test_an_experiments_own_summary(tmp_path):
    def summarize(runs):
        assert [run.overrides["seed"] for run in runs] == ["0", "1"]
        steps, values = runs[1].metrics["train_loss"]
        figure = FigureData("own", (Panel((Curve("c", steps, values),), "x", "y"),))
        return Results({"gap": Value(0.5, 0.1, 2)}, figures={"gap": figure}, notes=("said so",))

    swept = begin(tmp_path / "s")
    for seed in range(2):
        job(swept, seed, 0.1, seed)
    swept.finish(summarize)
    assert json.loads((tmp_path / "s" / "results.json").read_text())["gap"]["value"] == 0.5
    assert (tmp_path / "s" / "figures" / "gap.png").exists()
    assert "said so" in (tmp_path / "s" / "report.md").read_text()


def test_an_error_in_the_summary_is_raised_after_the_table_is_written(tmp_path):
    swept = begin(tmp_path / "s")
    job(swept, 0, 0.1, 0)
    with pytest.raises(ZeroDivisionError):
        swept.finish(lambda runs: 1 / 0)
    assert rows_of(tmp_path / "s")[0]["status"] == "completed"
    assert folders.status_of(tmp_path / "s") == "failed"


def test_broken_jobs_are_read_as_broken(tmp_path):
    swept = begin(tmp_path / "s")
    job(swept, 0, 0.1, 0)
    (tmp_path / "s" / "0" / "manifest.json").write_text("{")
    (tmp_path / "s" / "notes").mkdir()  # no job
    job(swept, 10, 0.1, 1)
    (tmp_path / "s" / "10" / "metrics.csv").write_text("nothing\n")
    outcome = swept.finish()
    assert [(record.job, record.status) for record in outcome.records] == [(0, "broken"), (10, "completed")]
    assert "metrics.csv" in outcome.records[1].message


@pytest.mark.parametrize(
    ("override", "pair"),
    [
        ("M=4", ("M", "4")),
        ("+a.b='x y'", ("a.b", "x y")),
        ("++a=b=c", ("a", "b=c")),
        ("~d", ("~d", "")),
        ('n="', ("n", '"')),
    ],
)
def test_overrides_are_split(override, pair):
    assert sweep_records.split_overrides([override]) == dict([pair])


# -------------------------------------------------------------------------------------------------------------- summary


def record(number, lr, seed, values, status="completed", steps=None):
    steps = np.arange(len(values)) if steps is None else np.array(steps)
    overrides = {"noise": "mult", "lr": str(lr), "seed": str(seed)}
    metrics = {"train_loss": (steps, np.array(values, float))}
    return RunRecord(number, Path(str(number)), overrides, status, {"train_loss": Value(values[-1])}, metrics)


def test_the_interval_is_students_and_covers_what_it_says():
    """Against scipy.stats, and by counting: of 4000 intervals from 4 normal numbers 95 % hold the mean (± 4 σ)."""
    draws = np.random.default_rng(1).normal(3.0, 2.0, (4, 4000))
    half = summary.half_width(draws)
    low, high = stats.t.interval(0.95, 3, draws.mean(0), stats.sem(draws, axis=0))
    np.testing.assert_allclose(draws.mean(0) - half, low)
    np.testing.assert_allclose(draws.mean(0) + half, high)
    covered = np.mean(np.abs(draws.mean(0) - 3.0) < half)
    assert abs(covered - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 4000)


def test_one_line_per_setting_and_nothing_dropped_silently():
    runs = [
        record(0, 0.1, 0, [4.0, 2.0, 1.0]),
        record(1, 0.1, 1, [6.0, 4.0, 3.0]),
        record(2, 0.1, 2, [9.0, 99.0, float("nan")], "diverged"),
        record(3, 0.2, 0, [5.0, 5.0, 5.0]),
        record(4, 0.4, 0, [1.0, 8.0, float("inf")], "diverged"),
        record(5, 0.8, 0, [float("nan")], "diverged"),
    ]
    results = sweep_summary.summary(runs)
    figure = results.figures["train_loss"]
    first, second = figure.panels[0].curves  # what diverged in all its runs would hide them
    assert [first.label, second.label] == ["lr=0.1 (3 seeds, 1 diverged)", "lr=0.2 (1 seed)"]
    np.testing.assert_allclose(first.y, [5.0, 3.0, 2.0])
    np.testing.assert_allclose(first.high - first.low, 2 * stats.t.ppf(0.975, 1) * 1.0)
    assert second.low is None
    for lr in ("lr=0.4", "lr=0.8"):
        assert any(lr in note and "no curve" in note for note in results.notes)
        assert f"{lr}: no finite train_loss of completed runs (1 diverged)" in figure.caption
    assert "Pale" not in figure.caption
    assert figure.absent == (("lr=0.4", "1 diverged"), ("lr=0.8", "1 diverged"))
    mean = results.values["train_loss [lr=0.1]"]
    assert mean[:4] == (2.0, 1.0, 2, "")
    assert mean.ci95 == pytest.approx((2 - stats.t.ppf(0.975, 1), 2 + stats.t.ppf(0.975, 1)))
    assert "lr=0.1: means are those of the 2 completed of 3 runs" in results.notes
    assert results.values["train_loss [lr=0.2]"] == Value(5.0, None, 1, "")


def test_where_nothing_was_completed_what_there_is_is_drawn_pale_and_told():
    diverged = [record(0, 0.1, 0, [1.0, 8.0, float("inf")], "diverged"), record(1, 0.2, 0, [2.0, 3.0], "diverged")]
    figure = sweep_summary.summary(diverged).figures["train_loss"]
    np.testing.assert_array_equal(figure.panels[0].curves[0].x, [0, 1])
    assert {curve.style for curve in figure.panels[0].curves} == {"faint"}
    assert "Pale: settings without a completed run" in figure.caption
    assert "Not drawn" not in figure.caption
    # An interrupted run shows beside completed ones; a diverged one does not.
    mixed = [*diverged, record(2, 0.4, 0, [5.0, 4.0], "interrupted")]
    figure = sweep_summary.summary(mixed).figures["train_loss"]
    assert [curve.label for curve in figure.panels[0].curves] == ["lr=0.4 (1 seed, 1 interrupted)"]
    assert "Not drawn: lr=0.1" in figure.caption


def test_of_one_run_a_sweep_keeps_the_runs_own_errors_and_words():
    own = {"alpha": Value(1.9, 0.01, 400, "", (1.88, 1.92)), "verdict": Value("undecided"), "modes": Value((1.0, 2.0))}
    one = record(0, 0.1, 0, [1.0])._replace(values=own)
    assert sweep_summary.summary([one]).values == own
    other = record(1, 0.1, 1, [1.0])._replace(values=own | {"alpha": Value(1.7, 0.5, 400)})
    both = sweep_summary.summary([one, other]).values
    assert list(both) == ["alpha"]
    assert both["alpha"][:3] == pytest.approx((1.8, 0.1, 2))  # over seeds: the runs' own errors are not used
    lost = other._replace(status="diverged")
    assert sweep_summary.summary([one, lost]).values == own


def test_no_two_columns_of_a_sweeps_table_have_one_name():
    values = {
        "steps": Value(12.0),
        "status": Value(1.0),
        "a": Value(1.0, 0.1),
        "a_stderr": Value(2.0),
        "folder": Value(3.0),
    }
    overrides = {"steps": "12", "message": "x", "a_stderr": "y", "seed": "0"}
    header, (row,) = sweep_csv.table([RunRecord(0, Path("0"), overrides, "completed", values, {}, "said")])
    assert len(set(header)) == len(header) == len(row)
    table = dict(zip(header, row, strict=True))
    assert (table["steps"], table["result/steps"], table["status"], table["result/status"]) == (
        "12",
        12.0,
        "completed",
        1.0,
    )
    assert (table["message"], table["override/message"], table["folder"], table["result/folder"]) == (
        "said",
        "x",
        "0",
        3.0,
    )
    assert (table["a_stderr"], table["result/a_stderr"], table["result/result/a_stderr"]) == ("y", 0.1, 2.0)


def test_runs_are_averaged_where_they_all_have_a_value():
    runs = [record(0, 0.1, 0, [1.0, 2.0, 3.0], steps=[0, 5, 10]), record(1, 0.1, 1, [3.0, 5.0, 7.0], steps=[0, 10, 20])]
    (curve,) = sweep_summary.summary(runs).figures["train_loss"].panels[0].curves
    np.testing.assert_array_equal(curve.x, [0, 10])
    np.testing.assert_allclose(curve.y, [2.0, 4.0])


def test_the_order_of_jobs_does_not_change_a_mean():
    rng = np.random.default_rng(0)
    runs = [record(i, 0.1, i, rng.random(5).tolist()) for i in range(4)]
    one, other = (summary.mean_curve(summary.groups(order)[0], "train_loss") for order in (runs, runs[::-1]))
    np.testing.assert_allclose(one.y, other.y)
    np.testing.assert_allclose(one.low, other.low)


def test_a_sweep_with_nothing_to_draw():
    assert sweep_summary.summary([]) == Results({})
    nothing = RunRecord(0, Path("0"), {}, "not started", {}, {})
    assert sweep_summary.summary([nothing]).figures == {}
