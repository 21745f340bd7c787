"""`logger=tensorboard`: event files that TensorBoard reads while the run lasts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gnicli.checks import key
from gnicli.contracts.live_curves import Ending, LoggedRun
from gnicli.engine import extras

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


class EventFile:
    """Scalars in float32, the precision of TensorBoard; metrics.csv has every digit."""

    def __init__(self, writer: SummaryWriter) -> None:
        self._writer = writer

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Write a scalar for each value, under its name."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def flush(self) -> None:
        """Write the file through."""
        self._writer.flush()

    def close(self, ending: Ending) -> None:
        """Close the file."""
        self._writer.close()


@dataclass
class TensorBoard:
    """Event files in the folder tensorboard of the run: tensorboard --logdir outputs."""

    name: str = key("tensorboard", "event files for TensorBoard, in the folder tensorboard of the run")

    folder = "tensorboard"

    def require(self) -> None:
        """Need the package tensorboard."""
        extras.require("logger=tensorboard", "tensorboard", "tensorboard")

    def open(self, run: LoggedRun) -> EventFile:
        """A new event file."""
        from torch.utils.tensorboard import SummaryWriter

        return EventFile(SummaryWriter(str(run.folder)))


COMPONENT = TensorBoard
