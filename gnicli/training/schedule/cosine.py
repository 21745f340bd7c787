"""`schedule=cosine`: half a cosine from the learning rate down to a final fraction of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gnicli import checks
from gnicli.checks import key
from gnicli.training.schedule import warmup


@dataclass
class Cosine:
    """Loshchilov & Hutter (2017), SGDR, equation 5, without restarts: final + (1 − final)(1 + cos πt)/2.

    t runs from 0 in the first step after the warm-up to 1 in the last step of the run.
    """

    name: str = key("cosine", "half a cosine from lr down to final · lr in the last step")
    final: float = key(0.0, "factor of the last step, in [0, 1]")
    warmup_steps: int = key(0, warmup.MEANING)

    def __post_init__(self) -> None:
        checks.number("schedule.final", self.final, least=0, most=1, sizes=None)
        warmup.check(self.warmup_steps)

    def factor(self, step: int, total: int) -> float:
        """What the learning rate is multiplied by in step `step` (from 0) of `total`."""
        rising, done, length = warmup.split(step, total, self.warmup_steps)
        if rising is not None:
            return rising
        t = done / (length - 1) if length > 1 else 0.0
        return self.final + (1 - self.final) * (1 + math.cos(math.pi * t)) / 2


COMPONENT = Cosine
