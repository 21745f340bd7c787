"""How far the exact stationary law is from the Gibbs law, and where its modes are, over alpha, beta and epsilon."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gnicli.contracts.results import Curve, FigureData, Panel, RunRecord
from gnicli.engine.summary import labels_of, varying
from gnicli.experiments.sweeps import noise_keys

DISTANCE, MODES = "exact_l1_to_gibbs", "exact_modes"


def figures(records: Sequence[RunRecord]) -> dict[str, FigureData]:
    """A curve for each setting along the first of the three keys that varies; none where none of them has two values.

    The distance is ∫|p − q| of the two densities: 0 where they are equal, 2 where they have nothing in common.
    """
    known = [record for record in records if DISTANCE in record.values]
    along = noise_keys.along(known)
    if along is None:
        return {}
    others = [key for key in varying(known) if key not in (along, "seed")]
    arms: dict[str, list[RunRecord]] = {}
    for record, label in zip(known, labels_of(known, others), strict=True):
        arms.setdefault(label or "exact law", []).append(record)
    distances, modes = [], []
    for label, runs in arms.items():
        ordered = sorted(runs, key=lambda run: float(run.overrides[along]))
        x = np.array([float(run.overrides[along]) for run in ordered])
        distances.append(Curve(label, x, np.array([run.values[DISTANCE].number for run in ordered]), key=label))
        places = [run.values[MODES].value for run in ordered if MODES in run.values]
        each = [place if isinstance(place, tuple) else () for place in places]
        at = np.repeat(x[: len(each)], [len(place) for place in each])
        modes.append(Curve(label, at, np.array([w for place in each for w in place]), style="dots", key=label))
    panels = (
        Panel(tuple(distances), along, "∫|p − q|, exact and Gibbs density", y_range=(0.0, 2.0)),
        Panel(tuple(modes), along, "modes of the exact law"),
    )
    caption = "Of the exact stationary law of each setting, without sampling. 2 is the largest distance there is."
    return {"gibbs_map": FigureData("Exact stationary law against the Gibbs law", panels, caption)}
