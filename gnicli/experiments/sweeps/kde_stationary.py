"""What `gni kde-stationary -m` makes of its runs: one figure of all densities, and weak errors along a key."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np

from gnicli.contracts.results import Curve, CurveStyle, FigureData, Panel, Results, RunRecord, Scale, Value
from gnicli.engine import tables
from gnicli.engine.records import read_config
from gnicli.engine.summary import labels_of, varying
from gnicli.engine.sweep_summary import summary
from gnicli.errors import DataError
from gnicli.experiments.sweeps import dimension, gibbs_map
from gnicli.experiments.sweeps.slopes import slope
from gnicli.intervals import half_width
from gnicli.kde.figures import BANDS, CAPTION, ORDER, beside_words, curve

_MOST_PANELS = 12
_SCALED = ("h", "K", "eta", "n_steps", "n_chains")  # powers of these are what weak errors follow
_ALONG = (*_SCALED, "alpha", "beta", "epsilon")
_KINDS = {
    "weak_error": (
        "weak error",
        "|ν(g) − ν_N(g)|, with 95 % bands over chains (Student's t); ν is the exact law for drift=gradient and "
        "the Gibbs law for drift=fractional.",
    ),
    "drift_error": (
        "weak error of the drift",
        "|ν_{h,K}(g) − ν(g)| of the sum b_{h,K} against the drift by quadrature, both by the transition operator of "
        "one scheme and step: without sampling.",
    ),
}
_ORDERS = (1.0, 2.0)  # of the sums of theorem 4.2


def summarize(records: Sequence[RunRecord]) -> Results:
    """Densities of every setting side by side; weak errors along each of the keys that varies."""
    done = [record for record in records if record.status == "completed"]
    results = summary(records)
    figures, values, notes = {}, dict(results.values), list(results.notes)
    labels = labels_of(done, varying(records))
    panels, unread = _panels(done, labels)
    notes += unread
    if panels:
        if len(panels) > _MOST_PANELS:
            notes.append(f"the figure shows the first {_MOST_PANELS} of {len(panels)} settings")
        figures["density"] = FigureData(
            "Stationary densities by setting", tuple(panels[:_MOST_PANELS]), CAPTION, BANDS, "xy", order=ORDER
        )
    for key, kind in itertools.product(varying(done), _KINDS):
        if key in _ALONG:
            figure, orders = weak_error_figure(done, key, kind)
            if figure is not None:
                figures[f"{kind}_{key}"] = figure
            values |= orders
    along_d, orders = dimension.figures(done)
    figures |= along_d | gibbs_map.figures(done)
    return results._replace(values=values | orders, figures=figures, notes=tuple(notes))


def _panels(records: Sequence[RunRecord], labels: Sequence[str]) -> tuple[list[Panel], list[str]]:
    panels, unread = [], []
    for record, label in zip(records, labels, strict=True):
        try:
            arrays = tables.read_arrays(record.folder / "arrays.npz")
        except (FileNotFoundError, DataError) as error:
            unread.append(f"job {record.job} has no densities to draw: {error}")
            continue
        suffixes = [name.removeprefix("x") for name in arrays if name == "x" or name.startswith("x/")]
        for suffix in suffixes:
            x = arrays[f"x{suffix}"]
            curves = [curve("estimate", x, arrays[f"pdf{suffix}"], _band(arrays, "", suffix))]
            if f"exact_pdf{suffix}" in arrays:
                curves.append(_law(record, "exact", "exact", x, arrays, suffix))
            curves.append(_law(record, "Gibbs", "gibbs", x, arrays, suffix))
            if f"beside/pdf{suffix}" in arrays:
                other = [arrays.get(f"beside/{name}{suffix}") for name in ("x", "pdf")]
                if other[0] is not None and other[1] is not None:
                    curves.append(
                        curve("beside", other[0], other[1], _band(arrays, "beside/", suffix))._replace(
                            words=_beside(record)
                        )
                    )
            title = " ".join([label, suffix.removeprefix("/")]).strip()
            panels.append(Panel(tuple(curves), suffix.removeprefix("/") or "w", "density", title))
    return panels, unread


def _beside(record: RunRecord) -> str:
    """What the second simulation was, from the saved configuration: "beside: 1 chain, 10,000 steps, euler"."""
    try:
        keys = read_config(record.folder).get("beside")
    except DataError:
        return ""
    return beside_words(keys) if isinstance(keys, dict) else ""


def _law(
    record: RunRecord, label: str, law: str, x: np.ndarray, arrays: Mapping[str, np.ndarray], suffix: str
) -> Curve:
    """The density of a law of a run, grey where the run says that it is that of another drift."""
    modes = record.values.get(f"{law}_modes{suffix}")
    return Curve(label, x, arrays[f"{law}_pdf{suffix}"], style="dashed").greyed("" if modes is None else modes.caveat)


def _band(arrays: Mapping[str, np.ndarray], prefix: str, suffix: str) -> tuple[np.ndarray, np.ndarray] | None:
    low, high = (arrays.get(f"{prefix}pdf_{end}{suffix}") for end in ("low", "high"))
    return None if low is None or high is None else (low, high)


def weak_error_figure(
    records: Sequence[RunRecord], key: str, kind: str = "weak_error"
) -> tuple[FigureData | None, dict[str, Value]]:
    """Weak errors of each function against `key`, a curve per setting of the other keys, and orders fitted to them.

    An order is the slope of log error against log key by weighted least squares over errors that are resolved (twice
    their standard error); it needs three of them, and a key that is scaled (h, K, eta, n_steps, n_chains). `kind` is
    "weak_error", or "drift_error" of the sum b_{h,K} alone, which has no standard errors.
    """
    word, caption = _KINDS[kind]
    names = list(dict.fromkeys(n for r in records for n in r.values if n.startswith(f"{kind}/")))
    others = [other for other in varying(records) if other not in (key, "seed")]
    panels, orders = [], {}
    for name in names:
        curves = []
        settings: dict[str, list[tuple[float, ...]]] = {}
        for record, label in zip(records, labels_of(records, others), strict=True):
            point = _point(record, key, name)
            if point is not None:
                settings.setdefault(label, []).append(point)
        for label, found in settings.items():
            x, error, stderr, n = np.array(sorted(found)).T
            half = half_width(stderr, np.maximum(n, 2))
            style: CurveStyle = "sizes" if kind == "weak_error" else "points"
            curves.append(Curve(label or word, x, error, np.maximum(error - half, 0), error + half, style))
            order = slope(x, error, stderr) if key in _SCALED else None
            if order is not None:
                suffix = f" [{label}]" if label else ""
                prefix = "order" if kind == "weak_error" else "drift_order"
                orders[f"{prefix}_in_{key}/{name.partition('/')[2]}{suffix}"] = order
        if curves and max(len(c.x) for c in curves) > 1:
            is_log = key in _SCALED
            scale: Scale = "log" if is_log else "linear"
            function = name.partition("/")[2]
            slopes = _ORDERS if kind == "drift_error" and key == "h" else ()
            panels.append(Panel(tuple(curves), key, word, function, scale, scale, f"g(w) = {function}", slopes=slopes))
    if not panels:
        return None, orders
    bands = "95 % interval over chains" if kind == "weak_error" else ""
    return FigureData(f"{word.capitalize()} against {key}", tuple(panels), caption, bands, "y"), orders


def _point(record: RunRecord, key: str, name: str) -> tuple[float, ...] | None:
    """The key's value, the error, its standard error, and over how many chains."""
    value = record.values.get(name)
    try:
        x = float(record.overrides[key])
    except (KeyError, ValueError):
        return None
    if value is None or not isinstance(value.value, float):
        return None
    # A weak error without a standard error is known to no accuracy; errors of the drift alone are not sampled at all.
    stderr = math.nan if value.stderr is None and name.startswith("weak") else value.stderr or 0.0
    return x, value.value, stderr, float(value.n)
