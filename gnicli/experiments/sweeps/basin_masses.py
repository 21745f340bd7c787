"""The exact masses of basins and the rates of transition beside those of theory, over alpha, beta and epsilon."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence

import numpy as np

from gnicli.contracts.results import Curve, FigureData, Panel, RunRecord, Value
from gnicli.engine.summary import labels_of, varying
from gnicli.experiments.sweeps.noise_keys import along

_EXACT, _THEORY = "exact_basin_mass", "basin_mass_theory"
_RATE, _RATE_THEORY = "transition_rate", "transition_rate_theory"


def figures(records: Sequence[RunRecord]) -> dict[str, FigureData]:
    """Masses of all basins but the first, which has the rest, and rates, along the first noise key that varies.

    Nothing where none of alpha, beta and epsilon has two values, or no run has several basins.
    """
    known = [record for record in records if f"{_EXACT}/2" in record.values]
    key = along(known)
    if key is None:
        return {}
    others = [other for other in varying(known) if other not in (key, "seed")]
    settings: dict[str, list[RunRecord]] = {}
    for record, label in zip(known, labels_of(known, others), strict=True):
        settings.setdefault(label, []).append(record)
    panels = []
    for name in _names(known, _EXACT)[1:]:
        curves = _pairs(settings, key, _EXACT, _THEORY, name, "exact")
        panels.append(Panel(tuple(curves), key, f"mass of basin {name}", f"basin {name}", y_range=(0.0, 1.0)))
    for name in _names(known, _RATE):
        curves = _pairs(settings, key, _RATE, _RATE_THEORY, name, "measured")
        if any(len(curve.x) for curve in curves):
            panels.append(Panel(tuple(curves), key, "transitions per unit time", f"transitions {name}", y_scale="log"))
    caption = (
        "Masses are those of the exact stationary law, without sampling. Theory is that of small noise: by the widths "
        "of the basins below alpha = 2, by the heights of the barriers at alpha = 2. Bars are exact 95 % (Poisson) "
        "intervals; rates of wells without a transition have none."
    )
    title = "Masses of the basins and transitions between them"
    return {"basin_masses": FigureData(title, tuple(panels), caption, "95 % interval (Poisson)", share="x")}


def _names(records: Sequence[RunRecord], kind: str) -> list[str]:
    """The basins or transitions of one coordinate that any of the runs has, in order."""
    found = {match[1] for r in records for name in r.values if (match := re.fullmatch(f"{kind}/([0-9-]+)", name))}
    return sorted(found, key=lambda name: [int(part) for part in name.split("-")])


def _pairs(settings: dict[str, list[RunRecord]], key: str, kind: str, theory: str, name: str, word: str) -> list[Curve]:
    """Of each setting the values as points and those of theory as a line, grey where it does not apply."""
    curves = []
    for label, runs in settings.items():
        if kind == _RATE:  # without a transition there is nothing to compare, and theory may be 1e-45
            runs = [run for run in runs if f"{kind}/{name}" in run.values and run.values[f"{kind}/{name}"].number > 0]
        seen = [
            (float(run.overrides[key]), run.values[f"{kind}/{name}"]) for run in runs if f"{kind}/{name}" in run.values
        ]
        seen = [(x, value) for x, value in seen if word == "exact" or value.number > 0]
        beside = [
            (float(r.overrides[key]), r.values[f"{theory}/{name}"]) for r in runs if f"{theory}/{name}" in r.values
        ]
        points = f"{word} {label}".strip()
        curves.append(_curve(points, seen, points)._replace(style="points"))
        for (caveat, _), joined in itertools.groupby(sorted(beside, key=_place), lambda each: _theory(key, each)):
            part = list(joined)
            curve = _curve(f"theory {label}".strip(), part, label)
            curve = curve._replace(style="dashed" if len(part) > 1 else "dots", low=None, high=None)
            curves.append(curve.greyed(caveat))
    return curves


def _place(point: tuple[float, Value]) -> float:
    return point[0]


def _theory(key: str, point: tuple[float, Value]) -> tuple[str, bool]:
    """What the points have in common that a line of theory may join: why it does not hold, and whether alpha is 2."""
    at, value = point
    return value.caveat, key == "alpha" and at >= 2


def _curve(label: str, points: Sequence[tuple[float, Value]], key: str) -> Curve:
    ordered = sorted(points, key=_place)
    x = np.array([at for at, _ in ordered])
    y = np.array([value.number for _, value in ordered])
    ends = [value.ci95 or (math.nan, math.nan) for _, value in ordered]
    low, high = np.array(ends, float).reshape(-1, 2).T
    bars = bool(np.isfinite(low).any())
    return Curve(label, x, y, low if bars else None, high if bars else None, key=key or "masses")
