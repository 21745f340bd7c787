"""Runs compared: settings by their whole configuration, means with Student's intervals, and what two runs differ in."""

import csv
import io
import json
import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from run_folders import make, make_sweep
from scipy import stats

from gnicli.contracts.results import Headline, Value
from gnicli.engine.run_index import index
from gnicli.engine.run_views import comparison, detail, difference
from gnicli.errors import DataError, UsageError

LOSS = (Headline("train_loss", "train loss"),)


def of(places):
    return comparison.between(index.at(places))


def seeds(folder, losses, *overrides, config=None, **more):
    """A run for each loss, which differ in the seed."""
    for seed, loss in enumerate(losses):
        words = (*overrides, f"seed={seed}")
        make(folder / str(seed), *words, config={"seed": seed} | (config or {}), results={"train_loss": loss}, **more)
    return folder


def test_means_intervals_and_n_are_those_of_students_t(tmp_path):
    losses = [0.5, 0.25, 1.0, 0.125]
    found = of([seeds(tmp_path / "a", losses, "M=1"), seeds(tmp_path / "b", [2.0], "M=4", config={"M": 4})])
    assert (found.command, found.keys, found.n_repeats) == ("train", ["M"], 0)
    first, second = found.rows()
    low, high = stats.t.interval(0.95, 3, np.mean(losses), stats.sem(losses))
    assert (first["M"], first["n"], first["runs"]) == ("1", 4, 4)
    assert math.isclose(first["mean"], np.mean(losses))
    assert math.isclose(first["stderr"], stats.sem(losses))
    assert np.allclose([first["ci95_low"], first["ci95_high"]], [low, high])
    assert (second["M"], second["mean"], second["ci95_low"], second["n"]) == ("4", 2.0, None, 1)
    table = found.table(LOSS)
    assert table.header == ("setting", "n", "train loss", "95 % interval")
    assert table.rows[0][0::3] == ("M=1", f"{low:.5f} … {high:.4f}")
    assert table.rows[1] == ("M=4", "1", "2", "–")


def test_of_one_run_its_own_error_is_not_shown_as_one_over_seeds(tmp_path):
    make(tmp_path / "a", results={"train_loss": Value(0.5, 0.25, 200, "", (0.0, 1.0))})
    found = of([tmp_path])
    assert found.table(LOSS).rows == (("all runs", "1", "0.5", "–"),)
    (row,) = found.rows()
    assert (row["stderr"], row["ci95_low"], row["n"]) == (None, None, 1)


def test_what_is_not_completed_is_counted_and_in_no_mean(tmp_path):
    seeds(tmp_path / "a", [0.5, 0.25], "M=1")
    for number, status in enumerate(("diverged", "failed", "interrupted", "diverged")):
        make(tmp_path / "a" / f"bad{number}", "M=1", f"seed={number + 7}", status=status, config={"seed": number + 7},
             results={"train_loss": 1e9, "diverged_at": 5.0})  # fmt: skip
    make(tmp_path / "b", "M=4", "seed=0", config={"M": 4}, status="diverged", results={"train_loss": 1e9})
    found = of([tmp_path])
    table = found.table(LOSS)
    assert table.header[-1] == "not completed"
    assert table.rows[0][:3] == ("M=1", "2 of 6", "0.38 ± 0.12")
    assert table.rows[0][-1] == "2 diverged at step 5, 5, 1 failed, 1 interrupted"
    assert table.rows[1] == ("M=4", "0 of 1", "–", "–", "1 diverged")
    assert found.sentences() == [
        "M=1: 2 diverged at step 5, 5, 1 failed, 1 interrupted; means are those of 2 of 6 runs",
        "M=4: 1 diverged; there is no mean",
    ]
    (row,) = found.rows()
    assert (row["n"], row["runs"], row["completed"], row["diverged"]) == (2, 6, 2, 2)
    assert found.as_json()["settings"][1]["statuses"] == {"diverged": 1}


