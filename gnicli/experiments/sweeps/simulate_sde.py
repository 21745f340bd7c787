"""What `gni simulate-sde -m` makes of its runs: exit rates over those of theory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from gnicli.contracts.results import Curve, FigureData, Panel, Results, RunRecord
from gnicli.engine.summary import labels_of, summary, varying


def summarize(records: Sequence[RunRecord]) -> Results:
    """Exit rates over those of theory for every setting, besides the means over seeds."""
    results = summary(records)
    figure = comparison(records)
    figures: dict[str, FigureData] = {} if figure is None else {"exit_rates": figure}
    return results._replace(figures=figures or results.figures)


def comparison(records: Sequence[RunRecord]) -> FigureData | None:
    """Measured exit rates over those of theory for every setting of a sweep, with intervals."""
    names = sorted({name for r in records for name in r.values if name.startswith("exit_rate/")})
    labels = labels_of(records, varying(records))
    curves: list[Curve] = []
    for record, label in zip(records, labels, strict=True):
        for name in names:
            seen, theory = record.values.get(name), record.values.get(name.replace("rate/", "rate_theory/"))
            if seen is None or theory is None or not _number(theory.value):
                continue
            basin = f" basin {name.rpartition('/')[2]}" if len(names) > 1 else ""
            low, high = seen.ci95 or (math.nan, math.nan)
            ratio = np.array([seen.value, low, high], float) / _number(theory.value)
            at = np.array([len(curves) + 0.85, len(curves) + 1.15])
            band = (np.full(2, ratio[1]), np.full(2, ratio[2]))
            curves.append(Curve(f"{label}{basin}", at, np.full(2, ratio[0]), *band))
    if not curves:
        return None
    ends = np.array([0.5, len(curves) + 0.5])
    panel = Panel((*curves, Curve("theory", ends, np.ones(2), style="dashed")), "setting", "exit rate / theory")
    return FigureData("Exit rates against theory", (panel,), "Bands are exact 95 % (Poisson) intervals.")


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
