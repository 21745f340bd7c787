"""`track=none`: nothing but the losses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gnicli.checks import key

if TYPE_CHECKING:
    from gnicli.contracts.components import NoisyNetwork
    from gnicli.contracts.observer import Observer


@dataclass
class NoTrack:
    """Only the losses are recorded during training."""

    name: str = key("none", "only the losses")

    def build(self, network: NoisyNetwork, every: int, observer: Observer) -> None:
        """Return None: nothing is tracked."""
        return None


COMPONENT = NoTrack
