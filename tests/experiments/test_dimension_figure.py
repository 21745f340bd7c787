"""Weak errors of sums over coordinates against their number: what is drawn, and the slopes."""

from pathlib import Path

import numpy as np
import pytest

from gnicli.contracts.results import RunRecord, Value
from gnicli.experiments.sweeps import dimension, kde_stationary

G = "w**2"


def record(job, d, error, stderr=0.01):
    """A run on d coordinates; with one alone names have no number."""
    suffixes = [""] if d == 1 else [f"/w{i + 1}" for i in range(d)]
    values = {f"mean/{g}{suffix}": Value(1.0, 0.1, 50) for g in (G, "w") for suffix in suffixes}
    values[f"weak_error_sum/{G}"] = Value(error, stderr, 50)
    values[f"drift_error_sum/{G}"] = Value(0.02 * d**1.5)
    values[f"drift_bound_sum/{G}"] = Value(0.3 * d)
    return RunRecord(job, Path(str(job)), {"parts": str(d)}, "completed", values, {})


def test_each_kind_is_a_curve_and_slopes_are_those_of_the_logarithms():
    records = [record(0, 8, 8.4), record(1, 1, 0.9), record(2, 1, 1.1), record(3, 3, 3.3)]
    found, orders = dimension.figures(records)
    (panel,) = found["weak_error_d"].panels
    chains, drift, bound = panel.curves
    assert panel.heading == "g(w) = w**2"
    assert chains.x.tolist() == drift.x.tolist() == bound.x.tolist() == [1, 3, 8]
    assert chains.y == pytest.approx([1.0, 3.3, 8.4])
    half = (chains.high - chains.low) / 2
    assert half == pytest.approx([1.98 * 0.01 / np.sqrt(2), 2.01 * 0.01, 2.01 * 0.01], rel=0.01)  # two runs of d = 1
    assert bound.y == pytest.approx([0.3, 0.9, 2.4])
    assert orders.keys() == {"order_in_d/w**2", "drift_order_in_d/w**2"}
    assert orders["drift_order_in_d/w**2"].value == pytest.approx(1.5)
    assert orders["drift_order_in_d/w**2"].stderr is None
    order = orders["order_in_d/w**2"]
    relative = np.array([0.01 / np.sqrt(2) / 1.0, 0.01 / 3.3, 0.01 / 8.4])
    expected = np.polyfit(np.log(chains.x), np.log(chains.y), 1, w=1 / relative)[0]
    assert order.value == pytest.approx(expected)
    assert 0 < order.stderr < 0.02


def test_errors_of_no_known_accuracy_make_no_slope_and_one_dimension_no_figure():
    stuck = [record(job, d, float(d), None) for job, d in enumerate((1, 2, 4))]
    found, orders = dimension.figures(stuck)
    assert orders.keys() == {"drift_order_in_d/w**2"}
    assert np.isnan(found["weak_error_d"].panels[0].curves[0].high).all()
    assert dimension.figures([record(job, 4, 1.0) for job in range(3)]) == ({}, {})
    assert dimension.figures([]) == ({}, {})


def test_the_summary_of_a_sweep_has_the_figure_and_the_slopes():
    records = [record(job, d, float(d)) for job, d in enumerate((1, 2, 4))]
    results = kde_stationary.summarize(records)
    assert "weak_error_d" in results.figures
    assert results.values["order_in_d/w**2"].value == pytest.approx(1)
