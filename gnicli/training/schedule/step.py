"""`schedule=step`: the learning rate drops by a factor at set fractions of the run."""

from __future__ import annotations

from dataclasses import dataclass

from gnicli import checks
from gnicli.checks import Unchecked, key
from gnicli.errors import UsageError
from gnicli.training.schedule import warmup


@dataclass
class Step:
    """Factor gamma^k, where k counts the milestones passed. Milestones are fractions of the steps after the warm-up."""

    name: str = key("step", "drops by a factor at set fractions of the run")
    gamma: float = key(0.1, "factor of each drop, in (0, 1]")
    milestones: Unchecked[list[float]] = key(
        [0.5, 0.75], "increasing fractions of the run, in (0, 1), at which the rate drops"
    )
    warmup_steps: int = key(0, warmup.MEANING)

    def __post_init__(self) -> None:
        checks.number("schedule.gamma", self.gamma, above=0, most=1)
        if not isinstance(self.milestones, list):
            raise UsageError(
                f"schedule.milestones: expected a list of fractions such as [0.5,0.75], got {self.milestones!r}"
            )
        for milestone in self.milestones:
            checks.number("schedule.milestones", milestone, above=0, below=1)
        if sorted(set(self.milestones)) != self.milestones:
            raise UsageError(f"schedule.milestones must increase, got {self.milestones!r}")
        warmup.check(self.warmup_steps)

    def factor(self, step: int, total: int) -> float:
        """What the learning rate is multiplied by in step `step` (from 0) of `total`."""
        rising, done, length = warmup.split(step, total, self.warmup_steps)
        if rising is not None:
            return rising
        return float(self.gamma ** sum(done >= milestone * length for milestone in self.milestones))


COMPONENT = Step
