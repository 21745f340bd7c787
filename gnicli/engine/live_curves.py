"""The live curves of a run: what is recorded is handed to a logger, whose failure is not the run's.

The folder of a logger is made anew at the first record of a run, and again when the run is resumed: it then begins with
the rows that the checkpoint vouches for. So the logger has each record once, whatever a killed run had handed on.
"""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

from gnicli import files, seeding
from gnicli.contracts.components import Logger
from gnicli.contracts.live_curves import Ending, LiveCurves, LoggedRun
from gnicli.engine import tables

METRICS = "metrics.csv"


class Curves:
    """Hands records to a logger until it fails; `tell` gets the one sentence on that."""

    def __init__(
        self, logger: Logger | None, run_folder: Path, config: Mapping[str, object], tell: Callable[[str], None]
    ) -> None:
        """`logger` is None for a command that has none."""
        self._logger = logger if logger is not None and logger.folder else None
        self._run_folder = run_folder.absolute()
        self._config = config
        self._tell = tell
        self._open: LiveCurves | None = None

    def require(self) -> None:
        """Raise `ResourceError` where the logger's package is not installed."""
        if self._logger is not None:
            self._logger.require()

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Hand values on; before the first ones those that metrics.csv holds."""
        self._guarded(lambda: self._add(step, values))

    def flush(self) -> None:
        """Let what was handed on be seen."""
        self._guarded(lambda: None if self._open is None else self._open.flush())

    def close(self, ending: Ending) -> None:
        """End the curves, if there are any. A second call does nothing."""
        self._guarded(lambda: None if self._open is None else self._open.close(ending))
        self._logger = self._open = None

    def _add(self, step: int, values: Mapping[str, float]) -> None:
        if self._open is None:
            self._open = self._begin()
        self._open.add(step, values)

    def _begin(self) -> LiveCurves:
        """The logger's curves, in a new folder, with the records that came before."""
        assert self._logger is not None
        earlier = by_step(tables.read_metrics(self._run_folder / METRICS))
        folder = self._run_folder / self._logger.folder
        if files.require_folder(folder):  # a link to a folder is refused: what it leads to is not the run's
            shutil.rmtree(folder)
        folder.mkdir()
        curves = self._logger.open(LoggedRun(folder, _name(self._run_folder), self._config))
        for step, values in earlier.items():
            curves.add(step, values)
        return curves

    def _guarded(self, call: Callable[[], None]) -> None:
        """Call a logger, whose packages may do anything: draw random numbers, warn, raise, end the program."""
        if self._logger is None:
            return
        try:
            with seeding.preserved(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                call()
        except (Exception, SystemExit) as error:
            why = f"{type(error).__name__}: {' '.join(str(error).split())}"
            name, self._logger, self._open = self._logger.name, None, None
            self._tell(
                f"logger={name} failed, and its curves end here ({why}); the run goes on, and metrics.csv has the rest"
            )


def by_step(series: tables.Series) -> dict[int, dict[str, float]]:
    """The values of each step by name, in the order of the steps."""
    found: dict[int, dict[str, float]] = {}
    for name, (steps, values) in series.items():
        for step, value in zip(steps.tolist(), values.tolist(), strict=True):
            found.setdefault(step, {})[name] = value
    return dict(sorted(found.items()))


def _name(folder: Path) -> str:
    """The name of a run: that of its folder, for a job of a sweep with that of the sweep's."""
    return f"{folder.parent.name}/{folder.name}" if folder.name.isdecimal() else folder.name
