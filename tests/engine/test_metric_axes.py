"""The axis of a metric: what has an upper end is linear however much it rises; all else depends on the values."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from gnicli.contracts.results import Curve, RunRecord, Value
from gnicli.engine import plots, summary, sweep_summary, tables

BOUNDED = (("test_accuracy", ""), ("accuracy", ""), ("dead/layer1", "fraction"), ("alpha/layer2", ""))
UNBOUNDED = (("objective", ""), ("dead/layer1", ""), ("alpha_stderr/layer1", ""), ("inaccuracy", ""), ("norm", "nat"))


def series(rng):
    """Random values in (0, 1] that rise by a random factor, and whether it is more than ten."""
    factor = float(10.0 ** rng.uniform(0.0, 4.0))
    y = np.sort(factor ** -rng.uniform(0.0, 1.0, rng.integers(2, 9)))
    y[0], y[-1] = 1 / factor, 1.0
    return y, factor > 10.0


def curve(y):
    return Curve("c", np.arange(y.size, dtype=float), y)


@pytest.mark.parametrize(("name", "unit"), [*BOUNDED, *UNBOUNDED])
def test_a_quantity_with_an_upper_end_is_linear_and_others_follow_their_range(name, unit):
    rng, seen = np.random.default_rng(7), set()
    for _ in range(200):
        y, is_wide = series(rng)
        found = summary.metric_panel([curve(y)], name, unit=unit)
        is_log = is_wide and (name, unit) in UNBOUNDED
        assert found.y_scale == ("log" if is_log else "linear")
        assert found.y_range is None or found.y_range[0] <= y.min() <= y.max() <= found.y_range[1]
        seen.add(is_wide)
        for other in (-y, np.append(y, 0.0)):  # what is not positive has no logarithm
            assert summary.metric_panel([curve(other)], name, unit=unit).y_scale == "linear"
        if (name, unit) in UNBOUNDED:  # only the ratio counts
            assert summary.metric_panel([curve(1e3 * y)], name, unit=unit).y_scale == found.y_scale
    assert seen == {True, False}


def test_a_range_without_an_upper_end_is_none_to_stay_linear():
    rng = np.random.default_rng(8)
    for _ in range(100):
        y, is_wide = series(rng)
        assert summary.y_scale([curve(y)], (0.0, math.inf)) == summary.y_scale([curve(y)])
        assert summary.y_scale([curve(y)]) == ("log" if is_wide else "linear")
        for most in (1.0, 2.0, 1e6):
            assert summary.y_scale([curve(y)], (-math.inf, most)) == "linear"


def of(job, y, units):
    """A completed run with a loss and two further metrics of the same values, which its results give units."""
    steps = np.arange(y.size)
    values = {name: Value(float(y[-1]), unit=unit) for name, unit in units.items()}
    metrics = dict.fromkeys(("train_loss", "test_accuracy", "found"), (steps, y))
    return RunRecord(job, Path(str(job)), {"seed": str(job)}, "completed", values, metrics)


@pytest.mark.parametrize(("units", "scale"), [({"found": "fraction"}, "linear"), ({"found": ""}, "log"), ({}, "log")])
def test_the_figure_of_other_metrics_takes_the_units_of_the_results(units, scale):
    y = np.array([0.02, 0.3, 0.9])
    figures = sweep_summary.summary([of(0, y, units), of(1, y, units)]).figures
    scales = {panel.y_label: panel.y_scale for panel in figures["metrics"].panels}
    assert scales == {"test accuracy": "linear", "found": scale}
    assert figures["train_loss"].panels[0].y_scale == "log"


def test_plot_draws_a_metric_on_the_axis_that_the_sweep_has(tmp_path):
    for name, units in (("a", {"found": "fraction"}), ("b", {"found": ""})):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text(json.dumps({"status": "completed", "command": "train"}))
        rows = [f"{step},{metric},{y}\n" for step, y in ((1, 0.02), (2, 0.9)) for metric in ("test_accuracy", "found")]
        (tmp_path / name / "metrics.csv").write_text(f"step,name,value\n{''.join(rows)}")
        values = {metric: Value(0.9, unit=unit) for metric, unit in units.items()}
        (tmp_path / name / "results.json").write_bytes(tables.encode_results(values))
    scales = {
        (name, metric): plots.data(tmp_path / name, metric).panels[0].y_scale
        for name in "ab"
        for metric in ("test_accuracy", "found")
    }
    assert scales == {
        ("a", "test_accuracy"): "linear", ("b", "test_accuracy"): "linear",
        ("a", "found"): "linear", ("b", "found"): "log",
    }  # fmt: skip
