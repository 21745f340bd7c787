"""What a sweep of `gni train experiment=…` tells: the arms' curves over seeds, and how they differ, seed by seed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gnicli.contracts import Results, RunRecord, Value


class Figure(NamedTuple):
    """A figure of the paper: what is drawn, the arm that others are compared with, and how the paper made it."""

    metric: str
    key: str
    reference: str
    paper: str


FIGURES = {
    "fig4": Figure("train_loss", "arm", "M1", "60,000 steps, 5 seeds"),
    "fig5": Figure("train_loss", "M", "1", "60,000 steps, 5 seeds"),
}


def summarise(records: Sequence[RunRecord]) -> Results:
    """The default summary; for an experiment of the paper with paired differences and what the budget was.

    Runs that diverged take part in no mean: they are counted, in the label of their curve and as a value.
    """
    from gnicli.engine.summary import summary

    names = {record.overrides.get("experiment") for record in records if record.overrides}
    name = names.pop() if len(names) == 1 else None
    if name not in FIGURES:
        return summary(records)
    figure = FIGURES[name]
    found = summary(records, figure.metric)
    started = [record for record in records if figure.key in record.overrides]
    values = dict(found.values) | _diverged(started, figure) | _differences(started, figure)
    notes = (_budget(name, started, figure), *found.notes)
    return found._replace(values=values, notes=notes)


def _arms(records: Sequence[RunRecord], figure: Figure) -> list[str]:
    return list(dict.fromkeys(record.overrides[figure.key] for record in records))


def _diverged(records: Sequence[RunRecord], figure: Figure) -> dict[str, Value]:
    """How many runs of each arm diverged."""
    found = {}
    for arm in _arms(records, figure):
        ends = [record.status == "diverged" for record in records if record.overrides[figure.key] == arm]
        found[f"diverged [{figure.key}={arm}]"] = Value(float(sum(ends)), n=len(ends), unit="run")
    return found


def _differences(records: Sequence[RunRecord], figure: Figure) -> dict[str, Value]:
    """Each arm's last value minus that of the reference with the same seed, over the pairs that were completed."""
    lasts: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for record in records:
        if record.status == "completed" and figure.metric in record.values:
            rest = tuple(sorted((k, v) for k, v in record.overrides.items() if k != figure.key))
            lasts.setdefault(record.overrides[figure.key], {})[rest] = record.values[figure.metric].number
    reference = lasts.get(figure.reference, {})
    found = {}
    for arm, values in lasts.items():
        pairs = np.array([value - reference[rest] for rest, value in values.items() if rest in reference])
        if arm != figure.reference and pairs.size:
            stderr = float(pairs.std(ddof=1) / math.sqrt(pairs.size)) if pairs.size > 1 else None
            label = f"{figure.metric} above {figure.key}={figure.reference} [{figure.key}={arm}]"
            found[label] = Value(float(pairs.mean()), stderr, pairs.size)
    return found


def _budget(name: str, records: Sequence[RunRecord], figure: Figure) -> str:
    """What this run is, beside what the paper's was."""
    chosen = {key: records[0].overrides.get(key, default) for key, default in DEFAULTS.items()} if records else DEFAULTS
    steps = max((int(r.metrics[figure.metric][0][-1]) for r in records if figure.metric in r.metrics), default=0)
    seeds = len({record.overrides.get("seed") for record in records})
    settings = " ".join(f"{key}={value}" for key, value in chosen.items())
    return (
        f"{name} with {settings}: {steps:,} steps, {seeds} seed{'s' if seeds != 1 else ''} for each "
        f"{figure.key}; the paper: {figure.paper}"
    )


DEFAULTS = {"protocol": "learnable", "budget": "quick"}
