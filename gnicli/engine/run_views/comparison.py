"""Many runs by their settings: means over seeds with their intervals. What is not completed is counted, never averaged.

Runs have one setting if their whole configurations agree in all but the seed, whatever was typed. A setting is named
by the keys in which the runs differ, as they are typed.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from gnicli.contracts import number_text
from gnicli.contracts.results import Headline, RunRecord, Table, Value
from gnicli.engine import folders, headlines, provenance, tables
from gnicli.engine.run_index import conditions
from gnicli.engine.run_views import detail
from gnicli.engine.summary import Group, ends, groups, means_of
from gnicli.errors import DataError, UsageError

if TYPE_CHECKING:
    from gnicli.engine.run import Run

_SEED = "seed"
_NONE = "–"


class Comparison(NamedTuple):
    """The runs to compare, in `settings`; `keys` are those in which they differ, besides the seed.

    `n_repeats` runs were left out, because another one has their configuration and their seed.
    """

    command: str
    records: list[RunRecord]
    settings: list[Group]
    keys: list[str]
    n_repeats: int

    def table(self, declared: Sequence[Headline], asked: Sequence[str] = ()) -> Table:
        """One row for each setting: n, then for each value its mean with standard error, and its 95 % interval.

        The values are those `asked` for, by default the headline values that the command `declared`. Raises
        `UsageError` for one that no completed run has.
        """
        means = [_means(group) for group in self.settings]
        known = list(dict.fromkeys(name for found in means for name in found))
        for name in asked:
            if name not in known:
                raise UsageError(f"no completed run has a number {name!r}; there are {', '.join(known) or 'none'}")
        chosen = {name: name.replace("_", " ") for name in asked} or headlines.chosen(declared, known)
        scales = {name: number_text.largest(found[name] for found in means if name in found) for name in chosen}
        heads = [head for words in chosen.values() for head in (words, "95 % interval")]
        bad = [ends(group.records) for group in self.settings]
        rows = []
        for group, found, lost in zip(self.settings, means, bad, strict=True):
            cells = [cell for name in chosen for cell in _cells(found.get(name), scales[name])]
            rows.append((group.label or "all runs", _count(group), *cells, *([lost or "none"] if any(bad) else [])))
        return Table(("setting", "n", *heads, *(["not completed"] if any(bad) else [])), tuple(rows))

    def sentences(self) -> list[str]:
        """What became of the runs that are in no mean, and how many were left out."""
        told = []
        for group in self.settings:
            lost = ends(group.records)
            if lost:
                n_done = sum(record.status == "completed" for record in group.records)
                of = f"means are those of {n_done} of {len(group.records)} runs" if n_done else "there is no mean"
                told.append(f"{group.label or 'the runs'}: {lost}; {of}")
        if self.n_repeats:
            one = self.n_repeats == 1
            told.append(
                f"{self.n_repeats} run{'' if one else 's'} left out, whose configuration and seed another one has"
            )
        return told

    def rows(self) -> list[dict[str, object]]:
        """One row for each setting and value, with all digits: what programs get."""
        found = []
        for group in self.settings:
            overrides = group.records[0].overrides
            counts = Counter(record.status for record in group.records)
            for name, value in _means(group).items():
                low, high = value.ci95 or (None, None)
                row: dict[str, object] = {key: overrides.get(key, "") for key in self.keys}
                row |= {"result": name, "mean": value.value, "stderr": value.stderr, "ci95_low": low, "ci95_high": high}
                row |= {"n": _n(group, name), "unit": value.unit, "caveat": value.caveat, "runs": len(group.records)}
                row |= {"completed": counts["completed"], "diverged": counts["diverged"]}
                found.append(row)
        return found

    def csv(self) -> bytes:
        """The rows as CSV."""
        rows = self.rows()
        header = list(rows[0]) if rows else [*self.keys, "result", "mean", "n"]
        return tables.encode_csv(header, [list(row.values()) for row in rows])

    def as_json(self) -> dict[str, object]:
        """Settings with their counts and means, for programs."""
        return {
            "command": self.command,
            "keys": self.keys,
            "n_repeats": self.n_repeats,
            "settings": [
                {
                    "label": group.label,
                    "keys": {key: group.records[0].overrides.get(key) for key in self.keys},
                    "runs": [str(record.folder) for record in group.records],
                    "statuses": dict(Counter(record.status for record in group.records)),
                    "means": tables.plain_results(_means(group)),
                }
                for group in self.settings
            ],
        }


def _means(group: Group) -> dict[str, Value]:
    """Means over the completed runs. Of one run there is no error over seeds, and its own error is another quantity."""
    return {
        name: value if _n(group, name) > 1 else value._replace(stderr=None, ci95=None)
        for name, value in means_of(group).items()
    }


def _n(group: Group, name: str) -> int:
    """The completed runs that have a value: what its mean is over."""
    return sum(record.status == "completed" and name in record.values for record in group.records)


def _count(group: Group) -> str:
    n_done = sum(record.status == "completed" for record in group.records)
    return str(n_done) if n_done == len(group.records) else f"{n_done} of {len(group.records)}"


def _cells(value: Value | None, scale: float) -> tuple[str, str]:
    if value is None:
        return _NONE, _NONE
    interval = _NONE if value.ci95 is None else " … ".join(number_text.plain(end) for end in value.ci95)
    return number_text.number_text(value, scale=scale), interval


def between(found: Sequence[Run]) -> Comparison:
    """The runs by their settings. Raises `UsageError` where they are of several commands."""
    commands = list(dict.fromkeys(run.command for run in found if run.command))
    if len(commands) > 1:
        raise UsageError(f"these are runs of {' and '.join(commands)}; compare takes runs of one command")
    runs, n_repeats = _without_repeats(found)
    keys = _keys(runs)
    records = [
        RunRecord(number, run.folder, _overrides(run, keys), run.status, run.results, {}, run.message)
        for number, run in enumerate(runs)
    ]
    varying = [key for key in keys if len({record.overrides.get(key) for record in records}) > 1 and key != _SEED]
    return Comparison(commands[0] if commands else "", records, groups(records), varying, n_repeats)


def _without_repeats(runs: Sequence[Run]) -> tuple[list[Run], int]:
    """One run for each configuration with its seed: the first that is finished, or else the first."""
    kept: dict[str, Run] = {}
    for number, run in enumerate(runs):
        key = json.dumps(provenance.essential(run.config), sort_keys=True) if run.config else str(number)
        if key not in kept or (kept[key].status not in folders.FINISHED and run.status in folders.FINISHED):
            kept[key] = run
    return list(kept.values()), len(runs) - len(kept)


def _keys(runs: Sequence[Run]) -> list[str]:
    """The keys that were typed for some run, and those that tell apart what these do not."""
    typed = dict.fromkeys(
        key
        for run in runs
        for key in run.typed
        if key.partition(".")[0] not in (*provenance.INCIDENTAL, "hydra") and "/" not in key
    )
    keys = [*dict.fromkeys((*typed, _SEED))]
    alike: dict[str, list[Run]] = {}
    for run in runs:
        if run.config:
            mine = {key: value for key, value in _overrides(run, keys).items() if key != _SEED}
            alike.setdefault(json.dumps(mine, sort_keys=True), []).append(run)
    for first, *others in alike.values():
        for other in others:
            keys += [key for key in provenance.differences(first.config, other.config) if key not in keys]
    return keys


def _overrides(run: Run, keys: Sequence[str]) -> Mapping[str, str]:
    """What a run has for the keys, be it typed or a default; of one without a configuration what was typed."""
    if not run.config:
        return {key: value for key, value in run.typed.items() if key in keys}
    found = {key: conditions.of_config(run.config, key) for key in keys}
    return {key: detail.text(value) for key, value in found.items() if value is not conditions.NOTHING}


def with_metrics(records: Sequence[RunRecord]) -> list[RunRecord]:
    """The same with their metrics; none of a file that is absent or damaged."""
    found = []
    for record in records:
        try:
            metrics = tables.read_metrics(record.folder / "metrics.csv")
        except (DataError, OSError):
            metrics = {}
        found.append(record._replace(metrics=metrics))
    return found
