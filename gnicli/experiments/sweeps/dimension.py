"""How weak errors of sums over coordinates grow with the number of coordinates."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from gnicli.contracts.results import Curve, FigureData, Panel, RunRecord, Value
from gnicli.experiments.sweeps.slopes import slope
from gnicli.intervals import half_width

_CURVES = {
    "weak_error_sum": "chains",
    "drift_error_sum": "drift alone, without sampling",
    "drift_bound_sum": "bound of theorem 4.2",
}
_CAPTION = (
    "Weak errors of Σ g(w_i) over the coordinates of a separable potential: of chains, with 95 % bands (Student's t); "
    "of the sum b_{h,K} alone, by the transition operator; and the bound of theorem 4.2 with its constants, to first "
    "order in h."
)


def figures(records: Sequence[RunRecord]) -> tuple[dict[str, FigureData], dict[str, Value]]:
    """A panel for each function g, and slopes of log error against log d; none where all runs have one dimension.

    Curves are means over the runs of each dimension. `order_in_d/g` and `drift_order_in_d/g` need three dimensions.
    """
    found: dict[str, dict[str, dict[int, list[Value]]]] = {}
    for record in records:
        for name, value in record.values.items():
            kind, _, function = name.partition("/")
            if kind in _CURVES and isinstance(value.value, float):
                by_dimension = found.setdefault(function, {}).setdefault(kind, {})
                by_dimension.setdefault(_dimension(record.values, function), []).append(value)
    panels, orders = [], {}
    for function, kinds in found.items():
        curves = []
        for kind in (kind for kind in _CURVES if kind in kinds):
            curve, order = _curve(kind, kinds[kind])
            curves.append(curve)
            if order is not None and kind != "drift_bound_sum":
                prefix = "order" if kind == "weak_error_sum" else "drift_order"
                orders[f"{prefix}_in_d/{function}"] = order
        if max(len(curve.x) for curve in curves) > 1:
            panels.append(
                Panel(
                    tuple(curves), "number of coordinates d", "weak error of the sum", function, "log", "log",
                    f"g(w) = {function}",
                )
            )  # fmt: skip
    if not panels:
        return {}, {}
    title = "Weak error of sums over coordinates against their number"
    return {"weak_error_d": FigureData(title, tuple(panels), _CAPTION, "95 % interval over chains", "y")}, orders


def _dimension(values: Mapping[str, Value], function: str) -> int:
    """The number of coordinates that a run has means of the function of: those of one alone have no number."""
    pattern = re.compile(rf"mean/{re.escape(function)}/w[0-9]+")
    return sum(1 for name in values if pattern.fullmatch(name)) or 1


def _curve(kind: str, by_dimension: Mapping[int, Sequence[Value]]) -> tuple[Curve, Value | None]:
    x = np.array(sorted(by_dimension), float)
    each = [by_dimension[int(d)] for d in x]
    error = np.array([np.mean([value.number for value in values]) for values in each])
    label = _CURVES[kind]
    if kind == "drift_bound_sum":
        return Curve(label, x, error, style="dashed"), None
    if kind == "drift_error_sum":
        return Curve(label, x, error, style="points"), slope(x, error, np.zeros(len(x)))
    # A weak error without a standard error is known to no accuracy.
    squares = [[np.nan if value.stderr is None else value.stderr**2 for value in values] for values in each]
    stderr = np.array([np.sqrt(sum(of_runs)) / len(of_runs) for of_runs in squares])
    half = half_width(stderr, np.array([sum(max(value.n, 2) for value in values) for values in each]))
    return Curve(label, x, error, np.maximum(error - half, 0), error + half, "sizes"), slope(x, error, stderr)
