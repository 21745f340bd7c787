"""What a run or a sweep leaves in its folder for programs: results.json and arrays.npz."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gnicli import files
from gnicli.contracts.results import NamedArray, Value
from gnicli.engine import tables


def write(folder: Path, values: Mapping[str, Value] | None, arrays: Mapping[str, NamedArray]) -> None:
    """Write `values` (None: no file) and `arrays`, where there are any, into `folder`; errors as of `files.replace`."""
    if values is not None:
        files.replace(folder / "results.json", tables.encode_results(values))
    if arrays:
        files.replace(folder / "arrays.npz", lambda stream: tables.write_arrays(stream, arrays))
