"""`inject=recorded`: the gradient noise itself, as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gnicli.checks import key
from gnicli.gradients.inject.injection import BaseInjection

if TYPE_CHECKING:
    from gnicli.gradients.injected_noise import NoiseModel


@dataclass
class RecordedInjection(BaseInjection):
    """A control: the gradient noise itself. With mean=own the sum is the gradient of draw 0, as with M = 1."""

    name: str = key("recorded", "the real gradient noise, as it is")

    def kind(self) -> NoiseModel:
        """See `BaseInjection.kind`."""
        from gnicli.gradients.injected_noise import Recorded

        return Recorded()


COMPONENT = RecordedInjection
