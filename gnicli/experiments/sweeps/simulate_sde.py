"""What `gni simulate-sde -m` makes of its runs: exit rates over those of theory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from gnicli.contracts.results import Curve, FigureData, Panel, Results, RunRecord
from gnicli.engine.summary import labels_of, varying
from gnicli.engine.sweep_summary import summary
from gnicli.experiments.sweeps import basin_masses, rates_over_seeds
from gnicli.experiments.sweeps.noise_keys import is_number

_ALONG = "alpha"


def summarize(records: Sequence[RunRecord]) -> Results:
    """Exit rates over those of theory and masses of basins for every setting, besides the means over seeds.

    The events of all seeds of a setting are counted together.
    """
    results = summary(records)
    settings = rates_over_seeds.pooled([record for record in records if record.status == "completed"])
    figure = comparison(settings)
    figures: dict[str, FigureData] = {} if figure is None else {"exit_rates": figure}
    figures |= basin_masses.figures(settings)
    return results._replace(figures=figures or results.figures)


class _Ratio(NamedTuple):
    """A measured exit rate over that of theory, with its interval, and the caveat of the theory."""

    record: RunRecord
    basin: str
    ratio: float
    low: float
    high: float
    caveat: str


def comparison(records: Sequence[RunRecord]) -> FigureData | None:
    """Measured exit rates over those of theory for every record, with intervals.

    Where alpha varies it is the x axis, and each of the other settings has a look of its own; else each setting has a
    place on the x axis. Points are grey where the noise is too large for the theory.
    """
    found = _ratios(records)
    if not found:
        return None
    keys = varying(records)
    along = _ALONG if _ALONG in keys and all(is_number(each.record.overrides.get(_ALONG)) for each in found) else ""
    others = labels_of([each.record for each in found], [key for key in keys if key not in (along, "")])
    curves: dict[tuple[str, str], list[tuple[float, _Ratio]]] = {}
    places: dict[str, float] = {}
    for each, label in zip(found, others, strict=True):
        name = f"{label}{each.basin}".strip()
        x = float(each.record.overrides[along]) if along else places.setdefault(label, len(places) + 1.0)
        name = name if along else each.basin.strip()
        curves.setdefault((name or "exit rate", each.caveat), []).append((x, each))
    drawn = [_curve(name, caveat, points) for (name, caveat), points in curves.items()]
    ends = _ends([curve.x for curve in drawn])
    panel = Panel(
        (*drawn, Curve("theory", ends, np.ones(2), style="reference")),
        along or "setting",
        "exit rate / theory",
        x_ticks=() if along else tuple((x, label) for label, x in places.items()),
    )
    caption = "Bars are exact 95 % (Poisson) intervals."
    return FigureData("Exit rates over those of the small-noise theory", (panel,), caption, "95 % interval (Poisson)")


def _ratios(records: Sequence[RunRecord]) -> list[_Ratio]:
    names = sorted({name for r in records for name in r.values if name.startswith("exit_rate/")})
    found = []
    for record in records:
        for name in names:
            seen, theory = record.values.get(name), record.values.get(name.replace("rate/", "rate_theory/"))
            if seen is None or theory is None or not _number(theory.value):
                continue
            basin = f" basin {name.rpartition('/')[2]}" if len(names) > 1 else ""
            ends = (seen.number, *(seen.ci95 or (math.nan, math.nan)))
            ratio, low, high = (end / _number(theory.value) for end in ends)
            found.append(_Ratio(record, basin, ratio, low, high, theory.caveat))
    return found


def _curve(name: str, caveat: str, points: Sequence[tuple[float, _Ratio]]) -> Curve:
    ordered = sorted(points, key=lambda point: point[0])
    x, y, low, high = np.array([(at, each.ratio, each.low, each.high) for at, each in ordered]).T
    return Curve(name, x, y, low, high, "points").greyed(caveat)


def _ends(positions: Sequence[np.ndarray]) -> np.ndarray:
    """Where the line of theory begins and ends: a little beyond the points."""
    x = np.concatenate(positions)
    room = 0.05 * float(np.ptp(x)) or 0.5
    return np.array([x.min() - room, x.max() + room])


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
