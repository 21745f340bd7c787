"""A table that somebody else has read: columns by name."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gnicli import checks
from gnicli.errors import DataError, UsageError, shown
from gnicli.samples.collecting import Groups
from gnicli.samples.formats.arrays import cast_values


def read(table: Mapping[str, np.ndarray], groups: Groups, column: str | None, group: str | None) -> None:
    """Put a column's values into `groups`."""
    names = list(table)
    if group is not None:
        checks.choice("samples.group", group, names)
    others = [name for name in names if name != group]
    if column is None:
        numeric = [name for name in others if np.asarray(table[name]).dtype.kind in "iuf"] or others
        if len(numeric) != 1:
            raise UsageError(f"{groups.source}: columns {','.join(numeric)}: choose one with samples.column=")
        column = numeric[0]
    checks.choice("samples.column", column, names)
    values = np.asarray(table[column])
    if values.dtype.kind not in "iuf":
        raise DataError(f"{groups.source}: column {column} holds {values.dtype}, not real numbers")
    groups.noun = "row {}".format
    kept_dtype = np.dtype(np.float32 if values.dtype in (np.float16, np.float32) else np.float64)
    kept = cast_values(values, kept_dtype, groups.source, 0)
    groups.add(kept, range(kept.size), None if group is None else table[group])
    groups.observer.note(shown(f"{groups.source}: {kept.size:,} rows read, column {column}"))
