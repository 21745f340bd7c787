"""Holm's adjustment of the p-values of a family."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def holm(p_values: Sequence[float], n_claims: int | None = None) -> list[float]:
    """The adjusted p-values, in the order given. `n_claims` is the size of the family where some have no p.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    n = len(p_values) if n_claims is None else n_claims
    adjusted = [1.0] * len(p_values)
    largest = 0.0
    for place, k in enumerate(np.argsort(np.asarray(p_values, float), kind="stable")):
        largest = max(largest, min(1.0, (n - place) * float(p_values[k])))
        adjusted[k] = largest
    return adjusted
