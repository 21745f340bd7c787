"""What is reported of the extended envelope property: values, a table, a sentence and a figure."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gnicli.contracts.number_text import plain
from gnicli.contracts.results import Curve, FigureData, Panel, Results, Table, Value
from gnicli.measure.envelope.bounds import Envelope, Function, envelope

_U = np.linspace(-4.0, 4.0, 161)


def results(functions: Mapping[str, Function]) -> Results:
    """The envelope of each function, by name."""
    found = {name: envelope(function) for name, function in functions.items()}
    values: dict[str, Value] = {}
    rows = []
    for name, each in found.items():
        values[f"holds/{name}"] = Value(float(each.holds))
        if each.upper is not None:
            values[f"upper_intercept/{name}"], values[f"upper_slope/{name}"] = map(Value, each.upper)
        values[f"lower_slope_right/{name}"], values[f"lower_slope_left/{name}"] = Value(each.right), Value(each.left)
        upper = ("none", "none") if each.upper is None else tuple(plain(part, 4) for part in each.upper)
        holds = "yes" if each.holds else "no"
        rows.append((name, holds, *upper, plain(each.right, 4), plain(each.left, 4)))
    header = ("activation", "envelope property", "c2", "d2", "d1, u ≥ 0", "d1, u ≤ 0")
    panels = tuple(_panel(name, functions[name], each) for name, each in found.items())
    caption = "|φ(u)| with the upper bound c2 + d2 |u| and, on a half-line that has one, the lower bound d1 |u|."
    return Results(
        values,
        {},
        {"envelopes": FigureData("Activation functions between linear bounds", panels, caption)},
        notes=tuple(sentences(found)),
        tables={"extended envelope property": Table(header, tuple(rows))},
    )


def sentences(found: Mapping[str, Envelope]) -> list[str]:
    """Which functions have the property, and what those that have not lack."""
    have = [name for name, each in found.items() if each.holds]
    fast = [name for name, each in found.items() if each.upper is None]
    flat = [name for name, each in found.items() if each.upper is not None and not each.holds]
    said = [f"The extended envelope property holds for {', '.join(have)}."] if have else []
    if flat:
        said.append(
            f"It does not hold for {', '.join(flat)}: on neither half-line is there a lower bound that grows linearly."
        )
    if fast:
        said.append(f"It does not hold for {', '.join(fast)}: there is no upper bound that grows linearly.")
    return said


def _panel(name: str, function: Function, each: Envelope) -> Panel:
    curves = [Curve("|φ(u)|", _U, np.abs(function(_U)), key="size")]
    if each.upper is not None:
        curves.append(Curve("upper bound", _U, each.upper[0] + each.upper[1] * np.abs(_U), style="dashed", key="upper"))
    for side, slope in ((_U >= 0, each.right), (_U <= 0, each.left)):
        if slope > 0:
            u = _U[side]
            curves.append(Curve("lower bound", u, slope * np.abs(u), style="dashed", key="lower"))
            break
    return Panel(tuple(curves), "u", "|φ(u)|", name)
