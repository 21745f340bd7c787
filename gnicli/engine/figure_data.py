"""A figure as JSON, from which it can be drawn again in another style."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, get_args

import numpy as np

from gnicli.contracts.results import Curve, CurveStyle, FigureData, Panel, Scale, Share
from gnicli.engine import records
from gnicli.errors import DataError

_ARRAYS = ("x", "y", "low", "high")


def encode(figure: FigureData) -> bytes:
    """The JSON of a figure; numbers read back as they are, those that JSON has no word for as text."""
    panels = [
        panel._asdict() | {"curves": [_curve(curve) for curve in panel.curves], "y_range": _numbers(panel.y_range)}
        for panel in figure.panels
    ]
    return (json.dumps(_short(figure._asdict() | {"panels": panels}), ensure_ascii=False) + "\n").encode(
        errors="backslashreplace"
    )


def _curve(curve: Curve) -> dict[str, Any]:
    return curve._asdict() | {name: _numbers(getattr(curve, name)) for name in _ARRAYS}


def _numbers(values: np.ndarray | tuple[float, ...] | None) -> list[Any] | None:
    if values is None:
        return None
    return [x if math.isfinite(x) else str(x) for x in np.asarray(values).astype(float).tolist()]


def _short(fields: dict[str, Any]) -> dict[str, Any]:
    """Without what says nothing."""
    kept = {}
    for name, value in fields.items():
        if name == "panels" or name == "curves":
            kept[name] = [_short(each) for each in value]
        elif name in ("x", "y") or value not in (None, "", (), 0):
            kept[name] = value
    return kept


def read(path: Path) -> FigureData:
    """The figure of a JSON file. Raises `FileNotFoundError`, or `DataError` where it is damaged."""
    content = records.read_json(path)
    if not isinstance(content, dict):
        raise records.damaged(path, "no table")
    try:
        panels = tuple(_panel(each) for each in content["panels"])
        fields = _texts(content, ("title", "caption", "bands", "share"))
        absent = tuple((str(key), str(why)) for key, why in content.get("absent", ()))
        order = tuple(str(key) for key in content.get("order", ()))
        if fields.get("share", "") not in get_args(Share):
            raise ValueError(f"share is {fields['share']!r}")
        found = FigureData(fields.pop("title", ""), panels, absent=absent, order=order, **fields)  # type: ignore[arg-type]
        return found._replace(n_columns=int(content.get("n_columns", 0)), spread=content.get("spread") is True)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise DataError(f"{path} is damaged: {' '.join(str(error).split())[:120]}") from error


def _panel(content: dict[str, Any]) -> Panel:
    fields = _texts(content, ("x_label", "y_label", "title", "x_scale", "y_scale", "heading"))
    for which in ("x_scale", "y_scale"):
        if fields.get(which, "linear") not in get_args(Scale):
            raise ValueError(f"{which} is {fields[which]!r}")
    limits = content.get("y_range")
    fields = {"x_label": "", "y_label": ""} | fields
    return Panel(
        tuple(_read_curve(each) for each in content["curves"]),
        **fields,  # type: ignore[arg-type]
        x_ticks=tuple((float(x), str(text)) for x, text in content.get("x_ticks", ())),
        y_range=None if limits is None else (float(limits[0]), float(limits[1])),
        slopes=tuple(float(slope) for slope in content.get("slopes", ())),
    )


def _read_curve(content: dict[str, Any]) -> Curve:
    arrays = {name: np.array([float(x) for x in content[name]]) for name in _ARRAYS if content.get(name) is not None}
    if len({array.shape for array in arrays.values()}) != 1:
        raise ValueError("the arrays of a curve differ in length")
    fields = {"label": ""} | _texts(content, ("label", "style", "words", "key"))
    if fields.get("style", "line") not in get_args(CurveStyle):
        raise ValueError(f"style is {fields['style']!r}")
    return Curve(**fields, **arrays, grey=content.get("grey") is True)  # type: ignore[arg-type]


def _texts(content: dict[str, Any], names: tuple[str, ...]) -> dict[str, str]:
    return {name: str(content[name]) for name in names if name in content}
