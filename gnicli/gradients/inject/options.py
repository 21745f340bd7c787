"""What the members of `inject=` have in common."""

from __future__ import annotations

from gnicli import checks

MEANS = ("own", "fresh")
MEAN_HELP = "what draw 0 is compared with: own, the mean over the objective's M draws; fresh, over M others"
EVERY_HELP = "steps between fits; draws of the last law fitted are added at every step"


def check(mean: str, every: int = 1) -> None:
    """Check the shared keys."""
    checks.choice("inject.mean", mean, MEANS)
    checks.integer("inject.every", every, least=1)
