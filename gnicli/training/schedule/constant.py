"""`schedule=constant`: the learning rate stays what it is."""

from __future__ import annotations

from dataclasses import dataclass

from gnicli.checks import key
from gnicli.training.schedule import warmup


@dataclass
class Constant:
    """Factor 1 after the warm-up."""

    name: str = key("constant", "the learning rate stays what it is")
    warmup_steps: int = key(0, warmup.MEANING)

    def __post_init__(self) -> None:
        warmup.check(self.warmup_steps)

    def factor(self, step: int, total: int) -> float:
        """What the learning rate is multiplied by in step `step` (from 0) of `total`."""
        rising, _, _ = warmup.split(step, total, self.warmup_steps)
        return 1.0 if rising is None else rising


COMPONENT = Constant
