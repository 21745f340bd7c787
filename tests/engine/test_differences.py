"""Settings of a sweep against its first one, paired by seed: Student's paired intervals, and ranks of what is lost."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from gnicli.contracts.results import Headline, RunRecord, Value
from gnicli.engine import differences, summary, sweep_summary

HEADLINES = (Headline("test_loss", "test loss"),)
STEPS = np.arange(4.0)


def run(M, seed, loss, status="completed", curve=None):
    overrides = {"M": str(M)} | ({} if seed is None else {"seed": str(seed)})
    metrics = {"train_loss": (STEPS, np.full(4, loss) if curve is None else curve)}
    values = {"test_loss": Value(loss, unit="nat"), "verdict": Value("fine")}
    return RunRecord(M * 100 + (seed or 0), Path(str(M)), overrides, status, values, metrics)


def compared(records):
    return differences.compared(summary.groups(records))


def test_differences_are_those_of_the_paired_t_test():
    rng = np.random.default_rng(0)
    common = rng.normal(scale=5, size=6)  # which the pairs share, and which the means hide
    one, four = common + rng.normal(size=6), common - 0.7 + rng.normal(size=6)
    # In another order, and with a seed that the other setting does not have.
    records = [run(1, k, one[k]) for k in range(6)] + [run(4, k, four[k]) for k in reversed(range(6))]
    records += [run(1, 9, 100.0), run(4, 8, -100.0)]
    (found,) = compared(records)
    assert (found.label, found.reference, len(found.pairs), found.rank()) == ("M=4", "M=1", 6, "")
    values = differences.values([found])
    assert list(values) == ["test_loss above M=1 [M=4]"]  # a word has no difference
    value = values["test_loss above M=1 [M=4]"]
    exact = stats.ttest_rel(four, one).confidence_interval(0.95)
    assert value.number == pytest.approx(np.mean(four - one))
    assert value.ci95 == pytest.approx((exact.low, exact.high))
    assert (value.n, value.unit) == (6, "nat")
    table = differences.table([found], HEADLINES)
    assert table.header == ("setting", "value", "pairs", "minus M=1", "95 % interval", "rank")
    ((setting, words, pairs, mean, interval, rank),) = table.rows
    assert (setting, words, pairs, rank) == ("M=4", "test loss", "6", "")
    assert float(mean.split()[0]) == pytest.approx(value.number, abs=0.1)
    assert [float(end) for end in interval.split(" … ")] == pytest.approx(value.ci95, rel=0.01)


@pytest.mark.parametrize(
    ("ends", "reference_ends", "rank"),
    [
        (["diverged", "completed", "completed"], ["completed"] * 3, "worse: 1 lost"),
        (["failed", "diverged", "completed"], ["diverged", "completed", "completed"], "worse: 2 lost, 1 lost of M=1"),
        (["completed"] * 3, ["completed", "failed", "completed"], "better: 1 lost of M=1"),
        (["diverged", "completed", "completed"], ["completed", "diverged", "completed"],
         "undecided: 1 lost, 1 lost of M=1"),
    ],
)  # fmt: skip
def test_lost_runs_are_ranked_and_never_averaged_away(ends, reference_ends, rank):
    records = [run(1, k, 1.0, end) for k, end in enumerate(reference_ends)]
    records += [run(4, k, 0.1, end) for k, end in enumerate(ends)]
    (found,) = compared(records)
    assert differences.values([found]) == {}
    assert found.rank() == rank
    n_pairs = sum(one == other == "completed" for one, other in zip(ends, reference_ends, strict=True))
    assert differences.table([found], HEADLINES).rows == (("M=4", "", str(n_pairs), "", "", rank),)
    assert differences.curves([found], "train_loss") == []


def test_without_two_seeds_in_common_nothing_is_compared():
    assert compared([run(1, 0, 1.0), run(4, 0, 2.0)]) == []
    assert compared([run(1, None, 1.0), run(4, None, 2.0)]) == []
    assert compared([run(1, 0, 1.0), run(1, 1, 1.0), run(4, 2, 1.0), run(4, 3, 1.0)]) == []
    assert compared([run(1, 0, 1.0), run(1, 1, 1.0)]) == []
    assert differences.table([], HEADLINES).rows == ()
    interrupted = [run(1, 0, 1.0), run(1, 1, 1.0), run(4, 0, 1.0), run(4, 1, 1.0, "interrupted")]
    assert compared(interrupted) == []


def test_the_figure_has_the_paired_differences_and_the_other_metrics():
    curves = {(M, k): np.array([4.0, 3, 2, 1]) / M + k for M in (1, 2) for k in range(3)}
    curves[2, 1] = curves[2, 1] + 0.5
    records = [run(M, k, 1.0, curve=curve) for (M, k), curve in curves.items()]
    records = [r._replace(metrics=r.metrics | {"objective": (STEPS, STEPS + 1)}) for r in records]
    figures = sweep_summary.summary(records).figures
    assert list(figures) == ["train_loss", "metrics"]
    means, gaps = figures["train_loss"].panels
    assert gaps.y_label == "train loss − that of M=1"
    curve, none = gaps.curves
    assert (curve.label, none.label, none.y.tolist()) == ("M=2 minus M=1", "no difference", [0.0, 0.0])
    sizes = np.array([curves[2, k] - curves[1, k] for k in range(3)])
    np.testing.assert_allclose(curve.y, sizes.mean(axis=0))
    low, high = stats.t.interval(0.95, 2, sizes.mean(axis=0), stats.sem(sizes, axis=0))
    np.testing.assert_allclose(curve.low, low)
    np.testing.assert_allclose(curve.high, high)
    assert figures["train_loss"].bands == "95 % interval of the mean"
    assert "paired by seed" in figures["train_loss"].caption
    assert {curve.key for curve in means.curves} == {"M=1", "M=2"} > {curve.key}
    assert [panel.y_label for panel in figures["metrics"].panels] == ["objective"]


def test_a_figure_of_very_many_metrics_says_how_many_it_leaves_out():
    names = [*(f"alpha/layer{k}" for k in range(9)), "accuracy"]
    records = [
        r._replace(metrics=r.metrics | dict.fromkeys(names, (STEPS, STEPS))) for r in (run(1, 0, 1.0), run(2, 0, 1.0))
    ]
    figure = sweep_summary.summary(records).figures["metrics"]
    assert [panel.y_label for panel in figure.panels] == ["accuracy", *(f"alpha/layer{k}" for k in range(5))]
    assert "4 more metrics are not drawn here; gni plot draws any of them" in figure.caption
