"""The linear warm-up that every schedule can begin with."""

from __future__ import annotations

from gnicli import checks

MEANING = "steps in which the rate rises linearly from lr / warmup_steps to lr; the schedule follows"


def check(warmup_steps: object) -> None:
    """Check the key `schedule.warmup_steps`."""
    checks.integer("schedule.warmup_steps", warmup_steps, least=0)


def split(step: int, total: int, warmup_steps: int) -> tuple[float | None, int, int]:
    """The warm-up's factor, or None after it; then the step and the total counted from the warm-up's end."""
    if step < warmup_steps:
        return (step + 1) / warmup_steps, 0, 0
    return None, step - warmup_steps, total - warmup_steps
