"""Rates of exits and transitions over the seeds of a setting: events are counted together, as of one longer run."""

from __future__ import annotations

from collections.abc import Sequence

from gnicli.contracts.results import RunRecord, Value
from gnicli.engine.summary import groups
from gnicli.model.basins import rate_value

_RATES = ("exit_rate/", "transition_rate/")


def pooled(records: Sequence[RunRecord]) -> list[RunRecord]:
    """One record for each setting, without its seed: its rates are those of all of its runs, all else the first's."""
    found = []
    for group in groups(records):
        first = group.records[0]
        names = [name for name in first.values if name.startswith(_RATES)]
        rates = {name: _rate([r.values[name] for r in group.records if name in r.values]) for name in names}
        overrides = {key: value for key, value in first.overrides.items() if key != "seed"}
        found.append(first._replace(overrides=overrides, values={**first.values, **rates}))
    return found


def _rate(each: Sequence[Value]) -> Value:
    """All events over all time. A run without an event does not say its time: it is taken to be that of the others."""
    times = [value.n / value.number for value in each if value.n and value.number]
    if len(each) < 2 or not times:
        return each[0]
    return rate_value(sum(value.n or 0 for value in each), sum(times) / len(times) * len(each))