def test_settings_are_told_apart_by_configurations_and_not_by_what_was_typed(tmp_path):
    make(tmp_path / "a", "M=1", results={"train_loss": 1.0})
    make(tmp_path / "b", "seed=1", config={"seed": 1}, results={"train_loss": 3.0})  # M=1 is the default
    make(tmp_path / "c", "M=1", "seed=2", config={"seed": 2, "lr": 0.5}, results={"train_loss": 50.0})  # a file said lr
    found = of([tmp_path])
    assert [(group.label, len(group.records)) for group in found.settings] == [("lr=0.1", 2), ("lr=0.5", 1)]
    assert [row["mean"] for row in found.rows()] == [2.0, 50.0]


def test_device_threads_and_folder_are_no_settings(tmp_path):
    make(tmp_path / "a", "threads=1", "run.dir=a", config={"threads": 1})
    make(
        tmp_path / "b",
        "threads=4",
        "seed=1",
        "+hydra.verbose=1",
        "hydra/launcher=local",
        config={"threads": 4, "seed": 1},
    )
    found = of([tmp_path])
    assert [(group.label, len(group.records)) for group in found.settings] == [("", 2)]
    assert found.table(LOSS).rows[0][:2] == ("all runs", "2")


def test_a_run_that_repeats_another_counts_once_and_the_finished_one_counts(tmp_path):
    make(tmp_path / "a", "M=1", status="failed", results={})
    make(tmp_path / "b", "M=1", results={"train_loss": 0.5})
    make(tmp_path / "c", "M=1", results={"train_loss": 0.5}, status="completed")
    found = of([tmp_path, tmp_path / "b"])
    assert (found.n_repeats, [record.folder.name for record in found.records]) == (2, ["b"])
    assert found.sentences() == ["2 runs left out, whose configuration and seed another one has"]


def test_a_damaged_run_is_counted_by_what_was_typed(tmp_path):
    seeds(tmp_path / "s", [0.5, 0.25], "M=1")
    (make(tmp_path / "d", "M=1", "seed=9") / ".hydra" / "config.yaml").write_text("{")
    found = of([tmp_path])
    assert found.table(LOSS).rows[0][:2] == ("all runs", "2 of 3")
    assert found.sentences() == ["the runs: 1 damaged; means are those of 2 of 3 runs"]


@given(st.integers(0, 10**9))
def test_the_order_in_which_runs_are_given_changes_no_mean(tmp_path_factory, seed):
    draw = random.Random(seed)
    root = tmp_path_factory.mktemp("c")
    values = {}
    for number in range(draw.randint(1, 6)):
        m, loss = draw.choice([1, 2]), draw.choice([0.5, 0.25, 1.0])
        status = draw.choice(["completed", "completed", "diverged"])
        make(root / str(number), f"M={m}", f"seed={number}", config={"M": m, "seed": number}, status=status,
             results={"train_loss": loss})  # fmt: skip
        if status == "completed":
            values.setdefault(str(m), []).append(loss)
    places = [root / str(number) for number in range(len(list(root.iterdir())))]
    draw.shuffle(places)
    rows = of(places).rows()
    assert sum(row["n"] for row in rows) == sum(map(len, values.values()))
    for row in rows:
        m = row.get("M") or next(iter(values))
        assert math.isclose(row["mean"], np.mean(values[m]))
        assert row["n"] == len(values[m])


def test_csv_has_every_digit_and_every_result(tmp_path):
    losses = [1 / 3, 2 / 7]
    make_sweep(tmp_path / "s", *(
        {"overrides": ["M=1", f"seed={k}"], "config": {"seed": k}, "results": {"train_loss": x, "word": "S1", "b": 1.0}}
        for k, x in enumerate(losses)
    ))  # fmt: skip
    rows = list(csv.DictReader(io.StringIO(of([tmp_path / "s"]).csv().decode())))
    assert [row["result"] for row in rows] == ["train_loss", "b"]
    assert float(rows[0]["mean"]) == np.mean(losses)
    assert json.loads(json.dumps(of([tmp_path / "s"]).as_json()))["command"] == "train"


def test_what_cannot_be_compared_is_refused_in_one_line(tmp_path):
    make(tmp_path / "a", results={"train_loss": 1.0, "word": "S1"})
    make(tmp_path / "b", command="fit-stable")
    with pytest.raises(UsageError, match="runs of train and fit-stable; compare takes runs of one command"):
        of([tmp_path / "a", tmp_path / "b"])
    with pytest.raises(DataError, match="is not a run folder"):
        of([tmp_path / "a", tmp_path / "none"])
    make_sweep(tmp_path / "s")
    with pytest.raises(DataError, match="a sweep of which no job has begun"):
        of([tmp_path / "s"])
    with pytest.raises(UsageError, match="no completed run has a number 'tset'; there are train_loss, word"):
        of([tmp_path / "a"]).table(LOSS, ["tset"])


