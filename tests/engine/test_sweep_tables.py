"""The tables of a sweep: a row for each setting, with means over seeds and their errors, and the jobs."""

from pathlib import Path

import fake_experiment as fake
import numpy as np
import pytest
from scipy import stats

from gnicli.contracts.results import Headline, RunRecord, Value
from gnicli.engine import summary, sweep, sweep_summary, sweep_tables
from gnicli.engine.report import document

HEADLINES = (Headline("verdict", "verdict"), Headline("loss", "test loss"))


def record(number, M, seed, status="completed", **values):
    overrides = {"M": str(M), "seed": str(seed)}
    return RunRecord(number, Path(str(number)), overrides, status, values, {})


def test_a_sweep_has_a_row_for_each_setting_with_mean_error_and_number():
    losses = {1: [1.0, 2.0, 4.0], 4: [0.5, 0.7, 0.6]}
    records = [
        record(3 * k + seed, M, seed, loss=Value(loss), verdict=Value("undecided" if seed else "rejected"))
        for k, (M, each) in enumerate(losses.items())
        for seed, loss in enumerate(each)
    ]
    table = sweep_tables.settings_table(records, HEADLINES)
    assert table.header == ("setting", "runs", "verdict", "test loss")
    for row, (M, each) in zip(table.rows, losses.items(), strict=True):
        mean, error = np.mean(each), stats.sem(each)
        read, plus_minus, read_error = row[3].split()
        assert row[:3] == (f"M={M}", "3", "undecided 2, rejected 1")
        assert plus_minus == "±"
        assert float(read) == pytest.approx(mean, abs=0.02 * error)
        assert float(read_error) == pytest.approx(error, rel=0.05)


def test_one_seed_keeps_the_runs_own_error_and_word_and_a_lost_run_is_counted():
    lone = {"loss": Value(1.931, 0.012), "verdict": Value("rejected")}
    records = [record(0, 1, 0, **lone), record(1, 2, 0, **lone), record(2, 2, 1, "failed")]
    rows = sweep_tables.settings_table(records, HEADLINES).rows
    assert rows == (("M=1", "1", "rejected", "1.931 ± 0.012"), ("M=2", "1 of 2", "rejected", "1.931 ± 0.012"))
    jobs = sweep_tables.jobs_table(records, HEADLINES)
    assert jobs.rows[2] == ("2", "M=2 seed=1", "failed", "", "")


def test_a_value_that_rounding_leaves_is_zero_beside_the_others_of_its_column():
    records = [record(0, 1, 0, loss=Value(-1.6642e-13)), record(1, 2, 0, loss=Value(1.05))]
    assert [row[2] for row in sweep_tables.settings_table(records, HEADLINES[1:]).rows] == ["0", "1.05"]


@pytest.mark.parametrize(("n_seeds", "n_tables"), [(1, 1), (2, 3)])
def test_jobs_are_printed_where_they_say_more_than_the_settings(n_seeds, n_tables, tmp_path, capsys):
    swept = sweep.Sweep(tmp_path / "s", command="count", overrides=[], argv=["gni", "count", "-m"])
    for number in range(2 * n_seeds):
        lr, seed = (0.1, 0.2)[number // n_seeds], number % n_seeds
        folder = swept.job_folder(number)
        fake.start(folder, in_sweep=True, overrides=[f"lr={lr}", f"seed={seed}", "+steps=60"], lr=lr, seed=seed)
    capsys.readouterr()
    swept.finish(headlines=(Headline("train_loss", "train loss"),))
    out = capsys.readouterr().out
    assert out.count("setting") == n_tables
    assert out.count("train loss") == n_tables


def test_a_caveat_of_one_run_is_that_of_the_mean_and_is_explained():
    def records(*caveats):
        return [record(k, 1, k, loss=Value(1.0 + k, caveat=caveat)) for k, caveat in enumerate(caveats)]

    marked = records("", "not mixed", "noise too large")
    assert sweep_tables.settings_table(marked, HEADLINES).rows[0][2].endswith(" †")
    assert summary.means_by_label(summary.groups(marked))["loss"].caveat == "not mixed, noise too large"
    assert sweep_tables.legend(marked) == [
        "† marks values that are not what their names say: not mixed, noise too large"
    ]
    plain = records("", "")
    assert "†" not in sweep_tables.settings_table(plain, HEADLINES).rows[0][2]
    assert sweep_tables.legend(plain) == []
    assert sweep_tables.legend([each._replace(status="failed") for each in marked]) == []


def test_a_figure_of_many_settings_has_those_that_end_lowest_and_says_so():
    """A legend of hundreds of settings takes minutes, and nobody reads it."""
    steps, rng = np.arange(3.0), np.random.default_rng(0)
    ends = rng.permutation(200).astype(float)
    records = [
        record(job, job, 0)._replace(metrics={"train_loss": (steps, np.array([300.0, 250.0, end]))})
        for job, end in enumerate(ends)
    ]
    lost = [record(200 + k, 200 + k, 0, "diverged")._replace(metrics={}) for k in range(40)]
    found = sweep_summary.summary([*records, *lost])
    (figure,) = found.figures.values()
    assert [curve.y[-1] for curve in figure.panels[0].curves] == [
        end for end in ends if end < sweep_summary.MOST_CURVES
    ]
    assert "Of 200 settings the 30 whose curves end lowest are drawn" in figure.caption
    assert "; 30 more settings." in figure.caption
    assert len(figure.absent) == 10
    assert len(found.notes) >= 40  # of each that is not drawn because it diverged
    few = sweep_summary.summary(records[:30]).figures["train_loss"]
    assert len(few.panels[0].curves) == 30
    assert "are drawn" not in few.caption


def test_a_report_looks_once_at_each_cell_of_a_table(monkeypatch):
    """Of the table of the jobs too, which may be thousands."""
    asked = []
    monkeypatch.setattr(document.number_text, "is_number", lambda text: asked.append(text) or True)
    table = document.TableBlock("t", ("a", "b", "c"), tuple((str(k), "1", "2") for k in range(50)))
    for _ in range(100):
        assert table.numeric == [False, True, True]
    assert len(asked) == 100


def test_below_the_tables_stands_every_warning_that_was_not_said_and_else_no_more_than_three_sentences():
    def of(job, *warnings):
        return RunRecord(job, Path(str(job)), {}, "completed", {}, {}, warnings=warnings)

    rng = np.random.default_rng(5)
    names = [f"warning {number}" for number in range(14)]
    for n_said in range(len(names) + 1):
        said = set(rng.permutation(names)[:n_said].tolist())
        records = [of(job, *rng.permutation(names)[: rng.integers(14)].tolist()) for job in range(6)]
        counts = {name: sum(name in record.warnings for record in records) for name in names}
        shown = sweep_tables.last_sentences(records, said)
        for name, k in counts.items():
            mine = [sentence for sentence in shown if sentence.startswith(f"{name} (")]
            assert len(mine) <= (k > 0)
            assert not (name in said and k == 1 and mine)
            assert all(f"({k} of 6 jobs)" in text or (k, "(job ") == (1, text[-7:-2]) or k == 6 for text in mine)
        unsaid = [name for name, k in counts.items() if k and name not in said]
        repeated = [name for name, k in counts.items() if k > 1 and name in said]
        n_needed = min(len(unsaid), sweep_tables.MOST_WARNINGS)
        assert len(shown) == max(n_needed, min(3, n_needed + len(repeated)))
        assert {sentence.rpartition(" (")[0] for sentence in shown[:n_needed]} <= set(unsaid)
    assert sweep_tables.last_sentences([of(0, "w", "w")], set()) == ["w (job 0)"]
