"""Moment growth as results: tables, values, arrays, figures and a sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from gnicli.contracts.results import Curve, FigureData, NamedArray, Panel, Results, Table, Value
from gnicli.measure.growth.exponents import Row
from gnicli.measure.one_neuron.network import (
    KINDS,
    OneNeuronNetwork,
    asymptotic_exponent,
    gaussian_slope,
    printed_exponent,
    words,
)

WORDS = {"noised": "noised activation", "accumulated": "accumulated noise", "gradient": "gradient noise"}
_NEAR = 64.0  # the order of headline values
_HEADER = ("layer", "m", "slope", "stderr", "ess", "exact", "z", "normal^2r", "limit r", "printed")


def results(network: OneNeuronNetwork, rows: Sequence[Row], least_ess: float) -> Results:
    """Values, arrays, tables, figures and the sentences of all rows; slopes below `least_ess` are marked."""
    orders = sorted({row.moment.order for row in rows})
    headline = min(orders, key=lambda order: abs(math.log(order / _NEAR)))
    shown = [row for row in rows if row.moment.order == headline]
    told = {orders[0], orders[len(orders) // 2], headline, orders[-1]}  # all orders are in the arrays
    figures = {f"{what}s": _figure(network, rows, what, least_ess) for what in ("norm", "slope")}
    return Results(
        _values(network, shown),
        _arrays(network, rows),
        {name: figure for name, figure in figures.items() if figure.panels},
        notes=(_sentence(network, rows, shown, least_ess),),
        tables={
            f"slope of log‖X‖_m on log m: {WORDS[kind]}": _table(
                network, [row for row in _of_kind(rows, kind) if row.moment.order in told], least_ess
            )
            for kind in KINDS
        },
    )


def _of_kind(rows: Sequence[Row], kind: str) -> list[Row]:
    return [row for row in rows if row.quantity.kind == kind]


def deviation(row: Row) -> float:
    """The measured slope less the exact one, in standard errors; NaN where there is no exact one."""
    return (row.moment.slope - row.exact_slope) / row.moment.slope_stderr


def _values(network: OneNeuronNetwork, shown: Sequence[Row]) -> dict[str, Value]:
    """Gradients first, and what was measured before what it is compared with: tables of sweeps show the first ones."""
    ordered = sorted(shown, key=lambda row: row.quantity.kind != "gradient")
    found = {
        f"slope/{row.quantity.name}": Value(row.moment.slope, row.moment.slope_stderr, row.moment.n) for row in ordered
    }
    for row in ordered:
        name = row.quantity.name
        if math.isfinite(row.exact_slope):
            found[f"exact_slope/{name}"] = Value(row.exact_slope)
        found[f"limit/{name}"] = Value(asymptotic_exponent(network, row.quantity))
        found[f"ess/{name}"] = Value(row.moment.ess)
    return found | {"order": Value(shown[0].moment.order)}


def _arrays(network: OneNeuronNetwork, rows: Sequence[Row]) -> dict[str, NamedArray]:
    table = np.array(
        [
            (
                KINDS.index(row.quantity.kind), row.quantity.layer, row.quantity.center, *row.moment,
                row.exact_log_norm, row.exact_slope, asymptotic_exponent(network, row.quantity),
                printed_exponent(network, row.quantity),
            )
            for row in rows
        ]
    )  # fmt: skip
    meaning = (
        "a row for each quantity and order: kind (0 noised, 1 accumulated, 2 gradient), layer, center that was taken "
        "off, m, log norm, its stderr, slope, its stderr, effective sample size, draws, exact log norm, exact slope, "
        "limit of the slope, printed exponent"
    )
    return {"moments": NamedArray(table, meaning)}


def _table(network: OneNeuronNetwork, rows: Sequence[Row], least_ess: float) -> Table:
    cells = []
    for row in rows:
        moment, limit = row.moment, asymptotic_exponent(network, row.quantity)
        known = math.isfinite(row.exact_slope)
        mark = "" if moment.ess >= least_ess else " (not enough)"
        cells.append(
            (
                str(row.quantity.layer),
                f"{moment.order:g}",
                f"{moment.slope:.4f}{mark}",
                f"{moment.slope_stderr:.4f}",
                f"{moment.ess:.0f}",
                f"{row.exact_slope:.4f}" if known else "–",
                f"{deviation(row):+.1f}" if known else "–",
                f"{gaussian_slope(limit, moment.order):.4f}",
                f"{limit:g}",
                f"{printed_exponent(network, row.quantity):g}",
            )
        )
    return Table(_HEADER, tuple(cells))


def _figure(network: OneNeuronNetwork, rows: Sequence[Row], what: str, least_ess: float) -> FigureData:
    drawn = [_panel(_of_kind(rows, kind), WORDS[kind], what, least_ess) for kind in KINDS]
    panels = tuple(panel for panel in drawn if panel.curves)
    known = any(math.isfinite(row.exact_slope) for row in rows)
    lines = "Dashed: exact values; dots: importance sampling" if known else "Dots: importance sampling"
    if what == "slope":
        return FigureData(
            "Slope of log ‖X‖ₘ against log m",
            panels,
            f"{lines}, bands of 2 standard errors. Slopes from an effective sample size below {least_ess:g} are left "
            f"out. {words(network)}",
            "2 standard errors",
            "y",
        )
    left_out = f"Norms from an effective sample size below {least_ess:g} are left out."
    return FigureData("Norms ‖X‖ₘ against their order m", panels, f"{lines}. {left_out} {words(network)}")


def _panel(rows: Sequence[Row], title: str, what: str, least_ess: float) -> Panel:
    layers = [
        [row for row in rows if row.quantity.layer == layer] for layer in sorted({r.quantity.layer for r in rows})
    ]
    measured = [_measured(mine, what, least_ess) for mine in layers]
    curves = [curve for curve in measured if np.isfinite(curve.y).any()]
    exact = [_exact(mine, what) for mine in layers]
    x, y = (np.concatenate([pair[axis] for pair in exact]) for axis in (0, 1))
    if np.isfinite(y).any():
        curves.insert(0, Curve("exact", x, y, style="dashed"))
    label = "‖X‖ₘ" if what == "norm" else "d log ‖X‖ₘ / d log m"
    return Panel(tuple(curves), "m", label, title, "log", "log" if what == "norm" else "linear")


def _exact(rows: Sequence[Row], what: str) -> tuple[np.ndarray, np.ndarray]:
    """One layer's exact curve, with a gap at its end: the layers are drawn as one curve of one color."""
    y = [math.exp(row.exact_log_norm) if what == "norm" else row.exact_slope for row in rows]
    return np.array([row.moment.order for row in rows] + [rows[-1].moment.order]), np.array([*y, math.nan])


