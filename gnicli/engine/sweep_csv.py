"""sweep.csv: a row for each job of a sweep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gnicli.contracts.results import RunRecord


def _names(mappings: Sequence[Mapping[str, object]]) -> list[str]:
    return list(dict.fromkeys(name for mapping in mappings for name in mapping))


def table(records: Sequence[RunRecord]) -> tuple[list[str], list[list[object]]]:
    """sweep.csv: job, status, every overridden key, every value (and its standard error where one is known), …

    No two columns have one name: a later one becomes `override/<name>` or `result/<name>`.
    """
    keys = _names([record.overrides for record in records])
    names = _names([record.values for record in records])
    with_error = {name for name in names for record in records if _stderr(record, name) is not None}
    taken = {"job", "status", "folder", "message"}
    header = ["job", "status", *(_column(key, "override", taken) for key in keys)]
    for name in names:
        header.append(_column(name, "result", taken))
        header += [_column(f"{name}_stderr", "result", taken)] if name in with_error else []
    rows = []
    for record in records:
        row: list[object] = [record.job, record.status, *(record.overrides.get(key) for key in keys)]
        for name in names:
            row.append(record.values[name].value if name in record.values else None)
            row += [_stderr(record, name)] if name in with_error else []
        rows.append([*row, record.folder.name, record.message])
    return [*header, "folder", "message"], rows


def _column(name: str, kind: str, taken: set[str]) -> str:
    """The name of a column, with its kind before it where another one has the name (the key `steps`, the result)."""
    while name in taken:
        name = f"{kind}/{name}"
    taken.add(name)
    return name


def _stderr(record: RunRecord, name: str) -> float | None:
    return record.values[name].stderr if name in record.values else None
