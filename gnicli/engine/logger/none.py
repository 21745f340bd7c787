"""`logger=none`: the curves are in metrics.csv alone."""

from __future__ import annotations

from dataclasses import dataclass

from gnicli.checks import key
from gnicli.contracts.live_curves import LoggedRun, NoCurves


@dataclass
class NoLogger:
    """No live curves: every record is in metrics.csv."""

    name: str = key("none", "no live curves beside metrics.csv")

    folder = ""

    def require(self) -> None:
        """Need no package."""

    def open(self, run: LoggedRun) -> NoCurves:
        """Curves that keep nothing."""
        return NoCurves()


COMPONENT = NoLogger