def _measured(rows: Sequence[Row], what: str, least_ess: float) -> Curve:
    label = f"layer {rows[0].quantity.layer}"
    enough = np.array([row.moment.ess >= least_ess for row in rows])
    order = np.array([row.moment.order for row in rows])
    if what == "norm":
        y = np.exp([row.moment.log_norm for row in rows])
        half = np.zeros_like(y)
    else:
        y = np.array([row.moment.slope for row in rows])
        half = 2 * np.array([row.moment.slope_stderr for row in rows])
    y = np.where(enough, y, np.nan)
    return Curve(label, order, y, y - half, y + half, style="dots")


def _sentence(network: OneNeuronNetwork, rows: Sequence[Row], shown: Sequence[Row], least_ess: float) -> str:
    order = shown[0].moment.order
    few = sum(row.moment.ess < least_ess for row in rows)
    parts = [words(network)]
    known = [row for row in rows if math.isfinite(row.exact_slope) and row.moment.ess >= least_ess]
    if known:
        near = [row for row in known if row.moment.order == order]
        agree = sum(abs(deviation(row)) <= 2 for row in near)
        every = sum(abs(deviation(row)) <= 2 for row in known)
        largest = max(abs(deviation(row)) for row in known)
        here = f"at m = {order:g} {agree} of {len(near)}" if near else f"at m = {order:g} none is known well enough"
        parts.append(
            f"Measured slopes within 2 standard errors of the exact ones: {here}, at all orders {every} of {len(known)}"
            f" (95 % expected). The largest deviation is {largest:.1f} standard errors."
        )
    gradients = [row for row in shown if row.quantity.kind == "gradient"]
    slopes = ", ".join(f"{row.moment.slope:.2f}" for row in gradients)
    limits = ", ".join(f"{asymptotic_exponent(network, row.quantity):g}" for row in gradients)
    printed = ", ".join(f"{printed_exponent(network, row.quantity):g}" for row in gradients)
    parts.append(
        f"Slopes of the gradient noise of layers 1 … {network.n_layers} at m = {order:g}: {slopes}. Limits for "
        f"large m: {limits}. Exponents printed in the paper: {printed}."
    )
    if few:
        parts.append(f"{few} slopes have an effective sample size below {least_ess:g} and are marked.")
    return " ".join(parts)