# ------------------------------------------------------------------------------------------------------- two runs


VERSIONS = {"python": "3.11.7", "torch": "2.6"}


def test_two_equal_runs_differ_in_nothing(tmp_path):
    for name in "ab":
        make(tmp_path / name, versions=VERSIONS, config={"run": {"dir": name}, "threads": None})
    found = difference.between(tmp_path / "a", tmp_path / "b")
    assert found.is_same
    assert found.tables() == {}
    assert found.sentences() == [
        "The configurations are the same.", "results.json, metrics.csv: the same bits in both."
    ]  # fmt: skip
    assert found.as_json()["bits"]["arrays.npz"] == "absent in both"


def test_two_runs_differ_in_keys_versions_and_results(tmp_path):
    make(tmp_path / "a", versions=VERSIONS, threads=1, results={"train_loss": 0.5, "gone": 1.0, "nan": math.nan})
    make(tmp_path / "b", versions=VERSIONS | {"torch": "2.7"}, threads=4, config={"M": 4, "new": [1]},
         results={"train_loss": 0.125, "nan": math.nan, "word": "S1"})  # fmt: skip
    (tmp_path / "a" / "arrays.npz").write_bytes(b"x")
    found = difference.between(tmp_path / "a", tmp_path / "b")
    assert dict(found.config) == {"M": (1, 4), "new": (None, [1])}
    assert dict(found.made) == {"torch": ("2.6", "2.7"), "threads": (1, 4)}
    tables = found.tables()
    assert tables["Configuration"].rows == (("M", "1", "4"), ("new", "–", "[1]"))
    assert tables["Results"].rows == (
        ("train_loss", "0.5", "0.125", "-0.375"), ("gone", "1", "–", "–"), ("word", "–", "S1", "–"),
    )  # fmt: skip
    assert found.sentences() == [
        "metrics.csv: the same bits in both.", "results.json: not the same bits.", "arrays.npz: in the first alone.",
    ]  # fmt: skip
    assert not found.is_same
    assert found.as_json()["results"]["gone"] == [{"value": 1.0, "stderr": None, "n": 1, "unit": ""}, None]


def test_runs_without_results_are_not_the_same(tmp_path):
    for name in "ab":
        folder = make(tmp_path / name, status="failed")
        for part in ("results.json", "metrics.csv"):
            (folder / part).unlink()
    found = difference.between(tmp_path / "a", tmp_path / "b")
    assert not found.is_same
    assert found.sentences() == ["The configurations are the same.", "Neither has results."]
    make(tmp_path / "c", command="fit-stable", status="failed")
    assert difference.between(tmp_path / "a", tmp_path / "c").config["command"] == ("train", "fit-stable")
    assert "in the second alone" in " ".join(difference.between(tmp_path / "a", tmp_path / "c").sentences())


def test_the_detail_of_a_run_has_what_is_known_and_no_more(tmp_path):
    from gnicli.engine import runs
    from gnicli.engine.run import Run

    make(tmp_path / "a", "M=1", versions=VERSIONS, git={"commit": "0123456789abcdef", "dirty": True}, wall_seconds=2.5,
         warnings=["not mixed"], resumed_from=[3, None], about={"title": "About it"})  # fmt: skip
    run = runs.load_run(tmp_path / "a")
    facts = dict(detail.facts(run).rows)
    assert (facts["commit"], facts["took"], facts["resumed"]) == ("0123456789ab and changes", "2.5 s", "2")
    assert facts["versions"] == "python 3.11.7, torch 2.6"
    assert not {"ended", "device", "jobs"} & set(facts)
    assert detail.title(run) == "About it"
    assert detail.sentences(run) == ["not mixed"]
    assert ("noise.name", "add") in detail.keys(run).rows
    lost = Run(tmp_path, "lost", manifest={"pid": 7})
    assert detail.sentences(lost) == ["its process (pid 7) is gone; gni resume goes on from what was saved"]
    assert (detail.title(lost), detail.commit({})) == ("A run", "")
