"""Student's interval of a mean: the one place that has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np


def half_width(stderr: Any, n: np.ndarray | int, tail: float = 0.025) -> Any:
    """How far a bound of a mean of `n` >= 2 independent values with this standard error lies from it; elementwise.

    `tail` is the chance beyond the bound, so 0.025 on both sides is an interval of level 95 %.
    """
    from scipy.special import stdtrit

    return stdtrit(n - 1, 1 - tail) * stderr
