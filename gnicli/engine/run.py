"""One run as its folder describes it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gnicli import files
from gnicli.contracts.results import Value
from gnicli.engine import content, sweep_records, tables
from gnicli.engine.manifest import Manifest
from gnicli.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import pandas

DAMAGED = "damaged"
UNBORN = "unborn"
# The files with what came out of a run, equal of equal runs; and with them all files that say what a run is.
RESULTS = ("results.json", "metrics.csv", "arrays.npz")
PARTS = (content.MANIFEST, f"{content.SETTINGS}/config.yaml", *RESULTS)
_DRAWN = (".png", ".pdf", ".svg", ".csv", ".json")


@dataclass(frozen=True)
class Run:
    """A run as its folder describes it.

    `status` is completed, diverged, failed, interrupted, running, lost (its process is gone), unborn (nothing was
    begun) or damaged; `message` says in one line why a run has no results. `config` holds the keys as nested
    dictionaries, `results` the headline values by name. Metrics and arrays are read when they are asked for.

    >>> from pathlib import Path
    >>> Run(Path("outputs/train/mine"), UNBORN).results
    {}
    """

    folder: Path
    status: str
    command: str = ""
    message: str = ""
    config: Mapping[str, Any] = field(default_factory=dict, repr=False)
    results: Mapping[str, Value] = field(default_factory=dict, repr=False)
    manifest: Manifest = field(default_factory=Manifest, repr=False)

    @functools.cached_property
    def metrics(self) -> pandas.DataFrame:
        """Rows (step, name, value), those of a step in the order in which they were written. Raises `DataError`."""
        import pandas

        try:
            series = tables.read_metrics(self.folder / "metrics.csv")
        except (FileNotFoundError, NotADirectoryError):
            series = {}
        parts = [
            pandas.DataFrame({"step": steps, "name": name, "value": values}) for name, (steps, values) in series.items()
        ]
        empty = pandas.DataFrame({"step": [], "name": [], "value": []})
        whole = pandas.concat(parts) if parts else empty.astype({"step": "int64", "name": "object", "value": "float64"})
        return whole.sort_values("step", kind="stable", ignore_index=True)

    @functools.cached_property
    def last(self) -> Mapping[str, float]:
        """The last recorded value of each metric; none of a file that is absent or damaged."""
        try:
            series = tables.read_metrics(self.folder / "metrics.csv")
        except (DataError, OSError):
            return {}
        return {name: float(values[-1]) for name, (_, values) in series.items()}

    @functools.cached_property
    def arrays(self) -> dict[str, np.ndarray]:
        """The named arrays; `manifest["arrays"]` says what their axes mean. Raises `DataError`."""
        try:
            return tables.read_arrays(self.folder / "arrays.npz")
        except (FileNotFoundError, NotADirectoryError):
            return {}

    @property
    def typed(self) -> Mapping[str, str]:
        """The keys that were given on the command line, with their values."""
        return sweep_records.split_overrides(self.manifest.get("overrides") or ())

    @property
    def figures(self) -> dict[str, Path]:
        """The files of the figures by name, as in `losses.png`, with the data of each as `losses.csv`."""
        place = self.folder / content.FIGURES
        found = sorted(place.iterdir()) if files.kind_of(place) == "a folder" else []
        return {path.name: path for path in found if path.suffix in _DRAWN}
