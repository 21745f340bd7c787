"""Runs of a sweep that differ in one key alone, compared pair by pair: same setting, same seed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gnicli.contracts import Curve, RunRecord, Value
from gnicli.engine.summary import half_width, labels_of, mean_value, varying

_SEED = "seed"
Partner = tuple[tuple[str, str], ...]


def settings(records: Sequence[RunRecord], key: str) -> dict[str, list[RunRecord]]:
    """The runs by what varies besides `key` and the seed, in words; "" where nothing does."""
    found: dict[str, list[RunRecord]] = {}
    keys = [name for name in varying(records) if name not in (key, _SEED)]
    for record, label in zip(records, labels_of(records, keys), strict=True):
        found.setdefault(label, []).append(record)
    return found


def _partner(record: RunRecord, key: str) -> Partner:
    """What a run has in common with its partner."""
    return tuple(sorted((name, value) for name, value in record.overrides.items() if name != key))


def diverged(records: Sequence[RunRecord], key: str, setting: str = "") -> dict[str, Value]:
    """How many runs diverged, for each value of `key`."""
    found = {}
    for arm in dict.fromkeys(record.overrides[key] for record in records):
        ends = [record.status == "diverged" for record in records if record.overrides[key] == arm]
        found[f"diverged [{f'{setting} {key}={arm}'.strip()}]"] = Value(float(sum(ends)), n=len(ends), unit="run")
    return found


def differences(
    records: Sequence[RunRecord], metric: str, key: str, reference: str, setting: str = "", only: str | None = None
) -> dict[str, Value]:
    """The last value of each arm (of `only` one) minus that of the reference, over the pairs that were completed."""
    lasts: dict[str, dict[Partner, float]] = {}
    for record in records:
        if record.status == "completed" and metric in record.values:
            lasts.setdefault(record.overrides[key], {})[_partner(record, key)] = record.values[metric].number
    others = lasts.get(reference, {})
    found = {}
    for arm, values in lasts.items():
        gaps = np.array([value - others[rest] for rest, value in values.items() if rest in others])
        if arm != reference and gaps.size and only in (None, arm):
            found[f"{metric} above {key}={reference} [{f'{setting} {key}={arm}'.strip()}]"] = mean_value(gaps)
    return found


def gap_curves(records: Sequence[RunRecord], metric: str, key: str, reference: str) -> list[Curve]:
    """For each arm the mean over seeds of its metric minus the reference's, over pairs that were completed."""
    series: dict[str, dict[Partner, np.ndarray]] = {}
    x = np.empty(0)
    for record in records:
        if record.status == "completed" and metric in record.metrics:
            x, y = record.metrics[metric]
            series.setdefault(record.overrides[key], {})[_partner(record, key)] = y
    others = series.get(reference, {})
    curves = []
    for arm, runs in series.items():
        gaps = [y - others[rest] for rest, y in runs.items() if rest in others and y.size == x.size]
        if arm == reference or not gaps:
            continue
        mean = np.mean(gaps, axis=0)
        half = half_width(np.array(gaps)) if len(gaps) > 1 else np.zeros_like(mean)
        curves.append(Curve(f"{key}={arm}", x, mean, mean - half, mean + half))
    return curves
