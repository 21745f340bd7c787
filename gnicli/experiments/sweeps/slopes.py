"""Orders: how errors depend on the power of a key."""

from __future__ import annotations

import math

import numpy as np

from gnicli.contracts.results import Value

_RESOLVED = 2.0  # an error counts for an order when it is so many standard errors


def slope(x: np.ndarray, error: np.ndarray, stderr: np.ndarray) -> Value | None:
    """The slope of log `error` against log `x` by weighted least squares; all (n,), errors of 0 were not sampled.

    Errors count where they are resolved: twice their standard error. None with fewer than three of them.
    """
    used = (x > 0) & (error > _RESOLVED * stderr) & (error > 0)
    if used.sum() < 3 or len(set(x[used])) < 3:
        return None
    log_x, log_error = np.log(x[used]), np.log(error[used])
    spread = np.maximum(stderr[used] / error[used], 1e-3)
    weights = spread**-2 / (spread**-2).sum()
    center = weights @ log_x
    width = weights @ (log_x - center) ** 2
    found = float(weights @ ((log_x - center) * log_error) / width)
    variance = float((weights**2 * (log_x - center) ** 2) @ spread**2) / width**2
    return Value(found, math.sqrt(variance) if stderr.any() else None, int(used.sum()))
