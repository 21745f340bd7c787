"""What is reported of the factors of gradients: values, a table, a figure and sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from gnicli.contracts.number_text import with_error
from gnicli.contracts.results import Curve, CurveStyle, FigureData, NamedArray, Panel, Results, Table, Value
from gnicli.measure.factors.statistics import NAMES, of_factors
from gnicli.measure.layers import jackknife

_DRAWN = ("gradient", "independent", "rule")
_WORDS = {
    "backward": "skewness of ∂L̃/∂h̃",
    "forward": "skewness of ∂h̃/∂W",
    "gradient": "skewness of the gradient",
    "rule": "product of both",
    "independent": "if they were independent",
    "dependence": "by dependence",
    "correlation": "correlation",
}
_STYLES: dict[str, CurveStyle] = {"": "points", "exact_": "dashed"}  # by the prefix of the values
_SURE = 3.0  # standard errors


def results(backward: np.ndarray, forward: np.ndarray, exact: Sequence[Mapping[str, float]], note: str) -> Results:
    """Of draws (n_layers, n) of both factors; `exact` has the exact statistics of each layer, or is empty."""
    found, errors = [], []
    for x, y in zip(backward, forward, strict=True):
        found.append(of_factors(x, y))
        errors.append(jackknife.of_rows(np.stack([x, y], axis=1), lambda kept: [of_factors(*rows.T) for rows in kept]))
    n = backward.shape[1]
    values: dict[str, Value] = {}
    for layer, (each, stderrs) in enumerate(zip(found, errors, strict=True), 1):
        for name in NAMES:
            if math.isfinite(each[name]):
                values[f"{_key(name)}/layer{layer}"] = Value(each[name], stderrs.get(f"{name}_stderr"), n)
        if exact:
            known = {name: value for name, value in exact[layer - 1].items() if math.isfinite(value)}
            values |= {f"exact_{_key(name)}/layer{layer}": Value(value) for name, value in known.items()}
    arrays = {
        "backward": NamedArray(backward, "∂L̃/∂h̃ of one weight of each layer: layer × draw"),
        "forward": NamedArray(forward, "∂h̃/∂W of that weight: layer × draw"),
    }
    notes = [note, *sentences(values, len(found))]
    table = _table(values, len(found))
    return Results(
        values, arrays, {"skewness": _figure(values, len(found))}, notes=tuple(notes), tables={"factors": table}
    )


def _key(name: str) -> str:
    """The name of a statistic in the results."""
    return name if name == "correlation" else f"skewness_{name}"


def sentences(values: Mapping[str, Value], n_layers: int) -> list[str]:
    """For each layer whether dependence of the factors is seen in the skewness, at three standard errors."""
    said = []
    for layer in range(1, n_layers + 1):
        whole, added = (values.get(f"skewness_{name}/layer{layer}") for name in ("gradient", "dependence"))
        if whole is None or added is None or added.stderr is None:
            said.append(f"layer {layer}: no skewness to compare, because a factor is constant or draws are too few")
            continue
        seen = abs(added.number) > _SURE * added.stderr
        shown = with_error(added.number, added.stderr)
        said.append(
            f"layer {layer}: of the gradient's skewness {with_error(whole.number, whole.stderr)} the dependence of its "
            + (f"factors makes {shown}" if seen else f"factors makes {shown}, which may be 0")
        )
    return said


def _table(values: Mapping[str, Value], n_layers: int) -> Table:
    rows = []
    for layer in range(1, n_layers + 1):
        for prefix, word in (("", "sampled"), ("exact_", "exact")):
            cells = [values.get(f"{prefix}{_key(name)}/layer{layer}") for name in NAMES]
            if any(cells):
                shown = ["" if cell is None else with_error(cell.number, cell.stderr) for cell in cells]
                rows.append((f"{layer}, {word}", *shown))
    return Table(("layer", *_WORDS.values()), tuple(rows))


def _figure(values: Mapping[str, Value], n_layers: int) -> FigureData:
    curves = []
    for name in _DRAWN:
        for prefix, style in _STYLES.items():
            points = [(i, values.get(f"{prefix}{_key(name)}/layer{i}")) for i in range(1, n_layers + 1)]
            known = [(i, value) for i, value in points if value is not None]
            if known:
                x, y = np.array([(i, value.number) for i, value in known], float).T
                half = 2 * np.array([value.stderr or 0.0 for _, value in known])
                label = f"{_WORDS[name]}{', exact' if prefix else ''}"
                low, high = (None, None) if prefix else (y - half, y + half)
                curves.append(Curve(label, x, y, low, high, style=style, key=name))
    caption = (
        "Of one weight of each layer, for one data point, over draws of the noise. “If they were independent” is the "
        "skewness of the product of independent factors with the laws that the two have, “product of both” the rule "
        "for factors of mean 0."
    )
    panels = (Panel(tuple(curves), "layer", "skewness"),)
    return FigureData("Skewness of a gradient and of its factors", panels, caption, "2 standard errors")
