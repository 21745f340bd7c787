"""The figure of paired effects: an arm beside another, each pair a dot, the mean with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress

import numpy as np

from gnicli.contracts.results import Curve, FigureData, Panel
from gnicli.engine.summary import mean_value
from gnicli.experiments.sweeps.paired import Effect
from gnicli.experiments.sweeps.verdicts import SMALLEST, verdict

_MARGIN = 0.6


def figure(found: Sequence[Effect], metric: str, key: str, reference: str) -> dict[str, FigureData]:
    """The effects of all arms against `reference`; arms without a size stand in the legend with their verdict."""
    names = [f"{each.setting} {key}={each.arm}".strip() for each in found]
    sized = [each.has_size and each.gaps.size > 0 and each.is_of_learners for each in found]
    if not any(sized):
        return {}
    places = {name: float(place) for place, name in enumerate(compress(names, sized), 1)}
    shown = [(places[name], each.gaps) for name, each, is_sized in zip(names, found, sized, strict=True) if is_sized]
    pairs = Curve(
        "one pair",
        np.concatenate([np.full(gaps.size, place) for place, gaps in shown]),
        np.concatenate([gaps for _, gaps in shown]),
        style="dots",
    )
    means = [(place, mean_value(gaps)) for place, gaps in shown]
    ends = np.array([value.ci95 or (value.number, value.number) for _, value in means])
    y = np.array([value.number for _, value in means])
    mean = Curve("mean over pairs", np.array([place for place, _ in means]), y, ends[:, 0], ends[:, 1], "points")
    across = np.array([1 - _MARGIN, len(means) + _MARGIN])
    none = Curve("no effect", across, np.zeros(2), style="reference")
    least = [Curve(f"{sign}5 %", across, np.full(2, at), style="reference", words="5 %", key="5 %")
             for sign, at in (("+", SMALLEST), ("−", -SMALLEST))]  # fmt: skip
    ticks = tuple((place, name.removeprefix(f"{key}=")) for name, place in places.items())
    words = metric.replace("_", " ")
    label = f"log {words} − that of {key}={reference}"
    panel = Panel((pairs, mean, none, *least), "", label, x_ticks=ticks)
    absent = tuple(
        (name, verdict(each, key, reference))
        for name, each, is_sized in zip(names, found, sized, strict=True)
        if not is_sized
    )
    caption = (
        f"Each dot is a pair of runs of one seed: the mean of the difference of log {words} over the last 10 % of the "
        "steps. Runs that diverged have no size: their arm stands in the legend."
    )
    title = f"Effects on {metric.replace('_', ' ')} against {key}={reference}"
    return {
        f"effects_{key}_{reference}": FigureData(title, (panel,), caption, "95 % interval of the mean", absent=absent)
    }
