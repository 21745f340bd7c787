"""The tables of a sweep: one of its settings, with means over their runs, and one of its jobs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from gnicli.contracts.number_text import MARK, largest, number_text
from gnicli.contracts.results import Headline, RunRecord, Table
from gnicli.engine import headlines as declared
from gnicli.engine.summary import Group, groups, labels_of, means_of, varying

MOST_WARNINGS = 10  # of the jobs, in the report and below the tables
_MOST_SENTENCES = 3  # below the tables


def settings_table(records: Sequence[RunRecord], headlines: Sequence[Headline]) -> Table:
    """One row for each setting: how many of its runs are completed, and its headline values, a column each.

    A number is the mean over the completed runs with its standard error over them; of a single run it is its own, with
    the standard error that the run gives it. Words are counted.
    """
    settings = groups(records)
    columns = declared.chosen(headlines, (name for group in settings for name in _names(group)))
    found = [means_of(group) for group in settings]
    scales = {name: largest(means[name] for means in found if name in means) for name in columns}
    rows = []
    for group, means in zip(settings, found, strict=True):
        n_complete = sum(r.status == "completed" for r in group.records)
        n_runs = str(n_complete) if n_complete == len(group.records) else f"{n_complete} of {len(group.records)}"
        cells = [
            number_text(means[name], scale=scales[name]) if name in means else _counted(group, name) for name in columns
        ]
        rows.append((group.label or "all runs", n_runs, *cells))
    return Table(("setting", "runs", *columns.values()), tuple(rows))


def _names(group: Group) -> list[str]:
    return [name for r in group.records if r.status == "completed" for name in r.values]


def _counted(group: Group, name: str) -> str:
    """The words that several runs give a value, the commonest first, with their numbers."""
    found = [r.values[name].value for r in group.records if r.status == "completed" and name in r.values]
    words = Counter(word for word in found if isinstance(word, str))
    if len(words) == 1 and len(found) == sum(words.values()):
        return next(iter(words))
    return ", ".join(f"{word} {count}" for word, count in words.most_common())


def legend(records: Sequence[RunRecord]) -> list[str]:
    """A sentence on the mark of values with a caveat, where a completed run has one."""
    done = [record for record in records if record.status == "completed"]
    caveats = dict.fromkeys(value.caveat for record in done for value in record.values.values() if value.caveat)
    return [f"{MARK} marks values that are not what their names say: {', '.join(caveats)}"] if caveats else []


def _counted_warnings(records: Sequence[RunRecord]) -> dict[str, tuple[int, str]]:
    """For each warning, the commonest first: how many jobs have it, and a sentence that says so."""
    jobs: dict[str, list[int]] = {}
    for record in records:
        for warning in dict.fromkeys(record.warnings):
            jobs.setdefault(warning, []).append(record.job)
    n = len(records)
    return {
        warning: (len(mine), f"{warning} ({_which(mine, n)})")
        for warning, mine in sorted(jobs.items(), key=lambda item: -len(item[1]))
    }


def _which(jobs: Sequence[int], n: int) -> str:
    if len(jobs) == 1:
        return f"job {jobs[0]}"
    return f"{'all' if len(jobs) == n else f'{len(jobs)} of'} {n} jobs"


def repeated_warnings(records: Sequence[RunRecord]) -> list[str]:
    """The warnings that several jobs have, the commonest first, and how many have them."""
    return [sentence for k, sentence in _counted_warnings(records).values() if k > 1]


def last_sentences(records: Sequence[RunRecord], said: Collection[str]) -> list[str]:
    """What the screen shows below the tables: the legend, warnings not yet `said`, and those that several jobs have.

    What was not said is said even where that makes more than three sentences.
    """
    counted = _counted_warnings(records)
    needed = [sentence for warning, (_, sentence) in counted.items() if warning not in said]
    needed = [*legend(records), *needed[:MOST_WARNINGS]]
    repeated = [sentence for warning, (k, sentence) in counted.items() if warning in said and k > 1]
    return [*needed, *repeated[: max(0, _MOST_SENTENCES - len(needed))]]


def jobs_table(records: Sequence[RunRecord], headlines: Sequence[Headline]) -> Table:
    """One row for each job, whose number is the name of its folder: its setting, status and headline values."""
    columns = declared.chosen(headlines, (name for record in records for name in record.values))
    scales = {name: largest(r.values[name] for r in records if name in r.values) for name in columns}
    rows = [
        (
            str(record.job),
            label,
            record.status,
            *(
                number_text(record.values[name], scale=scales[name]) if name in record.values else ""
                for name in columns
            ),
        )
        for record, label in zip(records, labels_of(records, varying(records)), strict=True)
    ]
    return Table(("job", "setting", "status", *columns.values()), tuple(rows))
